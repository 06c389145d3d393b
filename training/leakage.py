"""What a split by image would have claimed: two equal runs, one trained on other images of its held-out lesions."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

from training.bootstrap import by_lesion
from training.dataset import Sample, targets
from training.errors import RunError
from training.metrics import balanced_accuracy
from training.predict import run_logits
from training.runs import read_config
from training.split import SPLITS, Part, leaks, read_split

TABLE = Path(__file__).parent / "leakage.csv"
"""The committed table."""


class Claim(NamedTuple):
    """What one group of held-out images says of a run.

    Attributes:
        split: name of the run's split.
        group: which images, for people.
        images: how many.
        balanced_accuracy: of the float32 network on one view; NaN where there are no images.
        low, high: its 95 % interval, bootstrap by lesion; NaN where there are no images.
    """

    split: str
    group: str
    images: int
    balanced_accuracy: float
    low: float
    high: float


def claims(honest: Path, leaky: Path, samples: Sequence[Sample], splits: Path = SPLITS) -> list[Claim]:
    """Judge two runs on the validation parts of their own splits.

    Args:
        honest: run on a split by lesion.
        leaky: run with the same configuration on a split by image.
        samples: all images.
        splits: folder of the splits' files.

    Returns:
        The honest run's figure, the leaky run's, and the latter apart for lesions that training saw and did not.

    Raises:
        RunError: the runs differ in more than the split, or the splits are not of those kinds.
    """
    first, second = read_config(honest), read_config(leaky)
    if replace(first, split=second.split) != second:
        raise RunError(f"{honest} and {leaky} must differ in nothing but the split")
    if leaks(splits / f"{first.split}.csv") or not leaks(splits / f"{second.split}.csv"):
        raise RunError(f"{honest} must be trained on a split by lesion and {leaky} on one by image, in this order")
    parts = read_split(splits / f"{first.split}.csv", samples)
    found = [_claims(honest, parts[Part.VALIDATION], set())[0]]
    parts = read_split(splits / f"{second.split}.csv", samples)
    return found + _claims(leaky, parts[Part.VALIDATION], {sample.lesion_id for sample in parts[Part.TRAIN]})


def _claims(run: Path, held_out: Sequence[Sample], trained_on: set[str]) -> list[Claim]:
    """The claims of all held-out images, of those whose lesion was trained on, and of the others."""
    chosen = run_logits(run, held_out)[0].argmax(axis=1)
    seen = np.array([sample.lesion_id in trained_on for sample in held_out])
    groups = {
        "all held-out images": np.ones(len(seen), bool),
        "those whose lesion training saw": seen,
        "those whose lesion it did not": ~seen,
    }
    return [_claim(read_config(run).split, name, mine, chosen, held_out) for name, mine in groups.items()]


def _claim(
    split: str, group: str, mine: NDArray[np.bool_], chosen: NDArray[np.int64], held_out: Sequence[Sample]
) -> Claim:
    some = [sample for sample, wanted in zip(held_out, mine, strict=True) if wanted]
    if not some:
        return Claim(split, group, 0, float("nan"), float("nan"), float("nan"))
    said, truth = chosen[mine], targets(some)

    def figure(places: NDArray[np.int64]) -> dict[str, float]:
        return {"it": balanced_accuracy(said[places], truth[places])}

    low, high = by_lesion(some, figure)["it"]
    found = figure(np.arange(len(some)))["it"]
    return Claim(split, group, len(some), *(round(value, 4) for value in (found, low, high)))


def write(rows: Sequence[Claim], path: Path = TABLE) -> None:
    """Put the rows into a table, in the place of what it holds."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(Claim._fields)
        writer.writerows(rows)


def read(path: Path = TABLE) -> list[Claim]:
    """Read what `write` wrote.

    Raises:
        RunError: it is something else.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            kinds = get_type_hints(Claim)
            return [Claim(**{name: kind(row[name]) for name, kind in kinds.items()}) for row in csv.DictReader(stream)]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} is not a table of `python -m training leakage` ({error!r})") from error
