"""The sheet of recovery words: what stands on it, where it may go, and what is said where it cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from mnemonic import Mnemonic

from kiosk.errors import HandoffError
from kiosk.handoff.recovery_sheet import SheetTexts, recovery_sheet
from kiosk.text import LANGUAGES
from kiosk.text.catalogue import catalogue
from kiosk.workflow.sheet import FILE, save_sheet
from tests.kiosk.workflow.conftest import Front

MADE_ON = date(2026, 11, 27)
WORDS = Mnemonic("english").to_mnemonic(bytes(range(32)))


def texts(language: str) -> SheetTexts:
    words = catalogue(language)
    parts = {name: words.text(f"sheet.{name}") for name in ("title", "lead", "keep", "made", "kiosk")}
    return SheetTexts(language, date=words.day(MADE_ON), **parts)


@pytest.fixture
def stick(front: Front, tmp_path: Path) -> Path:
    made = tmp_path / "sheet"
    made.mkdir()
    front.desk.config = replace(front.desk.config, sheet=made)
    return made


def apart(_folder: Path, _other: Path) -> bool:
    return True


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_page_has_every_word_in_order_with_its_number(language: str) -> None:
    made = recovery_sheet(WORDS.split(), texts(language), MADE_ON)
    read = pypdf.PdfReader(BytesIO(made))
    assert len(read.pages) == 1
    text = read.pages[0].extract_text()
    lines = text.split()
    for number, word in enumerate(WORDS.split(), 1):
        assert lines[lines.index(f"{number}.") + 1] == word
    assert texts(language).title in text
    assert str(read.root_object["/Lang"]) == language
    assert "/StructTreeRoot" in read.root_object, "a screen reader needs its tags"
    assert made == recovery_sheet(WORDS.split(), texts(language), MADE_ON)


def test_what_looks_like_markup_is_printed_as_it_is() -> None:
    hostile = replace(texts("en"), keep='#panic("x") *bold* $x$ \\ ]', kiosk="#[")
    text = pypdf.PdfReader(BytesIO(recovery_sheet(["#emph[a]"] * 24, hostile, MADE_ON))).pages[0].extract_text()
    assert hostile.keep in text
    assert text.count("#emph[a]") == 24


def test_a_letter_that_no_font_has_is_told() -> None:
    with pytest.raises(HandoffError):
        recovery_sheet(["\U000105c0"] * 24, texts("en"), MADE_ON)


def test_the_sheet_lies_on_the_stick_and_is_audited(front: Front, stick: Path) -> None:
    assert save_sheet(front.desk, WORDS, texts("de"), MADE_ON, apart) == ""
    (made,) = stick.iterdir()
    assert made.name == FILE
    assert made.stat().st_mode & 0o777 == 0o600
    assert len(pypdf.PdfReader(made).pages) == 1
    front.ben()
    assert front.events().count("exported") == 1
    assert save_sheet(front.desk, WORDS, texts("en"), MADE_ON, apart) == "", "an older one is replaced"


def test_the_words_lie_on_no_disk_beside_what_they_open(front: Front, stick: Path) -> None:
    assert save_sheet(front.desk, WORDS, texts("en"), MADE_ON) == HandoffError.code, "the records' own disk"
    backup, key = stick.parent / "backup", stick.parent / "key"
    for folder in (backup, key):
        folder.mkdir()
    front.desk.config = replace(front.desk.config, backup=backup, device_secret=key / "dermakiosk.key")
    for beside in (front.desk.config.folder, backup, key):
        assert save_sheet(front.desk, WORDS, texts("en"), MADE_ON, partial(_differ, beside)) == HandoffError.code
    assert list(stick.iterdir()) == []
    assert save_sheet(front.desk, WORDS, texts("en"), MADE_ON, apart) == ""


def _differ(beside: Path | None, _folder: Path, other: Path) -> bool:
    return other != beside


def test_a_stick_that_is_not_plugged_in_is_told(front: Front, stick: Path) -> None:
    stick.rmdir()
    assert save_sheet(front.desk, WORDS, texts("en"), MADE_ON) == HandoffError.code
    assert save_sheet(front.desk, WORDS, texts("en"), MADE_ON, apart) == HandoffError.code
