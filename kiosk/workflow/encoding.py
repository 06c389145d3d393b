"""The file that is kept of a captured picture: the camera's own where there is one, else a JPEG of high quality.

The camera's own JPEG is what the model saw, byte by byte. Of other pictures a JPEG of quality 95 without chroma
subsampling (4:4:4) is kept: `docs/records.md` says what that costs the model, and what lossless files would take.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.clinical.examination import MediaType, Picture
from kiosk.clinical.frame import Frame
from kiosk.errors import StoreDamaged

QUALITY = 95
_SCREEN_QUALITY = 88
_PARAMETERS = (
    cv2.IMWRITE_JPEG_QUALITY,
    QUALITY,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)


def encoded(frame: Frame) -> tuple[Picture, bytes]:
    """A picture's description, and the file that is kept of it."""
    description = Picture(
        media_type=MediaType.JPEG,
        width_px=frame.width_px,
        height_px=frame.height_px,
        captured_at=frame.captured_at,
        source=frame.source,
        simulated=frame.simulated,
        settings=frame.settings,
    )
    if frame.jpeg is not None:
        return description, frame.jpeg
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR), _PARAMETERS)
    return description, jpeg.tobytes()


def decoded(content: bytes) -> NDArray[np.uint8]:
    """A kept picture, uint8[height, width, 3], red first.

    Raises:
        StoreDamaged: it is no picture.
    """
    return np.asarray(cv2.cvtColor(_decoded(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


def small(content: bytes, side_px: int) -> bytes:
    """A kept picture as a JPEG of at most `side_px` a side, for a list: an eighth of it is decoded, which is quick.

    Raises:
        StoreDamaged: it is no picture.
    """
    bgr = _decoded(content, cv2.IMREAD_REDUCED_COLOR_8)
    height, width = bgr.shape[:2]
    ratio = side_px / max(height, width)
    if ratio < 1:
        size = max(1, round(width * ratio)), max(1, round(height * ratio))
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, jpeg = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, _SCREEN_QUALITY))
    return jpeg.tobytes()


def _decoded(content: bytes, flags: int) -> NDArray[np.uint8]:
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), flags) if content else None
    if bgr is None:
        raise StoreDamaged("A kept picture cannot be decoded", "Restore the last backup")
    return np.asarray(bgr, np.uint8)
