"""A report of an untrained bundle on generated pictures; and the committed one is about the bundle that ships."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_models import bundle as bundles
from edge_models.context import Context
from edge_models.labels import LesionClass
from edge_models.preprocess import View
from reporting.document import Table, to_markdown
from training.ablations import Ablation
from training.dataset import Sample
from training.draft import fingerprint
from training.evaluate import evaluate, lesion_figures
from training.judge import Judgements, judge
from training.leakage import Claim
from training.report import accuracy_by_inferences, report
from training.report_costs import eight_for_four, inference_table
from training.report_tables import Study, camera_table, class_table, confusion_table, flips, strata_table
from training.views import make_views

MODELS = Path(__file__).parents[2] / "docs" / "model"


def said(labels: list[LesionClass], judged: Callable[..., Judgements]) -> Judgements:
    """Nine in ten for each of these."""
    p = np.full((len(labels), 7), 0.1 / 6)
    p[np.arange(len(labels)), [list(LesionClass).index(label) for label in labels]] = 0.9
    return judged(p)


@pytest.fixture
def study(judged: Callable[..., Judgements]) -> Study:
    """Three melanomas, two of them seen, one of those only before a change; two naevi."""
    mel, nv, bkl = LesionClass.MEL, LesionClass.NV, LesionClass.BKL
    truth = [(mel, 80), (mel, 80), (mel, 20), (nv, 20), (nv, None)]
    samples = [
        Sample(f"I{number}", f"L{number}", label, Path(), Context(age, "female"), "histo")
        for number, (label, age) in enumerate(truth)
    ]
    before, after = (said(labels, judged) for labels in ([mel, mel, bkl, nv, nv], [mel, nv, bkl, nv, nv]))
    return Study("small", samples, before, before, {"turned": after}, {}, {}, {}, {}, {})


def test_tables_by_hand(study: Study) -> None:
    by_class = {row[0]: row[1:] for row in class_table(study)}
    assert by_class["Melanoma"] == ["3", "3", "0.667", "1.000", "0.833"]  # ties of the third with the naevi: 5 / 6
    assert by_class["Benign keratosis"] == ["0", "0", "–", "0.000", "–"]
    counts = {row[0]: row[1:] for row in confusion_table(study)}
    assert counts["mel"] == ["0", "0", "1", "0", "2", "0", "0"]
    assert flips(study) == {"turned": 0.2}


def test_other_cameras_stand_beside_the_pictures_as_they_are(study: Study) -> None:
    study = study._replace(
        figures=lesion_figures(study.judgements, study.samples), cameras={"softer": study.changed["turned"]}
    )
    head, plain, softer = camera_table([study])
    assert head[:2] == ["Picture", "small: Balanced accuracy"]
    assert plain[:3] == ["as it is", "0.833", "0.800"]
    assert softer[:3] == ["softer", "0.667", "0.600"]


def test_strata_count_what_they_rest_on(study: Study) -> None:
    rows = {row[0]: row[1:] for row in strata_table(study)}
    assert rows["Age: 75 and more"] == ["2", "1.000", "1.000 (2/2)", "–", "1.000 (2/2)"]
    assert rows["Age: 0–29"] == ["2", "0.500", "0.000 (0/1)", "1.000 (1/1)", "0.000 (0/1)"]
    assert rows["Age: not known"][1] == "1.000"
    assert rows["Sex: female"][0] == rows["Label from: histo"][0] == "5"


def elsewhere() -> dict[str, dict[str, Any]]:
    """Figures of another source and of a kind of no lesion, as `evaluate` gives them."""
    strata = {"squamous carcinoma": {"images": 17, "referral_sensitivity": 0.941}}
    return {
        "MILK10k, held out": {"balanced_accuracy": 0.65, "specificity_at_95": 0.45, "strata": strata},
        "paper": {"images": 31, "refused_as_unfamiliar": 30 / 31},
    }


def test_a_report_of_a_bundle(tmp_path: Path, make_bundle: Callable[..., Path]) -> None:
    pytest.importorskip("tensorflow", reason="the training extra is not installed")
    rng = np.random.default_rng(1)
    samples: list[Sample] = []
    for number, label in enumerate(list(LesionClass) * 2):
        path = tmp_path / f"I{number}.png"
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(path), cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_NEAREST))
        samples.append(Sample(path.stem, f"L{number}", label, path, Context(50.0 + number)))
    bundle = make_bundle({"split": "generated"})
    data = {"one": samples, "two": samples[:7]}
    loaded = bundles.load(bundle)
    accuracy = accuracy_by_inferences(loaded, samples)
    integers = {"float32_balanced_accuracy": 0.75, "int8_balanced_accuracy": 0.745, "same_class": 0.981}
    integers |= {"loss": 0.005, "loss_low": -0.01, "loss_high": 0.02, "float32_accuracy": 0.8, "int8_accuracy": 0.79}
    claim = Claim("by_image", "all", 14, 0.912, 0.9, 0.92)
    tried = Ablation("base", "hair", "hair 0 → 1", 1, 3, 0.7, 1.25, -0.5, 3.0, 0.9, 0.3, 0.1, 0.5)
    figures = evaluate(bundle, loaded.manifest, data, {"not_lesions": [samples[0].path]}, {})
    figures["one"] |= {"integers": integers, "retakes": dict.fromkeys((lesion.code for lesion in LesionClass), 1)}
    figures |= elsewhere()
    blocks = report(bundle, data, [samples[0].path], accuracy, figures, [claim], [tried])
    text = to_markdown(blocks)
    assert "| Malignant: specificity at 95 % sensitivity | 0.450 |" in text
    assert "| squamous carcinoma | 17 | – | 0.941 | – | – |" in text
    assert "| paper | 31 | 96.8% |" in text
    assert fingerprint(bundle) in text
    assert "| float32 → int8: loss | ≤ 1.0 point | ≤ 0.3 | 0.5 points | not measured |" in text
    assert "| float32 → int8: same class | ≥ 97 % | ≥ 99 % | 98.1% | not measured |" in text
    assert "| one | 0.750 | 0.745 | +0.5 (-1.0 to +2.0) | 0.800 | 0.790 | 98.1% |" in text
    assert "| by_image | all | 14 | 0.912 (0.900–0.920) |" in text
    assert "| hair | hair 0 → 1 | 1 | 3 | 0.700 | +1.2 (-0.5 to +3.0) | 0.900 | +0.3 (+0.1 to +0.5) |" in text
    assert "image-level split" not in text
    assert "2 × MEAN v2" in text
    for table in blocks:
        if isinstance(table, Table):
            assert {len(row) for row in table.rows} == {len(table.rows[0])}
    targets = next(block for block in blocks if isinstance(block, Table))
    assert len(targets.rows) == 18
    low = [f"{figures['one']['levels']['picture']['referral_sensitivity'][1]:.3f}" for _ in "1"]
    assert "| Refer, urgently or not, for malignancy | one, picture alone | " in text
    assert f"({low[0]}–" in text
    assert "| one, picture alone | all | 14 |" in text
    without = to_markdown(report(bundle, {"one": samples}, [samples[0].path], [], {}, [], []))
    assert "| float32 → int8: loss | ≤ 1.0 point | ≤ 0.3 | not measured |" in without
    assert "image-level split" in without


def test_what_ships_is_in_the_table_with_the_reports_own_figures(
    tmp_path: Path, make_bundle: Callable[..., Path]
) -> None:
    rng = np.random.default_rng(2)
    samples = []
    for number, label in enumerate(list(LesionClass) * 4):
        path = tmp_path / f"I{number}.png"
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(path), cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_NEAREST))
        samples.append(Sample(path.stem, f"L{number}", label, path))
    views = make_views((View(neutral=True), View(zoom=1.4)), 2)  # the table compares them in another order
    bundle = make_bundle({"views": [view.to_json() for view in views]})
    loaded = bundles.load(bundle)
    rows = accuracy_by_inferences(loaded, samples)
    figures = lesion_figures(judge(bundle, [sample.path for sample in samples]), samples)
    table = inference_table(rows, views, 2)
    (ships,) = [row for row in table if "(ships)" in row[0]]
    assert ships[:5] == ["tiny_a + tiny_b (ships)", "1.4, 1:neutral", "2", "8", "0.3"]  # of 32 and of 48 px
    assert ships[5:7] == [f"{figures['balanced_accuracy']:.3f}", f"{figures['top1_accuracy']:.3f}"]
    assert len(table) == 1 + 3 * 2 * 4
    assert len(rows) == 3 * 31 * 4


@pytest.mark.parametrize(("accuracy", "words"), [(0.81, "four: +1.0 points"), (0.79, "gain nothing in accuracy (+1.0")])
def test_eight_orientations_that_gain_nothing_are_said_to_be_kept_for_steadiness(accuracy: float, words: str) -> None:
    def row(orientations: int, *figures: float) -> dict[str, Any]:
        row = {"members": ["a"], "crops": ["1:neutral"], "orientations": orientations}
        return row | dict(zip(("balanced_accuracy", "accuracy", "log_loss"), figures, strict=True))

    rows = [row(4, 0.7, 0.8, 0.5), row(8, 0.71, accuracy, 0.49)]
    views = make_views((View(neutral=True),), 8)
    text = eight_for_four(rows, views, 1)
    assert words in text
    assert ("steadiness" in text) == (accuracy < 0.8)
    assert eight_for_four(rows, views[:4], 1) == ""


def test_the_committed_report_is_about_the_bundle_that_ships_and_small() -> None:
    bundle = bundles.default_bundle()
    folder = MODELS / bundles.load(bundle).manifest.model_id
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert fingerprint(bundle) in text, f"make it again: python -m training report {bundle}"
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 450_000
