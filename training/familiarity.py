"""Fits the feature space that tells a dermatoscopic image from anything else (`edge_models.familiarity` applies it).

Distance from the training features alone refuses half of the everyday photos at best: a network trained to tell lesions
apart has no reason to keep a photo's features away from theirs. So the space gets one direction more, in front of the
principal components: the one along which a logistic regression tells training features from those of what is no lesion,
a hundred photos and what `training.negatives` makes of them and of nothing. It generalises to photos it never saw; the
components and the residual stay for what is neither lesion nor like these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_models.familiarity import FeatureSpace

COMPONENTS = 64
LESIONS_KEPT = 0.99
_OFFSET_DEVIATIONS = 3.0
_DISCRIMINANT_WEIGHT = 4.0
"""How much the discriminant counts beside all components together; README.md has what left-out photos say of it."""
_RIDGE = 4e-7
"""Of the regression, for features of mean square length 1 and cases whose weights sum to 1."""
_NEWTON_STEPS = 20
_LONGEST_STEP = 5.0
_CONVERGED = 0.01


def fit_feature_space(
    lesions: NDArray[np.float32], others: NDArray[np.float32], components: int = COMPONENTS
) -> FeatureSpace:
    """Discriminant, principal components and residual of training features.

    Along the discriminant the distance counts from `_OFFSET_DEVIATIONS` on the far side of the lesions' mean, so that
    it grows towards the photos only.

    Args:
        lesions: float32[N, D], N > 2, of training pictures.
        others: float32[M, D], of what is no lesion (photos of the half for choosing, and pictures made).
        components: at most; fewer where the features have no more.
    """
    wide = lesions.astype(np.float64)
    mean = wide.mean(axis=0)
    centred = wide - mean
    direction = _discriminant(centred, others.astype(np.float64) - mean)
    along = centred @ direction
    deviation = float(along.std()) + 1e-6
    _, singular, rows = np.linalg.svd(centred - np.outer(along, direction), full_matrices=False)
    kept = max(1, min(components, int((singular > 1e-4 * singular[0]).sum()) - 1))
    residual = float((singular[kept:] ** 2).sum()) / len(wide)
    # FeatureSpace averages the squares over all directions, and components are to weigh 1 together
    total = kept + 1
    within = np.maximum(singular[:kept], 1e-6) / math.sqrt(len(wide)) * math.sqrt(kept / total)
    return FeatureSpace(
        mean=(mean - _OFFSET_DEVIATIONS * deviation * direction).astype(np.float32),
        components=np.vstack([direction, rows[:kept]]).astype(np.float32),
        deviation=np.concatenate([[deviation / math.sqrt(total * _DISCRIMINANT_WEIGHT)], within]).astype(np.float32),
        residual_deviation=math.sqrt(residual) + 1e-6,
    )


def distances(space: FeatureSpace, embedding: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64[N]: distance of every row of float32[N, D]."""
    return np.array([space.distance(row) for row in embedding])


def familiarity_threshold(lesions: Sequence[NDArray[np.float64]], others: NDArray[np.float64]) -> float:
    """Where to refuse a picture: keeps `LESIONS_KEPT` of the lesions of each source, and goes up half of the gap.

    Args:
        lesions: float64[N], distances of calibration pictures, by source.
        others: float64[M], distances of pictures of no lesion (the half for choosing).
    """
    kept = max(float(np.quantile(some, LESIONS_KEPT, method="higher")) for some in lesions)
    return max(kept, (kept + float(np.quantile(others, 0.03))) / 2.0)


def _discriminant(lesions: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vector float64[D] towards `others`: ridge-penalised logistic regression, both sides of the same weight.

    Solved by Newton's method, no step moving a case by more than `_LONGEST_STEP` log-odds.
    """
    weight = np.repeat([0.5 / len(lesions), 0.5 / len(others)], [len(lesions), len(others)])
    truth = np.repeat([0.0, 1.0], [len(lesions), len(others)])
    features = np.concatenate([lesions, others])
    features /= math.sqrt(float(weight @ (features**2).sum(axis=1))) + 1e-12
    features = np.column_stack([features, np.ones(len(features))])
    ridge = np.append(np.full(lesions.shape[1], _RIDGE), 1e-9)
    theta = np.zeros(features.shape[1])
    for _ in range(_NEWTON_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(features @ theta, -30.0, 30.0)))
        gradient = features.T @ (weight * (p - truth)) + ridge * theta
        hessian = (features * (weight * p * (1.0 - p))[:, np.newaxis]).T @ features
        move = np.linalg.solve(hessian + np.diag(ridge), gradient)
        farthest = float(np.abs(features @ move).max())
        theta -= move * min(1.0, _LONGEST_STEP / max(farthest, 1e-12))
        if farthest < _CONVERGED:
            break
    return np.asarray(theta[:-1] / np.linalg.norm(theta[:-1]))
