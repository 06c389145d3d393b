"""docs/metadata.md says what the reader of tables does: its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

from edge_models import patient_table
from edge_models.labels import LesionClass
from edge_models.site_words import SITE_WORDS, SITES
from edge_models.table import IMAGE

PAGE = Path(__file__).parents[1] / "docs" / "metadata.md"


def rows(head: str) -> dict[str, list[str]]:
    """First cell → what stands in backticks in the second, of the table with these columns."""
    text = PAGE.read_text(encoding="utf-8")
    lines = text[text.index(f"| {head} |\n|") :].split("\n\n")[0].splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in lines]
    return {first: re.findall(r"`([^`]+)`", second) for first, second in cells}


def test_the_columns() -> None:
    assert rows("what | columns") == {
        "picture": [*IMAGE],
        "age": [*patient_table.AGE],
        "sex": [*patient_table.SEX],
        "body site": [*patient_table.SITE],
        "lesion (training)": ["lesion_id"],
        "class (training, benchmarks)": [*patient_table.DIAGNOSIS],
        "how the class is known (training)": [*patient_table.CONFIRMED_BY],
    }


def test_the_sites() -> None:
    words: dict[str, set[str]] = {site: set() for site in (*SITES, "not known")}
    for word, region in SITE_WORDS.items():
        words[region.site or "not known"].add(word)
    assert {site: {*listed} for site, listed in rows("site | words").items()} == words


def test_the_classes() -> None:
    listed = rows("class | words")
    assert [*listed] == [lesion.code for lesion in LesionClass]
    for code, words in listed.items():
        assert {LesionClass.from_word(word).code for word in words} == {code}


def test_the_values() -> None:
    first = [re.findall(r"`([^`]+)`", cell) for cell in rows("value | meaning")]
    assert {"", *first[0]} == patient_table.NOT_KNOWN
    assert f"0 to {patient_table.MAX_AGE_YEARS}, as `45` or `45.0`" in rows("value | meaning")
    assert [word for words in first[2:] for word in words] == [*patient_table.SEX_WORDS]
