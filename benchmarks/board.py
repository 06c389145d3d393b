"""What the board does while it is measured: heat, clock, throttling, memory. A slow sample is explained by it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kiosk.upkeep.health import SYSFS, temperature_c, throttle_flags

THROTTLED_NOW = 0b1111
"""The bits of `throttle_flags` that tell of the moment."""


def reading(sysfs: Path = SYSFS) -> dict[str, Any]:
    """`temperature_c`, `clock_mhz` (of the fastest core) and `throttle_flags`; None where the board does not say."""
    return {
        "temperature_c": temperature_c(sysfs),
        "clock_mhz": clock_mhz(sysfs),
        "throttle_flags": throttle_flags(sysfs),
    }


def clock_mhz(sysfs: Path = SYSFS) -> float | None:
    """Of the fastest core as the kernel's governor has set it; None where there is none."""
    clocks = []
    for file in (sysfs / "devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq"):
        try:
            clocks.append(int(file.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return max(clocks, default=None)


def resident_mib(process: int | str = "self") -> float:
    """Resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory(resident_mib: Sequence[float]) -> dict[str, float]:
    """Resident memory after the last capture, and its growth over the last half of them as a share.

    Half-way and end are each the median of a tenth of the captures.
    """
    values = np.asarray(resident_mib, np.float64)
    tenth = max(1, len(values) // 10)
    half = len(values) // 2
    middle = float(np.median(values[half - tenth // 2 : half - tenth // 2 + tenth]))
    end = float(np.median(values[-tenth:]))
    return {"captures": len(values), "resident_mib": float(values[-1]), "growth_last_half": end / middle - 1}


def memory_words(found: Mapping[str, float]) -> str:
    """What `memory` gave, in words."""
    return (
        f"{found['resident_mib']:.0f} MiB after {found['captures']:.0f} captures, "
        f"{found['growth_last_half']:+.1%} over the last {found['captures'] // 2:.0f}"
    )
