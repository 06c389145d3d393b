"""What is published loads, holds what the compiler made, and never replaces a bundle by half of one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_models import bundle as bundles
from edge_models import shipped as shipping
from edge_models.labels import LesionClass
from training.__main__ import main
from training.dataset import Sample
from training.draft import FIGURES, fingerprint, write_figures
from training.errors import TrainingError
from training.evaluate import CONTEXT_FIGURES, Figures, lesion_figures
from training.judge import Judgements
from training.levels import levels
from training.publish import publish

CODES = [lesion.code for lesion in LesionClass]
pytest.importorskip("tensorflow", reason="the training extra is not installed")


@pytest.fixture
def figures(judged: Callable[..., Judgements]) -> dict[str, Figures]:
    samples = [
        Sample(label.code, label.code, label, Path(), confirmed_by="histo" if label.malignant else "consensus")
        for label in LesionClass
    ]
    sure = judged(np.eye(7))
    told = levels({"picture": sure, "with_context": sure}, samples, np.full(7, 1 / 7))
    return {
        "validation": {**lesion_figures(sure, samples), **told, "retakes": dict.fromkeys(CODES, 1)},
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
    figures: dict[str, Figures],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    draft = make_bundle()
    publish(draft, figures, tmp_path / "published")
    assert not bundles.load(tmp_path / "published").compiled_for_edgetpu
    assert fingerprint(tmp_path / "published") == fingerprint(draft)
    assert capsys.readouterr().out.count("edgetpu_compiler is not installed") == 2
    assert "| 1.000 |" in (tmp_path / "published" / "MODEL_CARD.md").read_text()


def test_the_card_says_what_integers_and_context_change(
    tmp_path: Path, make_bundle: Callable[..., Path], figures: dict[str, Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    measured = figures
    measured["validation"]["integers"] = {"float32_balanced_accuracy": 0.987, "same_class": 0.991}
    measured["validation"]["with_context"] = dict.fromkeys(CONTEXT_FIGURES, 0.555)
    publish(make_bundle(), measured, tmp_path / "published")
    card = (tmp_path / "published" / "MODEL_CARD.md").read_text()
    assert "before rounding to integers (float32) | 0.987 |" in card
    assert "| Same likeliest class before and after rounding | 99.1% |" in card
    assert "| Refer urgently, for melanoma | validation, picture alone | 1.000 (1.000–1.000) |" in card
    assert "| Refer urgently, for melanoma | validation, histology-proven, with age, sex and site | 1.000" in card
    assert "| validation, picture alone | Melanoma | 1 | 1 | 0 | 0 | 0 | 0 | 1 |" in card
    assert card.count("→ 0.555 |") == len(CONTEXT_FIGURES)


def test_the_card_tells_groups_and_kinds_apart(
    tmp_path: Path,
    make_bundle: Callable[..., Path],
    figures: dict[str, Figures],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    publish(make_bundle(), figures, tmp_path / "plain")
    assert "quamous carcinoma has no class" not in (tmp_path / "plain" / "MODEL_CARD.md").read_text()
    figures["milk10k"] = figures["validation"] | {
        "strata": {
            "skin tone 3": {"images": 40, "malignant": 20, "referral_sensitivity": 0.975, "referral_specificity": 0.4},
            "squamous carcinoma": {"images": 17, "referral_sensitivity": 0.941},
        }
    }
    figures["hand"] = {"images": 61, "refused_as_unfamiliar": 0.875}
    figures["other_findings"] = {"images": 81, "refused_as_unfamiliar": 0.0, "unsure": 0.25, "referred": 0.75}
    publish(make_bundle(), figures, tmp_path / "several")
    card = (tmp_path / "several" / "MODEL_CARD.md").read_text()
    assert "### milk10k: skin tone, proof, squamous carcinoma" in card
    assert "| skin tone 3 | 40 | 20 | 0.975 | 0.400 | – |" in card
    assert "| squamous carcinoma | 17 | – | 0.941 | – | – |" in card
    assert "hand 87.5% of 61" in card
    assert "Of 81 pictures of other findings\n  75.0% are referred, 25.0% called unsure and 0.0% refused." in card


def test_the_card_points_to_a_report_that_is_there(
    tmp_path: Path, make_bundle: Callable[..., Path], figures: dict[str, Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("training.publish.REPORTS", tmp_path / "reports")
    draft = make_bundle({"model_id": "new"})
    publish(draft, figures, tmp_path / "published")
    assert "report.md" not in (tmp_path / "published" / "MODEL_CARD.md").read_text()
    (tmp_path / "reports" / "new").mkdir(parents=True)
    (tmp_path / "reports" / "new" / "report.md").touch()
    publish(draft, figures, tmp_path / "published")
    assert "`docs/model/new/report.md`\nin the project" in (tmp_path / "published" / "MODEL_CARD.md").read_text()


def test_what_was_made_with_a_leaky_split_is_not_published(
    tmp_path: Path,
    make_bundle: Callable[..., Path],
    figures: dict[str, Figures],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for split, status in (("ham10000_leaky", 1), ("ham10000_v1", 0)):
        draft = release(tmp_path / split, make_bundle({"split": split}), figures)
        assert main(["publish", str(draft), "--into", str(tmp_path / "published")]) == status
    assert "a split by image" in capsys.readouterr().err


def release(folder: Path, bundle: Path, figures: dict[str, Figures]) -> Path:
    """A draft with figures, as `evaluate` leaves it."""
    folder.mkdir()
    bundle.rename(folder / "bundle")
    write_figures(folder / FIGURES, folder / "bundle", figures)
    return folder


def test_what_is_published_takes_the_place_of_what_shipped(
    tmp_path: Path,
    make_bundle: Callable[..., Path],
    figures: dict[str, Figures],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    shipped = tmp_path / "shipped"
    monkeypatch.setattr(shipping, "BUNDLES", shipped)
    shipped.mkdir()
    (shipped / "README.md").touch()
    made = {"split": "ham10000_v1"}
    for name in ("old", "new"):
        assert main(["publish", str(release(tmp_path / name, make_bundle({**made, "model_id": name}), figures))]) == 0
    assert bundles.default_bundle() == shipped / "new"
    assert f"{shipped / 'old'} shipped before and is removed" in capsys.readouterr().out
    assert (shipped / "README.md").is_file()


def test_a_main_and_a_fast_bundle_ship_beside_each_other(
    tmp_path: Path, make_bundle: Callable[..., Path], figures: dict[str, Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    shipped = tmp_path / "shipped"
    monkeypatch.setattr(shipping, "BUNDLES", shipped)
    for name, *more in (("main-1",), ("fast-1", "--fast"), ("main-2",), ("fast-2", "--fast")):
        draft = release(tmp_path / name, make_bundle({"split": "ham10000_v1", "model_id": name}), figures)
        assert main(["publish", str(draft), *more]) == 0
    assert sorted(path.name for path in shipped.iterdir()) == [shipping.FAST, "main-2"]
    assert bundles.default_bundle() == shipped / "main-2"
    assert bundles.load(shipped / shipping.FAST).manifest.model_id == "fast-2"


def test_elsewhere_what_is_published_lies_beside_others(
    tmp_path: Path, make_bundle: Callable[..., Path], figures: dict[str, Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("old", "new"):
        draft = release(tmp_path / name, make_bundle({"split": "ham10000_v1", "model_id": name}), figures)
        assert main(["publish", str(draft), "--into", str(tmp_path / "published")]) == 0
    assert {path.name for path in (tmp_path / "published").iterdir()} == {"old", "new"}


def test_what_the_compiler_made_lies_beside(
    tmp_path: Path, make_bundle: Callable[..., Path], figures: dict[str, Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(tmp_path / "bin", 'echo "$4" > "$3/$(basename "$4" .tflite)_edgetpu.tflite"', monkeypatch)
    publish(make_bundle(), figures, tmp_path / "published")
    assert bundles.load(tmp_path / "published").compiled_for_edgetpu


def test_a_refusal_leaves_what_was_published(
    tmp_path: Path, make_bundle: Callable[..., Path], figures: dict[str, Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(tmp_path / "bin", "echo no; exit 1", monkeypatch)
    published = make_bundle({"model_id": "earlier"})
    with pytest.raises(TrainingError, match="refuses tiny_a_int8"):
        publish(make_bundle(), figures, published)
    assert bundles.load(published).manifest.model_id == "earlier"


def test_figures_that_the_card_cannot_be_written_from_leave_what_was_published(
    tmp_path: Path, make_bundle: Callable[..., Path], figures: dict[str, Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    published, measured = make_bundle({"model_id": "earlier"}), figures
    del measured["validation"]["malignant_auc"]
    with pytest.raises(KeyError):
        publish(make_bundle(), measured, published)
    assert bundles.load(published).manifest.model_id == "earlier"


def test_figures_of_another_draft_are_refused(
    tmp_path: Path, make_bundle: Callable[..., Path], figures: dict[str, Figures], capsys: pytest.CaptureFixture[str]
) -> None:
    draft = release(tmp_path / "draft", make_bundle({"split": "ham10000_v1"}), figures)
    shutil.rmtree(draft / "bundle")
    make_bundle({"split": "ham10000_v1", "created": "2026-01-02"}).rename(draft / "bundle")
    assert main(["publish", str(draft), "--into", str(tmp_path / "published")]) == 1
    assert "figures.json is about another draft" in capsys.readouterr().err
    assert not (tmp_path / "published").exists()
