"""The configuration's section [records]: what is kept, and what opens it. `systemd/kiosk.toml` documents every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk import checks

NO_SECRET = "none"  # noqa: S105 - a word of the configuration
OTP = "otp"
CAPTURE = "capture"
NOTHING = "nothing"


@dataclass(frozen=True)
class RecordsConfig:
    """What is kept, and what opens it.

    Attributes:
        folder: of the store, which may not be set up yet; None: nothing is kept.
        device_secret: `NO_SECRET`, `OTP` (the board's one-time memory), or the key file on a stick.
        while_locked: `CAPTURE`: pictures are assessed and not kept; `NOTHING`: nobody gets on without a PIN.
        backup: the folder of a stick that backups made at the screen go to; None: none are offered there.
        sheet: the folder of a stick that the sheet of recovery words is put on; None: the screen offers none.
        retention_days: older examinations without an open referral are deleted; None: nothing is.
        own_verdict_first: a clinician is asked for an own verdict before a result is shown.
        idle_after_s: without a touch, until the screen is cleared and somebody must log in.
        lock_after_s: without a touch, until the key is let go as well.
    """

    folder: Path | None = None
    device_secret: Path | str = NO_SECRET
    while_locked: str = CAPTURE
    backup: Path | None = None
    sheet: Path | None = None
    retention_days: int | None = None
    own_verdict_first: bool = False
    idle_after_s: float = 120.0
    lock_after_s: float = 900.0

    @property
    def key_file(self) -> Path | None:
        """The key file on a stick; None where none is used."""
        return self.device_secret if isinstance(self.device_secret, Path) else None


def _device_secret(value: object, base: Path) -> Path | str:
    if value in (NO_SECRET, OTP):
        return str(value)
    try:
        return checks.path(value, base)
    except ValueError as error:
        raise ValueError(f'"{NO_SECRET}", "{OTP}" or the path of a key file') from error


CHECKS: Mapping[str, checks.Check] = {
    "folder": checks.path,
    "device_secret": _device_secret,
    "while_locked": checks.one_of((CAPTURE, NOTHING)),
    "backup": checks.path,
    "sheet": checks.path,
    "retention_days": checks.whole(1, 36500),
    "own_verdict_first": checks.switch,
    "idle_after_s": checks.number(15, 3600),
    "lock_after_s": checks.number(15, 86400),
}
