"""How a table is written: separators, line ends and rows that do not fit; what is wrong is named with its line."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_models.errors import TableError
from edge_models.table import Table, column_key, read_table


def read(folder: Path, text: str | bytes) -> Table:
    path = folder / "table.csv"
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read_table(path)


def ages(table: Table) -> dict[str, str]:
    return table.by_image(lambda _image, row: row.cell("age"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_line_ends_and_a_byte_order_mark(tmp_path: Path, separator: str, end: str, mark: str) -> None:
    lines = ["image,age,sex", "A,45,male", "", ",,", "B, 7 ,"]
    text = mark + "".join(line.replace(",", separator) + end for line in lines)
    assert ages(read(tmp_path, text)) == {"A": "45", "B": "7"}


@pytest.mark.parametrize("name", ["image_id", "Image ID", " IMAGE_ID ", "imageId", "image-id", "ImageID"])
def test_a_columns_name_in_any_dress_is_one(name: str) -> None:
    assert column_key(name) == "image_id"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,sex,diameter_mm,age\nISIC_1,male,3,5,45\n", "line 2: 5 values under 4 columns"),
        ("image,sex,diameter_mm,age\nISIC_1,male,3,5,\n", "line 2: 5 values under 4 columns"),
        ("image,sex,diameter_mm,age,\nISIC_1,male,3,5,45\n", "line 2: '45' stands under no column's name"),
        ('image,note,age\nA,"two\nlines",4\nB,x,5,6\n', "line 4: 4 values under 3 columns"),
        ("image,age,age\nA,50,50\n", "line 1: the column age is there twice"),
        ("\nimage,Age, AGE\nA,50,\n", "line 2: the column age is there twice"),
        ("image,age\n,50\n", "line 2: no image is named"),
        ("image,age\nA,50\n\nA,51\n", "line 4: A has another row (line 2) that says otherwise"),
        ("image,age\nA,50\nA.JPG,51\n", "line 3: A has another row (line 2) that says otherwise"),
        ("image,isic_id,age\nA,B,50\n", "line 2: image says 'A' and isic_id says 'B'"),
        ("name,age\nA,50\n", "no column image or image_id or image_name or isic_id"),
        ("", "no column image"),
        (b"image\n\xff\n", "is not a CSV file in UTF-8"),
        ("image\nA\n".encode("utf-16"), "is not a CSV file in UTF-8"),
        ('image\nA\n"B', "line 3: this is no row of a CSV file"),
        ('image,age\n"A"B,4\n', "line 2: this is no row of a CSV file"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(TableError) as caught:
        ages(read(tmp_path, text))
    assert said in str(caught.value)
    assert str(tmp_path / "table.csv") in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(TableError, match=r"cannot be read \("):
        read_table(tmp_path if kind == "folder" else tmp_path / "missing.csv")


def test_short_rows_know_less_and_equal_rows_are_one(tmp_path: Path) -> None:
    assert ages(read(tmp_path, "image,age\nA\nB,7\nB,7\nB.png,7\n")) == {"A": "", "B": "7"}


def test_a_number_before_each_row_needs_no_name(tmp_path: Path) -> None:
    assert ages(read(tmp_path, ",image,age\n0,A,45\n1,B,46\n")) == {"A": "45", "B": "46"}


def test_columns_that_are_needed_are_named(tmp_path: Path) -> None:
    table = read(tmp_path, "image_id,age\nA,4\n")
    table.require(("image", "image_id"), ("age",))
    with pytest.raises(TableError, match="needs rows with the columns image, dx"):
        table.require(("image", "image_id"), ("dx", "diagnosis"))
    with pytest.raises(TableError, match="needs rows with the columns image"):
        read(tmp_path, "image\n").require(("image",))


words = st.text("ABCxyz_019 ,;\"'\n/é", max_size=8)


@settings(deadline=None)
@given(
    columns=st.lists(st.sampled_from(["note", "site_2", "age", "dx", "é"]), unique=True),
    rows=st.lists(st.lists(words, max_size=7), max_size=5),
)
def test_any_row_is_read_as_written_or_refused(
    tmp_path_factory: pytest.TempPathFactory, columns: list[str], rows: list[list[str]]
) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["image", *columns])
    writer.writerows([f"I{number}", *cells] for number, cells in enumerate(rows))
    folder = tmp_path_factory.mktemp("table")
    if any(len(cells) > len(columns) for cells in rows):
        with pytest.raises(TableError, match="values under"):
            read(folder, text.getvalue())
        return
    table = read(folder, text.getvalue())
    assert list(table.columns) == ["image", *columns]
    for cells, row in zip(rows, table.rows, strict=True):
        assert [row.cell(column) for column in columns] == [
            *(cell.strip() for cell in cells), *[""] * (len(columns) - len(cells))
        ]  # fmt: skip


@settings(deadline=None)
@given(content=st.binary(max_size=200) | st.text(',;\t\n\r"image_id ge4.', max_size=60).map(str.encode))
def test_no_file_does_more_than_be_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    with suppress(TableError):
        ages(read(tmp_path_factory.mktemp("table"), content))
