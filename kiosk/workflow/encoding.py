"""The file that is kept of a captured picture: the camera's own where there is one, else a JPEG of high quality.

The camera's own JPEG is what the model saw, byte by byte. Of other pictures a JPEG of quality 95 without chroma
subsampling (4:4:4) is kept: `docs/records.md` says what that costs the model, and what lossless files would take.
"""

from __future__ import annotations

import cv2

from kiosk.clinical.examination import MediaType, Picture
from kiosk.clinical.frame import Frame

QUALITY = 95
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
