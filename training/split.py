"""Training, validation and calibration: disjoint by lesion, stratified by class, fixed in a committed file.

The validation split chooses models and views and gives the held-out figures; the calibration split fits temperature,
biases and thresholds. Both are images of lesions that training never saw.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np

from edge_models.labels import LesionClass
from training.dataset import Sample
from training.errors import DatasetError

SPLITS = Path(__file__).parent / "splits"


class Part(StrEnum):
    """A part of the split."""

    TRAIN = "train"
    VALIDATION = "validation"
    CALIBRATION = "calibration"


def assign(samples: Iterable[Sample], held_out_share: float, seed: int) -> dict[str, Part]:
    """Draw a split.

    Args:
        samples: all images.
        held_out_share: of each class's lesions, for validation and again for calibration; at least one lesion each.
        seed: of the draw.

    Returns:
        lesion_id → part.

    Raises:
        DatasetError: a class has fewer than three lesions.
    """
    lesions: dict[LesionClass, dict[str, None]] = defaultdict(dict)
    for sample in samples:
        lesions[sample.label][sample.lesion_id] = None
    rng = np.random.default_rng(seed)
    parts: dict[str, Part] = {}
    for label in LesionClass:
        names = sorted(lesions[label])
        if not names:
            continue
        if len(names) < 3:
            raise DatasetError(f"class {label.code} has {len(names)} lesions, a split needs three")
        count = min(max(1, round(held_out_share * len(names))), (len(names) - 1) // 2)
        for place, index in enumerate(rng.permutation(len(names))):
            held_out = Part.VALIDATION if place < count else Part.CALIBRATION
            parts[names[index]] = held_out if place < 2 * count else Part.TRAIN
    return parts


def write_split(path: Path, samples: Sequence[Sample], parts: Mapping[str, Part]) -> None:
    """Write image_id, lesion_id and part of every sample as CSV, sorted by image_id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["image_id", "lesion_id", "part"])
        for sample in sorted(samples, key=lambda sample: sample.image_id):
            writer.writerow([sample.image_id, sample.lesion_id, parts[sample.lesion_id]])


def read_split(path: Path, samples: Sequence[Sample]) -> dict[Part, list[Sample]]:
    """Read a split and sort `samples` into it; images that the file does not know are an error, the reverse is not.

    Raises:
        DatasetError: unreadable, an unknown part, an image without a row, or a lesion in two parts.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        part_of = {row["image_id"]: Part(row["part"]) for row in rows}
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{path} cannot be used: {error!r}") from error
    result: dict[Part, list[Sample]] = {part: [] for part in Part}
    home: dict[str, Part] = {}
    for sample in samples:
        part = part_of.get(sample.image_id)
        if part is None:
            raise DatasetError(f"{path} has no row for {sample.image_id}")
        if home.setdefault(sample.lesion_id, part) is not part:
            raise DatasetError(
                f"{path}, {sample.image_id}: lesion {sample.lesion_id} is in both {home[sample.lesion_id]} and {part}"
            )
        result[part].append(sample)
    return result
