"""Paints skin with a lesion as a dermatoscope shows it.

Nothing here is a model of any disease: shapes and colours vary freely. Light that comes back from skin was absorbed on
its way: every layer adds to an optical density float32[height, width] per pigment, and the picture is `exp(-density)`
(Beer-Lambert), which darkens and tints as melanin and blood do.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatImage = NDArray[np.float32]

# absorption of red, green and blue light per unit of density
_MELANIN = np.array([0.62, 1.05, 1.45], np.float32)
_BLOOD = np.array([0.10, 1.00, 0.80], np.float32)
_BLUE_VEIL = np.array([1.10, 0.85, 0.55], np.float32)  # melanin deep in the skin looks blue-grey
_HAIR = np.array([66.0, 44.0, 34.0], np.float32)
_LIGHT = np.array([246.0, 226.0, 214.0], np.float32)


@dataclass(frozen=True)
class _Lesion:
    """Where the lesion is and how it is built; lengths are fractions of the picture's height."""

    centre: tuple[float, float]
    radius: float
    roughness: float
    melanin: float
    blotchiness: float
    network: float
    globules: int
    redness: float
    veil: float


def paint(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """One patient's skin and lesion, without the optics and the sensor.

    Args:
        rng: decides everything: the same state paints the same picture.
        width: in px; about 2000 shows hairs and pores as sharp as a good dermatoscope.
        height: in px, about three quarters of the width.

    Returns:
        uint8[height, width, 3], red first.
    """
    lesion = _Lesion(
        centre=(rng.uniform(-0.06, 0.06), rng.uniform(-0.06, 0.06)),
        radius=rng.uniform(0.19, 0.30),
        roughness=rng.uniform(0.15, 1.0),
        melanin=rng.uniform(0.55, 1.25),
        blotchiness=rng.uniform(0.25, 0.9),
        network=rng.choice([0.0, 0.35, 0.6]),
        globules=int(rng.choice([0, 25, 120])),
        redness=rng.uniform(0.0, 0.35),
        veil=rng.choice([0.0, 0.0, 0.7]),
    )
    inside = _extent(rng, lesion, width, height)
    melanin = rng.uniform(0.08, 0.30) + _skin_texture(rng, width, height)
    melanin += _pigment(rng, lesion, inside)
    blood = np.float32(rng.uniform(0.10, 0.28)) + 0.03 * _cloud(rng, width, height, 4)
    blood += lesion.redness * _soft(inside, 0.03) * np.clip(0.5 + 0.5 * _cloud(rng, width, height, 9), 0, 2)
    veil = lesion.veil * np.clip(_cloud(rng, width, height, 5), 0, 1) * np.clip(inside - 0.35, 0, 1)

    hair = _hairs(rng, width, height)
    light = 1.0 - 0.12 * _soft(hair, 0.004)  # each hair lies in a soft shadow
    planes = []
    for channel in range(3):
        density = melanin * _MELANIN[channel] + blood * _BLOOD[channel] + veil * _BLUE_VEIL[channel]
        plane = _LIGHT[channel] * cv2.exp(-density) * light
        planes.append(plane + hair * (_HAIR[channel] - plane))
    rgb = _image(cv2.merge(planes))
    _draw_bubbles(rng, rgb)
    return np.clip(rgb, 0, 255, out=rgb).astype(np.uint8)


def _cloud(rng: np.random.Generator, width: int, height: int, cells: int, octaves: int = 3) -> FloatImage:
    """Smooth noise of about unit spread, `cells` bumps high; each octave is twice as fine and half as strong."""
    total = np.zeros((height // 2, width // 2), np.float32)
    for octave in range(octaves):
        rows = cells << octave
        grid = rng.standard_normal((rows, max(2, rows * width // height)), np.float32)
        total += cv2.resize(grid, (width // 2, height // 2), interpolation=cv2.INTER_CUBIC) * np.float32(0.5**octave)
    return _image(cv2.resize(total, (width, height), interpolation=cv2.INTER_LINEAR))


def _extent(rng: np.random.Generator, lesion: _Lesion, width: int, height: int) -> FloatImage:
    """How deep inside the lesion a pixel lies: 0 outside, rising over the border to 1."""
    x = (np.arange(width, dtype=np.float32)[None, :] - width / 2) / height - lesion.centre[0]
    y = (np.arange(height, dtype=np.float32)[:, None] - height / 2) / height - lesion.centre[1]
    tilt, stretch = rng.uniform(0, np.pi), rng.uniform(0.72, 1.0)
    along = x * np.float32(np.cos(tilt)) + y * np.float32(np.sin(tilt))
    across = (y * np.float32(np.cos(tilt)) - x * np.float32(np.sin(tilt))) / np.float32(stretch)
    distance, angle = cv2.cartToPolar(along, across)
    turns = np.arange(2, 9)
    waves = lesion.roughness * 0.16 * rng.standard_normal(len(turns)) / turns
    phases = rng.uniform(0, 2 * np.pi, len(turns))
    table = np.linspace(0, 2 * np.pi, 1025)
    outline = 1.0 + (waves[:, None] * np.cos(turns[:, None] * table + phases[:, None])).sum(axis=0)
    radius = lesion.radius * outline.astype(np.float32)[(angle * np.float32(1024 / (2 * np.pi))).astype(np.int16)]
    fringe = (0.05 + 0.09 * lesion.roughness) * _cloud(rng, width, height, 8, octaves=4)
    border = rng.uniform(0.18, 0.55)
    return _image(np.clip((1.0 - distance / radius + fringe) / np.float32(border), 0.0, 1.0))


def _skin_texture(rng: np.random.Generator, width: int, height: int) -> FloatImage:
    """Uneven tan, fine furrows in two directions, pores."""
    texture = 0.030 * _cloud(rng, width, height, 3)
    for tilt in (0.35, -0.45):
        streaks = cv2.GaussianBlur(rng.standard_normal((height // 2, width // 2), np.float32), (0, 0), 14, sigmaY=1.3)
        turn = cv2.getRotationMatrix2D((width / 4, height / 4), np.degrees(tilt), 1.0)
        streaks = cv2.warpAffine(streaks, turn, (width // 2, height // 2), borderMode=cv2.BORDER_REFLECT)
        texture += 0.13 * _image(cv2.resize(streaks, (width, height), interpolation=cv2.INTER_LINEAR))
    grain = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), 1.6)
    return _image(texture + 0.10 * grain)


def _pigment(rng: np.random.Generator, lesion: _Lesion, inside: FloatImage) -> FloatImage:
    height, width = inside.shape
    blotches = 1.0 + lesion.blotchiness * 0.45 * _cloud(rng, width, height, 6)
    density = _image(inside * (0.35 + 0.5 * inside) * np.clip(blotches, 0.15, 2.2))
    if lesion.network:
        density += lesion.network * _soft(inside, 0.012) * _network(rng, width, height)
    if lesion.globules:
        density += 0.55 * _globules(rng, lesion, inside)
    return _image(lesion.melanin * density)


def _network(rng: np.random.Generator, width: int, height: int) -> FloatImage:
    """A honeycomb of uneven cells: 1 on their walls, 0 in their holes."""
    pitch = int(height * rng.uniform(0.017, 0.024))
    rows, columns = height // pitch + 2, width // pitch + 2
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    x += 0.5 * (y % 2)
    points = (np.stack([y, x]) + rng.uniform(-0.42, 0.42, (2, rows, columns))) * pitch
    holes = np.full((height, width), 255, np.uint8)
    inside = (points[0] < height) & (points[1] < width) & (points[0] >= 0) & (points[1] >= 0)
    holes[points[0][inside].astype(int), points[1][inside].astype(int)] = 0
    distance = cv2.distanceTransform(holes, cv2.DIST_L2, 3) / np.float32(pitch)
    walls = cv2.GaussianBlur(np.clip((distance - 0.26) / 0.3, 0, 1), (0, 0), pitch * 0.10)
    return _image(walls * np.clip(0.75 + 0.6 * _cloud(rng, width, height, 7), 0.1, 1.4))


def _globules(rng: np.random.Generator, lesion: _Lesion, inside: FloatImage) -> FloatImage:
    height, width = inside.shape
    dots = np.zeros((height, width), np.float32)
    for _ in range(lesion.globules):
        angle, reach = rng.uniform(0, 2 * np.pi), lesion.radius * np.sqrt(rng.uniform(0.0, 1.1))
        x = width / 2 + (lesion.centre[0] + reach * np.cos(angle)) * height
        y = height / 2 + (lesion.centre[1] + reach * np.sin(angle)) * height
        axes = (int(height * rng.uniform(0.003, 0.008)), int(height * rng.uniform(0.003, 0.008)))
        cv2.ellipse(
            dots, (int(x), int(y)), axes, rng.uniform(0, 180), 0, 360, (rng.uniform(0.4, 1.0),), -1, cv2.LINE_AA
        )
    return _image(cv2.GaussianBlur(dots, (0, 0), height * 0.0015) * inside)


def _hairs(rng: np.random.Generator, width: int, height: int) -> FloatImage:
    """How much of a pixel a hair covers: slightly curved ones, thinner towards the tip."""
    cover = np.zeros((height, width), np.float32)
    along = np.linspace(0, 1, 24)[:, None]
    lie = rng.uniform(0, np.pi)
    for _ in range(int(rng.integers(0, 9))):
        start = rng.uniform((-0.1 * width, -0.1 * height), (1.1 * width, 1.1 * height))
        heading = lie + rng.normal(0, 0.35)
        reach = np.array([np.cos(heading), np.sin(heading)]) * height * rng.uniform(0.4, 1.0)
        bend = np.array([-reach[1], reach[0]]) * rng.normal(0, 0.16)
        path = start + along * reach + along * (1 - along) * 2 * bend
        thickness = height * rng.uniform(0.0015, 0.0032)
        for index in range(len(path) - 1):
            width_px = max(1, round(thickness * (1.1 - 0.7 * index / len(path))))
            cv2.line(cover, _point(path[index]), _point(path[index + 1]), (1.0,), width_px, cv2.LINE_AA, 4)
    return _image(cv2.GaussianBlur(cover, (0, 0), height * 0.0007) * np.float32(rng.uniform(0.6, 0.9)))


def _draw_bubbles(rng: np.random.Generator, rgb: FloatImage) -> None:
    """Air in the contact gel: a faint dark rim, a light crescent inside it and a point of light."""
    height, width = rgb.shape[:2]
    for _ in range(int(rng.integers(0, 7))):
        radius = int(height * rng.uniform(0.006, 0.026))
        x, y = int(rng.uniform(radius, width - radius)), int(rng.uniform(radius, height - radius))
        box = (slice(max(0, y - radius - 4), y + radius + 5), slice(max(0, x - radius - 4), x + radius + 5))
        part, at = rgb[box], (x - box[1].start, y - box[0].start)
        light = _image(np.zeros(part.shape[:2]))
        cv2.circle(light, at, radius, (-0.30,), max(2, radius // 7), cv2.LINE_AA)
        cv2.ellipse(
            light, at, (radius * 3 // 4, radius * 3 // 4), 0, 190, 280, (0.35,), max(2, radius // 6), cv2.LINE_AA
        )
        spot = (at[0] - radius // 3, at[1] - radius // 3)
        cv2.circle(light, spot, max(2, radius // 7), (1.6,), -1, cv2.LINE_AA)
        part *= (1.0 + cv2.GaussianBlur(light, (0, 0), max(1.0, radius * 0.06)))[..., None]


def _soft(image: FloatImage, sigma: float) -> FloatImage:
    """Blurred by `sigma` of the height, at a quarter of the size where a wide kernel is cheap."""
    height, width = image.shape
    small = cv2.resize(image, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, sigma * height / 4))
    return _image(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _point(position: NDArray[np.float64]) -> tuple[int, int]:
    return round(position[0] * 16), round(position[1] * 16)


def _image(array: ArrayLike) -> FloatImage:
    return np.asarray(array, np.float32)
