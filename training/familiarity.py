"""Fits the feature space that tells a dermatoscopic image from anything else (`edge_models.familiarity` applies it).

Distance from the training features alone refuses half of the everyday photos at best: a network trained to tell lesions
apart has no reason to keep a photo's features away from theirs. So the space gets one direction more, in front of the
principal components: Fisher's linear discriminant between training features and those of a hundred photos (Fisher 1936,
doi:10.1111/j.1469-1809.1936.tb02137.x), which generalises to photos it never saw. The components and the residual stay
for what is neither lesion nor photo.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge_models.familiarity import FeatureSpace

COMPONENTS = 64
LESIONS_KEPT = 0.99
_RIDGE = 0.1
_OFFSET_DEVIATIONS = 3.0


def fit_feature_space(
    lesions: NDArray[np.float32], others: NDArray[np.float32], components: int = COMPONENTS
) -> FeatureSpace:
    """Discriminant, principal components and residual of training features.

    Along the discriminant the distance counts from `_OFFSET_DEVIATIONS` on the far side of the lesions' mean, so that
    it grows towards the photos only.

    Args:
        lesions: float32[N, D], N > 2, of training pictures.
        others: float32[M, D], of everyday photos (the half for choosing).
        components: at most; fewer where the features have no more.
    """
    wide = lesions.astype(np.float64)
    mean = wide.mean(axis=0)
    centred = wide - mean
    covariance = centred.T @ centred / len(wide)
    ridge = _RIDGE * float(np.trace(covariance)) / len(mean) + 1e-12
    direction = np.linalg.solve(covariance + ridge * np.eye(len(mean)), others.astype(np.float64).mean(axis=0) - mean)
    direction /= np.linalg.norm(direction)
    along = centred @ direction
    deviation = float(along.std()) + 1e-6
    _, singular, rows = np.linalg.svd(centred - np.outer(along, direction), full_matrices=False)
    kept = max(1, min(components, int((singular > 1e-4 * singular[0]).sum()) - 1))
    residual = float((singular[kept:] ** 2).sum()) / len(wide)
    # FeatureSpace averages the squares over all directions; the discriminant is to count as much as all components
    total = kept + 1
    within = np.maximum(singular[:kept], 1e-6) / math.sqrt(len(wide)) * math.sqrt(kept / total)
    return FeatureSpace(
        mean=(mean - _OFFSET_DEVIATIONS * deviation * direction).astype(np.float32),
        components=np.vstack([direction, rows[:kept]]).astype(np.float32),
        deviation=np.concatenate([[deviation / math.sqrt(total)], within]).astype(np.float32),
        residual_deviation=math.sqrt(residual) + 1e-6,
    )


def distances(space: FeatureSpace, embedding: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64[N]: distance of every row of float32[N, D]."""
    return np.array([space.distance(row) for row in embedding])


def familiarity_threshold(lesions: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Where to refuse a picture: keeps `LESIONS_KEPT` of the lesions, and goes up half of the gap before the photos.

    Args:
        lesions: float64[N], distances of calibration pictures.
        others: float64[M], distances of everyday photos (the half for choosing).
    """
    kept = float(np.quantile(lesions, LESIONS_KEPT, method="higher"))
    return max(kept, (kept + float(np.quantile(others, 0.03))) / 2.0)
