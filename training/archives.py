"""The sets beside HAM10000, read into the same samples: MILK10k and what ISIC 2017 adds.

A picture of MILK10k that shows one of HAM10000's lesions has that lesion's id, so that no split can part them. What
neither the seven classes nor `scc` name (`other`) is no sample: it is kept apart, for what abstention does with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from edge_models.errors import TableError
from edge_models.labels import LesionClass
from edge_models.patient_table import confirmed_by, context_of, label_of
from edge_models.table import IMAGE, Row, read_table
from training.dataset import SCC, Sample
from training.errors import DatasetError

MILK10K = "milk10k"
ISIC2017 = "isic2017"
OTHER = "other"
_SKIN_TONE = "skin_tone_class"
_HISTOLOGY = {"histopathology": "histo", "single contributor clinical assessment": "consensus"}
"""MILK10k's dx_type in HAM10000's words."""


class Archive(NamedTuple):
    """One set.

    Attributes:
        samples: of the seven classes and `scc`.
        others: pictures of anything else on the skin.
        contradictory: image_ids left out, because HAM10000 says otherwise of the same lesion.
    """

    samples: list[Sample]
    others: list[Path]
    contradictory: list[str]


def read_milk10k(folder: Path, known: Sequence[Sample]) -> Archive:
    """Read `milk10k/metadata.csv`.

    Args:
        folder: the data folder that holds `milk10k/`.
        known: HAM10000's samples, whose labels a linked picture must share.

    Raises:
        DatasetError: unreadable, a column or an image is missing, or a row has an unknown value.
    """
    labels = {sample.lesion_id: sample.label for sample in known}
    samples, others, contradictory = [], [], []
    for image, row, path in _rows(folder / MILK10K, ("ham_lesion_id",), ("dx_type",), (_SKIN_TONE,)):
        if row.cell("dx") == OTHER:
            others.append(path)
            continue
        linked = row.cell("ham_lesion_id")
        sample = _sample(image, row, path, MILK10K, linked or row.cell("lesion_id"))
        if linked in labels and (labels[linked] is not sample.label or sample.finding):
            contradictory.append(sample.image_id)
        else:
            samples.append(sample)
    return Archive(samples, others, contradictory)


def read_isic2017(folder: Path) -> Archive:
    """Read `isic2017/metadata.csv`; a picture without a lesion_id is a lesion of its own.

    Raises:
        DatasetError: as `read_milk10k`.
    """
    samples = [
        _sample(image, row, path, ISIC2017, row.cell("lesion_id") or image)
        for image, row, path in _rows(folder / ISIC2017)
    ]
    return Archive(samples, [], [])


def _rows(root: Path, *columns: tuple[str, ...]) -> list[tuple[str, Row, Path]]:
    """Every image's id, row and file.

    Raises:
        DatasetError: the table cannot be used, or a row's image is missing.
    """
    try:
        table = read_table(root / "metadata.csv")
        table.require(IMAGE, ("lesion_id",), ("dx",), *columns)
        rows = table.by_image(lambda _, row: row)
    except TableError as error:
        raise DatasetError(str(error)) from error
    found = [(image, row, root / "images" / f"{image}.jpg") for image, row in rows.items()]
    for _, row, path in found:
        if not path.is_file():
            raise DatasetError(f"{row.where}: there is no image {path}")
    return found


def _sample(image: str, row: Row, path: Path, source: str, lesion_id: str) -> Sample:
    try:
        scc = row.cell("dx") == SCC
        label = LesionClass.AKIEC if scc else label_of(row)
        if label is None or not lesion_id:
            raise DatasetError(f"{row.where} ({image}): lesion_id and dx may not be empty")
        return Sample(
            image_id=image,
            lesion_id=lesion_id,
            label=label,
            path=path,
            context=context_of(row),
            confirmed_by=_HISTOLOGY.get(confirmed_by(row), ""),
            source=source,
            finding=SCC if scc else "",
            skin_tone=row.read((_SKIN_TONE,), _tone),
        )
    except TableError as error:
        raise DatasetError(str(error)) from error


def _tone(text: str) -> int | None:
    return int(float(text)) if text else None
