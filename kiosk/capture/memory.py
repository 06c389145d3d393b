"""Keeps a kiosk that runs for months from growing: freed pictures go back to the system."""

from __future__ import annotations

import ctypes

LARGE_BYTES = 4 << 20
"""From this size memory is the system's again as soon as it is freed: whole pictures, never an inference's arrays."""
KEPT_BYTES = 8 << 20
"""So much freed memory may stay at the end of a heap, so that the next picture's small arrays cost no page faults."""
ARENAS = 2
"""Heaps that all threads share; glibc's eight a core would each keep free memory of their own."""

# <malloc.h>
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def give_back_freed_pictures() -> None:
    """Set the C library's allocator for this process; without effect where that is not glibc.

    Left alone, glibc takes the first freed array of up to 32 MB as a sign that all smaller ones are better kept: after
    some captures every thread's heap holds tens of megabytes that nobody uses (`mallopt(3)`, M_MMAP_THRESHOLD).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in ((_M_MMAP_THRESHOLD, LARGE_BYTES), (_M_TRIM_THRESHOLD, KEPT_BYTES), (_M_ARENA_MAX, ARENAS)):
        mallopt(parameter, value)
