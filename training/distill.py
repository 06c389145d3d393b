"""Learning from other runs too: their opinion of each very picture becomes a part of the target.

Knowledge distillation (Hinton et al. 2015, arXiv:1503.02531) in its consistent form: teacher and student see the same
crop, mixed or not (Beyer et al. 2022, arXiv:2106.05237).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import log_softmax, softmax
from training.backends import network_input
from training.config import DistillConfig
from training.model import load_trained
from training.runs import read_config

Soften = Callable[[NDArray[np.uint8], NDArray[np.float32]], NDArray[np.float32]]
"""Pictures uint8[B, S, S, 3] and labels float32[B, C] → softened labels float32[B, C]."""


def make_soften(config: DistillConfig, runs: Path, log_prior: NDArray[np.float64]) -> Soften:
    """What makes labels of a batch softer; without teachers nothing does.

    Args:
        config: teachers and their share.
        runs: the folder that holds the teachers' runs.
        log_prior: float64[C], of the classes as they are sampled: the networks' own evidence is free of it.

    Raises:
        RunError, ConfigError: a teacher is missing or was not trained.
    """
    teachers = [load_trained(runs / name, read_config(runs / name).model)[0] for name in config.teachers]
    if not teachers:
        return lambda _, labels: labels
    return lambda pictures, labels: soften(labels, opinion(teachers, pictures, log_prior), config.share)


def opinion(
    teachers: Sequence[Any], pictures: NDArray[np.uint8], log_prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What the teachers together say of uint8[B, S, S, 3] under that prior, float64[B, C], pooled as in the kiosk."""
    given = network_input(pictures)
    return pooled_opinion([np.asarray(teacher.predict_on_batch(given), np.float32) for teacher in teachers], log_prior)


def pooled_opinion(logits: Sequence[NDArray[np.float32]], log_prior: NDArray[Any]) -> NDArray[np.float64]:
    """Several networks' logits float32[B, C] under a prior [C] or [B, C], pooled as in the kiosk: float64[B, C]."""
    return softmax(np.mean([log_softmax(each) for each in logits], axis=0) + log_prior)


def soften(labels: NDArray[np.float32], said: NDArray[np.float64], share: float) -> NDArray[np.float32]:
    """Labels float32[B, C] with that share of them replaced by what was said."""
    return ((1.0 - share) * labels + share * said).astype(np.float32)
