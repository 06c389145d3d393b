"""`dermakiosk lock-camera`: measure what makes a camera module's colours repeat, for the configuration."""

from __future__ import annotations

import argparse
from dataclasses import fields

from kiosk.camera.picamera import PicameraCamera
from kiosk.clinical.frame import CameraSettings
from kiosk.commands.console import put
from kiosk.config import load


def run(options: argparse.Namespace) -> int:
    """Let the camera settle, and print the keys of [camera] that hold what it settled on.

    Args:
        options: `config`, None where it was not given.
    """
    config = load(options.config)
    with PicameraCamera(still_size=config.camera.still_size) as camera:
        put(toml_lines(camera.lock()).rstrip())
    return 0


def toml_lines(settings: CameraSettings) -> str:
    """The lines in the configuration's section [camera] that fix `settings`; every key has its field's name."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    known = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    return "".join(f"{key} = {value}\n" for key, value in known.items() if value is not None)
