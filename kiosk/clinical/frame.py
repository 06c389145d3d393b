"""One picture from a camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture and where it came from.

    Attributes:
        rgb: uint8[height, width, 3], red first; made read-only.
        captured_at: when the sensor delivered it, with a time zone.
        source: which camera, in words for the operator ("picamera2 imx477", "phantom").

    Raises:
        ValueError: the array is not uint8[height, width, 3], is empty, or the time has no zone.
    """

    rgb: NDArray[np.uint8]
    captured_at: datetime
    source: str

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.size == 0:
            raise ValueError(f"a frame is uint8[height, width, 3], not {self.rgb.dtype}{list(self.rgb.shape)}")
        if self.captured_at.tzinfo is None:
            raise ValueError("captured_at needs a time zone")
        self.rgb.flags.writeable = False

    @property
    def width_px(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.rgb.shape[0])
