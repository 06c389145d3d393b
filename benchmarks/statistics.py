"""Percentiles of samples, the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


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
