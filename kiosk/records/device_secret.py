"""The device secret: 256 bits that a stolen card does not hold.

On a key stick it is a file of one line. In a Raspberry Pi's one-time memory (OTP) it is the device's private key, which
`rpi-otp-private-key` of rpi-eeprom reads. Writing that memory cannot be undone, so this project never does it. Reading
it was tried with a stand-in program alone: no board was at hand.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from kiosk.errors import KeyRefused
from kiosk.records.files import disk_errors, write_atomically
from kiosk.records.keys import KEY_BYTES, DeviceSecret

FILE = "dermakiosk.key"
_LINE = re.compile(r"dermakiosk device secret 1: ([0-9a-f]{64})\n")
_OTP_PROGRAM = "rpi-otp-private-key"
_OTP_TIMEOUT_S = 10


def write_key_file(path: Path, store: Path) -> DeviceSecret:
    """Make a device secret and put it into a file on a stick.

    Args:
        path: the file; it must not be there.
        store: the store's folder, which must lie on another file system: a key beside its lock protects nothing.

    Raises:
        KeyRefused: the file is there, or lies on the store's own file system.
        StoreUnwritable: the stick refuses.
    """
    if path.exists():
        raise KeyRefused(f"{path} is there already", "Use another stick, or move the file away")
    with disk_errors(path):
        if path.parent.stat().st_dev == _existing(store).stat().st_dev:
            raise KeyRefused(f"{path} lies on the store's own disk", "Name a file on a stick")
    secret = DeviceSecret(os.urandom(KEY_BYTES))
    write_atomically(path, f"dermakiosk device secret 1: {secret.secret.hex()}\n".encode())
    return secret


def read_key_file(path: Path) -> DeviceSecret:
    """The device secret of a key stick.

    Raises:
        KeyRefused: it is not there, or no key file.
    """
    try:
        with path.open(encoding="ascii") as file:
            found = _LINE.fullmatch(file.read(200))
    except (OSError, ValueError) as error:
        raise KeyRefused(f"{path} cannot be read", "Plug the key stick in") from error
    if found is None:
        raise KeyRefused(f"{path} is no key file", "Plug the right stick in")
    return DeviceSecret(bytes.fromhex(found[1]))


def read_otp(program: str = _OTP_PROGRAM) -> DeviceSecret:
    """The device's private key in a Raspberry Pi's one-time memory.

    Raises:
        KeyRefused: this is no such board, or nothing was ever written there.
    """
    found = shutil.which(program)
    if found is None:
        raise KeyRefused(f"{program} is not installed", "It comes with rpi-eeprom, on a Raspberry Pi")
    try:
        done = subprocess.run([found], capture_output=True, timeout=_OTP_TIMEOUT_S, check=True)  # noqa: S603 - no input
    except (OSError, subprocess.SubprocessError) as error:
        raise KeyRefused(f"{program} failed", "Run it by hand to see why") from error
    digits = re.sub(rb"\s", b"", done.stdout).decode("ascii", "replace")
    if not re.fullmatch("[0-9a-f]{64}", digits) or not digits.strip("0"):
        raise KeyRefused("The one-time memory holds no key of 256 bits", "Use a key stick, or see SECURITY.md")
    return DeviceSecret(bytes.fromhex(digits))


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())
