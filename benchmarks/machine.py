"""What a measurement was made on; without it a number means nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("ai-edge-litert", "tflite-runtime", "numpy", "opencv-python-headless", "streamlit")


@dataclass(frozen=True)
class Machine:
    """The machine, as far as it says.

    Attributes:
        model: the board's or processor's name.
        cores: usable by this process.
        governor: of the first core; empty where the kernel does not say.
        memory_mib: all of it.
        packages: versions of what is measured.
        commit: of the working tree, with "+" when it has changes; empty outside a repository.
    """

    model: str
    architecture: str
    cores: int
    governor: str
    memory_mib: int
    os: str
    python: str
    packages: dict[str, str]
    commit: str

    def to_json(self) -> dict[str, Any]:
        """All attributes by name, as every document of a measurement holds them."""
        return asdict(self)


def this_machine() -> Machine:
    """Describe the machine that this runs on."""
    return Machine(
        model=_model(),
        architecture=platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        governor=_first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        os=platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        python=platform.python_version(),
        packages={name: found for name in _PACKAGES if (found := _version(name))},
        commit=_commit(),
    )


def _model() -> str:
    board = _first_line("/proc/device-tree/model").rstrip("\0")
    if board:
        return board
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    root = Path(__file__).parents[1]
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
