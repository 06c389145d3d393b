"""The same run on every Keras back-end that is installed: a checkpoint of one is read by the others."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]

TRAIN = """
import sys
from pathlib import Path
import cv2
import numpy as np
from edge_models.labels import LesionClass
from training import checkpoint
from training.backends import network_input
from training.config import ModelConfig, Phase, RunConfig, TrainConfig
from training.dataset import Sample
from training.model import build_model
from training.train import train

runs = Path(sys.argv[1])
samples = []
for number, label in enumerate([LesionClass.NV, LesionClass.MEL, LesionClass.BCC, LesionClass.NV]):
    path = runs / f"{number}.png"
    cv2.imwrite(str(path), np.random.default_rng(number).integers(0, 256, (40, 50, 3), dtype=np.uint8))
    samples.append(Sample(str(number), str(number), label, path))
model = ModelConfig(alpha=0.35, size_px=64, pretrained=False, start=sys.argv[2], frozen_before="")
config = RunConfig("none", TrainConfig(1, 4, (Phase(32, 2),), 1e-3, warmup_steps=1), model)
train(config, runs / sys.argv[3], samples, samples, None)
network = build_model(model, None)
checkpoint.load(runs / sys.argv[3], {"average": network.variables})
picture = np.random.default_rng(9).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
np.save(runs / f"{sys.argv[3]}.npy", network.predict_on_batch(network_input(picture)))
"""


def train_on(backend: str, runs: Path, start: str, name: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", TRAIN, str(runs), start, name]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_a_run_starts_from_one_of_another_backend(backend: str, tmp_path: Path) -> None:
    for needed in ("tensorflow", backend):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    first = train_on("tensorflow", tmp_path, "", "first")
    assert first.returncode == 0, first.stderr
    second = train_on(backend, tmp_path, "first", "second")
    assert second.returncode == 0, second.stderr
    assert f'"{backend}"' in (tmp_path / "second" / "environment.json").read_text()
    # two steps at warm-up rates move a network little: had the variables come in another order, it would say others
    np.testing.assert_allclose(np.load(tmp_path / "second.npy"), np.load(tmp_path / "first.npy"), atol=0.2)


def test_a_start_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("tensorflow is not installed")
    lost = train_on("tensorflow", tmp_path, "nowhere", "second")
    assert "RunError" in lost.stderr
    assert "nowhere" in lost.stderr
