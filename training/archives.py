"""The sets beside HAM10000, read into the same samples: MILK10k and what ISIC 2017 adds.

A picture of MILK10k that shows one of HAM10000's lesions has that lesion's id, so that no split can part them. What
neither the seven classes nor `scc` name (`other`) is no sample: it is kept apart, for what abstention does with it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edge_models.labels import LesionClass
from training.dataset import SCC, Sample, read_context
from training.errors import DatasetError

MILK10K = "milk10k"
ISIC2017 = "isic2017"
OTHER = "other"
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
    for row, path, where in _rows(folder / MILK10K, ("ham_lesion_id", "dx_type", "skin_tone_class")):
        if row["dx"] == OTHER:
            others.append(path)
            continue
        linked = row["ham_lesion_id"]
        sample = _sample(row, path, where, MILK10K, linked or row["lesion_id"])
        if linked in labels and (labels[linked] is not sample.label or row["dx"] == SCC):
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
        _sample(row, path, where, ISIC2017, row["lesion_id"] or row["image_id"])
        for row, path, where in _rows(folder / ISIC2017, ())
    ]
    return Archive(samples, [], [])


def _rows(root: Path, more: tuple[str, ...]) -> list[tuple[Mapping[str, str], Path, str]]:
    """Every row of a table with the path of its image and how to name it in an error."""
    table = root / "metadata.csv"
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{table} cannot be read: {error}") from error
    wanted = {"image_id", "lesion_id", "dx", *more}
    if not rows or not wanted <= set(rows[0]):
        raise DatasetError(f"{table} needs rows with the columns {', '.join(sorted(wanted))}")
    found: list[tuple[Mapping[str, str], Path, str]] = []
    for number, row in enumerate(rows, start=2):
        path = root / "images" / f"{row['image_id']}.jpg"
        where = f"{table}, row {number} ({row['image_id'] or 'no image_id'})"
        if not row["image_id"] or not path.is_file():
            raise DatasetError(f"{where}: there is no image {path}")
        found.append((row, path, where))
    return found


def _sample(row: Mapping[str, str], path: Path, where: str, source: str, lesion_id: str) -> Sample:
    try:
        scc = row["dx"] == SCC
        tone = row.get("skin_tone_class") or ""
        return Sample(
            image_id=row["image_id"],
            lesion_id=lesion_id,
            label=LesionClass.AKIEC if scc else LesionClass.from_code(row["dx"]),
            path=path,
            context=read_context(row),
            confirmed_by=_HISTOLOGY.get(row.get("dx_type") or "", ""),
            source=source,
            finding=SCC if scc else "",
            skin_tone=int(float(tone)) if tone else None,
        )
    except ValueError as error:
        raise DatasetError(f"{where}: {error}") from error
