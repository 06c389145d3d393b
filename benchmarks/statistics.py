"""Percentiles of samples and the uncertainty of their ratios, the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
CONFIDENCE = 0.95
LEAST_SAMPLES = 10
"""Fewer say nothing of a ratio's uncertainty."""


@dataclass(frozen=True)
class Ratio:
    """A percentile of one series over that of another, with its interval.

    Attributes:
        value: of the samples themselves.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    value: float
    low: float
    high: float


def summary_ms(samples_ms: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99, max and mean of latencies in milliseconds (linear interpolation between ranks).

    Raises:
        ValueError: there are no samples.
    """
    if not samples_ms:
        raise ValueError("nothing was measured")
    values = np.asarray(samples_ms, np.float64)
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return {
        "p50": float(p50),
        "p95": float(p95),
        "p99": float(p99),
        "max": float(values.max()),
        "mean": float(values.mean()),
    }


def ratio(before: Sequence[float], after: Sequence[float], percentile: float, seed: int = 0) -> Ratio:
    """Percentile of `after` over that of `before`, with a moving-block bootstrap interval (Künsch 1989).

    Neighbouring samples resemble each other: a machine is busy or hot for a while, not for one capture. Blocks of them
    are drawn, so that such a spell does not pass for many independent witnesses.

    Args:
        before: latencies in the order they were measured, > 0.
        after: the same of the other run.
        percentile: 0 … 100.
        seed: of the resampling; the same samples always give the same interval.

    Raises:
        ValueError: fewer than `LEAST_SAMPLES` in a series, or a latency that is not positive.
    """
    series = [np.asarray(samples, np.float64) for samples in (before, after)]
    for values in series:
        if len(values) < LEAST_SAMPLES:
            raise ValueError(f"at least {LEAST_SAMPLES} samples are needed, not {len(values)}")
        if not (values > 0).all():
            raise ValueError("a latency must be positive")
    rng = np.random.default_rng(seed)
    first, second = (np.percentile(_block_resamples(values, rng), percentile, axis=1) for values in series)
    tail = (1 - CONFIDENCE) / 2 * 100
    low, high = np.percentile(second / first, (tail, 100 - tail))
    value = np.percentile(series[1], percentile) / np.percentile(series[0], percentile)
    return Ratio(float(value), float(low), float(high))


def _block_resamples(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """float64[RESAMPLES, N]: blocks of ∛N neighbours (at the ends: round the corner) until there are N."""
    length = math.ceil(len(values) ** (1 / 3))
    starts = rng.integers(len(values), size=(RESAMPLES, math.ceil(len(values) / length)))
    places = (starts[:, :, None] + np.arange(length)) % len(values)
    return np.asarray(values[places.reshape(RESAMPLES, -1)[:, : len(values)]])
