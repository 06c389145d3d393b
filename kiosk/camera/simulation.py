"""The hardware that a simulated camera does not have: owned, stalled, unplugged and restored like a real one."""

from __future__ import annotations

import threading
import weakref
from enum import Enum, auto
from functools import cache
from math import floor
from time import monotonic

from kiosk.camera.base import STALL_TIMEOUT_S
from kiosk.errors import CameraBusy, CameraClosed, CameraLost, CameraNotFound, CameraStalled


class _State(Enum):
    RUNNING = auto()
    STALLED = auto()
    UNPLUGGED = auto()


class SimulatedDevice:
    """One simulated sensor that exposes `rate_hz` pictures a second. Thread-safe.

    `stall`, `unplug` and `restore` are for tests and benchmarks: the camera on this device then fails as a real one
    does, and after an unplugging it must be closed and opened again.
    """

    def __init__(self, name: str, rate_hz: float, stall_timeout_s: float = STALL_TIMEOUT_S) -> None:
        self.name = name
        self._period_s = 1.0 / rate_hz
        self._stall_timeout_s = stall_timeout_s
        self._changed = threading.Condition()  # guards everything below
        self._state = _State.RUNNING
        self._owner: weakref.ref[Lease] | None = (
            None  # weak: a camera that was dropped unclosed does not block the device
        )
        self._last_exposure_s = 0.0

    def claim(self) -> Lease:
        """Become the owner.

        Raises:
            CameraNotFound: it is unplugged.
            CameraBusy: another owner has it.
        """
        with self._changed:
            if self._state is _State.UNPLUGGED:
                raise CameraNotFound(f"The {self.name} is unplugged", "Plug it in again")
            if self._owner is not None and self._owner() is not None:
                raise CameraBusy(f"The {self.name} is in use", "Close the other program or window that uses it")
            lease = Lease(self)
            self._owner = weakref.ref(lease)
            return lease

    def stall(self) -> None:
        """Deliver no more pictures, without any other sign."""
        self._set(_State.STALLED)

    def unplug(self) -> None:
        """Be gone: the owner loses the device for good, and nobody can open it."""
        with self._changed:
            self._owner = None
        self._set(_State.UNPLUGGED)

    def restore(self) -> None:
        """Be there again and deliver pictures."""
        self._set(_State.RUNNING)

    def _set(self, state: _State) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()

    def expose(self, lease: Lease) -> None:
        """Wait for the next exposure that begins after this call; two calls never get the same one."""
        give_up_s = monotonic() + self._stall_timeout_s
        with self._changed:
            next_beat_s = (floor(monotonic() / self._period_s) + 1) * self._period_s
            due_s = max(next_beat_s, self._last_exposure_s + self._period_s)
            self._last_exposure_s = due_s
            while True:
                if lease.closed:
                    raise CameraClosed(f"The {self.name} was closed", "Open it again")
                if self._owner is None or self._owner() is not lease:
                    raise CameraLost(f"The {self.name} was unplugged", "Plug it in again")
                now_s = monotonic()
                if self._state is _State.RUNNING and now_s >= due_s:
                    return
                if now_s >= give_up_s:
                    raise CameraStalled(
                        f"The {self.name} delivers no new picture", "Check its cable; it is opened again"
                    )
                self._changed.wait(min(give_up_s, due_s if self._state is _State.RUNNING else give_up_s) - now_s)

    def release(self, lease: Lease) -> None:
        """The owner gives the device back; whoever else calls changes nothing."""
        with self._changed:
            lease.closed = True
            if self._owner is not None and self._owner() is lease:
                self._owner = None
            self._changed.notify_all()


class Lease:
    """The right of one camera to use a device, until it is closed."""

    def __init__(self, device: SimulatedDevice) -> None:
        self._device = device
        self.closed = False

    def expose(self) -> None:
        """Wait for the next exposure that begins after this call.

        Raises:
            CameraClosed, CameraLost, CameraStalled: as the `Camera` rules say.
        """
        self._device.expose(self)

    def close(self) -> None:
        """Give the device back and wake who waits for an exposure; a second time changes nothing."""
        self._device.release(self)


@cache
def shared_device(name: str, rate_hz: float) -> SimulatedDevice:
    """The one device of that name in this program: whoever opens it second finds it busy, as with a real one."""
    return SimulatedDevice(name, rate_hz)
