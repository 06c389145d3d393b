"""Small changes of a picture that should not change what is said of it, and larger ones that another camera makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment import ruled

Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def turned(quarter_turns: int) -> Change:
    """Turn counter-clockwise."""
    return lambda rgb: np.ascontiguousarray(np.rot90(rgb, quarter_turns))


def brighter(gain: float) -> Change:
    """Multiply the pixel values, clipped at white."""
    return tinted(gain, gain, gain)


def tinted(red: float, green: float, blue: float) -> Change:
    """Multiply every channel's pixel values by its gain, clipped at white."""
    levels = np.arange(256)[:, np.newaxis] * np.array([red, green, blue])
    table = np.clip(np.round(levels), 0, 255).astype(np.uint8)
    return lambda rgb: table[rgb, np.arange(3)]


def softer(sigma: float) -> Change:
    """Out of focus: a Gaussian of that many hundredths of the shorter side."""
    return lambda rgb: np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma * min(rgb.shape[:2]) / 100.0), np.uint8)


def mixed(matrix: Sequence[Sequence[float]]) -> Change:
    """Every colour by a 3 × 3 matrix, a row for each of R, G and B, clipped at black and white."""
    rows = np.array(matrix)
    return lambda rgb: np.clip(np.round(rgb @ rows.T), 0, 255).astype(np.uint8)


def gamma(exponent: float) -> Change:
    """Pixel values as shares of white to this power: above 1 the middle is darker."""
    table = np.round(255.0 * (np.arange(256) / 255.0) ** exponent).astype(np.uint8)
    return lambda rgb: table[rgb]


def sharper(sigma: float, amount: float) -> Change:
    """Unsharp mask: this much of what a Gaussian of that many hundredths of the shorter side takes away is added."""
    blurred = softer(sigma)
    return lambda rgb: np.asarray(cv2.addWeighted(rgb, 1.0 + amount, blurred(rgb), -amount, 0.0), np.uint8)


def coarser(height: int) -> Change:
    """Made smaller to so many pixels of height, by area; a picture that is no higher stays as it is."""

    def change(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if len(rgb) <= height:
            return rgb
        width = round(rgb.shape[1] * height / len(rgb))
        return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)

    return change


def closer(factor: float) -> Change:
    """Keep the central part for a factor above 1; below 1 the surroundings are mirrored from the picture's edge."""

    def change(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = rgb.shape[:2]
        down, across = round(height * (1.0 / factor - 1.0) / 2.0), round(width * (1.0 / factor - 1.0) / 2.0)
        if factor >= 1.0:
            return np.ascontiguousarray(rgb[-down : height + down, -across : width + across])
        bordered = cv2.copyMakeBorder(rgb, down, down, across, across, cv2.BORDER_REFLECT_101)
        return np.asarray(bordered, np.uint8)

    return change


def with_ruler(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle square with a ruler's ticks near one side, the same ruler in the same picture."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    drawn = rgb.copy()
    seed = int(rgb[::16, ::16].astype(np.int64).sum())
    drawn[top : top + side, left : left + side] = ruled(
        np.ascontiguousarray(rgb[top : top + side, left : left + side]), np.random.default_rng(seed)
    )
    return drawn


CHANGES: dict[str, Change] = {
    "turned by 90°": turned(1),
    "turned by 180°": turned(2),
    "turned by 270°": turned(3),
    "10 % darker": brighter(0.9),
    "10 % brighter": brighter(1.1),
    "5 % closer": closer(1.05),
    "5 % farther": closer(1.0 / 1.05),
}
"""By name, what the report tries."""

CAMERAS: dict[str, Change] = {
    "warmer: red + 20 %, blue - 20 %": tinted(1.2, 1.0, 0.8),
    "cooler: red - 20 %, blue + 20 %": tinted(0.8, 1.0, 1.2),
    "greener: green + 15 %": tinted(1.0, 1.15, 1.0),
    "softer: blurred by half a hundredth of the side": softer(0.5),
}
"""By name, what pictures in another light or out of focus may be like.

A gain for every channel, all but the last, is just what neutral light takes out again.
"""

SENSORS: dict[str, Change] = {
    "another sensor: colours mixed": mixed([[0.85, 0.20, -0.05], [0.05, 0.85, 0.10], [0.00, 0.15, 0.85]]),
    "another tone curve: a gamma of 1.25": gamma(1.25),
    "sharpened: unsharp mask of half a hundredth of the side": sharper(0.5, 1.0),
    "as coarse as the training pictures: 300 pixels high": coarser(300),
}
"""By name, what neutral light does not take out: other colours, tones and detail. Greys stay grey."""


RULERS: dict[str, Change] = {"with a drawn ruler": with_ruler}
"""By name, what lies on the skin: rulers are commoner beside melanomas, and must not stand for them."""


def other_camera(number: int) -> Change:
    """One of `CAMERAS`, by turns: a set of pictures numbered from 0 is spread evenly over them."""
    return list(CAMERAS.values())[number % len(CAMERAS)]
