"""How two pipelines show the same skin: colour maps measured on photographs that both sets hold.

MILK10k shows a thousand of HAM10000's lesions from the same photographs, without HAM10000's colour correction and cut
out otherwise. For each pair the affine map of colours that carries the one picture's mean and covariance to the other's
(the optimal transport between two Gaussians; Pitié, Kokaram 2007, doi:10.1049/cp:20070055) is one way in which a camera
may differ: what a training picture of either set is shown through, so that tone tells no source.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.dataset import HAM10000, Sample, read_rgb

Maps = NDArray[np.float32]
"""float32[N, 3, 4]: rows of R, G and B, a 3 × 3 matrix and an offset in levels, as `cv2.transform` takes."""
_RIDGE = 4.0
"""Levels squared, added to a covariance: what JPEG and noise are worth."""


def tone_maps(samples: Sequence[Sample], source: str) -> Maps:
    """From HAM10000's colours to another source's, one map for every picture of it whose lesion HAM10000 shows too.

    Args:
        samples: of the training part only.
        source: the other set.
    """
    at_home: dict[str, Sample] = {}
    for sample in samples:
        if sample.source == HAM10000:
            at_home.setdefault(sample.lesion_id, sample)
    pairs = [(at_home[s.lesion_id], s) for s in samples if s.source == source and s.lesion_id in at_home]
    maps = [carried(read_rgb(one.path), read_rgb(other.path)) for one, other in pairs]
    return np.stack(maps) if maps else np.zeros((0, 3, 4), np.float32)


def carried(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The map, float32[3, 4], that gives `one` the mean and covariance of `other`'s colours; both uint8[H, W, 3]."""
    (mean, spread), (wanted_mean, wanted) = _moments(one), _moments(other)
    root = _root(spread)
    inverse = np.linalg.inv(root)
    matrix = inverse @ _root(root @ wanted @ root) @ inverse
    return np.asarray(np.column_stack([matrix, wanted_mean - matrix @ mean]), np.float32)


def opposite(maps: Maps) -> Maps:
    """The maps back, float32[N, 3, 4]."""
    inverse = np.linalg.inv(maps[:, :, :3].astype(np.float64))
    offset = -np.einsum("nij,nj->ni", inverse, maps[:, :, 3])
    return np.asarray(np.concatenate([inverse, offset[:, :, np.newaxis]], axis=2), np.float32)


def toned(rgb: NDArray[np.uint8], tone: NDArray[np.float32], share: float) -> NDArray[np.uint8]:
    """A picture uint8[H, W, 3] carried that share of the way of a map float32[3, 4], clipped at black and white."""
    still = np.eye(3, 4, dtype=np.float32)
    return np.asarray(cv2.transform(rgb, still + np.float32(share) * (tone - still)), np.uint8)


def _moments(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and covariance of the colours of the central four fifths, where corners are seldom black."""
    height, width = rgb.shape[:2]
    colours = rgb[height // 10 : height - height // 10, width // 10 : width - width // 10].reshape(-1, 3)[::7]
    wide = colours.astype(np.float64)
    return wide.mean(axis=0), np.cov(wide.T) + _RIDGE * np.eye(3)


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
