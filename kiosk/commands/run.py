"""`dermakiosk run`: the kiosk itself, on this device's own address."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from edge_models.classifier import Classifier
from kiosk.camera.choose import CameraChoice
from kiosk.capture.open_case import OpenCase
from kiosk.capture.station import Station
from kiosk.config import Config, load, override
from kiosk.ui.server import serve
from kiosk.upkeep import log
from kiosk.workflow.desk import Desk


def run(options: argparse.Namespace) -> int:
    """Serve the screen until the process is told to stop.

    Args:
        options: `config`, `camera` and `port`, each None where it was not given.
    """
    config = configured(options)
    log.configure()
    with opened_classifier(config) as classifier:
        serve_with(config, classifier, Desk(config.records))
    return 0


def configured(options: argparse.Namespace, camera: str | None = None) -> Config:
    """The configuration, with what the command line says.

    Args:
        options: `config`, `camera` and `port`, each None where it was not given.
        camera: the source where the command line names none; None: the configuration's.
    """
    config = load(options.config)
    source = camera if options.camera is None else options.camera
    if source is not None:
        config = override(config, "camera", "source", source, "--camera")
    if options.port is not None:
        config = override(config, "server", "port", options.port, "--port")
    return config


def opened_classifier(config: Config) -> Classifier:
    """The configured model, open; a context manager."""
    model = config.model
    return Classifier.open(model.bundle, model.engine, model.threads, use_context=model.use_context)


def serve_with(config: Config, classifier: Classifier, desk: Desk) -> None:
    """Serve the screen with these records until the process is told to stop."""
    choice = CameraChoice(config.camera.source, config.camera.settings(), config.camera.still_size)
    serve(
        Station(choice.open, classifier, OpenCase(_state())),
        classifier.bundle.manifest,
        port=config.server.port,
        screen=config.screen,
        pathway=config.pathway,
        plots=classifier.bundle.plots,
        field_of_view_mm=config.camera.field_of_view_mm,
        desk=desk,
    )


def _state() -> Path | None:
    """The folder that the service manager gives the kiosk for what outlives it; None where it started otherwise."""
    folder = os.environ.get("STATE_DIRECTORY")
    return Path(folder) if folder else None
