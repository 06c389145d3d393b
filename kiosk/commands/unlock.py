"""Asking for a PIN or the recovery words on a terminal, and opening the store with them."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from kiosk.access.attempts import Attempts, boot_id
from kiosk.errors import KeyRefused, OperatorLocked
from kiosk.records.device_secret import read_key_file, read_otp
from kiosk.records.keys import DataKey, DeviceSecret
from kiosk.records.slots import RECOVERY, Slots
from kiosk.records.store import boottime_s, utc_now

OTP = "otp"
"""Said in the place of a key file: the board's one-time memory."""


def device_secret(said: str | None) -> DeviceSecret | None:
    """The device secret that the command line names: a key file, `OTP`, or none.

    Raises:
        KeyRefused: it cannot be read.
    """
    if said is None:
        return None
    return read_otp() if said == OTP else read_key_file(Path(said))


def unlock(folder: Path, operator: str | None, device: DeviceSecret | None) -> tuple[Sequence[DataKey], str]:
    """Ask for what opens a slot.

    Args:
        folder: of the store.
        operator: the name of who asks; None: the recovery words are asked for.
        device: the device secret, where there is one.

    Returns:
        The data keys, and the id of who was let in.

    Raises:
        KeyRefused: it does not open the slot.
        OperatorLocked: too many wrong PINs.
    """
    slots = Slots.read(folder)
    if operator is None:
        return slots.unlock(RECOVERY, _ask("Recovery words: "), None), RECOVERY
    found = [slot.id for slot in slots.slots if operator in (slot.name, slot.id) and slot.id != RECOVERY]
    if len(found) != 1:
        known = ", ".join(slot.name for slot in slots.slots if slot.id != RECOVERY)
        raise KeyRefused(f"There is no single operator {operator!r}", f"There is {known}")
    attempts = Attempts(folder, utc_now, boottime_s, boot_id())
    if (wait_s := attempts.wait_s(found[0])) > 0:
        raise OperatorLocked("Too many wrong PINs", f"Try again in {wait_s:.0f} s", wait_s)
    pin = _ask(f"PIN of {operator}: ")
    attempts.count(found[0])
    keys = slots.unlock(found[0], pin, device)
    attempts.clear(found[0])
    return keys, found[0]


def _ask(prompt: str) -> str:
    """A secret, typed without being shown or piped in; never an argument, which others could read."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
