"""Which part of a picture was looked at; apart from what finds it, so that a value can hold one without OpenCV."""

from __future__ import annotations

from typing import NamedTuple


class Window(NamedTuple):
    """A square in a picture, in whole pixels."""

    top: int
    left: int
    side: int
