"""A camera that is not there: it shows simulated skin, so that the kiosk runs on any machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.camera.base import PREVIEW_WIDTH_PX, utc_now
from kiosk.camera.simulation import SimulatedDevice, shared_device
from kiosk.camera.skin import paint
from kiosk.clinical.frame import Frame

Rgb = NDArray[np.uint8]

RATE_HZ = 26.0
"""A little more than the 25 a second that the screen is to draw, so that one late picture is not one too few."""
FULL_SIZE = (4056, 3040)
"""Width and height of a still, as of the Raspberry Pi High Quality Camera (12 megapixels)."""

_PREVIEW_SIZE = (PREVIEW_WIDTH_PX, PREVIEW_WIDTH_PX * 3 // 4)
_SKIN_SIZE = (1760, 1320)
_MARGIN_PX = 16  # of preview pixels, on every side: how far the hand may sway
_NOISE_FLOOR = 4  # noise is added unsigned; the picture is darkened by its mean first
_NOISE_SPREAD = 1.2
_FIELD_RADIUS = 0.575  # of the picture's width: a round field of view that cuts the corners


@dataclass(frozen=True)
class Scene:
    """What the operator does wrong.

    Attributes:
        defocus: blur as a share of the picture's width (standard deviation); 0 is sharp.
        gain: of the light; below 1 is dark, above 1 overexposed.
        glare: share of the picture's width that the reflex of a lamp covers; 0 is none.
    """

    defocus: float = 0.0
    gain: float = 1.0
    glare: float = 0.0


class PhantomCamera:
    """Shows one simulated patient after another: a capture takes the one in view, and the next comes into view.

    The same seed shows the same patients. `device` can be stalled and unplugged, `scene` can be changed at any time.
    """

    def __init__(
        self, seed: int = 0, *, device: SimulatedDevice | None = None, now: Callable[[], datetime] = utc_now
    ) -> None:
        """Take the simulated hardware and start to show its pictures.

        Args:
            seed: decides skin, lesions, tremor and noise.
            device: the simulated hardware; by default the one that this program has.
            now: the clock that dates the frames.

        Raises:
            CameraNotFound, CameraBusy: the simulated hardware is unplugged or has another owner.
        """
        self.device = device or shared_device("phantom camera", RATE_HZ)
        self._lease = self.device.claim()
        self._seed = seed
        self._now = now
        self._pictures = threading.Lock()  # guards everything below
        self._scene = Scene()
        self._patient = 0
        self._skin: Rgb | None = None  # painted when it is first looked at
        self._rng = np.random.default_rng([seed, 0xCA3E7A])
        self._shade = _shade(_PREVIEW_SIZE)
        width, height = _PREVIEW_SIZE
        self._noise = _noise(self._rng, width + 64, height + 64)
        self._beat = 0

    @property
    def name(self) -> str:
        """Says that nothing of it is real."""
        return "phantom (simulated pictures)"

    @property
    def simulated(self) -> bool:
        """It shows nobody."""
        return True

    @property
    def scene(self) -> Scene:
        """What the operator does wrong."""
        return self._scene

    @scene.setter
    def scene(self, scene: Scene) -> None:
        with self._pictures:
            self._scene = scene
            self._skin = None

    def preview(self) -> Frame:
        """The skin in view, 720x540 px, swaying with the hand. Raises as `Camera.preview`."""
        self._lease.expose()
        with self._pictures:
            self._look()
            x, y = self._sway()
            width, height = _PREVIEW_SIZE
            view = cv2.subtract(self._preview_skin[y : y + height, x : x + width], self._shade)
            at_x, at_y = self._rng.integers(0, 64, 2)
            grain = self._noise[at_y : at_y + height, at_x : at_x + width]
            return Frame(np.asarray(cv2.add(view, grain, dst=view), np.uint8), self._now(), self.name, simulated=True)

    def capture(self) -> Frame:
        """The skin in view at 4056x3040 px; the next patient comes into view. Raises as `Camera.capture`."""
        self._lease.expose()
        with self._pictures:
            skin = self._look()
            scale = _SKIN_SIZE[0] / (_PREVIEW_SIZE[0] + 2 * _MARGIN_PX)
            left, top = (round(offset * scale) for offset in self._sway())
            width, height = (round(side * scale) for side in _PREVIEW_SIZE)
            view = cv2.subtract(skin[top : top + height, left : left + width], _shade((width, height)))
            full = np.asarray(cv2.resize(view, FULL_SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)
            _add_tiled(full, self._noise)
            self._patient += 1
            self._skin = None
            return Frame(full, self._now(), self.name, simulated=True)

    def close(self) -> None:
        """Give the simulated hardware back."""
        self._lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self) -> Rgb:
        if self._skin is None:
            picture = _as_seen(paint(np.random.default_rng([self._seed, self._patient]), *_SKIN_SIZE), self._scene)
            skin: Rgb = np.maximum(picture, _NOISE_FLOOR) - np.uint8(_NOISE_FLOOR)
            width, height = (side + 2 * _MARGIN_PX for side in _PREVIEW_SIZE)
            self._preview_skin = cv2.resize(skin, (width, height), interpolation=cv2.INTER_AREA)
            self._skin = skin
        return self._skin

    def _sway(self) -> tuple[int, int]:
        """Where the view lies in the preview's skin, in px: slow drift and a trace of the 9 Hz of a resting hand."""
        self._beat += 1
        second = self._beat / RATE_HZ
        x = 8.0 * np.sin(0.9 * second + self._seed) + 0.6 * np.sin(2 * np.pi * 9.0 * second)
        y = 6.0 * np.sin(0.7 * second + 1.0 + self._seed) + 0.6 * np.cos(2 * np.pi * 9.0 * second)
        return _MARGIN_PX + round(x), _MARGIN_PX + round(y)


