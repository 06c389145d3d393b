"""A dermatoscope's round field of view that lies within the picture: where it is, and the square to look at in it.

Some cameras see the whole of a dermatoscope's eyepiece: a disc of skin on black. The networks know pictures that skin
fills, so what gate and networks see is then the square inscribed in the disc, instead of the picture's central square.
A field whose radius is more than half of the picture's height, dark corners as HAM10000 has them, changes nothing.

The rim is looked for from outside, along rays from the picture's edge to its middle, so that a dark lesion within does
not matter. On each ray the brightness rises from the surroundings' to that of the skin there. A circle that most of
those places agree on is the field. That is done on every n-th pixel, by whole numbers and float64, and the result is in
whole pixels: the same on x86-64 and arm64.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_models.reduce import check_picture
from edge_models.window import Window

MAX_RADIUS = 0.51
"""In shorter sides of the picture; half of it, and what a rim is measured too far out by."""
MIN_RADIUS = 0.25
_ROWS = 120
"""Rows and columns, at least, that are looked at along the shorter side."""
_STROKES_PX = 5
"""Window of the median that takes letters, hairs and ruler marks away, of what is looked at."""
_RAYS = 90
_STEPS = 128
"""Places looked at along each ray."""
_BEYOND_STEPS = 24
"""So many places along a ray, from the rim inwards, say how bright it is within the field there."""
_RIM, _INSIDE = 0.5, 0.85
"""Shares of the way from the surroundings' brightness to the skin's: on the rim, and within the field."""
_TO_FULL_LIGHT = 1.6
"""Full light begins so many times farther in than `_INSIDE`, where a rim is as wide as it is steady."""
_MARGIN = 0.01
"""In shorter sides: of what is measured with every n-th pixel."""
_MAX_DARK_SHARE = 0.35
"""Of the skin's brightness: what is brighter is no black surroundings."""
_TOLERANCE = 0.02
"""In shorter sides: how far from the circle a place on the rim may lie."""
_MIN_AGREEING = 0.6
"""Of the rays that begin in the dark."""
_MIN_DARK_RAYS = 0.4
"""Of all rays: where the field touches the picture's edge the others begin in its light."""
_MIN_BLACK = 0.9
"""Of what lies outside the circle must be as dark as the surroundings; writing may stand there."""
_MAX_RIM = 0.16
"""Of the radius: light that falls off over more is a vignette, not the rim of a field."""


