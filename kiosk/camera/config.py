"""The configuration's section [camera]: where pictures come from. `systemd/kiosk.toml` documents every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kiosk import checks
from kiosk.camera.source import AUTO, SOURCES, Source
from kiosk.clinical.frame import CameraSettings


@dataclass(frozen=True)
class CameraConfig:
    """Where pictures come from.

    Attributes:
        source: which camera.
        still_size: width and height of a capture in px; None: the sensor's own, or the largest that streams well.
        exposure_us: fixed exposure time of a camera module; None: automatic, like the three that follow.
        gain: its fixed analogue gain.
        colour_gains: its fixed white balance, red and blue against green.
        lens_position_dioptre: 1 / focus distance in metres, for a camera module with a motorised lens.
        calibrated_on: when these were measured; None: nobody recorded it.
        field_of_view_mm: how much skin the width of a picture shows, for the scale bar; None: no scale bar.
    """

    source: Source = AUTO
    still_size: tuple[int, int] | None = None
    exposure_us: int | None = None
    gain: float | None = None
    colour_gains: tuple[float, float] | None = None
    lens_position_dioptre: float | None = None
    calibrated_on: date | None = None
    field_of_view_mm: float | None = None

    def settings(self) -> CameraSettings:
        """What a camera module holds from the start."""
        return CameraSettings(
            exposure_us=self.exposure_us,
            gain=self.gain,
            colour_gains=self.colour_gains,
            lens_position_dioptre=self.lens_position_dioptre,
            calibrated_on=self.calibrated_on,
        )


def _source(value: object, base: Path) -> Source:
    if not isinstance(value, str):
        raise ValueError(f"one of {SOURCES}")  # noqa: TRY004 - a check raises ValueError
    try:
        return Source.parse(value).below(base)
    except RuntimeError as error:
        raise ValueError("a path whose ~ is a known user's home") from error


def _colour_gains(value: object, base: Path) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("two numbers, [red, blue]")
    red, blue = (checks.number(0, 32)(gain, base) for gain in value)
    return red, blue


def _still_size(value: object, base: Path) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("two whole numbers, [width, height]")
    width, height = (checks.whole(480, 10_000)(side, base) for side in value)
    return width, height


CHECKS: Mapping[str, checks.Check] = {
    "source": _source,
    "still_size": _still_size,
    "exposure_us": checks.whole(1, 1_000_000),
    "gain": checks.number(1, 64),
    "colour_gains": _colour_gains,
    "lens_position_dioptre": checks.number(0, 40),
    "calibrated_on": checks.day,
    "field_of_view_mm": checks.number(1, 500),
}
