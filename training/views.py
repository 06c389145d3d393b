"""Which members and views: accuracy against the number of inferences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_models.bundle import Calibration
from edge_models.classifier import calibrate, equal_priors
from edge_models.preprocess import View
from training.errors import RunError
from training.metrics import balanced_accuracy, log_loss

CROPS = (View(), View(zoom=1.2), View(zoom=1.4), View(neutral=True), View(zoom=1.2, neutral=True))
"""What is compared; each is turned and mirrored."""
_NEUTRAL = ":neutral"
ORIENTATIONS = {
    1: ((0, False),),
    2: ((0, False), (2, True)),
    4: tuple((turns, False) for turns in range(4)),
    8: tuple((turns, flip) for flip in (False, True) for turns in range(4)),
}
"""Quarter turns and flips by their number. A picture turned by 90° gives four or eight of them the same crops again."""


class Choice(NamedTuple):
    """What an assessment could run.

    Attributes:
        members: places of the networks.
        crops: upright views.
        orientations: turned and mirrored copies of every crop, a key of `ORIENTATIONS`.
    """

    members: tuple[int, ...]
    crops: tuple[View, ...]
    orientations: int

    @property
    def inferences(self) -> int:
        """Of one picture."""
        return len(self.members) * len(self.crops) * self.orientations

    def work(self, sizes: Sequence[int]) -> float:
        """Of one picture, in inferences of 224 px: a network's work goes with the area of its input.

        Args:
            sizes: side of every network's input in pixels.
        """
        return len(self.crops) * self.orientations * sum((sizes[place] / 224) ** 2 for place in self.members)


def read_crop(text: str) -> View:
    """The centred upright view that `crop_name` wrote: its zoom, and `:neutral` where it is seen in neutral light.

    Raises:
        RunError: it is not written so.
    """
    try:
        return View(zoom=float(text.removesuffix(_NEUTRAL)), neutral=text.endswith(_NEUTRAL))
    except ValueError as error:
        raise RunError(f"{text!r} is no crop like 1.2 or 1.2{_NEUTRAL} ({error})") from error


def crop_name(view: View) -> str:
    """A centred upright view in a word: `1`, `1.2:neutral`."""
    return f"{view.zoom:g}{_NEUTRAL if view.neutral else ''}"


def upright(views: Sequence[View]) -> list[View]:
    """The crops that some views are turned and mirrored copies of, each once, in their order."""
    return list(dict.fromkeys(view.upright() for view in views))


def make_views(crops: Sequence[View], orientations: int) -> tuple[View, ...]:
    """Every crop in every one of that many orientations.

    Fewer than eight are mirrored for every second crop, counted by zoom and light: two crops together see a lesion from
    twice as many sides.

    Raises:
        KeyError: `ORIENTATIONS` has no such number.
    """
    mirrored = set(sorted(crops, key=lambda crop: (crop.zoom, crop.neutral))[1::2]) if orientations < 8 else set()
    return tuple(
        replace(crop, quarter_turns=turns, flip=flip != (crop in mirrored))
        for crop in crops
        for turns, flip in ORIENTATIONS[orientations]
    )


def member_sets(count: int) -> list[tuple[int, ...]]:
    """Each member alone, then the first two, the first three … all of them."""
    return [(place,) for place in range(count)] + [tuple(range(most)) for most in range(2, count + 1)]


def choices(views: Sequence[View], members: Sequence[tuple[int, ...]]) -> Iterator[Choice]:
    """Every set of crops and orientations that `views` contains, with every set of members."""
    crops = upright(views)
    for chosen in members:
        for count in range(1, len(crops) + 1):
            for some in combinations(crops, count):
                for orientations in ORIENTATIONS:
                    if set(make_views(some, orientations)) <= set(views):
                        yield Choice(chosen, some, orientations)


def pooled(log_softmax: NDArray[np.float64], views: Sequence[View], choice: Choice) -> NDArray[np.float64]:
    """Mean evidence float64[N, 7] of some of float64[N, members, views, 7]."""
    places = [views.index(view) for view in make_views(choice.crops, choice.orientations)]
    return np.asarray(log_softmax[:, choice.members][:, :, places].mean(axis=(1, 2)))


def view_table(
    log_softmax: NDArray[np.float64], target: NDArray[np.int64], views: Sequence[View]
) -> Iterator[tuple[Choice, float]]:
    """Balanced accuracy, uncalibrated, of every set of crops and orientations, all members together.

    Args:
        log_softmax: float64[N, members, views, 7].
        target: int64[N].
        views: in the order of that axis.
    """
    for choice in choices(views, [tuple(range(log_softmax.shape[1]))]):
        yield choice, balanced_accuracy(pooled(log_softmax, views, choice).argmax(axis=1), target)


def accuracy_rows(
    log_softmax: NDArray[np.float64],
    target: NDArray[np.int64],
    views: Sequence[View],
    names: Sequence[str],
    sizes: Sequence[int],
    calibration: Calibration,
) -> list[dict[str, Any]]:
    """What every choice of members and views is worth on held-out lesions, under one calibration for all.

    Args:
        log_softmax: float64[N, members, views, 7].
        target: int64[N], in the networks' class order.
        views: in the order of that axis.
        names: of the members.
        sizes: side of every member's input in pixels.
        calibration: the bundle's; fitted for all its members and views.

    Returns:
        `members`, `crops` (their names), `orientations`, `inferences`, `work_224px` (the same in inferences of 224 px),
        `balanced_accuracy` (of the scores under equal priors), `accuracy` and `log_loss` in nats (of the calibrated
        probabilities) and `split` of each, least work first.
    """
    rows = []
    for choice in sorted(choices(views, member_sets(len(names))), key=lambda choice: choice.work(sizes)):
        probabilities = calibrate(pooled(log_softmax, views, choice), calibration)
        scores = equal_priors(probabilities, calibration)
        rows.append(
            {
                "members": [names[place] for place in choice.members],
                "crops": [crop_name(crop) for crop in choice.crops],
                "orientations": choice.orientations,
                "inferences": choice.inferences,
                "work_224px": round(choice.work(sizes), 1),
                "balanced_accuracy": round(balanced_accuracy(scores.argmax(axis=1), target), 4),
                "accuracy": round(float(np.mean(probabilities.argmax(axis=1) == target)), 4),
                "log_loss": round(log_loss(probabilities, target), 4),
                "split": "held-out",
            }
        )
    return rows
