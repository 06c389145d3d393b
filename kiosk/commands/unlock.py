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
        return slots.unlock(RECOVERY, ask("Recovery words: "), None), RECOVERY
    who = operator_id([(slot.id, slot.name) for slot in slots.slots if slot.id != RECOVERY], operator)
    attempts = Attempts(folder, utc_now, boottime_s, boot_id())
    if (wait_s := attempts.wait_s(who)) > 0:
        raise OperatorLocked("Too many wrong PINs", f"Try again in {wait_s:.0f} s", wait_s)
    pin = ask(f"PIN of {operator}: ")
    attempts.count(who)
    keys = slots.unlock(who, pin, device)
    attempts.clear(who)
    return keys, who


def operator_id(operators: Sequence[tuple[str, str]], said: str) -> str:
    """The id of the operator whom the command line names, by name or by id.

    Raises:
        KeyRefused: there is no such operator, or there are two of that name.
    """
    found = [known for known, name in operators if said in (known, name)]
    if len(found) != 1:
        known_names = ", ".join(name for _, name in operators)
        raise KeyRefused(f"There is no single operator {said!r}", f"There is {known_names}")
    return found[0]


def ask(prompt: str) -> str:
    """A secret, typed without being shown or piped in; never an argument, which others could read."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
