"""Figures of a classifier, by the definitions of the ISIC challenge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def recalls(predicted: NDArray[np.int64], target: NDArray[np.int64]) -> dict[int, float]:
    """Recall of every class that occurs in `target`; both int[N]."""
    return {int(label): float(np.mean(predicted[target == label] == label)) for label in np.unique(target)}


def balanced_accuracy(predicted: NDArray[np.int64], target: NDArray[np.int64]) -> float:
    """Mean recall of the classes that occur in `target` (ISIC 2018 Task 3's balanced multiclass accuracy)."""
    return float(np.mean(list(recalls(predicted, target).values())))


def expected_calibration_error(probabilities: NDArray[np.float64], target: NDArray[np.int64], bins: int = 15) -> float:
    """Mean gap between the top probability and how often it is right (Naeini et al. 2015; equal-width bins).

    Args:
        probabilities: float64[N, C].
        target: int[N].
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == target
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = [abs(float(np.sum(right[place == each]) - np.sum(confidence[place == each]))) for each in np.unique(place)]
    return sum(gaps) / len(target)


def area_under_curve(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Probability that a positive scores above a negative, ties counting half (Mann-Whitney).

    Args:
        score: float64[N].
        positive: bool[N], with at least one of each kind.
    """
    negatives = np.sort(score[~positive])
    below = np.searchsorted(negatives, score[positive], "left") + np.searchsorted(negatives, score[positive], "right")
    return float(below.sum() / (2.0 * len(negatives) * int(positive.sum())))
