"""One picture from a camera, and what it was taken with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CameraSettings:
    """What makes colours repeat from picture to picture; None where the camera does not tell or has no such control.

    Attributes:
        exposure_us: exposure time in microseconds.
        gain: analogue gain, a factor.
        colour_gains: of red and blue against green, factors.
        lens_position_dioptre: 1 / focus distance in metres.
        calibrated_on: the day on which `dermakiosk lock-camera` measured them.
    """

    exposure_us: int | None = None
    gain: float | None = None
    colour_gains: tuple[float, float] | None = None
    lens_position_dioptre: float | None = None
    calibrated_on: date | None = None


AUTOMATIC = CameraSettings()
"""Nothing is fixed, or nothing is known."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture and where it came from.

    Attributes:
        rgb: uint8[height, width, 3], red first; made read-only.
        captured_at: when the sensor delivered it, with a time zone.
        source: which camera, in words for the operator ("picamera2 imx477", "phantom").
        simulated: it does not show the patient: a phantom's or a replayed picture.
        settings: what it was taken with.
        jpeg: the camera's own file of it, of which `rgb` is the decoded content; None where it made none.

    Raises:
        ValueError: the array is not uint8[height, width, 3], is empty, or the time has no zone.
    """

    rgb: NDArray[np.uint8]
    captured_at: datetime
    source: str
    simulated: bool = False
    settings: CameraSettings = AUTOMATIC
    jpeg: bytes | None = None

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.size == 0:
            raise ValueError(f"a frame is uint8[height, width, 3], not {self.rgb.dtype}{list(self.rgb.shape)}")
        if self.captured_at.tzinfo is None:
            raise ValueError("captured_at needs a time zone")
        self.rgb.flags.writeable = False

    @property
    def width_px(self) -> int:
        """How many columns the picture has."""
        return int(self.rgb.shape[1])

    @property
    def height_px(self) -> int:
        """How many rows the picture has."""
        return int(self.rgb.shape[0])
