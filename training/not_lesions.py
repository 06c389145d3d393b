"""Pictures of no lesion: which of them familiarity is fitted on, and which it is judged on.

Everyday photos (`not_lesions/`) and what a clinic's kiosk would see (`not_lesions_clinic/`: clinical photographs,
healthy skin through a dermatoscope, hands, paper, blank and blurred pictures). What shows a patient of the lesion sets
follows that lesion's part; of the rest, every other picture of a kind is fitted on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge_models.errors import TableError
from edge_models.table import IMAGE, read_table
from training.archives import MILK10K
from training.dataset import Sample, read_not_lesions
from training.errors import DatasetError
from training.split import Part

EVERYDAY = "not_lesions"
CLINIC = "not_lesions_clinic"
_UNLEARNT_EVERY = 5


class NotLesions(NamedTuple):
    """Image files.

    Attributes:
        fitted: what familiarity is fitted on.
        judged: by kind, what it is judged on; `not_lesions` are the everyday photos, then the clinic's kinds.
    """

    fitted: list[Path]
    judged: dict[str, list[Path]]


def read(folder: Path, parts: Mapping[Part, Sequence[Sample]]) -> NotLesions:
    """Read both sets, the clinic's where it is there and the split has more sources than HAM10000.

    Args:
        folder: the data folder.
        parts: of the split that a bundle is made with.

    Raises:
        DatasetError: a table cannot be used, or an image is missing.
    """
    photos = read_not_lesions(folder)
    fitted, judged = photos[::2], {EVERYDAY: photos[1::2]}
    several = len({sample.source for some in parts.values() for sample in some}) > 1
    if not several or not (folder / CLINIC).is_dir():
        return NotLesions(fitted, judged)
    home = {sample.lesion_id: part for part, some in parts.items() for sample in some}
    for kind, pictures in _clinic(folder).items():
        free = [path for path, lesion in pictures if lesion not in home]
        held_out = [path for path, lesion in pictures if home.get(lesion) is Part.VALIDATION]
        judged[kind] = sorted([*held_out, *free[1::2]])
        fitted += [path for path, lesion in pictures if path in set(free[::2]) or home.get(lesion) is Part.TRAIN]
    return NotLesions(fitted, judged)


def learnt(pictures: NotLesions) -> list[Path]:
    """Those of the fitted ones that a network may train on; the others, `unlearnt`, choose between familiarity scores.

    Features are as good as they look only on pictures that they were not trained on.
    """
    return [path for place, path in enumerate(pictures.fitted) if place % _UNLEARNT_EVERY]


def unlearnt(pictures: NotLesions) -> list[Path]:
    """Every fifth of the fitted ones: no network trains on them."""
    return pictures.fitted[::_UNLEARNT_EVERY]


def _clinic(folder: Path) -> dict[str, list[tuple[Path, str]]]:
    """By kind, every picture with the lesion that it belongs to ("" where it belongs to none)."""
    try:
        known = read_table(folder / MILK10K / "metadata.csv")
        lesion_of = {row.cell("lesion_id"): row.cell("ham_lesion_id") or row.cell("lesion_id") for row in known.rows}
        table = read_table(folder / CLINIC / "metadata.csv")
        table.require(IMAGE, ("kind",), ("group",))
        rows = table.by_image(lambda _, row: row)
    except TableError as error:
        raise DatasetError(str(error)) from error
    found: dict[str, list[tuple[Path, str]]] = defaultdict(list)
    for image, row in sorted(rows.items()):
        path = folder / CLINIC / "images" / f"{image}.jpg"
        if not path.is_file():
            raise DatasetError(f"{row.where}: there is no image {path}")
        found[row.cell("kind")].append((path, lesion_of.get(row.cell("group"), row.cell("group"))))
    return found
