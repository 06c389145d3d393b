"""How sharp a picture is: over the whole of it, and where nothing sharp was laid over lesion and skin.

A ruler, burned-in text or a hair that lies nearer than the skin is sharp in a picture that is not. Each is a few
strokes whose finest detail is far above that of what lies between them; on skin in focus it is not so far above.
Strokes are left out with what is next to them, and what is left is judged by itself.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

_TILE_PX = 4
_REFERENCE = 25
"""Percentile of the tiles' detail that skin between strokes has, even where strokes are dense."""
_STROKE = 12.0
"""So many times the reference's energy: a stroke."""
_LEAST_ENERGY = 0.02
"""Of the reference, (grey levels / px)²: rounding to whole levels alone makes nearly as much."""
_EMPTY = 1e-3
"""Below it a tile holds one colour: a plate behind a text, no skin."""
_FEWEST_TILES = 1 / 16
"""Of the disc: fewer between the strokes are no measure; their neighbours then count too."""
_GRAIN = 0.5
"""Contrast that a blank surface has."""


class Focus(NamedTuple):
    """What `kiosk.pipeline.quality.MEASURES` explains by the same names."""

    sharpness: float
    skin_sharpness: float
    anisotropy: float


def focus(grey: NDArray[np.uint8]) -> Focus:
    """Sharpness within the disc of a reduced square.

    Args:
        grey: uint8[side, side]; the side is a multiple of 8.
    """
    side = len(grey)
    inside, tiles_inside = disc(side), _tiles_inside(side)
    sigma_06 = _blurred(grey.astype(np.float32), 0.6)
    sigma_12 = _blurred(sigma_06, 1.04)  # squares of sigmas add up
    sigma_24 = _blurred(sigma_12, 2.08)
    half = np.asarray(cv2.resize(sigma_24, (side // 2, side // 2), interpolation=cv2.INTER_AREA), np.float32)
    coarse = half - _blurred(half, 2.08)  # 4.8 px of the full size
    coarse_contrast = cv2.meanStdDev(coarse, mask=disc(side // 2))[1].item()
    fine, middle = _tensor(sigma_06 - sigma_12), _tensor(sigma_12 - sigma_24)
    _, least = _directional(*(cv2.mean(part, mask=inside)[0] for part in fine))
    fine_tiles = [_tiled(part, side) for part in fine]
    skin = _between_strokes(fine_tiles[0] + fine_tiles[2], tiles_inside)
    skin_contrast = float(np.sqrt(_tiled(coarse * coarse, side)[skin].mean()))
    fine_most, fine_least = _directional(*(float(part[skin].mean()) for part in fine_tiles))
    middle_most, middle_least = _directional(*(float(_tiled(part, side)[skin].mean()) for part in middle))
    # a slight motion shows in the fine band, a strong one leaves only noise there and shows in the middle one
    anisotropy = max((fine_most + 1e-3) / (fine_least + 1e-3), (middle_most + 1e-3) / (middle_least + 1e-3))
    return Focus(_ratio(least, coarse_contrast), _ratio(fine_least, skin_contrast), anisotropy)


@cache
def disc(side: int) -> NDArray[np.uint8]:
    """Mask uint8[side, side], 255 within the inscribed disc, a little smaller than the square to stay off its rim."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.where(x**2 + y**2 <= (0.48 * side) ** 2, 255, 0).astype(np.uint8)


def _between_strokes(energy: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which tiles show lesion and skin themselves, of the finest detail's energy float32[tiles, tiles]."""
    textured = inside & (energy > _EMPTY)
    if np.count_nonzero(textured) < np.count_nonzero(inside) / 4:
        textured = inside
    reference = max(float(np.percentile(energy[textured], _REFERENCE)), _LEAST_ENERGY)
    strokes = energy > _STROKE * reference
    beside = cv2.dilate(strokes.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    between = textured & ~beside
    return between if np.count_nonzero(between) >= _FEWEST_TILES * np.count_nonzero(inside) else textured & ~strokes


def _ratio(detail: float, contrast: float) -> float:
    return detail / float(np.sqrt(contrast + _GRAIN))


def _blurred(values: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px), np.float32)


def _tensor(band: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Squares and product of a band's differences along x and y (xx, xy, yy), float32[side, side] each."""
    x = np.asarray(cv2.Sobel(band, cv2.CV_32F, 1, 0, ksize=1), np.float32)
    y = np.asarray(cv2.Sobel(band, cv2.CV_32F, 0, 1, ksize=1), np.float32)
    return [x * x, x * y, y * y]


def _directional(xx: float, xy: float, yy: float) -> tuple[float, float]:
    """RMS of the differences along their direction of most and of least detail, in grey levels per pixel."""
    mean, spread = (xx + yy) / 2, float(np.hypot((xx - yy) / 2, xy))
    return float(np.sqrt(mean + spread)), float(np.sqrt(max(mean - spread, 0.0)))


def _tiled(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Means over tiles of `_TILE_PX` of a square `side` wide, whatever the resolution of `values`."""
    count = side // _TILE_PX
    return np.asarray(cv2.resize(values, (count, count), interpolation=cv2.INTER_AREA), np.float32)


@cache
def _tiles_inside(side: int) -> NDArray[np.bool_]:
    """Which tiles lie within the disc, most of each."""
    return _tiled(disc(side).astype(np.float32), side) > 200
