"""Pictures as the kiosk wants them: red first, previews small."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.reduce import shrunk
from kiosk.camera.base import PREVIEW_WIDTH_PX
from kiosk.errors import CameraNotFound

_CONVERSIONS = {
    "RGB888": cv2.COLOR_BGR2RGB,
    "XBGR8888": cv2.COLOR_RGBA2RGB,
    "XRGB8888": cv2.COLOR_BGRA2RGB,
    "YUV420": cv2.COLOR_YUV2RGB_I420,
    "NV12": cv2.COLOR_YUV2RGB_NV12,
}
_YUV = frozenset({"YUV420", "NV12"})
# OpenCV knows BT.601 in its video range only
_LUMA_TO_VIDEO = np.rint(16 + np.arange(256) * 219 / 255).astype(np.uint8)
_CHROMA_TO_VIDEO = np.rint(128 + (np.arange(256) - 128) * 224 / 255).clip(16, 240).astype(np.uint8)


def to_rgb(array: NDArray[np.uint8], pixel_format: str, width: int, full_range: bool) -> NDArray[np.uint8]:
    """A stream's picture as uint8[height, width, 3], red first.

    Args:
        array: uint8[height, width, 3 or 4], or uint8[height * 3 / 2, stride] with luma above chroma; its rows may be
            padded beyond `width`.
        pixel_format: libcamera's name. It lists the bytes of a little-endian word from the top: BGR888 is R, G, B in
            memory.
        width: of the picture in pixels, without the padding of its rows.
        full_range: luma and chroma of YUV use 0..255 (JPEG) and not 16..235 and 16..240 (video).

    Raises:
        CameraNotFound: pictures in that format cannot be used.
    """
    if pixel_format == "BGR888":
        return array
    if pixel_format not in _CONVERSIONS:
        raise CameraNotFound(f"The camera delivers {pixel_format}, which is not supported", "Use another camera")
    if pixel_format in _YUV and full_range:
        rows = array.shape[0] * 2 // 3  # luma lies above, chroma below
        array = np.concatenate([cv2.LUT(array[:rows], _LUMA_TO_VIDEO), cv2.LUT(array[rows:], _CHROMA_TO_VIDEO)])
    return np.ascontiguousarray(cv2.cvtColor(array, _CONVERSIONS[pixel_format])[:, :width], np.uint8)


def shrink_to_preview(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[height, width, 3] at most `PREVIEW_WIDTH_PX` wide; the same array if it is already."""
    height, width = rgb.shape[:2]
    if width <= PREVIEW_WIDTH_PX:
        return rgb
    return shrunk(rgb, PREVIEW_WIDTH_PX, max(1, round(height * PREVIEW_WIDTH_PX / width)))
