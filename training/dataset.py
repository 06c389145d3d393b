"""The images and what is known of them, read from a folder laid out as HAM10000 is.

`training.isic_layout` reads ISIC's own layout into the same samples.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_models import image_file
from edge_models.context import Context
from edge_models.errors import ImageUnreadable, TableError
from edge_models.field import in_view
from edge_models.labels import LesionClass
from edge_models.patient_table import DIAGNOSIS, confirmed_by, context_of, label_of, unused_columns
from edge_models.table import IMAGE, Row, read_table
from training.errors import DatasetError
from training.progress import shown

CLASS_ORDER = tuple(LesionClass)
"""Class order of every model trained here; it is written into the manifest."""
SCC = "scc"
"""Invasive squamous carcinoma and keratoacanthoma, which HAM10000 does not have: in training a class of its own, of
which the kiosk's seven know their relative, akiec (`edge_models.labels`)."""
OUTPUTS = (*(lesion.code for lesion in CLASS_ORDER), SCC)
"""What a network trained on several sources tells apart, in its outputs' order."""
FOLDED = {SCC: LesionClass.AKIEC}
"""What each output beyond the seven classes counts as."""
COUNTS_AS = tuple(CLASS_ORDER.index(lesion) for lesion in FOLDED.values())
HAM10000 = "ham10000"
_NAMED = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sample:
    """One labelled image.

    Attributes:
        lesion_id: the lesion; several images may show the same.
        path: the JPEG.
        context: what is known of the patient.
        confirmed_by: how the label is known, HAM10000's dx_type ("histo", "follow_up", "consensus", "confocal").
        source: the set that the image is of, named as its folder is.
        finding: code of `OUTPUTS`; empty where it is the label's.
        skin_tone: 0 (darkest) … 5, None when not known.
    """

    image_id: str
    lesion_id: str
    label: LesionClass
    path: Path
    context: Context = field(default_factory=Context)
    confirmed_by: str = ""
    source: str = HAM10000
    finding: str = ""
    skin_tone: int | None = None

    @property
    def target(self) -> int:
        """The label's place in `CLASS_ORDER`."""
        return CLASS_ORDER.index(self.label)

    @property
    def output(self) -> int:
        """The finding's place in `OUTPUTS`."""
        return OUTPUTS.index(self.finding or self.label.code)


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
    return _jpegs(folder / "not_lesions")


def read_painted(folder: Path) -> list[Path]:
    """What a simulated camera shows, as files, sorted by name.

    Raises:
        DatasetError: there are none.
    """
    return _jpegs(folder)


def _jpegs(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.[jJ][pP]*[gG]"))
    if not paths:
        raise DatasetError(f"{folder} holds no images")
    return paths


def read_metadata(table: Path, images: Path) -> list[Sample]:
    """Read a CSV file with the columns lesion_id, an image's id and dx, and age, sex and site where it has them.

    The kiosk reads such files with the same reader: docs/metadata.md says which columns and words are known. A column
    that looks like an age, a sex or a body site but is not read is named in a warning.

    Raises:
        DatasetError: unreadable, a column is missing, or a row has an unknown label, an age, sex or body site that
            docs/metadata.md does not know, no image_id or lesion_id, another row of its image that says otherwise, or a
            lesion_id whose label differs from an earlier row's. The message names the line.
    """
    labels: dict[str, LesionClass] = {}

    def sample(image: str, row: Row) -> Sample:
        lesion, label = row.cell("lesion_id"), label_of(row)
        if not lesion or label is None:
            raise DatasetError(f"{row.where} ({image}): lesion_id and dx may not be empty")
        if labels.setdefault(lesion, label) is not label:
            raise DatasetError(f"{row.where} ({image}): lesion {lesion} has another label in an earlier row")
        return Sample(image, lesion, label, images / f"{image}.jpg", context_of(row), confirmed_by(row))

    try:
        rows = read_table(table)
        rows.require(IMAGE, ("lesion_id",), DIAGNOSIS)
        samples = list(rows.by_image(sample).values())
    except TableError as error:
        raise DatasetError(str(error)) from error
    if unused := unused_columns(rows.columns):
        _log.warning("%s: nothing is read from %s", table, ", ".join(unused))
    return samples


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Decode an image file as the kiosk does: uint8[height, width, 3] in R, G, B order, read-only.

    Of a round field of view that lies within the picture this is the square that the kiosk's networks see.

    Raises:
        DatasetError: it is not an image.
    """
    try:
        rgb = np.ascontiguousarray(in_view(image_file.read_rgb(path)))
    except ImageUnreadable as error:
        raise DatasetError(str(error)) from error
    rgb.setflags(write=False)
    return rgb


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
