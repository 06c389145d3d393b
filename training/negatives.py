"""Pictures that are no dermatoscopic image, made from a few photos and from nothing, for familiarity to learn from.

A hundred photos are few for a thousand features. Their details, blurred and in the colours of skin, and what a camera
sees of paper, walls and screens, show where else not-a-lesion lies.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

HEIGHT_PX, WIDTH_PX = 300, 400
"""Of every picture made, as the training pictures have."""
GENERATED_EACH = 40
"""Pictures of every kind that is made from nothing."""


def widen(photos: Sequence[Picture], seed: int) -> list[Picture]:
    """Six variations of every photo: a part, a detail, blurred, in other light, in skin's colours, a detail in those.

    Args:
        photos: uint8[height, width, 3] each.
        seed: of what is drawn.

    Returns:
        uint8[300, 400, 3] each.
    """
    rng = np.random.default_rng(seed)
    return [variation(rgb, rng) for rgb in photos for variation in _VARIATIONS]


def vary(rgb: Picture, rng: np.random.Generator) -> Picture:
    """One of those variations of a photo uint8[height, width, 3]: uint8[300, 400, 3]."""
    return _VARIATIONS[int(rng.integers(len(_VARIATIONS)))](rgb, rng)


def generate(seed: int, each: int = GENERATED_EACH) -> list[Picture]:
    """Plain colours, gradients, noise, writing, shapes and stripes, `each` of them: uint8[300, 400, 3]."""
    rng = np.random.default_rng(seed)
    return [kind(rng) for kind in _KINDS for _ in range(each)]


def generate_one(rng: np.random.Generator) -> Picture:
    """One of those: uint8[300, 400, 3]."""
    return _KINDS[int(rng.integers(len(_KINDS)))](rng)


def _part(rgb: Picture, low: float, high: float, rng: np.random.Generator) -> Picture:
    """A square somewhere, `low` … `high` of the shorter side."""
    height, width = rgb.shape[:2]
    shorter = min(height, width)
    side = min(shorter, max(8, int(shorter * math.exp(rng.uniform(math.log(low), math.log(high))))))
    top, left = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
    return _resized(rgb[top : top + side, left : left + side])


def _like_skin(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Towards one colour that skin may have, its light and dark kept."""
    skin = np.array([rng.uniform(150, 235), rng.uniform(110, 180), rng.uniform(100, 175)])
    light = rgb.mean(axis=2, keepdims=True) / max(1.0, float(rgb.mean()))
    share = rng.uniform(0.4, 1.0)
    return _bytes((1.0 - share) * rgb + share * skin * (0.5 + 0.5 * light))


def _blurred(rgb: Picture, rng: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(_resized(rgb), (0, 0), rng.uniform(2.0, 12.0)), np.uint8)


_VARIATIONS: tuple[Callable[[Picture, np.random.Generator], Picture], ...] = (
    lambda rgb, rng: _part(rgb, 0.4, 1.0, rng),
    lambda rgb, rng: _part(rgb, 0.08, 0.35, rng),
    _blurred,
    lambda rgb, rng: _bytes(_resized(rgb) * rng.uniform(0.6, 1.3, 3)),
    lambda rgb, rng: _like_skin(_part(rgb, 0.3, 1.0, rng), rng),
    lambda rgb, rng: _like_skin(_part(rgb, 0.08, 0.35, rng), rng),
)


def _plain(rng: np.random.Generator) -> Picture:
    return _bytes(_colour(rng) + rng.normal(0.0, rng.uniform(0.0, 6.0), (HEIGHT_PX, WIDTH_PX, 3)))


def _gradient(rng: np.random.Generator) -> Picture:
    """From one colour to another, along a line or from the middle."""
    down, across = _grid()
    angle = rng.uniform(0.0, 2.0 * math.pi)
    place = math.cos(angle) * across / WIDTH_PX + math.sin(angle) * down / HEIGHT_PX
    place = (place - place.min()) / np.ptp(place)
    if rng.random() < 0.4:
        place = 1.4 * np.hypot(across / WIDTH_PX - 0.5, down / HEIGHT_PX - 0.5)
    return _mixed(place, rng)


def _noise(rng: np.random.Generator) -> Picture:
    grains = int(2.0 ** rng.uniform(1.0, 8.0))
    coarse = rng.uniform(0.0, 255.0, (grains, grains, 3 if rng.random() < 0.6 else 1))
    share = rng.uniform(0.2, 1.0)
    return _resized(_bytes(np.broadcast_to((1.0 - share) * _colour(rng) + share * coarse, (grains, grains, 3))))


def _writing(rng: np.random.Generator) -> Picture:
    sheet = np.full((HEIGHT_PX, WIDTH_PX, 3), rng.uniform(180, 255), np.uint8)
    ink, scale, font = rng.uniform(0, 110, 3).tolist(), rng.uniform(0.3, 1.6), int(rng.integers(0, 8))
    letters = list(string.ascii_letters + string.digits + "      ")
    for line in range(10, HEIGHT_PX, int(14 + 26 * scale)):
        text, start = "".join(rng.choice(letters, 50)), int(rng.integers(-10, 20))
        cv2.putText(sheet, text, (start, line), font, scale, ink, max(1, int(1.5 * scale)), cv2.LINE_AA)
    return sheet


def _shapes(rng: np.random.Generator) -> Picture:
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), _colour(rng), np.uint8)
    for _ in range(int(rng.integers(1, 14))):
        colour, ends = _colour(rng).tolist(), rng.integers(0, [WIDTH_PX, HEIGHT_PX], (2, 2)).tolist()
        match int(rng.integers(0, 3)):
            case 0:
                cv2.rectangle(picture, ends[0], ends[1], colour, -1)
            case 1:
                cv2.circle(picture, ends[0], int(rng.integers(5, 120)), colour, -1, cv2.LINE_AA)
            case _:
                cv2.line(picture, ends[0], ends[1], colour, int(rng.integers(1, 25)), cv2.LINE_AA)
    return picture


def _stripes(rng: np.random.Generator) -> Picture:
    """Waves or bars, some of them crossed."""
    down, across = _grid()
    angle, wave = rng.uniform(0.0, math.pi), 2.0 * math.pi / rng.uniform(4.0, 80.0)
    place = 0.5 + 0.5 * np.sin(wave * (across * math.cos(angle) + down * math.sin(angle)))
    if rng.random() < 0.5:
        place = np.round(place)
    if rng.random() < 0.4:
        place = place * np.round(0.5 + 0.5 * np.sin(wave * (down * math.cos(angle) - across * math.sin(angle))))
    return _mixed(place, rng)


_KINDS: tuple[Callable[[np.random.Generator], Picture], ...] = (_plain, _gradient, _noise, _writing, _shapes, _stripes)


def _mixed(place: NDArray[np.float64], rng: np.random.Generator) -> Picture:
    """Between two colours, by float64[height, width] from 0 to 1."""
    one, other = _colour(rng), _colour(rng)
    return _bytes(one + (other - one) * place[:, :, np.newaxis])


def _grid() -> NDArray[np.float64]:
    return np.indices((HEIGHT_PX, WIDTH_PX)).astype(np.float64)


def _colour(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(0.0, 255.0, 3)


def _resized(rgb: Picture) -> Picture:
    way = cv2.INTER_CUBIC if rgb.shape[0] < HEIGHT_PX else cv2.INTER_AREA
    return np.asarray(cv2.resize(rgb, (WIDTH_PX, HEIGHT_PX), interpolation=way), np.uint8)


def _bytes(values: NDArray[np.float64]) -> Picture:
    return np.clip(values, 0.0, 255.0).astype(np.uint8)
