"""Recall of each class and its mean: the balanced multiclass accuracy of the ISIC 2018 challenge, Task 3."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def recalls(predicted: NDArray[np.int64], target: NDArray[np.int64]) -> dict[int, float]:
    """Recall of every class that occurs in `target`, 0 … 1.

    Args:
        predicted: int[N], the class that each case was given.
        target: int[N], the class that each case has.
    """
    return {int(label): float(np.mean(predicted[target == label] == label)) for label in np.unique(target)}


def balanced_accuracy(predicted: NDArray[np.int64], target: NDArray[np.int64]) -> float:
    """Mean recall of the classes that occur in `target`, 0 … 1.

    Args:
        predicted: int[N], the class that each case was given.
        target: int[N], the class that each case has, with at least one case.
    """
    return float(np.mean(list(recalls(predicted, target).values())))
