"""docs/faults.md lists every code with the operator's words, and every error class has a code of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import edge_models
import kiosk
from edge_models.errors import DermakioskError
from kiosk.text import LANGUAGES
from kiosk.text.catalogue import catalogue
from kiosk.ui import faults
from kiosk.upkeep.health import Code

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"
NEVER_ON_A_SCREEN = "S"


def rows() -> dict[str, list[str]]:
    """The cells of every row of the page's tables, by code."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    found = [cells for cells in lines if re.fullmatch(r"[A-Z]\d", cells[0])]
    assert len({cells[0] for cells in found}) == len(found), "a code stands there twice"
    return {cells[0]: cells for cells in found}


def error_classes(base: type[DermakioskError] = DermakioskError) -> Iterator[type[DermakioskError]]:
    yield base
    for derived in base.__subclasses__():
        yield from error_classes(derived)


def project_errors() -> list[type[DermakioskError]]:
    for package in (edge_models, kiosk):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            # a main module runs; app.py is Streamlit's script
            if not module.name.endswith(("__main__", ".app", "_child")):
                import_module(module.name)
    return [each for each in error_classes() if each.__module__.startswith(("kiosk", "edge_models"))]


def names() -> dict[str, str]:
    """Every code of the program, and its name there."""
    classes = {each.code: each.__name__ for each in project_errors()}
    constants = {value: name for name, value in vars(faults).items() if name.isupper()}
    return classes | constants | {str(code): code.name for code in Code}


def test_every_error_class_has_a_code_of_its_own() -> None:
    classes = project_errors()
    assert len(classes) > 15
    assert [each.__name__ for each in classes if "code" not in vars(each)] == []
    assert len({each.code for each in classes}) == len(classes)


def test_the_page_lists_every_code_by_its_name() -> None:
    assert {code: cells[1].strip("`") for code, cells in rows().items()} == names()


def test_the_page_has_the_operators_words_and_a_remedy() -> None:
    for code, cells in rows().items():
        if code.startswith(NEVER_ON_A_SCREEN):
            assert len(cells) == 4
        else:
            assert len(cells) == 5
            assert cells[3] == catalogue("en").fault(code)
        assert all(cells), code


def test_every_language_has_words_for_every_code_that_a_screen_shows() -> None:
    shown = {code for code in names() if not code.startswith(NEVER_ON_A_SCREEN)}
    for language in LANGUAGES:
        told = catalogue(language).faults()
        assert set(told) == shown
        for code, words in told.items():
            assert words.endswith(code)


def test_an_operator_reads_no_command() -> None:
    command = re.compile(r"sudo|systemctl|journalctl|apt|pip |--|/dev/|v4l2|`|\.toml|_")
    for language in LANGUAGES:
        assert [words for words in catalogue(language).faults().values() if command.search(words)] == []
