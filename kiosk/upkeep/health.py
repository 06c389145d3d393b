"""How the box is: checks of the device around the program, each with its remedy; every place they read can be given."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

SYSFS = Path("/sys")
DEV = Path("/dev")
STATE = Path("/var/lib/dermakiosk")
CLOCK_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")

DISK_FAULT_BYTES = 200 * 1000**2
DISK_WARNING_BYTES = 1000**3
HOT_C = 80.0
"""From here a Raspberry Pi lowers its clock (raspberrypi.com, config.txt, "Monitoring core temperature")."""

# what the firmware's bits mean: raspberrypi.com, documentation of vcgencmd, get_throttled
_NOW = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
_UNDER_VOLTAGE_BITS = (0, 16)


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        found: in words.
        remedy: what to do; empty when all is well.
    """

    name: str
    status: Status
    found: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if (self.status is Status.OK) == bool(self.remedy):
            raise ValueError("a warning or a fault has a remedy, and nothing else has")


def state_directory(environment: Mapping[str, str]) -> Path:
    """Where the kiosk keeps its state: what systemd gave it, else the installed box's place."""
    return Path(environment.get("STATE_DIRECTORY", "").split(":")[0] or STATE)


def check_disk(folder: Path) -> Check:
    """Free space on the disk that holds `folder`, which need not exist yet."""
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free at {place}"
    if free < DISK_FAULT_BYTES:
        return Check("disk", Status.FAULT, found, "Free at least 1 GB: journalctl --vacuum-size=100M, apt-get clean")
    if free < DISK_WARNING_BYTES:
        return Check("disk", Status.WARNING, found, "Free some space: journalctl --vacuum-size=100M, apt-get clean")
    return Check("disk", Status.OK, found)


def check_display(environment: Mapping[str, str], sysfs: Path = SYSFS) -> Check:
    """Whether there is a screen: a running desktop, or a connector with a display on it."""
    for variable in ("WAYLAND_DISPLAY", "DISPLAY"):
        if environment.get(variable):
            return Check("display", Status.OK, f"{variable}={environment[variable]}")
    connectors = sorted((sysfs / "class/drm").glob("card*-*/status"))
    connected = [file.parent.name.partition("-")[2] for file in connectors if _text(file) == "connected"]
    if connected:
        return Check("display", Status.OK, ", ".join(connected))
    found = "no display is connected" if connectors else "headless: no desktop and no graphics device"
    return Check(
        "display", Status.WARNING, found, "Connect the touchscreen, then restart; a browser elsewhere needs none"
    )


def check_clock(now: datetime, not_before: datetime, dev: Path = DEV, synchronised: Path = CLOCK_SYNCHRONISED) -> Check:
    """Whether time stamps can be believed.

    Args:
        now: what the clock says, with a zone.
        not_before: a time that is certainly over, such as that of the installation.
        dev: where the kernel lists real-time clocks.
        synchronised: a file that is there once a time server has set the clock.
    """
    found = f"{now:%Y-%m-%d %H:%M %Z}".strip()
    if now < not_before:
        return Check("clock", Status.FAULT, f"{found} is before the installation", "Set it: sudo timedatectl set-time")
    if synchronised.exists():
        return Check("clock", Status.OK, f"{found}, synchronised with a time server")
    if any(dev.glob("rtc*")):
        return Check("clock", Status.OK, f"{found}, kept by a real-time clock")
    remedy = "Compare it with a watch; for an offline box fit a real-time clock with a battery"
    return Check("clock", Status.WARNING, f"{found}, neither synchronised nor kept when the power is off", remedy)


def check_temperature(sysfs: Path = SYSFS) -> Check:
    """The hottest sensor, and what a Raspberry Pi's firmware says of power and throttling."""
    celsius = temperature_c(sysfs)
    flags = throttle_flags(sysfs)
    found = "no sensor" if celsius is None else f"{celsius:.0f} °C"
    if flags:
        states = [f"{name} now" for bit, name in _NOW.items() if flags >> bit & 1]
        states += [
            f"{name} since start" for bit, name in _NOW.items() if flags >> (bit + 16) & 1 and not flags >> bit & 1
        ]
        found = ", ".join([found, *states])
        if any(flags >> bit & 1 for bit in _UNDER_VOLTAGE_BITS):
            return Check(
                "temperature", Status.WARNING, found, "Use the board's own power supply and a short, thick cable"
            )
    if (celsius is not None and celsius >= HOT_C) or flags:
        return Check("temperature", Status.WARNING, found, "Cool it: fit a heat sink or a fan, free the vents")
    return Check("temperature", Status.OK, found)


def temperature_c(sysfs: Path = SYSFS) -> float | None:
    """The hottest thermal zone in degrees Celsius; None where there is none."""
    readings = []
    for file in (sysfs / "class/thermal").glob("thermal_zone*/temp"):
        try:
            readings.append(int(_text(file)) / 1000)
        except ValueError:  # a zone that is switched off reads as nothing
            continue
    return max(readings, default=None)


def throttle_flags(sysfs: Path = SYSFS) -> int | None:
    """A Raspberry Pi's throttle flags (bits 0-3 now, 16-19 since start); None on another machine."""
    for file in (sysfs / "devices/platform").glob("soc*/soc*:firmware/get_throttled"):
        try:
            return int(_text(file), 16)
        except ValueError:
            continue
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def operating_system(release: Path = Path("/etc/os-release")) -> str:
    """The system's own name for itself."""
    for line in _text(release).splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return os.uname().sysname
