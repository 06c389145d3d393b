"""The sentences of one language, and numbers, dates and plural forms as that language writes them (CLDR, by Babel)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format
from babel.numbers import format_decimal

from kiosk.text import LANGUAGES

# English as Europe's wards write it: the day first, 24 hours
_LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES"}


@dataclass(frozen=True)
class Catalogue:
    """One language; it is handed to every screen of a browser session.

    Attributes:
        language: one of `LANGUAGES`.
        sentences: by dotted key, unfilled.
    """

    language: str
    sentences: Mapping[str, str]

    def text(self, key: str, **values: object) -> str:
        """The sentence with a dotted key ("capture.button"), its `{placeholders}` filled with `values`.

        Raises:
            KeyError: the catalogue has no such key, or a placeholder has no value.
        """
        return self.sentences[key].format_map(values)

    def count(self, key: str, number: int, **values: object) -> str:
        """The sentence in the plural form that `number` asks for: `key.one`, `key.other`, ….

        Raises:
            KeyError: as `text`.
        """
        form = self._locale.plural_form(number)
        # a catalogue leaves out forms that only fractions or millions ask for
        return self.text(f"{key}.{form if f'{key}.{form}' in self.sentences else 'other'}", **values)

    def percent(self, share: float) -> str:
        """A share 0 … 1 in whole per cent for people; never 0 or 100 %, which no model can promise."""
        whole = round(share * 100)
        if whole < 1:
            return self.text("share.least")
        return self.text("share.most") if whole > 99 else self.text("share.percent", percent=whole)

    def section(self, *prefixes: str) -> dict[str, str]:
        """All sentences whose key begins with one of `prefixes` and a dot, unfilled, by their whole key.

        Raises:
            KeyError: the catalogue has nothing under a prefix.
        """
        found: dict[str, str] = {}
        for prefix in prefixes:
            part = {key: sentence for key, sentence in self.sentences.items() if key.startswith(f"{prefix}.")}
            if not part:
                raise KeyError(prefix)
            found |= part
        return found

    def fault(self, code: str) -> str:
        """What an operator reads of a fault: what it is, what to do, and the code for support.

        Raises:
            KeyError: no screen tells of that code (`docs/faults.md`).
        """
        return self.text(f"fault.{code}", code=code)

    def faults(self) -> dict[str, str]:
        """Every fault's words, by code."""
        return {code: self.fault(code) for code in (key.partition(".")[2] for key in self.section("fault"))}

    def number(self, value: float, digits: int = 0) -> str:
        """A number with so many digits after the decimal sign."""
        return format_decimal(value, format=f"#,##0.{'0' * digits}".rstrip("."), locale=self._locale)

    def moment(self, when: datetime) -> str:
        """Day and time of day on the device's clock."""
        local = when.astimezone().replace(tzinfo=None)
        time = format_time(local, "short", locale=self._locale)
        pattern = str(get_datetime_format("medium", self._locale)).replace("'", "")
        return pattern.format(time, self.day(local))

    def day(self, when: date) -> str:
        """A day."""
        return format_date(when, "medium", locale=self._locale)

    @property
    def _locale(self) -> Locale:
        return Locale.parse(_LOCALES[self.language])


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of one of `LANGUAGES`.

    Raises:
        KeyError: there is none of that language.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    content = (Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8")
    return Catalogue(language, MappingProxyType(_flatten(tomllib.loads(content))))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
