"""How sure a figure is: percentile intervals over resampled lesions (Efron, Tibshirani 1993).

Lesions are resampled, not images: two images of a lesion are nearly one observation. They are resampled within their
class, so that each repetition has every class in the numbers that balanced accuracy is defined for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dataset import Sample

REPEATS = 1000
LEVEL = 0.95


def by_lesion(
    samples: Sequence[Sample],
    statistics: Callable[[NDArray[np.int64]], Mapping[str, Any]],
    repeats: int = REPEATS,
    seed: int = 1,
) -> dict[str, tuple[float, float]]:
    """Intervals of all plain numbers among some statistics.

    Args:
        samples: what they are computed from.
        statistics: from indices into `samples`, with repetitions, to values by name.
        repeats: how often lesions are drawn anew.
        seed: the same seed draws the same lesions.

    Returns:
        (low, high) by name, the central `LEVEL` of the repetitions.
    """
    images: dict[str, list[int]] = {}
    lesions: dict[str, list[str]] = {}
    for index, sample in enumerate(samples):
        if sample.lesion_id not in images:
            lesions.setdefault(sample.label.code, []).append(sample.lesion_id)
        images.setdefault(sample.lesion_id, []).append(index)
    groups = [[np.array(images[lesion]) for lesion in names] for names in lesions.values()]
    rng = np.random.default_rng(seed)
    values: dict[str, list[float]] = {}
    for _ in range(repeats):
        drawn = [group[place] for group in groups for place in rng.integers(len(group), size=len(group))]
        for name, value in statistics(np.concatenate(drawn)).items():
            if isinstance(value, float):
                values.setdefault(name, []).append(value)
    tail = (1.0 - LEVEL) / 2.0
    return {
        name: (float(np.quantile(numbers, tail)), float(np.quantile(numbers, 1.0 - tail)))
        for name, numbers in values.items()
    }
