"""The captured picture as the Result screen shows it, and where the model looked."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.reduce import shrunk

DISPLAY_SIDE_MAX_PX = 1280
"""More than the longest side of the largest screen is not seen."""
JPEG_QUALITY = 90
OUTLINE_GRID = 112
OUTLINE_TOLERANCE = 0.9
"""In cells of the grid: takes the steps out of the polygon."""
OUTLINE_SHARE = 0.5
"""The outline encloses where the evidence is at least this share of its maximum."""


def display_jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """A picture uint8[height, width, 3] as a JPEG of at most `DISPLAY_SIDE_MAX_PX` a side."""
    bgr = cv2.cvtColor(_shrink(rgb), cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return jpeg.tobytes()


def outline(activation_map: NDArray[np.float32] | None) -> list[list[tuple[float, float]]]:
    """Polygons around where the model found its evidence.

    Args:
        activation_map: float32[rows, columns] ≥ 0 over the square that the model saw (`QualityReport.window`), or None.

    Returns:
        Closed polygons of (x, y), 0 … 1 from the square's left and top; none where there is no evidence.
    """
    if activation_map is None or not activation_map.max() > 0.0:
        return []
    fine = cv2.resize(activation_map, (OUTLINE_GRID, OUTLINE_GRID), interpolation=cv2.INTER_CUBIC)
    inside = (fine >= OUTLINE_SHARE * fine.max()).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    coarse = [cv2.approxPolyDP(contour, OUTLINE_TOLERANCE, closed=True)[:, 0].tolist() for contour in contours]
    return [
        [(round((x + 0.5) / OUTLINE_GRID, 4), round((y + 0.5) / OUTLINE_GRID, 4)) for x, y in polygon]
        for polygon in coarse
        if len(polygon) >= 3
    ]


def _shrink(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    ratio = min(1.0, DISPLAY_SIDE_MAX_PX / max(height, width))
    return shrunk(rgb, max(1, round(width * ratio)), max(1, round(height * ratio)))
