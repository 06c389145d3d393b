"""Finds the same picture under two names: a lesion_id cannot be trusted to have caught every copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from training.dataset import Sample, read_rgb

SIMILARITY = 0.985
"""Correlation of two thumbnails above which they are one picture; different lesions of HAM10000 stay below 0.98."""
_SIDE = 24


class Alike(NamedTuple):
    """Two pictures that are near-identical, in different parts.

    Attributes:
        one, another: the pictures.
        parts: where each is.
        likeness: correlation of their thumbnails.
    """

    one: Sample
    another: Sample
    parts: tuple[str, str]
    likeness: float


def across_parts(parts: Mapping[str, Sequence[Sample]]) -> list[Alike]:
    """Pairs of near-identical pictures in different parts, turned and mirrored ones too, the most alike first.

    Args:
        parts: samples by the part's name, of a split and of what else must not hold the same pictures.
    """
    thumbnails = {
        part: np.stack([_thumbnail(read_rgb(sample.path)) for sample in samples])
        for part, samples in parts.items()
        if samples
    }
    pairs: dict[tuple[str, str], Alike] = {}
    # the smaller part is turned, the larger one is compared with
    for small, large in combinations(sorted(thumbnails, key=lambda part: len(thumbnails[part])), 2):
        for row, column, likeness in _likenesses(thumbnails[small], thumbnails[large]):
            one, another = parts[small][row], parts[large][column]
            _keep(pairs, Alike(one, another, (small, large), likeness))
    return sorted(pairs.values(), key=lambda pair: -pair.likeness)


def within(samples: Sequence[Sample]) -> list[Alike]:
    """Pairs of near-identical pictures of what is said to be two lesions, as `across_parts`; the part is the source."""
    if not samples:
        return []
    thumbnails = np.stack([_thumbnail(read_rgb(sample.path)) for sample in samples])
    pairs: dict[tuple[str, str], Alike] = {}
    for row, column, likeness in _likenesses(thumbnails, thumbnails):
        one, another = samples[row], samples[column]
        if row < column and one.lesion_id != another.lesion_id:
            _keep(pairs, Alike(one, another, (one.source, another.source), likeness))
    return sorted(pairs.values(), key=lambda pair: -pair.likeness)


def _likenesses(some: NDArray[np.float32], fixed: NDArray[np.float32]) -> Iterator[tuple[int, int, float]]:
    """(row in `some`, row in `fixed`, correlation) of what is alike in one of the eight positions."""
    rows = _normalised(fixed)
    for turns in range(4):
        for mirrored in (False, True):
            turned = np.rot90(some, turns, axes=(1, 2))
            likeness = _normalised(turned[:, :, ::-1] if mirrored else turned) @ rows.T
            for row, column in np.argwhere(likeness > SIMILARITY):
                yield int(row), int(column), float(likeness[row, column])


def _keep(pairs: dict[tuple[str, str], Alike], found: Alike) -> None:
    """Keep the most alike position of each pair."""
    known = pairs.get((found.one.image_id, found.another.image_id), found)
    pairs[found.one.image_id, found.another.image_id] = max(found, known, key=lambda pair: pair.likeness)


def _thumbnail(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32[24, 24]: the grey of the central square."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    grey = cv2.cvtColor(rgb[top : top + side, left : left + side], cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32)


def _normalised(thumbnails: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of mean 0 and length 1, whose products are correlations."""
    rows = thumbnails.reshape(len(thumbnails), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6))
