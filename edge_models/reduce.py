"""The only halving of pictures: for the model's input, the quality gate, the preview and the display.

A camera's large picture is made small by exact halves by area, which are several times faster than one large reduction,
use every pixel and are the same to the bit on x86-64 and arm64. Whatever is left, less than a factor of two, is each
user's own.

Large work is cut into bands of rows, small enough for a core's cache. Where a function takes `spread`, a thread pool's
`map` runs them on several cores; the result does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

BANDS = 8
"""At most; two for each core of a Raspberry Pi, so that an interrupted one does not keep the others waiting long."""
_STRIP_ROWS = 32
"""Of a halved picture: what lies between two halvings of so many rows stays in the cache."""


class Spread(Protocol):
    """Calls a function for every part of some work, in any order: `map` or a thread pool's."""

    def __call__(self, function: Callable[[int], object], parts: Iterable[int], /) -> Iterable[object]:
        """What the function gave, part by part; read to its end, because `map` works only as it is read."""
        ...


def halved(rgb: NDArray[np.uint8], least_side_px: int, spread: Spread = map) -> NDArray[np.uint8]:
    """Halve a picture by area as often as its shorter side stays at least `least_side_px`.

    Only even sides are halved, so that every pixel counts the same; cameras' pictures can be halved at least three
    times. Halving once to one side and then on to a smaller one is the same as going there at once.

    Args:
        rgb: uint8[height, width, 3], only read.
        least_side_px: see `least_side`.
        spread: see the module.

    Returns:
        uint8[height / 2ⁿ, width / 2ⁿ, 3]; `rgb` itself where n is 0.

    Raises:
        ValueError: `rgb` is not such an array.
    """
    check_picture(rgb)
    height, width = rgb.shape[:2]
    count = halvings(height, width, least_side_px)
    if not count:
        return rgb
    small = np.empty((height >> count, width >> count, 3), np.uint8)
    run(spread, partial(_halve_band, rgb, small, count), BANDS)
    return small


def shrunk(rgb: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A picture of any size for somebody who looks at it: halved by area while it is twice too large, then bilinear.

    A last odd row or column is dropped before a halving. Where less than a factor of two is left, bilinear still uses
    every pixel.

    Args:
        rgb: uint8[rows, columns, 3], only read.
        width: of the result, ≥ 1.
        height: of the result, ≥ 1; it may be larger than the picture, as `width` may.

    Returns:
        uint8[height, width, 3]; `rgb` itself where it has that size.
    """
    while rgb.shape[0] >= 2 * height and rgb.shape[1] >= 2 * width:
        rgb = _halve(rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2], None)
    if rgb.shape[:2] == (height, width):
        return rgb
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def halvings(height: int, width: int, least_side_px: int) -> int:
    """How often `halved` halves a picture of that size."""
    count = 0
    while height % 2 == 0 and width % 2 == 0 and min(height, width) >= 2 * least_side_px:
        height, width, count = height // 2, width // 2, count + 1
    return count


def check_picture(rgb: NDArray[np.uint8]) -> None:
    """Raise ValueError where `rgb` is not uint8[height, width, 3]."""
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        found = f"{rgb.dtype}{list(rgb.shape)}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise ValueError(f"a picture must be uint8[height, width, 3], not {found}")


def run(spread: Spread, work: Callable[[int], object], count: int) -> None:
    """Call `work` with 0 … count - 1 by `spread`, and wait."""
    for _ in spread(work, range(count)):
        pass  # both kinds of map give errors, and one of them does its work, only where the results are asked for


def _halve_band(rgb: NDArray[np.uint8], small: NDArray[np.uint8], count: int, band: int) -> None:
    """One of `BANDS` bands of `small`, which is `rgb` halved `count` times."""
    last = len(small) * (band + 1) // BANDS
    for top in range(len(small) * band // BANDS, last, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, last)
        strip = rgb[top << count : bottom << count]
        for _ in range(count - 1):
            strip = _halve(strip, None)
        _halve(strip, small[top:bottom])


def _halve(rgb: NDArray[np.uint8], out: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    size = (rgb.shape[1] // 2, rgb.shape[0] // 2)
    return np.asarray(cv2.resize(rgb, size, dst=out, interpolation=cv2.INTER_AREA), np.uint8)
