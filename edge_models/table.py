"""The one reader of CSV tables about pictures, for the kiosk, training and benchmarks.

It knows how a table is written: encoding, separator, rows as long as their header. What columns mean is
`edge_models.patient_table`'s.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge_models.errors import TableError
from edge_models.picture_names import image_id

IMAGE = ("image", "image_id", "image_name", "isic_id", "bcn_filename")
"""The columns that name a row's picture."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAP = re.compile(r"[\s_-]+")

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        where: "<file>, line <number>", for messages.
        cells: as they stand in the file; there may be fewer than columns.
        places: column → its place in `cells`.
    """

    where: str
    cells: Sequence[str]
    places: Mapping[str, int]

    def cell(self, column: str) -> str:
        """The cell in NFC without spaces around it; "" where the table has no such column or the row ends before it."""
        place = self.places.get(column)
        if place is None or place >= len(self.cells):
            return ""
        return unicodedata.normalize("NFC", self.cells[place]).strip()

    def read(self, columns: Sequence[str], parse: Callable[[str], T | None]) -> T | None:
        """What the columns say that mean the same.

        Args:
            columns: all names that the value may stand under.
            parse: a cell's text → its value, None for what is not known; raises ValueError with the remedy.

        Returns:
            The value; None where every cell is empty or not known.

        Raises:
            TableError: a cell cannot be parsed, or two of the columns say different things.
        """
        found: tuple[str, T] | None = None
        for column in columns:
            text = self.cell(column)
            try:
                value = parse(text) if text else None
            except ValueError as error:
                raise TableError(f"{self.where}: {column} is {text!r}", str(error)) from error
            if value is None:
                continue
            if found is not None and found[1] != value:
                raise TableError(
                    f"{self.where}: {found[0]} says {self.cell(found[0])!r} and {column} says {text!r}",
                    "Correct one of them or remove its column",
                )
            found = found or (column, value)
        return found[1] if found else None


@dataclass(frozen=True)
class Table:
    """A table that was read.

    Attributes:
        path: the file.
        columns: column → its name as the file writes it, in the file's order. Columns are in lower case with "_"
            between words, whatever the file does: "Image ID", "image_id" and "imageId" are one.
        rows: in the file's order, without empty ones.
    """

    path: Path
    columns: Mapping[str, str]
    rows: Sequence[Row]

    def require(self, *columns: Sequence[str]) -> None:
        """Check that there are rows, with these columns.

        Args:
            columns: for each, the names it may have.

        Raises:
            TableError: there are none.
        """
        if not self.rows or not all(set(names) & set(self.columns) for names in columns):
            raise TableError(
                f"{self.path} needs rows with the columns {', '.join(names[0] for names in columns)}",
                "Its first line must name the columns",
            )

    def by_image(self, parse: Callable[[str, Row], T]) -> dict[str, T]:
        """What `parse` makes of an id and its row, by `picture_names.image_id` of the picture.

        A picture may have several rows that say the same.

        Raises:
            TableError: as `parse`; no column names the picture, a row names none, or two rows of one picture differ.
        """
        if not set(IMAGE) & set(self.columns):
            raise TableError(f"{self.path} has no column {' or '.join(IMAGE)}", "Its first line must name the columns")
        found: dict[str, T] = {}
        lines: dict[str, str] = {}
        for row in self.rows:
            image = row.read(IMAGE, image_id)
            if not image:
                raise TableError(f"{row.where}: no image is named", "Name it or remove the row")
            value = parse(image, row)
            if found.setdefault(image, value) != value:
                raise TableError(f"{row.where}: {image} has another row ({lines[image]}) that says otherwise",
                                 "Remove one of them")  # fmt: skip
            lines.setdefault(image, row.where.rpartition(", ")[2])
        return found


def column_key(name: str) -> str:
    """A column's name in lower case with "_" between words: "Image ID", "imageId" and "image-id" are `image_id`."""
    words = _CAMEL.sub("_", unicodedata.normalize("NFC", name).strip())
    return _GAP.sub("_", words).lower()


def read_table(path: Path) -> Table:
    """Read a CSV file in UTF-8, with or without a byte order mark, lines ended in any way.

    Values are parted by commas. A header without a comma may part its names by semicolons or tabs, and so the rows:
    spreadsheets write such files where the comma is the decimal sign.

    Raises:
        TableError: unreadable, no CSV file in UTF-8, a column is doubled, a row is longer than the header, or a value
            stands under no name. A first column without a name is the rows' number and may hold values.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except OSError as error:
        raise TableError(f"{path} cannot be read ({error.strerror})", "Check its name and permissions") from error
    except UnicodeDecodeError as error:
        raise TableError(f"{path} is not a CSV file in UTF-8 ({error})", "Save it as one") from error
    lines = _lines(path, text)
    if not lines:
        return Table(path, {}, ())
    (number, header), *others = lines
    keys = [column_key(name) for name in header]
    for place, key in enumerate(keys):
        if key and key in keys[:place]:
            raise TableError(f"{path}, line {number}: the column {key} is there twice", "Remove or rename one of them")
    places = {key: place for place, key in enumerate(keys) if key}
    rows = [Row(f"{path}, line {number}", cells, places) for number, cells in others]
    for row in rows:
        _check(row, keys)
    return Table(path, {key: header[place].strip() for key, place in places.items()}, rows)


def _lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Number of the first line and cells of every row that is not empty."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = "," if "," in header else next((sign for sign in ";\t" if sign in header), ",")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True, delimiter=separator)
    lines, number = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((number, cells))
            number = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            f"{path}, line {number}: this is no row of a CSV file ({error})", "Check its quotes"
        ) from error
    return lines


def _check(row: Row, keys: Sequence[str]) -> None:
    if len(row.cells) > len(keys):
        raise TableError(
            f"{row.where}: {len(row.cells)} values under {len(keys)} columns",
            "A value with a comma in it, as 3,5, must stand in quotes",
        )
    for place, (key, cell) in enumerate(zip(keys, row.cells, strict=False)):
        if place and not key and cell.strip():
            raise TableError(f"{row.where}: {cell.strip()!r} stands under no column's name", "Name the column")
