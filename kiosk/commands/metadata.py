"""What is known of the patients behind images on the command line: `classify --metadata`."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_models.context import Context
from edge_models.patient_table import context_of, unused_columns
from edge_models.picture_names import image_id
from edge_models.table import read_table
from kiosk.errors import KioskError


@dataclass(frozen=True)
class Metadata:
    """A table of patients.

    Attributes:
        path: the file.
        contexts: what is known, by the id of the picture (`edge_models.picture_names.image_id`), which may name
            folders.
        unused: columns that look like an age, a sex or a body site and were not read.
    """

    path: Path
    contexts: Mapping[str, Context]
    unused: tuple[str, ...]

    def of(self, images: Sequence[Path]) -> dict[Path, Context]:
        """What is known of the images.

        A row's id is an image's file name without its ending, or the end of its path: `left/ISIC_1`. The longest fits.

        Raises:
            KioskError: two pictures would share a row, and so a patient.
        """
        known: dict[Path, Context] = {}
        taken: dict[str, Path] = {}
        for image in images:
            name = next((name for name in _ids(image) if name in self.contexts), None)
            if name is None:
                continue
            first = taken.setdefault(name, image)
            if not _same_file(first, image):
                raise KioskError(
                    f"{first} and {image} are two pictures, and {self.path} has one row for them, {name}",
                    "Put the folder into the table, as left/ISIC_1.jpg, or classify the folders one by one",
                )
            known[image] = self.contexts[name]
        return known


def read_metadata(path: Path) -> Metadata:
    """Read a table in any published spelling of HAM10000's and ISIC's: docs/metadata.md lists them.

    Raises:
        TableError: the file cannot be read, or a row says something impossible; names the line.
    """
    table = read_table(path)
    return Metadata(path, table.by_image(lambda _image, row: context_of(row)), unused_columns(table.columns))


def _ids(image: Path) -> Iterator[str]:
    """The ids that a table may have for an image, longest first."""
    parts = image_id(unicodedata.normalize("NFC", os.path.abspath(image))).split("/")  # noqa: PTH100 - no link is followed
    for start in range(len(parts)):
        yield "/".join(parts[start:])


def _same_file(first: Path, second: Path) -> bool:
    return first == second or os.path.realpath(first) == os.path.realpath(second)
