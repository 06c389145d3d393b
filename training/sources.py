"""Which published layout a data folder has: HAM10000's, or ISIC 2018 Task 3's own."""

from __future__ import annotations

from pathlib import Path

from training.dataset import Sample, read_ham10000, read_isic2018_validation
from training.isic_layout import ground_truth, read_isic2018

_VALIDATION = "isic2018_task3_val"


def read_training_images(folder: Path) -> tuple[list[Sample], list[str]]:
    """The images to split, and the image_ids that have no file; HAM10000 where both layouts are there.

    Raises:
        DatasetError: as `read_ham10000` or `read_isic2018`.
    """
    if (folder / "ham10000").is_dir():
        return read_ham10000(folder)
    return read_isic2018(folder, "Training")


def has_official_validation(folder: Path) -> bool:
    """Whether the official validation split is there, in either layout."""
    return (folder / _VALIDATION).is_dir() or ground_truth(folder, "Validation") is not None


def read_official_validation(folder: Path) -> list[Sample]:
    """The official validation split, in either layout.

    Raises:
        DatasetError: as `read_isic2018_validation` or `read_isic2018`.
    """
    if (folder / _VALIDATION).is_dir():
        return read_isic2018_validation(folder)
    return read_isic2018(folder, "Validation")[0]
