"""Labelled pictures through the whole kiosk: every one ends once, and a contradiction does not go unseen."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import rule
from benchmarks.__main__ import main
from kiosk.camera.skin import paint
from kiosk.clinical.assessment import Assessment
from kiosk.text.catalogue import Catalogue
from kiosk.ui.screens.result import describe

LABELS = ("mel", "nv", "bcc")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two good pictures and a black one of each set; of HAM10000's another one that is no held-out lesion's."""
    for name, table in (("ham10000", "HAM10000_metadata.csv"), ("isic2018_task3_val", "labels.csv")):
        images = tmp_path / name / "images"
        images.mkdir(parents=True)
        rows = []
        for number, label in enumerate((*LABELS, "df") if name == "ham10000" else LABELS):
            picture = (
                paint(np.random.default_rng(number), 400, 300) if label != "bcc" else np.zeros((300, 400, 3), np.uint8)
            )
            Image.fromarray(picture).save(images / f"{name}_{number}.jpg", quality=95)
            rows.append([f"L{number}", f"{name}_{number}", label, "histo", 70, "male", "back"])
        with (tmp_path / name / table).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(
                [["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"], *rows]
            )
    split = "image_id,lesion_id,part\n" + "".join(f"ham10000_{at},L{at},validation\n" for at in range(3))
    (tmp_path / "generated.csv").write_text(split + "ham10000_3,L3,train\n", encoding="utf-8")
    monkeypatch.setattr(rule, "SPLITS", tmp_path)
    return tmp_path


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> Path:
    tables = {"age_edges_years": [50.0], "age": [[0.0] * 7, [0.0, 1.0, 0, 0, 0, 0, 0]], "sex": {}, "site": {}}
    familiar = {"file": "familiarity.npz", "threshold": 1e6}
    return make_bundle({"split": "generated", "context": tables, "familiarity": familiar})


def test_every_picture_ends_once_and_nothing_contradicts(
    data: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "rule.json"
    assert main(["rule", "--data", str(data), "--bundle", str(bundle), "--json", str(written)]) == 0
    measured = json.loads(written.read_text(encoding="utf-8"))
    assert measured["contradictions"] == []
    assert set(measured["outcomes"]) == {"validation", "isic2018_validation"}
    for by_kind in measured["outcomes"].values():
        assert set(by_kind) == {"picture", "with_context"}
        for by_class in by_kind.values():
            assert set(by_class) == set(LABELS)
            for counts in by_class.values():
                assert counts["images"] == 1 == sum(count for name, count in counts.items() if name != "images")
            assert by_class["bcc"]["retake"] == 1
    assert measured["assessed"] > 12, "what is taken again was also assessed without the gate"
    assert ", 0 contradictions" in capsys.readouterr().out


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda screen: screen["bars"].clear(), "a named class has no bar"),
        (lambda screen: screen["band"].update(level="other"), "the band has another level"),
        (lambda screen: screen["band"].update(detail="Possible: Naevus."), "the band names other classes"),
        (lambda screen: screen["notes"].clear(), "“cannot exclude” says something else"),
        (lambda screen: [bar.update(why="") for bar in screen["bars"]], "reasons of other classes"),
        (lambda screen: screen["bars"][0].update(label="100 %"), "100 % on the screen"),
    ],
)
def test_a_screen_that_contradicts_is_found(
    data: Path,
    make_bundle: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    change: Callable[..., object],
    words: str,
) -> None:
    everything: dict[str, Any] = {
        "naming": dict.fromkeys(("akiec", "bcc", "mel"), 0.0),
        "urgent": 0.0,
        "conformal": 0.0,
    }
    decision = {"conformal_coverage": 0.9, "unsure_set_size": 5, "picture": everything}
    familiar = {"file": "familiarity.npz", "threshold": 1e6}
    bundle = make_bundle({"split": "generated", "decision": decision, "familiarity": familiar})
    honest = describe

    def altered(words: Catalogue, said: Assessment) -> dict[str, object]:
        screen = honest(words, said)
        if said.prediction is not None and words.language == language:
            change(screen)
        return screen

    monkeypatch.setattr(rule, "describe", altered)
    found = rule.measure(bundle, data, limit=1)["contradictions"]
    assert any(line.endswith(f"{words} ({language})") for line in found)
    assert all(line.endswith(f"({language})") for line in found)
