"""Small rooms: no file and no function is longer than a reader keeps in mind, but for those that say why."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
"""Without its docstring."""

EXCEPTIONS = {
    "training/report.py report": "the report from its first heading to its last",
    "tests/training/test_chain.py test_from_pictures_to_a_published_bundle": "each step needs the one before",
}
"""What may be longer, and why: a file, or a file and a function of it."""

FILES = sorted(
    path
    for folder in ("edge_models", "kiosk", "reporting", "training", "benchmarks", "tests", "requirements")
    for path in (ROOT / folder).rglob("*.py")
)


def too_long(path: Path) -> set[str]:
    """The file's name if it is too long, and its name with that of every function in it that is."""
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text(encoding="utf-8")
    found = {name} if len(text.splitlines()) > MOST_LINES_OF_A_FILE else set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines(node) > MOST_LINES_OF_A_FUNCTION:
            found.add(f"{name} {node.name}")
    return found


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, without its docstring and the decorators above it."""
    assert function.end_lineno is not None
    docstring = ast.get_docstring(function, clean=False)
    documented = 0 if docstring is None else len(docstring.splitlines())
    return function.end_lineno - function.lineno + 1 - documented


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_longer_than_it_may_be(path: Path) -> None:
    assert too_long(path) <= EXCEPTIONS.keys(), "take it apart, or say above why it is one"


def test_every_exception_is_still_needed() -> None:
    assert {name for path in FILES for name in too_long(path)} >= EXCEPTIONS.keys()
