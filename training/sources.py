"""Which sets a data folder holds, and in which layout HAM10000 is there: its own, or ISIC 2018 Task 3's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from training.archives import ISIC2017, MILK10K, read_isic2017, read_milk10k
from training.dataset import HAM10000, Sample, read_ham10000, read_isic2018_validation
from training.errors import DatasetError
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


def read_sources(folder: Path, names: Collection[str]) -> list[Sample]:
    """The images of the sources named, HAM10000's first.

    Raises:
        DatasetError: as `read_training_images` and the readers of `training.archives`, or there is no such source.
    """
    unknown = sorted(set(names) - {HAM10000, MILK10K, ISIC2017})
    if unknown:
        raise DatasetError(f"there is no source named {unknown[0]}")
    known, _ = read_training_images(folder)
    samples = list(known) if HAM10000 in names else []
    if MILK10K in names:
        samples += read_milk10k(folder, known).samples
    if ISIC2017 in names:
        samples += read_isic2017(folder).samples
    return samples


def by_source(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Samples by their source, in the order in which the sources first occur."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.source, []).append(sample)
    return found


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
