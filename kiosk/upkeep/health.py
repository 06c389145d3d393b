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
_BATTERY_LOW_PERCENT = 20


class Code(StrEnum):
    """What the screen tells of the box, by a short code; `docs/faults.md` lists them."""

    CLOCK_WRONG = "D1"
    CLOCK_UNTRUSTED = "D2"
    DISK_FULL = "D3"
    DISK_NEARLY_FULL = "D4"
    HOT = "D5"
    THROTTLED = "D6"
    UNDER_VOLTAGE = "D7"
    ON_BATTERY = "D8"
    BATTERY_LOW = "D9"


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
        code: by which an operator's words are found; empty where nothing is wrong that the screen tells.
    """

    name: str
    status: Status
    found: str
    remedy: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        if (self.status is Status.OK) == bool(self.remedy):
            raise ValueError("a warning or a fault has a remedy, and nothing else has")
        if self.code and self.status is Status.OK:
            raise ValueError("only a warning or a fault has a code")


def state_directory(environment: Mapping[str, str]) -> Path:
    """Where the kiosk keeps its state: what systemd gave it, else the installed box's place."""
    return Path(environment.get("STATE_DIRECTORY", "").split(":")[0] or STATE)


def check_disk(folder: Path) -> Check:
    """Free space on the disk that holds `folder`, which need not exist yet."""
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free at {place}"
    if free < DISK_FAULT_BYTES:
        remedy = "Free at least 1 GB: journalctl --vacuum-size=100M, apt-get clean"
        return Check("disk", Status.FAULT, found, remedy, Code.DISK_FULL)
    if free < DISK_WARNING_BYTES:
        remedy = "Free some space: journalctl --vacuum-size=100M, apt-get clean"
        return Check("disk", Status.WARNING, found, remedy, Code.DISK_NEARLY_FULL)
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
        found = f"{found} is before the installation"
        return Check("clock", Status.FAULT, found, "Set it: sudo timedatectl set-time", Code.CLOCK_WRONG)
    if synchronised.exists():
        return Check("clock", Status.OK, f"{found}, synchronised with a time server")
    if any(dev.glob("rtc*")):
        return Check("clock", Status.OK, f"{found}, kept by a real-time clock")
    remedy = "Compare it with a watch; for an offline box fit a real-time clock with a battery"
    found = f"{found}, neither synchronised nor kept when the power is off"
    return Check("clock", Status.WARNING, found, remedy, Code.CLOCK_UNTRUSTED)


def check_temperature(sysfs: Path = SYSFS) -> Check:
    """The hottest sensor, and what a Raspberry Pi's firmware says of power and throttling.

    Only what holds now has a code: nobody at the screen can mend what is over.
    """
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
            remedy = "Use the board's own power supply and a short, thick cable"
            return Check("temperature", Status.WARNING, found, remedy, Code.UNDER_VOLTAGE if flags & 1 else "")
    hot = celsius is not None and celsius >= HOT_C
    if hot or flags:
        code = Code.HOT if hot else Code.THROTTLED if flags and flags & 0b1110 else ""
        remedy = "Cool it: fit a heat sink or a fan, free the vents"
        return Check("temperature", Status.WARNING, found, remedy, code)
    return Check("temperature", Status.OK, found)


def check_battery(sysfs: Path = SYSFS) -> Check:
    """Whether the box lives on its battery, where the board tells (Linux, ABI/testing/sysfs-class-power)."""
    for supply in sorted((sysfs / "class/power_supply").glob("*")):
        # a battery of scope "Device" is a mouse's
        if _text(supply / "type") != "Battery" or _text(supply / "scope") == "Device":
            continue
        percent = _text(supply / "capacity")
        found = f"battery at {percent} %" if percent.isdecimal() else "battery"
        if _text(supply / "status") != "Discharging":
            return Check("battery", Status.OK, f"{found}, on mains")
        if percent.isdecimal() and int(percent) <= _BATTERY_LOW_PERCENT:
            return Check("battery", Status.FAULT, found, "Plug the power supply in now", Code.BATTERY_LOW)
        return Check("battery", Status.WARNING, found, "Plug the power supply in", Code.ON_BATTERY)
    return Check("battery", Status.OK, "none that the board tells of")


def check_box(now: datetime, not_before: datetime, environment: Mapping[str, str]) -> list[Check]:
    """All checks of the box that an operator should hear of while the kiosk runs; they take milliseconds.

    Args:
        now: the time by the box's clock, with a zone.
        not_before: as of `check_clock`.
        environment: as of `state_directory`.
    """
    return [
        check_clock(now, not_before),
        check_disk(state_directory(environment)),
        check_temperature(),
        check_battery(),
    ]


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
