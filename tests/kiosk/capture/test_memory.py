"""What the allocator gives back, seen from outside: a process of its own, because the setting is the process's."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_freed_pictures_are_the_systems_again() -> None:
    kept = resident_after_freeing("pass")
    given_back = resident_after_freeing("from kiosk.capture.memory import give_back_freed_pictures as f; f()")
    assert kept > 150, "glibc alone keeps them, or this test shows nothing"
    assert given_back < kept / 2


def resident_after_freeing(first: str) -> float:
    """MiB that remain with the process of 200 MiB that it has freed."""
    program = f"""
import os
import numpy as np
{first}
np.ones(30 << 20, np.uint8)  # freed at once: from now on glibc takes smaller arrays from its heap
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
before = resident()
pictures = [np.ones(10 << 20, np.uint8) for _ in range(20)]
used = np.ones(8 << 20, np.uint8)  # at the end of the heap: what lies before it cannot be trimmed
del pictures
print(resident() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return float(done.stdout)