def _as_seen(picture: Rgb, scene: Scene) -> Rgb:
    width = picture.shape[1]
    if scene.glare:
        light = np.zeros(picture.shape, np.uint8)
        cv2.circle(light, (width // 2, picture.shape[0] // 2), round(scene.glare * width / 2), (255, 255, 255), -1)
        picture = np.asarray(cv2.add(picture, cv2.GaussianBlur(light, (0, 0), 0.01 * width)), np.uint8)
    if scene.defocus:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), scene.defocus * width), np.uint8)
    if scene.gain != 1.0:
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=scene.gain), np.uint8)
    return picture


def _shade(size: tuple[int, int]) -> Rgb:
    """What the optics take away: a little towards the edge, everything outside the round field."""
    width, height = size
    x = (np.arange(width, dtype=np.float32) - width / 2)[None, :] / width
    y = (np.arange(height, dtype=np.float32) - height / 2)[:, None] / width
    distance = np.sqrt(x * x + y * y) / np.float32(_FIELD_RADIUS)
    lost = 38.0 * distance**3 + 255.0 * np.clip((distance - 1.0) / 0.02, 0.0, 1.0)
    return np.asarray(cv2.merge([np.clip(lost, 0, 255).astype(np.uint8)] * 3), np.uint8)


def _noise(rng: np.random.Generator, width: int, height: int) -> Rgb:
    spread = rng.standard_normal((height, width, 3), np.float32) * np.float32(_NOISE_SPREAD)
    return np.asarray(np.clip(np.rint(spread + _NOISE_FLOOR), 0, 255), np.uint8)


def _add_tiled(picture: Rgb, noise: Rgb) -> None:
    height, width = noise.shape[:2]
    for top in range(0, picture.shape[0], height):
        for left in range(0, picture.shape[1], width):
            part = picture[top : top + height, left : left + width]
            part[:] = cv2.add(part, noise[: part.shape[0], : part.shape[1]])
