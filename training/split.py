"""Training, validation and calibration: disjoint by lesion, stratified by class, fixed in a committed file.

The validation split chooses models and views and gives the held-out figures; the calibration split fits temperature,
biases and thresholds. Both are images of lesions that training never saw.

A split by image leaks: nearly half of HAM10000's images show a lesion that another one shows too. Such a split exists
here to measure what that is worth (`training.leakage`), says so in the name of its last column, and nothing made with
it can be published.

`v2` sorts several sources: HAM10000's lesions lie where `ham10000_v1` has them, pictures of the same lesion in another
source with them, and new lesions of each source are drawn into all three parts.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np

from edge_models.labels import LesionClass
from training.dataset import HAM10000, Sample
from training.errors import DatasetError

SPLITS = Path(__file__).parent / "splits"
_SOURCE = "source"
_COLUMN = {True: "leaky_part", False: "part"}
"""The last column of a split's file, by whether it leaks."""


class Part(StrEnum):
    """A part of the split."""

    TRAIN = "train"
    VALIDATION = "validation"
    CALIBRATION = "calibration"


def assign(samples: Iterable[Sample], held_out_share: float, seed: int, leaky: bool = False) -> dict[str, Part]:
    """Draw a split.

    Args:
        samples: all images.
        held_out_share: of each class's lesions, for validation and again for calibration; at least one lesion each.
        seed: of the draw.
        leaky: draw images instead of lesions.

    Returns:
        image_id → part.

    Raises:
        DatasetError: a class has fewer than three lesions (images, where images are drawn).
    """
    images: dict[LesionClass, dict[str, list[str]]] = defaultdict(dict)
    for sample in samples:
        unit = sample.image_id if leaky else sample.lesion_id
        images[sample.label].setdefault(unit, []).append(sample.image_id)
    rng = np.random.default_rng(seed)
    parts: dict[str, Part] = {}
    for label in LesionClass:
        names = sorted(images[label])
        if not names:
            continue
        if len(names) < 3:
            units = "images" if leaky else "lesions"
            raise DatasetError(f"class {label.code} has {len(names)} {units}, a split needs three")
        count = min(max(1, round(held_out_share * len(names))), (len(names) - 1) // 2)
        for place, index in enumerate(rng.permutation(len(names))):
            held_out = Part.VALIDATION if place < count else Part.CALIBRATION
            part = held_out if place < 2 * count else Part.TRAIN
            parts.update(dict.fromkeys(images[label][names[index]], part))
    return parts


def extend(
    known: Mapping[str, Part],
    samples: Iterable[Sample],
    held_out_share: float,
    seed: int,
    twins: Iterable[tuple[str, str]] = (),
) -> dict[str, Part]:
    """Draw a split of several sources that leaves the lesions of an earlier one where they are.

    Args:
        known: lesion_id → part, of the earlier split.
        samples: all images, the earlier split's too.
        held_out_share: of the new lesions of each finding in each source, for validation and again for calibration.
        seed: of the draw.
        twins: pairs of lesion_ids whose pictures show the same: they stay together, and with a known one.

    Returns:
        image_id → part.
    """
    samples = list(samples)
    home = _joined(twins)
    fixed = {home.get(lesion, lesion): part for lesion, part in known.items()}
    groups: dict[tuple[str, int], set[str]] = defaultdict(set)
    placed: set[str] = set(fixed)
    for sample in sorted(samples, key=lambda sample: (sample.source, sample.image_id)):
        lesion = home.get(sample.lesion_id, sample.lesion_id)
        if lesion not in placed:
            placed.add(lesion)
            groups[sample.source, sample.output].add(lesion)
    rng = np.random.default_rng(seed)
    for _, lesions in sorted(groups.items()):
        names = sorted(lesions)
        count = min(max(1, round(held_out_share * len(names))), (len(names) - 1) // 2)
        for place, index in enumerate(rng.permutation(len(names))):
            held_out = Part.VALIDATION if place < count else Part.CALIBRATION
            fixed[names[index]] = held_out if place < 2 * count else Part.TRAIN
    return {sample.image_id: fixed[home.get(sample.lesion_id, sample.lesion_id)] for sample in samples}


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """lesion_id → one lesion_id for all that pairs join, the first in the alphabet."""
    home: dict[str, str] = {}

    def root(lesion: str) -> str:
        while home.get(lesion, lesion) != lesion:
            lesion = home[lesion]
        return lesion

    for one, another in pairs:
        first, second = sorted((root(one), root(another)))
        home[second] = home[first] = first
    return {lesion: root(lesion) for lesion in home}


def write_split(path: Path, samples: Sequence[Sample], parts: Mapping[str, Part], leaky: bool = False) -> None:
    """Write image_id, lesion_id, source and part (by image_id) of every sample as CSV, by source and image_id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["image_id", "lesion_id", _SOURCE, _COLUMN[leaky]])
        for sample in sorted(samples, key=lambda sample: (sample.source, sample.image_id)):
            writer.writerow([sample.image_id, sample.lesion_id, sample.source, parts[sample.image_id]])


def sources_of(path: Path) -> frozenset[str]:
    """The sources whose images a split sorts; HAM10000 alone where the file does not say.

    Raises:
        DatasetError: unreadable.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return frozenset(row.get(_SOURCE) or HAM10000 for row in csv.DictReader(stream))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be used: {error!r}") from error


def read_split(path: Path, samples: Sequence[Sample]) -> dict[Part, list[Sample]]:
    """Read a split and sort `samples` into it; images that the file does not know are an error, the reverse is not.

    Raises:
        DatasetError: unreadable, an unknown part, an image without a row, or a lesion in two parts where the file does
            not say that it leaks.
    """
    leaky = leaks(path)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            part_of = {row["image_id"]: Part(row[_COLUMN[leaky]]) for row in csv.DictReader(stream)}
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{path} cannot be used: {error!r}") from error
    result: dict[Part, list[Sample]] = {part: [] for part in Part}
    home: dict[str, Part] = {}
    for sample in samples:
        part = part_of.get(sample.image_id)
        if part is None:
            raise DatasetError(f"{path} has no row for {sample.image_id}")
        if home.setdefault(sample.lesion_id, part) is not part and not leaky:
            raise DatasetError(
                f"{path}, {sample.image_id}: lesion {sample.lesion_id} is in both {home[sample.lesion_id]} and {part}"
            )
        result[part].append(sample)
    return result


def widest(names: Iterable[str], folder: Path = SPLITS) -> str:
    """The split that all others named are a part of: every image of theirs lies where this one has it.

    Raises:
        DatasetError: none of them holds the others so.
    """
    parts = {name: _rows(folder / f"{name}.csv") for name in names}
    largest = max(parts, key=lambda name: len(parts[name]))
    for name, rows in parts.items():
        if not rows.items() <= parts[largest].items():
            raise DatasetError(f"images lie in other parts of the split {name} than of {largest}")
    return largest


def _rows(path: Path) -> dict[str, str]:
    """image_id → part, as a split's file says it."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return {row["image_id"]: list(row.values())[-1] for row in csv.DictReader(stream)}
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{path} cannot be used: {error!r}") from error


def leaks(path: Path) -> bool:
    """Whether a split's file says that images of one lesion may lie in different parts.

    Raises:
        DatasetError: unreadable.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            return stream.readline().strip().split(",")[-1] == _COLUMN[True]
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be used: {error!r}") from error
