"""The protocol that every camera keeps, and the rules that its tests hold all of them to."""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from kiosk.clinical.frame import Frame

STALL_TIMEOUT_S = 2.0
"""A camera that delivers no new frame for so long has stalled (a result is promised in 3 s, a fault within 5 s)."""

PREVIEW_WIDTH_PX = 720
"""No preview is wider: more costs time to encode, and a bedside screen shows no more of it."""


def utc_now() -> datetime:
    """The wall clock that dates frames, unless an adapter is given another."""
    return datetime.now(UTC)


class Camera(Protocol):
    """One camera with one owner. Opening it is the adapter's constructor; thread-safe after that.

    Rules, the same for every adapter:
      - a second open of the same device raises `CameraBusy` or `CameraNotFound`, never a hang;
      - `preview` and `capture` return pictures exposed after the call before; a picture is never returned twice;
      - no new picture within `STALL_TIMEOUT_S` raises `CameraStalled`; a device that went away `CameraLost`;
      - after `close()` everything raises `CameraClosed`, in a thread that waits for a picture too; `close()` itself may
        be called again, and gives the device back whatever state it is in.
    """

    @property
    def name(self) -> str:
        """Which camera this is, in words for the operator."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether its pictures show something else than the patient, as every frame of it says too."""
        ...

    def preview(self) -> Frame:
        """Wait for the next preview picture: at most `PREVIEW_WIDTH_PX` wide, at the camera's own rate."""
        ...

    def capture(self) -> Frame:
        """Take one picture at full resolution, exposed after this call began."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
