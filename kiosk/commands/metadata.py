"""What is known of the patients behind a folder of images: a CSV file in HAM10000's or ISIC's columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge_models.context import SITES
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.patient import Patient, Sex
from kiosk.errors import KioskError

_IMAGE = ("image", "image_id", "isic_id")
_AGE = ("age", "age_approx")
_SEX = ("sex",)
_SITE = ("localization", "anatom_site_general")
_NOT_KNOWN = frozenset({"", "unknown", "na", "n/a", "nan"})


def read_metadata(path: Path) -> dict[str, Patient]:
    """Read the patients by image name (the file's name without its ending).

    The columns are `image` or `image_id` or `isic_id`, and any of `age` or `age_approx`, `sex`, `localization` or
    `anatom_site_general`; others are passed over. What is empty or "unknown" is not known.

    Raises:
        KioskError: the file cannot be read, or a row says something impossible; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = reader.fieldnames or ()
            image = _column(columns, _IMAGE)
            if image is None:
                raise KioskError(f"{path} has no column image or image_id", "Its first line must name the columns")
            patients: dict[str, Patient] = {}
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                name = (row[image] or "").strip()
                if not name:
                    raise KioskError(f"{where}: no image is named", f"Fill in {image} or remove the row")
                patient = _examination(row, columns, where)
                if patients.setdefault(name, patient) != patient:
                    raise KioskError(f"{where}: {name} has another row that says otherwise", "Remove one of them")
    except OSError as error:
        raise KioskError(f"{path} cannot be read ({error.strerror})", "Check its name and permissions") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise KioskError(f"{path} is not a CSV file in UTF-8 ({error})", "Save it as one") from error
    return patients


def _examination(row: Mapping[str, str | None], columns: Sequence[str], where: str) -> Patient:
    def value(names: tuple[str, ...]) -> str | None:
        column = _column(columns, names)
        text = (row[column] or "").strip().lower() if column else ""
        return None if text in _NOT_KNOWN else text

    sex, site = value(_SEX), value(_SITE)
    if sex is not None and sex not in tuple(Sex):
        raise KioskError(f"{where}: sex is {sex!r}", f"Use {', '.join(Sex)} or leave it empty")
    if site is not None and site not in SITES:
        raise KioskError(f"{where}: body site is {site!r}", f"Use {', '.join(SITES)} or leave it empty")
    site = SITES[site] if site else None
    try:
        return Patient(
            age_years=_age(value(_AGE)), sex=Sex(sex) if sex else None, site=BodySite(site) if site else None
        )
    except ValueError as error:
        raise KioskError(f"{where}: {error}", "Correct it or leave it empty") from error


def _age(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        years = float(text)
    except ValueError:
        years = math.nan
    if not math.isfinite(years):
        raise ValueError(f"age is a number of years, not {text!r}")
    return math.floor(years)


def _column(columns: Sequence[str], names: tuple[str, ...]) -> str | None:
    return next((column for column in columns if column.strip().lower() in names), None)
