"""What is published loads, holds what the compiler made, and never replaces a bundle by half of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_models import bundle as bundles
from edge_models.bundle import Decision
from edge_models.labels import LesionClass
from training.dataset import Sample
from training.draft import fingerprint
from training.errors import TrainingError
from training.evaluate import Figures, Judgements, lesion_figures
from training.publish import publish

pytest.importorskip("tensorflow", reason="the training extra is not installed")


def figures() -> dict[str, Figures]:
    samples = [Sample(label.code, label.code, label, Path()) for label in LesionClass]
    p = np.eye(7)
    judgements = Judgements(p, p, p > 0.5, np.zeros(7))
    return {
        "validation": lesion_figures(judgements, samples, Decision(0.5, 0.5, 0.95, 0.5)),
        "not_lesions": {"images": 3, "refused_as_unfamiliar": 1.0},
    }


def compiler(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in the place of `edgetpu_compiler -s -o FOLDER FILE`."""
    folder.mkdir()
    program = folder / "edgetpu_compiler"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_without_the_compiler_the_bundle_is_for_cpus(
    tmp_path: Path,
    make_bundle: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    draft = make_bundle()
    publish(draft, figures(), tmp_path / "published")
    assert not bundles.load(tmp_path / "published").compiled_for_edgetpu
    assert fingerprint(tmp_path / "published") == fingerprint(draft)
    assert capsys.readouterr().out.count("edgetpu_compiler is not installed") == 2
    assert "| 1.000 |" in (tmp_path / "published" / "MODEL_CARD.md").read_text()


def test_what_the_compiler_made_lies_beside(
    tmp_path: Path, make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(tmp_path / "bin", 'echo "$4" > "$3/$(basename "$4" .tflite)_edgetpu.tflite"', monkeypatch)
    publish(make_bundle(), figures(), tmp_path / "published")
    assert bundles.load(tmp_path / "published").compiled_for_edgetpu


def test_a_refusal_leaves_what_was_published(
    tmp_path: Path, make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(tmp_path / "bin", "echo no; exit 1", monkeypatch)
    published = make_bundle({"model_id": "earlier"})
    with pytest.raises(TrainingError, match="refuses tiny_a_int8"):
        publish(make_bundle(), figures(), published)
    assert bundles.load(published).manifest.model_id == "earlier"
