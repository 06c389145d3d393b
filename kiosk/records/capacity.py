"""How much still fits, in examinations, and when to say so."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kiosk.records.files import disk_errors

MOST_EXAMINATIONS = 100_000
"""The largest store that is measured: 300 GB with pictures of 3 MB."""
USUAL_PICTURE_BYTES = 3_000_000
ROW_BYTES = 6_000
"""What one examination takes in the database, a whole assessment with it."""
RESERVE_BYTES = 64 << 20
"""Stays free, so that deleting, auditing and logging in still work on a full disk."""
LOW_EXAMINATIONS = 2_000
VERY_LOW_EXAMINATIONS = 200


class Space(StrEnum):
    """How pressing it is to make room."""

    ENOUGH = "enough"
    LOW = "low"
    VERY_LOW = "very_low"
    FULL = "full"


@dataclass(frozen=True)
class Capacity:
    """What still fits.

    Attributes:
        kept: examinations in the store.
        free_bytes: on its disk.
        about_examinations: so many more fit, at the size of the newest pictures; never beyond `MOST_EXAMINATIONS`.
    """

    kept: int
    free_bytes: int
    about_examinations: int

    @property
    def space(self) -> Space:
        """How pressing it is to make room."""
        if self.about_examinations == 0:
            return Space.FULL
        if self.about_examinations < VERY_LOW_EXAMINATIONS:
            return Space.VERY_LOW
        return Space.LOW if self.about_examinations < LOW_EXAMINATIONS else Space.ENOUGH


def estimate(kept: int, mean_picture_bytes: float | None, free_bytes: int) -> Capacity:
    """What still fits.

    Args:
        kept: examinations in the store.
        mean_picture_bytes: of the newest sealed pictures; None where there is none.
        free_bytes: on its disk.
    """
    each = (mean_picture_bytes or USUAL_PICTURE_BYTES) + ROW_BYTES
    fit = max(0, int((free_bytes - RESERVE_BYTES) / each))
    return Capacity(kept, free_bytes, min(fit, max(0, MOST_EXAMINATIONS - kept)))


def free_bytes(folder: Path) -> int:
    """What is free on a folder's disk.

    Raises:
        StoreUnwritable: the disk fails.
    """
    with disk_errors(folder):
        return shutil.disk_usage(folder).free
