"""What a network in float32 says of images, before anything is rounded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_models.folding import fold
from edge_models.preprocess import View, crop_square
from training.backends import network_input
from training.dataset import CLASS_ORDER, COUNTS_AS, Sample, read_rgb
from training.model import load_trained
from training.progress import shown
from training.runs import read_config


def predict_logits(
    model: Any, samples: Sequence[Sample], view: View, size: int, batch: int = 50
) -> NDArray[np.float32]:
    """Float logits float32[N, 7] of one view of every sample, outputs beyond the classes folded in."""
    rows = []
    starts = range(0, len(samples), batch)
    for start in shown(starts, len(starts), f"batches of {batch} pictures"):
        crops = [crop_square(read_rgb(sample.path), view, size) for sample in samples[start : start + batch]]
        rows.append(np.asarray(model.predict_on_batch(network_input(np.stack(crops)))))
    return folded(np.concatenate(rows))


def folded(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits of `OUTPUTS`, or of the seven classes already, float32[N, 8 or 7] → float32[N, 7]."""
    return fold(logits, COUNTS_AS[: logits.shape[-1] - len(CLASS_ORDER)])


def run_logits(run: Path, samples: Sequence[Sample]) -> tuple[NDArray[np.float32], int]:
    """What a run's averaged weights say of the plain view of every sample, and the steps that made them.

    Returns:
        Logits float32[N, 7], and the number of steps.

    Raises:
        RunError, ConfigError: as `load_trained` and `read_config`.
    """
    config = read_config(run)
    network, step = load_trained(run, config.model)
    print(f"{run.name} in float32, {len(samples)} images: one view", flush=True)
    return predict_logits(network, samples, View(), config.model.size_px), step
