"""Taken: another window has the screen; nothing of the patient is shown here, and one button takes it over."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.text.catalogue import Catalogue
from kiosk.ui.widgets.component import Tap, mount


def draw(words: Catalogue, *, had: bool, take: Callable[[], None]) -> None:
    """Draw the screen.

    Args:
        words: of this browser session.
        had: this window had the screen before.
        take: called when somebody wants to go on in this window.
    """

    def on_tap(tap: Tap) -> None:
        if tap.get("name") == "take":
            take()

    title, detail = ("window.moved", "window.moved_detail") if had else ("window.taken", "window.taken_detail")
    said = {"title": words.text(title), "detail": words.text(detail), "take": words.text("window.take")}
    mount("taken", said, on_tap, anywhere=True)
