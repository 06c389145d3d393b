"""The whole chain on a handful of generated pictures: it must run, not learn."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models import bundle as bundles
from edge_models.classifier import Classifier
from edge_models.labels import LesionClass
from training import __main__ as training
from training.ablations import read as read_ablations
from training.dataset import read_painted, read_rgb
from training.draft import fingerprint
from training.evaluate import CONTEXT_FIGURES
from training.leakage import read as read_claims

pytest.importorskip("tensorflow", reason="the training extra is not installed")

CONFIG = """
split = "generated"
[model]
alpha = 0.35
size_px = 64
pretrained = false
frozen_before = ""
[train]
seed = 1
batch_size = 8
learning_rate = 1e-3
warmup_steps = 1
phases = [{ size_px = 64, steps = 3 }]
evaluate_every = 2
checkpoint_every = 2
"""


def write_pictures(folder: Path, lesions_each: int) -> None:
    """As many lesions of every class, coloured blobs, the first of each class with two images; and twelve photos."""
    rng = np.random.default_rng(1)

    def paint(path: Path, colour: NDArray[np.int64]) -> None:
        picture = rng.integers(180, 220, (72, 96, 3), dtype=np.uint8)
        cv2.circle(picture, (48, 36), int(rng.integers(12, 24)), colour.tolist(), -1)
        cv2.imwrite(str(path), picture)

    for name, table, count in (
        ("ham10000", "HAM10000_metadata.csv", lesions_each),
        ("isic2018_task3_val", "labels.csv", 1),
    ):
        (folder / name / "images").mkdir(parents=True)
        rows = []
        for number, lesion in enumerate(LesionClass):
            for image in range(count + 1):
                image_id = f"{name}_{lesion.code}_{image}"
                rows.append(
                    [f"{lesion.code}_{max(image, 1)}", image_id, lesion.code, "histo", 40 + image, "male", "back"]
                )
                paint(folder / name / "images" / f"{image_id}.jpg", np.array([number * 30, 60, 200 - number * 25]))
        with (folder / name / table).open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"])
            writer.writerows(rows)
    (folder / "not_lesions").mkdir()
    for number in range(12):
        photo = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / "not_lesions" / f"{number}.jpg"), cv2.resize(photo, (96, 72)))


def write_painted(folder: Path) -> Path:
    """What a simulated camera shows, like no lesion and no photo: stripes."""
    folder.mkdir()
    for number in range(8):
        row = np.where(np.arange(96) // (number + 2) % 2, 255, 0).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}.jpg"), np.tile(row[:, None], (72, 1, 3)))
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # TensorFlow's and Keras' own; ours are errors in every other test
def test_from_pictures_to_a_published_bundle(  # noqa: PLR0915 - one chain: each step needs the one before
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, runs, published = tmp_path / "data", tmp_path / "runs", tmp_path / "bundles"
    write_pictures(data, lesions_each=5)
    monkeypatch.setattr(training, "SPLITS", tmp_path)
    monkeypatch.setattr("training.quantized_run.REPRESENTATIVE_PICTURES", 14)
    monkeypatch.setattr("training.quantized_run.PICTURES_FOR_ROUNDING", 4)
    monkeypatch.setenv("DERMAKIOSK_DATA", str(data))
    (tmp_path / "tiny.toml").write_text(CONFIG)
    run, release = str(runs / "tiny"), str(runs / "tiny-1")

    assert training.main(["prepare", str(tmp_path / "generated.csv"), "--held-out", "0.2"]) == 0
    assert training.main(["train", str(tmp_path / "tiny.toml"), "--run", run]) == 0
    assert training.main(["train", str(tmp_path / "tiny.toml"), "--run", run]) == 0  # nothing is left to do
    (tmp_path / "slower.toml").write_text(CONFIG.replace("1e-3", "1e-4"))
    assert training.main(["train", str(tmp_path / "slower.toml"), "--run", run]) == 1  # the run learnt with another
    (tmp_path / "taught.toml").write_text(CONFIG + '[distill]\nteachers = ["tiny"]\n')
    assert training.main(["train", str(tmp_path / "taught.toml"), "--run", str(runs / "taught")]) == 0
    assert training.main(["quantize", run]) == 0
    assert training.main(["members", run]) == 0
    painted = write_painted(tmp_path / "painted")
    same = ["--into", str(runs), "--painted", str(painted)]
    calibrate = ["calibrate", run, "--id", "tiny-1", "--orientations", "2", *same, "--crops"]
    assert training.main([*calibrate, "1", "1.2:grey"]) == 1  # there is no such crop
    assert training.main([*calibrate, "1", "1.2:neutral"]) == 0
    assert training.main(["publish", release, "--into", str(published)]) == 1  # not evaluated yet
    assert training.main(["evaluate", release, "--runs", run]) == 0
    reports = tmp_path / "reports"
    leaky = str(runs / "leaky")
    assert training.main(["prepare", str(tmp_path / "by_image.csv"), "--held-out", "0.2", "--by", "image"]) == 0
    (tmp_path / "leaky.toml").write_text(CONFIG.replace("generated", "by_image"))
    assert training.main(["train", str(tmp_path / "leaky.toml"), "--run", leaky]) == 0
    leakage = tmp_path / "leakage.csv"
    assert training.main(["leakage", leaky, run, "--into", str(leakage)]) == 1  # the honest one comes first
    assert training.main(["leakage", run, leaky, "--into", str(leakage)]) == 0
    monkeypatch.setattr("training.leakage.TABLE", leakage)
    assert training.main(["report", release, "--runs", run, "--into", str(reports)]) == 0
    table = tmp_path / "ablations.csv"
    assert training.main(["ablations", run, leaky, "--into", str(table)]) == 1  # it saw what the other is judged on
    assert training.main(["ablations", run, str(runs / "taught"), "--into", str(table)]) == 0
    assert training.main(["publish", release, "--into", str(published)]) == 0
    # from a fresh clone there are no runs: the published integers are fitted anew
    shipped, again = str(published / "tiny-1"), str(runs / "tiny-2")
    assert training.main(["calibrate", shipped, "--id", "tiny-2", *same]) == 0
    assert training.main(["evaluate", again, "--integers-of", shipped]) == 0
    assert training.main(["publish", again, "--into", str(published)]) == 0
    one, other = (json.loads((published / name / "manifest.json").read_text()) for name in ("tiny-1", "tiny-2"))
    for key in ("members", "views", "input_size_px", "calibration", "decision", "context", "familiarity", "split"):
        assert one[key] == other[key], key
    assert one["figures"]["validation"]["integers"] == other["figures"]["validation"]["integers"]

    with Classifier.open(Path(shipped), "cpu") as classifier:
        far = [classifier.classify(read_rgb(path)).unfamiliarity for path in read_painted(painted)]
    assert max(far[1::2]) == pytest.approx(1.0)  # the farthest of them is where the threshold lies

    losses = [(runs / name / "steps.csv").read_text() for name in ("tiny", "taught")]
    assert losses[0] != losses[1]  # the teacher was asked
    assert [row.split(",")[0] for row in (runs / "tiny" / "validation.csv").read_text().splitlines()] == [
        "step",
        "2",
        "3",
    ]
    baseline, taught = read_ablations(table)
    assert (baseline.differs, baseline.gain, baseline.gain_low) == ("baseline", 0.0, 0.0)
    assert (taught.steps, taught.differs) == (3, "distill.teachers  → tiny")
    manifest = bundles.load(published / "tiny-1").manifest
    assert manifest.members == ("tiny_int8.tflite",)
    assert [view.neutral for view in manifest.views] == [False, False, True, True]
    assert manifest.context is not None
    figures = json.loads((published / "tiny-1" / "manifest.json").read_text())["figures"]
    assert set(figures) == {"validation", "isic2018_validation", "not_lesions"}
    card = (published / "tiny-1" / "MODEL_CARD.md").read_text()
    assert f"| {figures['validation']['balanced_accuracy']:.3f} |" in card
    assert fingerprint(published / "tiny-1") in (reports / "tiny-1" / "report.md").read_text()
    assert figures["validation"]["integers"]["int8_balanced_accuracy"] == figures["validation"]["balanced_accuracy"]
    assert set(figures["validation"]["with_context"]) == set(CONTEXT_FIGURES)
    html = (reports / "tiny-1" / "report.html").read_text()
    assert "float32 → int8: same class" in html
    assert "those whose lesion training saw" in html
    assert [row.split for row in read_claims(leakage)] == ["generated", *["by_image"] * 3]
    assert f"{read_claims(leakage)[0].balanced_accuracy:.3f} (" in html
    kept = (reports / "tiny-1" / "runs" / "tiny" / "validation.csv").read_text()
    assert kept == (runs / "tiny" / "validation.csv").read_text()
    assert len(json.loads((reports / "tiny-1" / "accuracy.json").read_text())) == 31 * 4
    with Classifier.open(published / "tiny-1", engine="cpu", threads=1) as classifier:
        prediction = classifier.classify(read_rgb(data / "ham10000" / "images" / "ham10000_mel_1.jpg"))
    assert sum(prediction.probabilities.values()) == pytest.approx(1.0)
    assert prediction.activation_map is not None
    assert prediction.activation_map.shape == (2, 2)
