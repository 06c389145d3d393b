"""Every sentence of the screen, from one catalogue: `en.toml`. Another language is another file with the same keys."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

LANGUAGE = "en"


def text(key: str, **values: object) -> str:
    """The sentence with a dotted key ("capture.button"), its `{placeholders}` filled with `values`.

    Raises:
        KeyError: the catalogue has no such key, or a placeholder has no value.
    """
    return catalogue()[key].format_map(values)


def percent(share: float) -> str:
    """A share 0 … 1 in whole per cent for people; never 0 or 100 %, which no model can promise."""
    whole = round(share * 100)
    if whole < 1:
        return text("share.least")
    return text("share.most") if whole > 99 else text("share.percent", percent=whole)


def section(*prefixes: str) -> dict[str, str]:
    """All sentences whose key begins with one of `prefixes` and a dot, unfilled, by their whole key.

    Raises:
        KeyError: the catalogue has nothing under a prefix.
    """
    found: dict[str, str] = {}
    for prefix in prefixes:
        part = {key: sentence for key, sentence in catalogue().items() if key.startswith(f"{prefix}.")}
        if not part:
            raise KeyError(prefix)
        found |= part
    return found


@cache
def catalogue() -> Mapping[str, str]:
    """The whole catalogue, by dotted key."""
    path = Path(__file__).parent / f"{LANGUAGE}.toml"
    return MappingProxyType(_flatten(tomllib.loads(path.read_text(encoding="utf-8"))))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
