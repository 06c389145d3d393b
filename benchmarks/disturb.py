"""Pictures as a kiosk must not mistake them: unsharp, drawn over with something sharp, inside a round field.

All sizes are shares of the picture's height, so that a picture of 400 × 300 px and one of 600 × 450 px are disturbed
alike. What is drawn is drawn sharply, at the picture's own resolution, after the blur: so a camera's software burns in
its text, and so a ruler or a hair that lies nearer than the skin stays sharp.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
_T = TypeVar("_T")
Overlay = Callable[[Rgb, np.random.Generator], None]

BLUR_AT_450_PX = 4.0
"""Standard deviation in px of what the issue calls unsharp, in a picture 450 px high."""
_DARK = ((5, 5, 5), (25, 15, 10), (40, 40, 60))
_LIGHT = ((255, 255, 255), (230, 230, 230), (255, 255, 0), (0, 255, 0))
_SUBPIXEL_BITS = 4


@dataclass(frozen=True)
class Field:
    """A round field of view on black.

    Attributes:
        radius: of the field, in heights of the picture.
        rim: width over which it falls off to black, in heights; 0 is a hard edge.
        dx, dy: of its centre from the picture's, in heights.
    """

    radius: float
    rim: float
    dx: float = 0.0
    dy: float = 0.0


def blurred(rgb: Rgb, sigma_at_450_px: float) -> Rgb:
    """Out of focus: a Gaussian of so many px in a picture 450 px high; 0 leaves the picture as it is."""
    if not sigma_at_450_px:
        return rgb
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma_at_450_px * rgb.shape[0] / 450), np.uint8)


def within(rgb: Rgb, field: Field | None, black: int = 3) -> Rgb:
    """The same picture seen through a round field; the surroundings have the level `black`."""
    if field is None:
        return rgb
    height, width = rgb.shape[:2]
    y, x = np.mgrid[:height, :width]
    x, y = x - (width - 1) / 2 - field.dx * height, y - (height - 1) / 2 - field.dy * height
    outside = (np.hypot(x, y) / height - field.radius) / max(field.rim, 1.0 / height) + 0.5
    light = (1.0 - np.clip(outside, 0.0, 1.0))[..., np.newaxis]
    return np.asarray(np.rint(rgb * light + black * (1.0 - light)), np.uint8)


def ruler(rgb: Rgb, rng: np.random.Generator) -> None:
    """Draw a scale: long and short strokes, with or without a base line, figures and a light plate below it."""
    height, width = rgb.shape[:2]
    upright = bool(rng.random() < 0.3)
    length = height if upright else width
    across = (width if upright else height) * float(rng.uniform(0.08, 0.92))
    first, last = (length * share for share in (rng.uniform(0.0, 0.25), rng.uniform(0.75, 1.0)))
    step, short = height * rng.uniform(0.012, 0.03), height * rng.uniform(0.02, 0.04)
    colour = _one_of(_DARK, rng) if rng.random() < 0.7 else _one_of(_LIGHT, rng)
    thick = max(1, round(height * rng.uniform(0.002, 0.005)))

    def stroke(along: float, tall: float, along_end: float | None = None) -> None:
        ends = ((along, across), (along if along_end is None else along_end, across - tall))
        points = [(b, a) if upright else (a, b) for a, b in ends]
        cv2.line(rgb, _fixed(points[0]), _fixed(points[1]), colour, thick, cv2.LINE_AA, _SUBPIXEL_BITS)

    if rng.random() < 0.25:
        plate = [(across - 2.4 * short, first), (across + 0.5 * short, last)]
        (top, left), (bottom, right) = [(a, b) if not upright else (b, a) for a, b in plate]
        shade = 240 if sum(colour) < 300 else 20
        cv2.rectangle(rgb, (round(left), round(top)), (round(right), round(bottom)), (shade,) * 3, -1)
    if rng.random() < 0.5:
        stroke(first, 0.0, last)
    figures = rng.random() < 0.5
    for number, along in enumerate(np.arange(first, last, step)):
        stroke(along, short * (1.0 if number % 5 else 1.6))
        if figures and number % 10 == 0:
            at = (along, across - 1.8 * short)
            x, y = (at[1], at[0]) if upright else at
            _write(rgb, str(number // 10), (round(x), round(y)), short, colour)


def text(rgb: Rgb, rng: np.random.Generator) -> None:
    """Burn in one to four lines of text, with or without a box behind them."""
    height, width = rgb.shape[:2]
    lines = ("20x 2026-01-01 14:55", "PATIENT 00471", "ISO 200 1/60", "10 mm", "LEFT FOREARM 3/4", "DermaCam v2.1")
    colour = _one_of(_LIGHT, rng) if rng.random() < 0.7 else _one_of(_DARK, rng)
    size = height * float(rng.uniform(0.03, 0.06))
    x, y = round(width * rng.uniform(0.02, 0.5)), round(height * rng.uniform(0.08, 0.85))
    count = int(rng.integers(1, 5))
    if rng.random() < 0.25:
        shade = 15 if sum(colour) > 300 else 240
        end = (round(x + 11 * size), round(y + 1.6 * size * (count - 0.6)))
        cv2.rectangle(rgb, (x - 4, round(y - 1.3 * size)), end, (shade,) * 3, -1)
    for line in range(count):
        _write(rgb, _one_of(lines, rng), (x, round(y + 1.6 * size * line)), size, colour)


def hairs(rgb: Rgb, rng: np.random.Generator) -> None:
    """Draw five to forty hairs: bent lines, dark or fair, of differing width."""
    height, width = rgb.shape[:2]
    colour = np.array(_one_of(_DARK, rng) if rng.random() < 0.8 else (225, 205, 170), float)
    main = rng.uniform(0, np.pi)
    for _ in range(int(rng.integers(5, 41))):
        middle = rng.uniform((0, 0), (width, height))
        angle, half = main + rng.normal(0, 0.4), height * rng.uniform(0.1, 0.5)
        along = np.array([np.cos(angle), np.sin(angle)]) * half
        bend = np.array([-along[1], along[0]]) * rng.uniform(-0.4, 0.4)
        t = np.linspace(-1, 1, 24)[:, np.newaxis]
        points = middle + t * along + (1 - t * t) * bend
        thick = max(1, round(height * rng.uniform(0.002, 0.006)))
        shade = tuple(np.clip(colour + rng.normal(0, 8), 0, 255).tolist())
        fixed = np.rint(points * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.polylines(rgb, [fixed], False, shade, thick, cv2.LINE_AA, _SUBPIXEL_BITS)


OVERLAYS: Mapping[str, Overlay | None] = {"none": None, "ruler": ruler, "text": text, "hairs": hairs}


def drawn_over(rgb: Rgb, overlay: str, rng: np.random.Generator) -> Rgb:
    """A copy of the picture with one of `OVERLAYS` drawn over it."""
    draw = OVERLAYS[overlay]
    if draw is None:
        return rgb
    copy = np.array(rgb)
    draw(copy, rng)
    return copy


def _one_of(choices: tuple[_T, ...], rng: np.random.Generator) -> _T:
    return choices[int(rng.integers(len(choices)))]


def _fixed(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0] * 2**_SUBPIXEL_BITS), round(point[1] * 2**_SUBPIXEL_BITS)


def _write(rgb: Rgb, words: str, at: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    scale, thick = size / 22.0, max(1, round(size / 10))  # Hershey's capitals are 22 px high at scale 1
    cv2.putText(rgb, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)
