"""ISIC 2018 Task 3 as the challenge published it: images, one-hot ground truth, lesion groupings.

    <folder>/ISIC2018_Task3_Training_Input/ISIC_0024306.jpg
    <folder>/ISIC2018_Task3_Training_GroundTruth/ISIC2018_Task3_Training_GroundTruth.csv
    <folder>/ISIC2018_Task3_Training_LesionGroupings.csv

The CSV files may also lie in `<folder>` itself. There is no age, sex or site in this layout.
"""

from __future__ import annotations

from pathlib import Path

from edge_models.errors import TableError
from edge_models.labels import ISIC_COLUMN_ORDER, LesionClass
from edge_models.patient_table import confirmed_by
from edge_models.table import IMAGE, Row, column_key, read_table
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
        DatasetError: a file is missing or unreadable, a row is not one-hot, an image comes twice and differs or is in
            no lesion, or more than 1 % of the images are missing. The training part needs its groupings: without them a
            split would have the same lesion on both sides.
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
        DatasetError: as `read_isic2018`; the message names the line.
    """
    labels: dict[str, LesionClass] = {}

    def sample(image: str, row: Row) -> Sample:
        label = _one_hot(row)
        if known is not None and not known.get(image, ("", ""))[0]:
            raise DatasetError(f"{row.where} ({image}): {groupings} does not say which lesion it shows")
        lesion_id, confirmed = known[image] if known is not None else (image, "")
        if labels.setdefault(lesion_id, label) is not label:
            raise DatasetError(f"{row.where} ({image}): lesion {lesion_id} has another label in an earlier row")
        return Sample(image, lesion_id, label, images / f"{image}.jpg", confirmed_by=confirmed)

    try:
        truth = read_table(table)
        truth.require(IMAGE, *([column_key(lesion.isic)] for lesion in ISIC_COLUMN_ORDER))
        known = None if groupings is None else _lesions(groupings)
        return list(truth.by_image(sample).values())
    except TableError as error:
        raise DatasetError(str(error)) from error


def _lesions(groupings: Path) -> dict[str, tuple[str, str]]:
    """lesion_id and how the label is known, by image."""
    table = read_table(groupings)
    table.require(IMAGE, ("lesion_id",))
    return table.by_image(lambda _image, row: (row.cell("lesion_id"), confirmed_by(row)))


def _one_hot(row: Row) -> LesionClass:
    cells = {lesion: row.cell(column_key(lesion.isic)) for lesion in ISIC_COLUMN_ORDER}
    try:
        hot = [lesion for lesion, cell in cells.items() if float(cell)]
        total = sum(map(float, cells.values()))
    except ValueError as error:
        raise DatasetError(f"{row.where}: {error}") from error
    if len(hot) != 1 or total != 1.0:
        raise DatasetError(f"{row.where}: one class must be 1 and the others 0, not {len(hot)} of sum {total:g}")
    return hot[0]


def _find(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / name.removesuffix(".csv") / name):
        if path.is_file():
            return path
    return None
