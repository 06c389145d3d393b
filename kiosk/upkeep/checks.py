"""Is everything there that a patient's picture will need? Each check names what to do."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

import numpy as np

from edge_models import bundle as bundles
from edge_models.classifier import Classifier
from edge_models.errors import BundleError, EdgeModelError
from edge_models.picture_names import SUFFIXES
from kiosk.camera.choose import available_cameras
from kiosk.camera.config import CameraConfig
from kiosk.camera.source import Source, SourceKind
from kiosk.errors import CameraNotFound, ConfigError
from kiosk.pipeline.config import ModelConfig
from kiosk.upkeep import fitting, health
from kiosk.upkeep.health import Check, Status
from kiosk.version import installed_version, source_commit

_PACKAGES = ("ai-edge-litert", "tflite-runtime", "numpy", "opencv-python-headless", "pillow", "streamlit")


def examine(camera: CameraConfig, model: ModelConfig, config_fault: ConfigError | None = None) -> list[Check]:
    """All checks, in the order in which they are worth reading. Opens no camera; loads the model and runs it once.

    Args:
        camera: what the kiosk would open.
        model: what it would load.
        config_fault: why that is not what the operator wrote.
    """
    environment = os.environ
    return [
        check_configuration(config_fault),
        check_camera(camera.source),
        *check_model_and_engine(model),
        health.check_display(environment),
        *examine_box(),
        check_versions(),
    ]


def examine_box() -> list[Check]:
    """The checks that an operator should hear of while the kiosk runs."""
    return health.check_box(datetime.now(UTC), installed_at(), os.environ)


def installed_at() -> datetime:
    """When the kiosk was installed: a time that is certainly over."""
    return datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)


def check_configuration(fault: ConfigError | None) -> Check:
    """Whether the configuration could be read."""
    if fault is not None:
        found = f"{fault.what} (the other checks use the defaults)"
        return Check("configuration", Status.FAULT, found, fault.remedy or "Correct it", fault.code)
    return Check("configuration", Status.OK, "every key is known and in range")


def check_camera(source: Source) -> Check:
    """Whether the camera that the configuration names is there, as far as can be seen without opening it."""
    if source.folder is not None:
        return _check_replay(source.folder)
    if source.kind is SourceKind.PHANTOM:
        return Check(
            "camera", Status.WARNING, "phantom: SIMULATED pictures", 'For patients set [camera] source = "auto"'
        )
    if source.link is not None:
        return _check_link(source.link)
    automatic = source.kind in (SourceKind.AUTO, SourceKind.DEMO)
    asked = [
        camera
        for camera in available_cameras()
        if automatic or camera.source == source or (source.number is None and camera.source.kind is source.kind)
    ]
    present = [camera for camera in asked if camera.present]
    if present:
        return Check("camera", Status.OK, f"{present[0].source}: {present[0].text}")
    why = " ".join(camera.text for camera in asked) or "Plug it in, or name another: v4l2-ctl --list-devices"
    if source.kind is SourceKind.DEMO:
        return Check("camera", Status.WARNING, "no camera: demo would show SIMULATED pictures", why)
    if automatic:
        return Check("camera", Status.FAULT, "no camera is connected", why, CameraNotFound.code)
    return Check("camera", Status.FAULT, f"{source} is not there", why, CameraNotFound.code)


def _check_link(link: Path) -> Check:
    if link.exists():
        return Check("camera", Status.OK, f"usb:{link}: {link.resolve()}")
    remedy = f"Plug it in, or name another: ls {link.parent}"
    return Check("camera", Status.FAULT, f"usb:{link} is not there", remedy, CameraNotFound.code)


def _check_replay(folder: Path) -> Check:
    try:
        count = sum(file.suffix.lower() in SUFFIXES for file in folder.iterdir())
    except OSError as error:
        return Check("camera", Status.FAULT, f"{folder} cannot be read ({error.strerror})", "Name a folder of images")
    if not count:
        return Check("camera", Status.FAULT, f"{folder} holds no images", "Name a folder of images")
    found = f"replay of {count} images in {folder}: not a camera"
    return Check("camera", Status.WARNING, found, 'For patients set [camera] source = "auto"')


def check_model_and_engine(model: ModelConfig) -> list[Check]:
    """Whether the bundle is what was published, and whether the engine runs it: one grey picture, once."""
    try:
        folder = model.bundle or bundles.default_bundle()
        manifest = bundles.load(folder).manifest
    except BundleError as error:
        remedy = "See the model first"
        return [_fault("model", error), Check("engine", Status.FAULT, "not tried: there is no model to run", remedy)]
    inferences = len(manifest.members) * len(manifest.views)
    found = f"{manifest.model_id}, all files as published, {inferences} inferences a picture"
    checks = [Check("model", Status.OK, found)]
    try:
        with Classifier.open(folder, model.engine, model.threads) as classifier:
            grey = np.full((*[max(manifest.input_sizes_px)] * 2, 3), 128, np.uint8)
            classifier.classify(grey)  # the first run warms caches up
            started = perf_counter()
            engine = classifier.classify(grey).engine
            elapsed_ms = (perf_counter() - started) * 1e3
    except EdgeModelError as error:
        return [*checks, _fault("engine", error)]
    found = f"{engine}, {elapsed_ms:.0f} ms a picture"
    if engine.note:
        return [*checks, Check("engine", Status.WARNING, found, "Plug the Edge TPU in again, or set engine to cpu")]
    fit = fitting.judge(folder, manifest, elapsed_ms)
    found = "; ".join(filter(None, (found, fit.found)))
    return [*checks, Check("engine", Status.WARNING if fit.remedy else Status.OK, found, fit.remedy)]


def check_versions() -> Check:
    """What is installed."""
    found = [f"dermakiosk {installed_version()} {source_commit()}".rstrip(), f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return Check("versions", Status.OK, ", ".join([*found, health.operating_system(), platform.machine()]))


def _fault(name: str, error: EdgeModelError) -> Check:
    return Check(name, Status.FAULT, error.what, error.remedy or "Install the kiosk again", error.code)
