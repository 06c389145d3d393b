"""The sheet of recovery words, for a safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from kiosk.handoff.pdf import render

_TEMPLATE = Path(__file__).with_suffix(".typ")


@dataclass(frozen=True)
class SheetTexts:
    """What stands on the sheet beside the words.

    Attributes:
        language: of all texts, as in "de".
        title: the heading.
        lead: what the words are.
        keep: where to keep the sheet.
        made: before the day.
        date: the day in that language.
        kiosk: before a line to be filled in by hand.
    """

    language: str
    title: str
    lead: str
    keep: str
    made: str
    date: str
    kiosk: str


def recovery_sheet(words: Sequence[str], texts: SheetTexts, made_on: date) -> bytes:
    """The sheet as one page of PDF.

    Args:
        words: 24, in their order.
        texts: in the administrator's language.
        made_on: stands in the file's own description.

    Raises:
        HandoffError: it cannot be set.
    """
    day = {"year": made_on.year, "month": made_on.month, "day": made_on.day}
    return render(_TEMPLATE, {**asdict(texts), **day, "words": list(words)})
