"""ISIC 2018 Task 3 as the challenge published it: images, one-hot ground truth, lesion groupings.

    <folder>/ISIC2018_Task3_Training_Input/ISIC_0024306.jpg
    <folder>/ISIC2018_Task3_Training_GroundTruth/ISIC2018_Task3_Training_GroundTruth.csv
    <folder>/ISIC2018_Task3_Training_LesionGroupings.csv

The CSV files may also lie in `<folder>` itself. There is no age, sex or site in this layout.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from edge_models.labels import ISIC_COLUMN_ORDER, LesionClass
from training.dataset import Sample, present
from training.errors import DatasetError

TASK = "ISIC2018_Task3"


def read_isic2018(folder: Path, part: str) -> tuple[list[Sample], list[str]]:
    """Read one part of the challenge's data.

    Args:
        folder: holds the part's files.
        part: "Training", "Validation" or "Test".

    Returns:
        The samples in the order of the ground truth, and the image_ids that have no file. Without a file of lesion
        groupings each image of the validation and test parts is a lesion of its own.

    Raises:
        DatasetError: a file is missing or unreadable, a row is not one-hot, an image comes twice or is in no lesion, or
            more than 1 % of the images are missing. The training part needs its groupings: without them a split
            would have the same lesion on both sides.
    """
    truth = ground_truth(folder, part)
    if truth is None:
        raise DatasetError(f"{folder} holds no {TASK}_{part}_GroundTruth.csv")
    groupings = _find(folder, f"{TASK}_{part}_LesionGroupings.csv")
    if groupings is None and part == "Training":
        raise DatasetError(f"{folder} holds no {TASK}_{part}_LesionGroupings.csv: a split by lesion is not possible")
    return present(folder, read_ground_truth(truth, folder / f"{TASK}_{part}_Input", groupings))


def ground_truth(folder: Path, part: str) -> Path | None:
    """Where a part's labels are: "Training", "Validation" or "Test"; None where they are not there."""
    return _find(folder, f"{TASK}_{part}_GroundTruth.csv")


def read_ground_truth(table: Path, images: Path, groupings: Path | None = None) -> list[Sample]:
    """Read a one-hot table with the columns image, MEL, NV, BCC, AKIEC, BKL, DF, VASC in any order.

    Args:
        table: the CSV file.
        images: the folder of its JPEG files; they need not be there.
        groupings: CSV file with the columns image and lesion_id, and diagnosis_confirm_type where it has it.

    Raises:
        DatasetError: as `read_isic2018`; the message names the row.
    """
    rows = _rows(table, ["image", *(lesion.isic for lesion in ISIC_COLUMN_ORDER)])
    known: dict[str, tuple[str, str]] | None = None
    if groupings is not None:
        known = {
            row["image"]: (row["lesion_id"], row.get("diagnosis_confirm_type") or "")
            for row in _rows(groupings, ["image", "lesion_id"])
        }
    samples: list[Sample] = []
    seen: set[str] = set()
    labels: dict[str, LesionClass] = {}
    for number, row in enumerate(rows, start=2):
        image = row["image"]
        where = f"{table}, row {number} ({image or 'no image'})"
        if not image or image in seen:
            raise DatasetError(f"{where}: the image " + ("was there before" if image else "has no name"))
        seen.add(image)
        try:
            hot = [lesion for lesion in ISIC_COLUMN_ORDER if float(row[lesion.isic])]
            total = sum(float(row[lesion.isic]) for lesion in ISIC_COLUMN_ORDER)
        except (TypeError, ValueError) as error:
            raise DatasetError(f"{where}: {error}") from error
        if len(hot) != 1 or total != 1.0:
            raise DatasetError(f"{where}: one class must be 1 and the others 0, not {len(hot)} of sum {total:g}")
        if known is not None and not known.get(image, ("", ""))[0]:
            raise DatasetError(f"{where}: {groupings} does not say which lesion it shows")
        lesion_id, confirmed_by = known[image] if known is not None else (image, "")
        if labels.setdefault(lesion_id, hot[0]) is not hot[0]:
            raise DatasetError(f"{where}: lesion {lesion_id} has another label in an earlier row")
        samples.append(Sample(image, lesion_id, hot[0], images / f"{image}.jpg", confirmed_by=confirmed_by))
    return samples


def _find(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / name.removesuffix(".csv") / name):
        if path.is_file():
            return path
    return None


def _rows(table: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{table} cannot be read: {error}") from error
    if not rows or not set(columns) <= set(rows[0]):
        raise DatasetError(f"{table} needs rows with the columns {', '.join(columns)}")
    return rows
