"""`dermakiosk run`: the kiosk itself, on this device's own address."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from edge_models.classifier import Classifier
from kiosk.camera.choose import CameraChoice
from kiosk.capture.open_case import OpenCase
from kiosk.capture.station import Station
from kiosk.config import load, override
from kiosk.ui.server import serve
from kiosk.upkeep import log


def run(options: argparse.Namespace) -> int:
    """Serve the screen until the process is told to stop.

    Args:
        options: `config`, `camera` and `port`, each None where it was not given.
    """
    config = load(options.config)
    if options.camera is not None:
        config = override(config, "camera", "source", options.camera, "--camera")
    if options.port is not None:
        config = override(config, "server", "port", options.port, "--port")
    log.configure()
    choice = CameraChoice(config.camera.source, config.camera.settings(), config.camera.still_size)
    model = config.model
    with Classifier.open(model.bundle, model.engine, model.threads, use_context=model.use_context) as classifier:
        serve(
            Station(choice.open, classifier, OpenCase(_state())),
            classifier.bundle.manifest,
            port=config.server.port,
            screen=config.screen,
            pathway=config.pathway,
            field_of_view_mm=config.camera.field_of_view_mm,
        )
    return 0


def _state() -> Path | None:
    """The folder that the service manager gives the kiosk for what outlives it; None where it started otherwise."""
    folder = os.environ.get("STATE_DIRECTORY")
    return Path(folder) if folder else None