def find_window(rgb: NDArray[np.uint8]) -> Window | None:
    """The square inscribed in a round field of view; None where the picture has no such field within it.

    Args:
        rgb: uint8[height, width, 3], only read.

    Raises:
        ValueError: not such an array.
    """
    check_picture(rgb)
    height, width = rgb.shape[:2]
    step = max(1, min(height, width) // _ROWS)
    corners = rgb[:: height - 1, :: width - 1] if height > 1 and width > 1 else rgb
    if np.count_nonzero(corners.max(axis=2) <= _MAX_DARK_SHARE * 255) < 2:
        return None  # as in nearly all pictures: this costs nothing
    # channel by channel: NumPy's maximum along the last axis takes ten times as long
    red, green, blue = (rgb[step // 2 :: step, step // 2 :: step, channel] for channel in range(3))
    circle = _circle(np.maximum(np.maximum(red, green), blue))
    if circle is None:
        return None
    y, x, radius = (value * step for value in circle)
    side = int(radius * np.sqrt(2.0))
    top = int(np.floor(y + (step // 2 + 0.5) - side / 2 + 0.5))
    left = int(np.floor(x + (step // 2 + 0.5) - side / 2 + 0.5))
    # a field may reach over an edge: what is left of the square, made square again
    bottom, right = min(top + side, height), min(left + side, width)
    top, left = max(top, 0), max(left, 0)
    side = min(bottom - top, right - left)
    return Window(top + (bottom - top - side) // 2, left + (right - left - side) // 2, side) if side > 0 else None


def seen(rgb: NDArray[np.uint8], window: Window | None) -> NDArray[np.uint8]:
    """The part of a picture that `find_window` found, not copied; the whole picture for None."""
    if window is None:
        return rgb
    return rgb[window.top : window.top + window.side, window.left : window.left + window.side]


def in_view(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The part of a picture that gate and networks look at: `seen` of `find_window`."""
    return seen(rgb, find_window(rgb))


def _circle(brightest: NDArray[np.uint8]) -> tuple[float, float, float] | None:
    """Centre (y, x) and radius of the field within its rim, in pixels of uint8[rows, columns]."""
    rows, columns = brightest.shape
    short = min(rows, columns)
    if short < 16:
        return None
    black, skin = _levels(brightest)
    if black > _MAX_DARK_SHARE * skin:
        return None
    rim = black + _RIM * (skin - black)
    brightest = np.asarray(cv2.medianBlur(brightest, _STROKES_PX), np.uint8)
    places, reach = _rays(rows, columns)
    along = brightest[places]  # [rays, steps], from the edge inwards
    dark = along[:, 0] < rim
    rises, entered = along >= rim, along >= black + _INSIDE * (skin - black)
    usable = dark & rises.any(axis=1) & entered.any(axis=1)
    if usable.sum() < _MIN_DARK_RAYS * _RAYS:
        return None
    ray = np.flatnonzero(usable)
    first, inside = rises[ray].argmax(axis=1), entered[ray].argmax(axis=1)
    # the skin is not as bright on every side, and a dark lesion may reach the rim: each ray has a light of its own
    beyond = np.minimum(first[:, np.newaxis] + np.arange(_BEYOND_STEPS), _STEPS - 1)
    light = np.median(along[ray[:, np.newaxis], beyond], axis=1)
    first = (along[ray] >= (black + _RIM * (light - black))[:, np.newaxis]).argmax(axis=1)
    points = reach[ray, first]  # float64[places, 2] of y, x
    found = _fitted(points, _TOLERANCE * short)
    if found is None:
        return None
    y, x, radius, agreeing = found
    width = float(np.median(_distance(points, reach[ray, inside])[agreeing]))
    if not MIN_RADIUS <= radius / short <= MAX_RADIUS or width > _MAX_RIM * radius:
        return None
    rows_away, columns_away = np.ogrid[:rows, :columns]
    outside = (rows_away - y) ** 2 + (columns_away - x) ** 2 > (radius * (1 + _MAX_RIM)) ** 2
    if np.count_nonzero(brightest[outside] < rim) < _MIN_BLACK * np.count_nonzero(outside):
        return None
    return y, x, radius - _TO_FULL_LIGHT * width - _MARGIN * short


def _levels(brightest: NDArray[np.uint8]) -> tuple[float, float]:
    """Brightness of the surroundings, as three of the four corners have it at most, and of the skin around a lesion."""
    rows, columns = brightest.shape
    patch, reach = max(1, min(rows, columns) // 30), min(rows, columns) * 2 // 5
    ends = (slice(None, patch), slice(-patch, None))
    corners = sorted(float(brightest[up, across].mean()) for up in ends for across in ends)
    middle = brightest[rows // 2 - reach : rows // 2 + reach, columns // 2 - reach : columns // 2 + reach]
    # the smallest field fills two fifths of that square, a large lesion may leave half of those
    place = middle.size * 85 // 100
    return corners[2], float(np.partition(middle, place, axis=None)[place])


def _fitted(points: NDArray[np.float64], tolerance: float) -> tuple[float, float, float, NDArray[np.bool_]] | None:
    """The circle that most places (y, x), float64[places, 2], lie on: its centre, radius, and which of them do."""
    count = len(points)
    third = count // 3
    corners = np.arange(third)[:, np.newaxis] + np.array([0, third, 2 * third])
    best = None
    for three in points[corners]:
        circle = _through(three)
        if circle is not None:
            agreeing = _off(points, circle) <= tolerance
            if best is None or np.count_nonzero(agreeing) > np.count_nonzero(best):
                best = agreeing
    if best is None:
        return None
    circle = (0.0, 0.0, 0.0)
    for _ in range(2):
        if np.count_nonzero(best) < _MIN_AGREEING * count:
            return None
        nearest = _through(points[best])
        if nearest is None:
            return None
        circle, best = nearest, _off(points, nearest) <= tolerance
    return circle[0], circle[1], circle[2], best


def _through(points: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """The circle (y, x, radius) through three places, or nearest to more of them (Kåsa 1976); None for a line."""
    mean = points.mean(axis=0)
    away = points - mean
    squares = (away * away).sum(axis=1)
    matrix = away.T @ away
    if np.linalg.det(matrix) < 1e-6:
        return None
    y, x = np.linalg.solve(matrix, away.T @ (squares - squares.mean()) / 2)
    return float(mean[0] + y), float(mean[1] + x), float(np.sqrt(y * y + x * x + squares.mean()))


def _off(points: NDArray[np.float64], circle: tuple[float, float, float]) -> NDArray[np.float64]:
    y, x, radius = circle
    return np.asarray(np.abs(_distance(points, np.array([y, x])) - radius), np.float64)


def _distance(points: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(((points - others) ** 2).sum(axis=-1)), np.float64)


@cache
def _rays(rows: int, columns: int) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]]:
    """Rays from the edge of a picture to its middle: indices of y, x [rays, steps], places float64[rays, steps, 2]."""
    angles = (np.arange(_RAYS) + 0.3) * (2 * np.pi / _RAYS)
    direction = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    middle = np.array([(rows - 1) / 2, (columns - 1) / 2])
    length = (middle / np.abs(direction)).min(axis=1)
    inwards = np.linspace(1.0, 0.0, _STEPS, endpoint=False)
    reach = middle + direction[:, np.newaxis] * (length[:, np.newaxis] * inwards)[..., np.newaxis]
    y, x = np.rint(reach).astype(np.intp).transpose(2, 0, 1)
    return (y, x), reach
