"""The images and what is known of them, read from a folder laid out as HAM10000 is.

`training.isic_layout` reads ISIC's own layout into the same samples.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_models import image_file
from edge_models.context import SITES, Context
from edge_models.errors import ImageUnreadable
from edge_models.labels import LesionClass
from training.errors import DatasetError
from training.progress import shown

CLASS_ORDER = tuple(LesionClass)
"""Class order of every model trained here; it is written into the manifest."""
_NAMED = 20


@dataclass(frozen=True)
class Sample:
    """One labelled image.

    Attributes:
        lesion_id: the lesion; several images may show the same.
        path: the JPEG.
        context: what is known of the patient.
        confirmed_by: how the label is known, HAM10000's dx_type ("histo", "follow_up", "consensus", "confocal").
    """

    image_id: str
    lesion_id: str
    label: LesionClass
    path: Path
    context: Context = field(default_factory=Context)
    confirmed_by: str = ""

    @property
    def target(self) -> int:
        """The label's place in `CLASS_ORDER`."""
        return CLASS_ORDER.index(self.label)


def read_ham10000(folder: Path) -> tuple[list[Sample], list[str]]:
    """Read `ham10000/HAM10000_metadata.csv` and look for its images.

    Args:
        folder: the data folder that holds `ham10000/`.

    Returns:
        The samples in the order of the metadata, and the image_ids that have no file.

    Raises:
        DatasetError: as `read_metadata`, or more than 1 % of the images are missing.
    """
    root = folder / "ham10000"
    return present(root, read_metadata(root / "HAM10000_metadata.csv", root / "images"))


def present(root: Path, samples: Sequence[Sample]) -> tuple[list[Sample], list[str]]:
    """Those of `samples` whose file is there, and the image_ids of the others.

    Raises:
        DatasetError: more than 1 % are missing.
    """
    missing = [sample.image_id for sample in samples if not sample.path.is_file()]
    if len(missing) > len(samples) // 100:
        raise DatasetError(f"{root}: {len(missing)} of {len(samples)} images are missing, {missing[0]} the first")
    absent = set(missing)
    return [sample for sample in samples if sample.image_id not in absent], missing


def read_isic2018_validation(folder: Path) -> list[Sample]:
    """Read the official ISIC 2018 Task 3 validation split, a second opinion that decides nothing.

    Raises:
        DatasetError: as `read_metadata`, or an image is missing.
    """
    root = folder / "isic2018_task3_val"
    samples = read_metadata(root / "labels.csv", root / "images")
    for sample in samples:
        if not sample.path.is_file():
            raise DatasetError(f"{root}: {sample.image_id} has no image")
    return samples


def read_not_lesions(folder: Path) -> list[Path]:
    """Everyday photos, sorted by name; what a familiarity score has to refuse.

    Raises:
        DatasetError: there are none.
    """
    paths = sorted((folder / "not_lesions").glob("*.[jJ][pP]*[gG]"))
    if not paths:
        raise DatasetError(f"{folder / 'not_lesions'} holds no images")
    return paths


def read_metadata(table: Path, images: Path) -> list[Sample]:
    """Read a CSV file with the columns lesion_id, image_id and dx, and age, sex and localization where it has them.

    Raises:
        DatasetError: unreadable, a column is missing, or a row has an unknown label, an age that is not a number, a
            body site that is in neither HAM10000's nor ISIC's words, an empty or repeated image_id, or a lesion_id
            whose label differs from an earlier row's. The message names the row.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{table} cannot be read: {error}") from error
    if not rows or not {"lesion_id", "image_id", "dx"} <= set(rows[0]):
        raise DatasetError(f"{table} needs rows with the columns lesion_id, image_id and dx")
    samples: list[Sample] = []
    seen: set[str] = set()
    labels: dict[str, LesionClass] = {}
    for number, row in enumerate(rows, start=2):
        where = f"{table}, row {number} ({row['image_id'] or 'no image_id'})"
        if not row["image_id"] or not row["lesion_id"]:
            raise DatasetError(f"{where}: image_id and lesion_id may not be empty")
        if row["image_id"] in seen:
            raise DatasetError(f"{where}: this image_id was there before")
        seen.add(row["image_id"])
        try:
            label, context = LesionClass.from_code(row["dx"]), _context(row)
        except ValueError as error:
            raise DatasetError(f"{where}: {error}") from error
        if labels.setdefault(row["lesion_id"], label) is not label:
            raise DatasetError(f"{where}: lesion {row['lesion_id']} has another label in an earlier row")
        path = images / f"{row['image_id']}.jpg"
        samples.append(Sample(row["image_id"], row["lesion_id"], label, path, context, row.get("dx_type") or ""))
    return samples


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Decode an image file as the kiosk does: uint8[height, width, 3] in R, G, B order, read-only.

    Raises:
        DatasetError: it is not an image.
    """
    try:
        return image_file.read_rgb(path)
    except ImageUnreadable as error:
        raise DatasetError(str(error)) from error


def remembering_reader() -> Callable[[Path], NDArray[np.uint8]]:
    """`read_rgb` that keeps what it decoded, in up to half of the memory that is free now; safe to call from threads.

    Decoding costs as much as all augmentation, and a training picture is read dozens of times.
    """
    room = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    kept: dict[Path, NDArray[np.uint8]] = {}
    taken = 0

    def read(path: Path) -> NDArray[np.uint8]:
        nonlocal taken
        rgb = kept.get(path)
        if rgb is None:
            rgb = read_rgb(path)
            if taken + rgb.nbytes <= room:  # two threads may both pass here: one picture more than meant does no harm
                taken += rgb.nbytes
                kept[path] = rgb
        return rgb

    return read


def check_readable(samples: Sequence[Sample]) -> None:
    """Decode every image.

    Raises:
        DatasetError: some cannot be; the message names the first twenty of them and says why.
    """
    complaints = []
    for sample in shown(samples, len(samples), "images decoded"):
        try:
            read_rgb(sample.path)
        except DatasetError as error:
            complaints.append(str(error))
    if complaints:
        named = "\n".join(complaints[:_NAMED])
        raise DatasetError(f"{len(complaints)} of {len(samples)} images cannot be read:\n{named}")


def targets(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """int64[N]: places of the labels in `CLASS_ORDER`."""
    return np.array([sample.target for sample in samples], np.int64)


def _context(row: Mapping[str, str]) -> Context:
    """Age, sex and site of a row, the site in HAM10000's words; empty and `unknown` are not known."""
    words = ((row.get(column) or "").strip().lower() for column in ("age", "sex", "localization"))
    age, sex, site = (word if word and word != "unknown" else None for word in words)
    try:
        years = float(age) if age else None
    except ValueError as error:
        raise ValueError(f"the age {age!r} is not a number") from error
    if site and site not in SITES:
        raise ValueError(f"the body site {site!r} is not known: use {', '.join(SITES)} or leave it empty")
    return Context(years, sex, SITES[site] if site else None)
