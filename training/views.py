"""Which views: balanced accuracy against the number of inferences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edge_models.preprocess import View
from training.metrics import balanced_accuracy

ZOOMS = (1.0, 1.2, 1.4, 1.7)
ORIENTATIONS = {
    1: ((0, False),),
    2: ((0, False), (2, True)),
    4: ((0, False), (1, True), (2, False), (3, True)),
    8: tuple((turns, flip) for flip in (False, True) for turns in range(4)),
}
"""Quarter turns and flips by their number: as unlike each other as can be."""


def make_views(zooms: Sequence[float], orientations: int) -> tuple[View, ...]:
    """Every zoom in every one of that many orientations.

    Raises:
        KeyError: `ORIENTATIONS` has no such number.
    """
    return tuple(
        View(zoom=zoom, quarter_turns=turns, flip=flip) for zoom in zooms for turns, flip in ORIENTATIONS[orientations]
    )


def view_table(
    log_softmax: NDArray[np.float64], target: NDArray[np.int64], views: Sequence[View]
) -> Iterator[tuple[tuple[float, ...], int, float]]:
    """Balanced accuracy, uncalibrated, of every set of zooms and orientations that `views` contains.

    Args:
        log_softmax: float64[N, members, views, 7].
        target: int64[N].

    Yields:
        (zooms, number of orientations, balanced accuracy).
    """
    place = {view: index for index, view in enumerate(views)}
    zooms = sorted({view.zoom for view in views})
    for count in range(1, len(zooms) + 1):
        for chosen in combinations(zooms, count):
            for orientations in ORIENTATIONS:
                wanted = make_views(chosen, orientations)
                if all(view in place for view in wanted):
                    pooled = log_softmax[:, :, [place[view] for view in wanted]].mean(axis=(1, 2))
                    yield chosen, orientations, balanced_accuracy(pooled.argmax(axis=1), target)
