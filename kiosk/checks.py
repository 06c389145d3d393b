"""Checks that a configuration's values go through: each takes TOML's value and gives the program's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

Check = Callable[[object, Path], Any]
"""A value, and the folder that relative paths start from → the checked value. `ValueError` says what it must be."""


def path(value: object, base: Path) -> Path:
    """A file or folder; one that is not absolute starts from `base`."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("a path in quotes")
    try:
        return base / Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("a path whose ~ is a known user's home") from error


def one_of(words: tuple[str, ...]) -> Check:
    """One of some words."""

    def check(value: object, _base: Path) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return value

    return check


def number(low: float, high: float) -> Check:
    """A number from `low` to `high`."""

    def check(value: object, _base: Path) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return float(value)

    return check


def whole(low: int, high: int) -> Check:
    """A whole number from `low` to `high`."""

    def check(value: object, _base: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return check


def switch(value: object, _base: Path) -> bool:
    """True or false."""
    if value is not True and value is not False:
        raise ValueError("true or false")
    return value


def sentence(most: int) -> Check:
    """Plain text of at most `most` characters; white space is one space, and lines are one line."""

    def check(value: object, _base: Path) -> str:
        told = " ".join(value.split()) if isinstance(value, str) else None
        if told is None or len(told) > most or not told.isprintable():
            raise ValueError(f"plain text of at most {most} characters")
        return told

    return check


def day(value: object, _base: Path) -> date:
    """A date without a time."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("a date like 2026-01-31, without quotes")  # noqa: TRY004 - a check raises ValueError
    return value
