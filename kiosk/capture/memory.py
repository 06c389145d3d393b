"""What the process's memory keeps of freed things: nothing that grows for months, and nothing of a patient."""

from __future__ import annotations

import ctypes
import gc
import sys

LARGE_BYTES = 4 << 20
"""From this size memory is the system's again as soon as it is freed: whole pictures, never an inference's arrays."""
KEPT_BYTES = 8 << 20
"""So much freed memory may stay at the end of a heap, so that the next picture's small arrays cost no page faults."""
ARENAS = 2
"""Heaps that all threads share; glibc's eight a core would each keep free memory of their own."""

# <malloc.h>
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_PERTURB, _M_ARENA_MAX = -1, -3, -6, -8
_FILLING = 0xA5
"""What freed memory is overwritten with; any value but 0."""
# Python's own allocator keeps small objects in blocks of these sizes (Objects/obmalloc.c)
_BYTES_HEADER = sys.getsizeof(b"")
_SMALL_OBJECTS_BYTES = range(48, 513, 16)
_OVERWRITTEN_BYTES = 512 << 10
"""Of each size; after it no code was found in a server's memory any more."""
# glibc's cache of each thread (malloc.c, tcache): so many chunks of these sizes
_CACHED_CHUNKS_BYTES = range(24, 1033, 16)
_CACHED_CHUNKS = 8


def give_back_freed_pictures() -> None:
    """Set the C library's allocator for this process; without effect where that is not glibc.

    Left alone, glibc takes the first freed array of up to 32 MB as a sign that all smaller ones are better kept: after
    some captures every thread's heap holds tens of megabytes that nobody uses (`mallopt(3)`, M_MMAP_THRESHOLD). What it
    keeps is overwritten when it is freed (M_PERTURB): 5 % of an assessment's time, and no picture stays behind.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in (
        (_M_MMAP_THRESHOLD, LARGE_BYTES),
        (_M_TRIM_THRESHOLD, KEPT_BYTES),
        (_M_PERTURB, _FILLING),
        (_M_ARENA_MAX, ARENAS),
    ):
        mallopt(parameter, value)


def overwrite_freed_objects() -> None:
    """Overwrite what Python keeps of freed small objects, a patient's code among them: by new objects of every size."""
    gc.collect()
    for size in _SMALL_OBJECTS_BYTES:
        held = [bytes([_FILLING]) * (size - _BYTES_HEADER) for _ in range(_OVERWRITTEN_BYTES // size)]
        del held


def overwrite_cached_chunks() -> None:
    """Overwrite what the C library keeps of freed small chunks for this thread, which M_PERTURB passes over.

    A browser's last message is such a chunk of the event loop's thread (glibc's tcache: seven of each size).
    """
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    for size in _CACHED_CHUNKS_BYTES:
        chunks = [ctypes.c_void_p(library.malloc(ctypes.c_size_t(size))) for _ in range(_CACHED_CHUNKS)]
        for chunk in chunks:
            ctypes.memset(chunk, _FILLING, size)
            library.free(chunk)
