"""The float32 networks are asked through the bundle's views, and compared with what the bundle says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_models import bundle as bundles
from edge_models.classifier import calibrate, equal_priors, log_softmax
from edge_models.labels import LesionClass
from edge_models.preprocess import crop_square
from training.dataset import CLASS_ORDER, Sample, read_rgb
from training.errors import RunError
from training.evaluate import FloatJudgements, integer_figures
from training.integers import judge_in_float
from training.judge import Judgements

CONFIG = """
split = "generated"
[model]
alpha = 0.35
size_px = 32
pretrained = false
frozen_before = ""
[train]
seed = 1
batch_size = 2
learning_rate = 1e-3
phases = [{ size_px = 32, steps = 1 }]
"""


def test_figures_by_hand(judged: Callable[..., Judgements]) -> None:
    truth = [LesionClass.MEL, LesionClass.MEL, LesionClass.NV, LesionClass.NV]
    samples = [Sample(f"I{number}", f"L{number}", label, Path()) for number, label in enumerate(truth)]
    real, integer = np.full((4, 7), 0.01), np.full((4, 7), 0.01)
    mel, nv = CLASS_ORDER.index(LesionClass.MEL), CLASS_ORDER.index(LesionClass.NV)
    real[[0, 1, 2, 3], [mel, mel, nv, mel]] = 0.94
    integer[[0, 1, 2, 3], [mel, nv, nv, mel]] = 0.94
    figures = integer_figures(FloatJudgements(real, real), judged(integer), samples)
    assert figures["float32_accuracy"] == figures["float32_balanced_accuracy"] == 0.75
    assert figures["int8_accuracy"] == figures["int8_balanced_accuracy"] == 0.5
    assert figures["loss"] == 0.25
    assert figures["same_class"] == 0.75
    # of two melanomas, each drawn or not, the first is the one that the integers lose
    assert (figures["loss_low"], figures["loss_high"]) == (0.0, 0.5)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # TensorFlow's and Keras' own; ours are errors in every other test
def test_members_and_views_are_averaged_before_they_are_calibrated(
    tmp_path: Path, make_bundle: Callable[..., Path]
) -> None:
    pytest.importorskip("tensorflow", reason="the training extra is not installed")
    from training import checkpoint
    from training.config import load_config
    from training.model import build_model

    picture = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    sample = Sample("a", "l", LesionClass.MEL, tmp_path / "a.png")
    manifest = bundles.load(make_bundle()).manifest
    runs, evidence = [], []
    for name in "ab":
        run = tmp_path / name
        run.mkdir()
        (run / "config.toml").write_text(CONFIG)
        (run / "quantization.json").write_text(json.dumps({"step": 7}))
        network = build_model(load_config(run / "config.toml").model, None)
        checkpoint.save(run, 7, {"model": network.variables, "average": network.variables, "optimizer": []})
        crops = np.stack([crop_square(read_rgb(sample.path), view, 32) for view in manifest.views])
        evidence.append(log_softmax(np.asarray(network(crops.astype(np.float32) / 127.5 - 1.0, training=False))))
        runs.append(run)
    expected = calibrate(np.mean(evidence, axis=(0, 1)), manifest.calibration)
    scores = equal_priors(expected, manifest.calibration)
    said = judge_in_float(runs, manifest, [sample])
    for place, lesion in enumerate(manifest.classes):
        there = CLASS_ORDER.index(lesion)
        np.testing.assert_allclose(said.probabilities[0, there], expected[place], atol=1e-4)
        np.testing.assert_allclose(said.scores[0, there], scores[place], atol=1e-4)
    (runs[1] / "quantization.json").write_text(json.dumps({"step": 6}))
    with pytest.raises(RunError, match="was trained on since it was quantized"):
        judge_in_float(runs, manifest, [sample])
