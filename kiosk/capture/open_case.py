"""A file that lies there while a case is open, so that the next run of the program knows that one was lost."""

from __future__ import annotations

import logging
from pathlib import Path

NAME = "case-open"

_log = logging.getLogger(__name__)


class OpenCase:
    """The file; it is empty, and nothing of a patient can be read from it.

    It is not flushed: a power cut within seconds of a capture may lose it, and a flush would delay every result.

    Attributes:
        left: whether an earlier run of the program ended while a case was open.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where it lies; None: nowhere, and no run learns of another."""
        self._path = None if folder is None else folder / NAME
        self.left = self._path is not None and self._path.exists()

    def begin(self) -> None:
        """A case was opened."""
        try:
            if self._path is not None:
                self._path.touch()
        except OSError as error:  # a disk that cannot be written to costs the notice, never the case
            _log.warning("a case that is lost will not be noticed: %s", error.strerror)

    def end(self) -> None:
        """The case is done."""
        try:
            if self._path is not None:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a case that was done will be told as lost: %s", error.strerror)
