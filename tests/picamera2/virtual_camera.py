"""The real picamera2 on libcamera's virtual camera, which shows a colour chart. Imported in the picamera2 tree only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import libcamera
import numpy as np
from numpy.typing import NDArray
from picamera2 import Picamera2
from picamera2.allocators import LibcameraAllocator

from kiosk.camera.picamera import PicameraCamera

SIZE = (2560, 1920)
COLOURS: tuple[tuple[int, int, int], ...] = (
    (220, 30, 30),
    (30, 200, 30),
    (30, 30, 220),
    (250, 250, 250),
    (128, 128, 128),
    (8, 8, 8),
    (225, 175, 155),
    (110, 65, 40),
)
"""Of the chart's patches, red first, left to right, four above and four below; the last two are skin and lesion."""


class VirtualPicamera2(Picamera2):  # type: ignore[misc]  # picamera2 publishes no types
    """Stock picamera2 but for what the virtual pipeline lacks: raw modes, one-plane buffers, a true colour space."""

    def __init__(self, number: int = 0) -> None:
        super().__init__(number)
        self.allocator = LibcameraAllocator(self.camera)

    def configure(self, camera_config: Any = None) -> None:
        super().configure(camera_config)
        # it hands out a JPEG's YCbCr as it is, which is sYCC, and calls it Rec. 709
        self.camera_config["colour_space"] = libcamera.ColorSpace.Sycc()

    def _get_raw_modes(self) -> list[dict[str, Any]]:
        stream = self.camera.generate_configuration([libcamera.StreamRole.Viewfinder]).at(0)
        return [{"format": str(stream.pixel_format), "size": SIZE}]


def show_chart(folder: Path) -> None:
    """Write what the virtual camera sees; to be called before the first camera is opened."""
    height, width = SIZE[1] // 2, SIZE[0] // 4
    chart = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for index, colour in enumerate(COLOURS):
        row, column = divmod(index, 4)
        chart[row * height : (row + 1) * height, column * width : (column + 1) * width] = colour
    path = folder / "0.jpg"
    if not path.exists():
        cv2.imwrite(str(path), cv2.cvtColor(chart, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 100])


def patches(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean colour of each patch, float64[8, 3], red first."""
    height, width = rgb.shape[0] // 2, rgb.shape[1] // 4
    means = []
    for index in range(len(COLOURS)):
        row, column = divmod(index, 4)
        patch = rgb[row * height : (row + 1) * height, column * width : (column + 1) * width]
        means.append(patch[height // 4 : -height // 4, width // 4 : -width // 4].mean(axis=(0, 1)))
    return np.array(means)


class HeldBuffers:
    """Stalls the virtual camera for real: whoever holds all of its buffers leaves it nothing to fill."""

    def __init__(self) -> None:
        self._camera: PicameraCamera | None = None
        self._held: list[Any] = []

    def watch(self, camera: PicameraCamera) -> PicameraCamera:
        self._camera = camera
        return camera

    def hold_all(self) -> None:
        assert self._camera is not None
        device = self._camera._device
        while True:
            try:
                self._held.append(device.capture_request(wait=0.3))
            except TimeoutError:
                device.cancel_all_and_flush()
                return

    def release_all(self) -> None:
        while self._held:
            self._held.pop().release()
