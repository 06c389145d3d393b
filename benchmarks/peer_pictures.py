"""The pictures that peers are compared on: an operator's own with their labels, or the phantom camera's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_models.errors import TableError
from edge_models.image_file import read_rgb
from edge_models.labels import LesionClass
from edge_models.patient_table import DIAGNOSIS, label_of
from edge_models.picture_names import image_id
from edge_models.preprocess import View, crop_square
from edge_models.table import IMAGE, Row, read_table
from kiosk.camera.phantom import PhantomCamera
from kiosk.commands.images import find_images

_PHANTOM_SIDE = 600


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of any size and what is known of them.

    Attributes:
        rgb: uint8[height, width, 3] each.
        labels: one for each picture; None where it is unknown.
        source: in words.
    """

    rgb: tuple[NDArray[np.uint8], ...]
    labels: tuple[LesionClass | None, ...]
    source: str

    @property
    def labelled(self) -> int:
        """How many have a label."""
        return sum(label is not None for label in self.labels)

    def write(self, folder: Path, size: int, view: View) -> Path:
        """One view of every picture as a file of uint8[count, size, size, 3]; kept if it is there."""
        path = folder / f"pictures_{size}.u8"
        if not path.exists():
            path.write_bytes(np.stack([crop_square(rgb, view, size) for rgb in self.rgb]).tobytes())
        return path


def from_folder(folder: Path, labels: Path | None, limit: int | None) -> Pictures:
    """The images of a folder, evenly thinned to at most `limit`.

    Args:
        folder: read with its folders, as `dermakiosk classify` does.
        labels: a CSV file with columns `image_id` (file name without ending) and `dx` (class code).
        limit: None for all of them.

    Raises:
        RuntimeError: there are no images, or the labels cannot be read.
        ImageUnreadable: one of them is damaged.
    """
    files, problems = find_images([folder])
    if problems:
        raise RuntimeError(str(problems[0]))
    if limit is not None and limit < len(files):
        files = [files[index * len(files) // limit] for index in range(limit)]
    known = _read_labels(labels) if labels else {}
    return Pictures(
        tuple(read_rgb(file) for file in files),
        tuple(known.get(image_id(file.name)) for file in files),
        f"images of {folder.resolve().parent.name}/{folder.name}",
    )


def phantoms(count: int) -> Pictures:
    """Pictures of the phantom camera; they have no labels, because no lesion is true."""
    with PhantomCamera() as camera:
        squares = tuple(crop_square(camera.capture().rgb, View(), _PHANTOM_SIDE) for _ in range(count))
    return Pictures(squares, (None,) * count, "phantom camera")


def _read_labels(path: Path) -> dict[str, LesionClass]:
    def label(_image: str, row: Row) -> LesionClass:
        known = label_of(row)
        if known is None:
            raise RuntimeError(f"{row.where}: dx is empty")
        return known

    try:
        table = read_table(path)
        table.require(IMAGE, DIAGNOSIS)
        return table.by_image(label)
    except TableError as error:
        raise RuntimeError(str(error)) from error
