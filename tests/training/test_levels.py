"""What the operator is told, counted by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_models.labels import LesionClass
from training.dataset import CLASS_ORDER, Sample
from training.errors import RunError
from training.judge import NO_ADVICE, REFERRAL, ROUTINE, URGENT, Judgements
from training.levels import level_figures, levels, outcome_counts, read_retakes

AKIEC, BCC, BKL, DF, MEL, NV, VASC = (CLASS_ORDER.index(lesion) for lesion in LesionClass)


def test_every_level_is_a_test_of_its_own() -> None:
    """Four melanomas, two carcinomas, four naevi; one of each is left without advice or told the wrong thing."""
    target = np.array([MEL, MEL, MEL, MEL, BCC, BCC, NV, NV, NV, NV])
    level = np.array([URGENT, URGENT, REFERRAL, ROUTINE, URGENT, NO_ADVICE, ROUTINE, ROUTINE, REFERRAL, NO_ADVICE])
    prevalence = np.zeros(7)
    prevalence[[MEL, BCC, NV]] = 0.1, 0.1, 0.8
    figures = level_figures(level, target, prevalence)
    assert figures["urgent_referral_sensitivity"] == 0.5
    assert figures["urgent_referral_specificity"] == pytest.approx(5 / 6)
    assert figures["referral_sensitivity"] == pytest.approx(4 / 6)
    assert figures["referral_specificity"] == 0.75
    assert figures["routine_sensitivity"] == 0.5, "benign and told so"
    assert figures["routine_specificity"] == pytest.approx(5 / 6), "malignant and not told so"
    # of a hundred patients ten have a melanoma, ten a carcinoma: referred are 7.5, 5 and a quarter of 80
    assert figures["referral_ppv"] == pytest.approx(12.5 / 32.5)
    assert figures["referral_npv"] == pytest.approx(60 / 67.5)
    # urgent: five melanomas and five carcinomas
    assert figures["urgent_referral_ppv"] == pytest.approx(0.5)
    # told that no referral is suggested: half of 80, and a quarter of ten melanomas
    assert figures["routine_ppv"] == pytest.approx(40 / 42.5)


def test_where_nothing_is_said_there_is_nothing_to_take_a_share_of() -> None:
    figures = level_figures(np.array([NO_ADVICE, NO_ADVICE]), np.array([MEL, NV]), np.full(7, 1 / 7))
    assert figures["referral_ppv"] == figures["routine_ppv"] == 0.0
    assert figures["referral_npv"] == pytest.approx(4 / 7)


def samples() -> list[Sample]:
    truth = [LesionClass.MEL, LesionClass.NV, LesionClass.NV]
    return [
        Sample(f"I{number}", f"L{number}", label, Path(), confirmed_by="histo" if number < 2 else "follow_up")
        for number, label in enumerate(truth)
    ]


def test_proven_lesions_stand_apart_and_every_image_ends_once(judged: Callable[..., Judgements]) -> None:
    p = np.full((3, 7), 0.01)
    p[:, NV] = 0.34, 0.94, 0.94
    p[0, MEL] = 0.61
    said = judged(p, [0.5, 0.5, 2.0])
    told = levels({"picture": said}, samples(), np.full(7, 1 / 7))
    assert set(told["levels"]) == {"picture", "histology"}
    assert told["levels"]["picture"]["images"] == [3]
    assert told["levels"]["histology"]["images"] == [2]
    assert told["levels"]["histology"]["routine_sensitivity"] == [1.0, 1.0, 1.0]
    assert told["levels"]["picture"]["urgent_referral_sensitivity"] == [1.0, 1.0, 1.0]
    counts = told["outcomes"]["picture"]
    assert counts == outcome_counts(said, samples())
    assert counts["mel"]["urgent_referral"] == counts["nv"]["routine"] == counts["nv"]["not_dermatoscopic"] == 1
    for row in counts.values():
        assert row["images"] == sum(count for name, count in row.items() if name != "images")


def test_an_unsure_model_refers_but_shows_nothing(judged: Callable[..., Judgements]) -> None:
    p = np.tile(np.array([[0.15, 0.15, 0.14, 0.14, 0.14, 0.14, 0.14]]), (3, 1))
    said = judged(p)._replace(unsure=np.ones(3, np.bool_))
    assert outcome_counts(said, samples())["nv"] == {
        "images": 2,
        "urgent_referral": 0,
        "referral": 0,
        "routine": 0,
        "model_unsure": 2,
        "not_dermatoscopic": 0,
    }


def test_retakes_come_from_the_kiosk_and_of_the_same_images(tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    counts = {"mel": {"images": 1, "retake": 1}, "nv": {"images": 2, "retake": 0}}
    path.write_text(json.dumps({"outcomes": {"validation": {"picture": counts}}}))
    assert read_retakes(path, {"validation": samples()}) == {"validation": {"mel": 1, "nv": 0}}
    with pytest.raises(RunError, match="other images than those of validation"):
        read_retakes(path, {"validation": samples()[:2]})
    with pytest.raises(RunError, match="does not hold the outcomes"):
        read_retakes(path, {"another": samples()})
    path.write_text("[]")
    with pytest.raises(RunError, match="does not hold the outcomes"):
        read_retakes(path, {"validation": samples()})
