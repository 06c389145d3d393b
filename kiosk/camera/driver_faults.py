"""What errors of a camera's driver mean: those of picamera2 and libcamera are told apart by their words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from kiosk.errors import CameraBusy, CameraError, CameraLost, CameraOutOfMemory, CameraSizeRefused

RECONNECT = "Check the camera's ribbon cable with the power off; the camera is opened again by itself"
_MORE_MEMORY = (
    "Restart the kiosk; if this stays, give the camera more memory (dtoverlay=vc4-kms-v3d,cma-512 in config.txt) "
    "or set a smaller [camera] still_size"
)
_NO_MEMORY = (os.strerror(errno.ENOMEM).lower(), "failed to allocate", "unable to allocate", "could not allocate")
"""In picamera2 0.3 and libcamera 0.5: its buffers, its DMA heaps (CMA), and the kernel's own words."""


def failure(error: Exception, name: str, what: str) -> CameraError:
    """The kiosk's error for one of picamera2.

    Args:
        error: as it was raised.
        name: of the camera.
        what: could not be done, "cannot be opened".
    """
    if any(_no_memory(cause) for cause in _causes(error)):
        return CameraOutOfMemory(f"No memory is left for the {name} ({error})", _MORE_MEMORY)
    if any(os.strerror(errno.EBUSY) in str(cause) for cause in _causes(error)):
        return CameraBusy(f"The {name} is in use", "Close the other program that uses it")
    return CameraLost(f"The {name} {what} ({error})", RECONNECT)


def refused_size(error: Exception, name: str, size: tuple[int, int]) -> CameraError:
    """The kiosk's error where a configuration with pictures of `size` (width, height in px) was not taken."""
    known = failure(error, name, "cannot be set up")
    if type(known) is not CameraLost:
        return known
    return size_refused(name, size, str(error))


def size_refused(name: str, size: tuple[int, int], why: str) -> CameraSizeRefused:
    """A camera that does not deliver pictures of `size`."""
    return CameraSizeRefused(
        f"The {name} does not deliver pictures of {size[0]} x {size[1]} ({why})",
        "Set [camera] still_size to a size that it has (`rpicam-hello --list-cameras`, `v4l2-ctl --list-formats-ext`), "
        "or leave it out",
    )


def _no_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    said = str(error).lower()
    return any(words in said for words in _NO_MEMORY)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what caused it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
