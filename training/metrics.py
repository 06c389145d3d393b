"""Figures of a classifier, by the definitions of the ISIC challenge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_models.recall import balanced_accuracy as balanced_accuracy
from edge_models.recall import recalls as recalls


def precisions(predicted: NDArray[np.int64], target: NDArray[np.int64]) -> dict[int, float]:
    """Share that is right of what was called each class; classes that were never called are left out; both int[N]."""
    return {int(label): float(np.mean(target[predicted == label] == label)) for label in np.unique(predicted)}


def confusion(predicted: NDArray[np.int64], target: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """int64[classes, classes]: how often each true class (row) was called each class (column)."""
    return np.bincount(target * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def top_accuracy(probabilities: NDArray[np.float64], target: NDArray[np.int64], count: int) -> float:
    """Share of cases whose true class is among the `count` likeliest of float64[N, C]."""
    first = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return float(np.mean((first == target[:, np.newaxis]).any(axis=1)))


def log_loss(probabilities: NDArray[np.float64], target: NDArray[np.int64]) -> float:
    """Mean negative log of the true class's probability, in nats; of float64[N, C] and int[N]."""
    return float(-np.log(probabilities[np.arange(len(target)), target]).mean())


def reliability(
    probabilities: NDArray[np.float64], target: NDArray[np.int64], bins: int = 15
) -> list[tuple[float, float, int]]:
    """(mean top probability, share that is right, cases) of every bin of equal width that holds a case.

    Args:
        probabilities: float64[N, C].
        target: int[N].
        bins: of the top probability, from 0 to 1.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == target
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    return [
        (float(confidence[place == each].mean()), float(right[place == each].mean()), int(np.sum(place == each)))
        for each in np.unique(place)
    ]


def expected_calibration_error(probabilities: NDArray[np.float64], target: NDArray[np.int64], bins: int = 15) -> float:
    """Mean gap between the top probability and how often it is right (Naeini et al. 2015; equal-width bins).

    Args:
        probabilities: float64[N, C].
        target: int[N].
        bins: as `reliability`.
    """
    filled = reliability(probabilities, target, bins)
    return sum(count * abs(right - confidence) for confidence, right, count in filled) / len(target)


def roc_curve(
    score: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """False and true positive rates of every threshold from none to all, both float64[K] and ascending.

    Args:
        score: float64[N].
        positive: bool[N], with at least one of each kind.
    """
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # equal scores are one threshold
    hits, alarms = np.cumsum(positive[order])[ends], np.cumsum(~positive[order])[ends]
    return np.append(0.0, alarms / alarms[-1]), np.append(0.0, hits / hits[-1])


def area_under_curve(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Probability that a positive scores above a negative, ties counting half (Mann-Whitney).

    Args:
        score: float64[N].
        positive: bool[N], with at least one of each kind.
    """
    negatives = np.sort(score[~positive])
    below = np.searchsorted(negatives, score[positive], "left") + np.searchsorted(negatives, score[positive], "right")
    return float(below.sum() / (2.0 * len(negatives) * int(positive.sum())))
