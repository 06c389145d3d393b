"""The command line: `dermakiosk run | classify | doctor | lock-camera`.

Exit codes: 0 all well; 1 some files were unreadable (classify), or there is a fault (doctor); 2 it could not be done,
and one line on stderr says why and what to do.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge_models.errors import EdgeModelError
from kiosk.errors import ConfigError, KioskError

# everything else is imported where it is used: --help and a wrong option answer at once
if TYPE_CHECKING:
    from edge_models.classifier import Classifier
    from kiosk.camera.picamera import LockedSettings
    from kiosk.config import Config, ModelConfig

_INTERRUPTED = 130  # as shells count a program that SIGINT ended
_PIPE_CLOSED = 141  # and one that SIGPIPE ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors of the project become one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any file name can be shown
    options = _parser().parse_args(argv)
    try:
        return int(options.command(options))
    except (KioskError, EdgeModelError) as error:
        print(f"dermakiosk: {_one_line(str(error))}", file=sys.stderr)  # noqa: T201 - this is a command's output
        return 2
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # whoever read the output has gone; what Python would still flush at exit goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dermakiosk", description="An offline dermatoscopy kiosk. Its predictions are not a diagnosis."
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="serve the kiosk's screen at http://127.0.0.1:8501/")
    run.set_defaults(command=_run)
    run.add_argument("--camera", metavar="SOURCE", help="auto, picamera2, usb, usb:N, replay:DIR or phantom")
    run.add_argument("--port", metavar="N", type=_whole, help="of the screen's address")

    classify = commands.add_parser(
        "classify",
        help="classify image files",
        description="Classify image files, and the images right in folders (by name; not those of folders in them).",
    )
    classify.set_defaults(command=_classify)
    classify.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="image file or folder")
    classify.add_argument(
        "--format",
        choices=("table", "json", "isic"),
        default="table",
        help="table for people; json, one object a line; isic, the scores as an ISIC 2018 Task 3 submission",
    )
    classify.add_argument("--no-gate", action="store_true", help="classify whatever the quality gate says")
    classify.add_argument("--metadata", type=Path, metavar="CSV", help="age, sex and body site by image")
    classify.add_argument("--engine", metavar="ENGINE", help="auto, cpu or edgetpu")

    doctor = commands.add_parser("doctor", help="check camera, engine, model, disk, display, clock and versions")
    doctor.set_defaults(command=_doctor)
    doctor.add_argument("--json", action="store_true", help="for scripts")

    lock = commands.add_parser(
        "lock-camera",
        help="measure exposure, white balance and focus of a camera module, for the configuration",
        description="Let a Raspberry Pi camera settle on a grey card or plain skin under the dermatoscope, and print "
        "the keys of [camera] that hold what it settled on, so that colours repeat. A kiosk that runs has the camera: "
        "sudo systemctl stop dermakiosk first, and start it again afterwards.",
    )
    lock.set_defaults(command=_lock_camera)

    for command in (run, classify, doctor, lock):
        command.add_argument("--config", type=Path, metavar="FILE", help="default: /etc/dermakiosk/kiosk.toml if there")
    return parser


class _Version(argparse.Action):
    """Like argparse's own, but the version is looked up when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from kiosk.version import installed_version

        print(f"dermakiosk {installed_version()}")  # noqa: T201 - this is a command's output
        parser.exit()


def _run(options: argparse.Namespace) -> int:
    from kiosk.config import override

    config = _config(options)
    if options.camera is not None:
        config = override(config, "camera", "source", options.camera, "--camera")
    if options.port is not None:
        config = override(config, "server", "port", options.port, "--port")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")

    from kiosk.camera.choose import CameraChoice
    from kiosk.camera.picamera import LockedSettings
    from kiosk.capture.station import Station
    from kiosk.ui.server import serve

    locked = LockedSettings(
        exposure_us=config.camera.exposure_us,
        gain=config.camera.gain,
        colour_gains=config.camera.colour_gains,
        lens_position_dioptre=config.camera.lens_position_dioptre,
    )
    choice = CameraChoice(config.camera.source, locked)
    with _open_classifier(config.model) as classifier:
        serve(
            Station(choice.open, classifier),
            classifier.bundle.manifest,
            port=config.server.port,
            field_of_view_mm=config.camera.field_of_view_mm,
        )
    return 0


def _classify(options: argparse.Namespace) -> int:
    from kiosk.config import override

    config = _config(options)
    if options.engine is not None:
        config = override(config, "model", "engine", options.engine, "--engine")
    logging.basicConfig(level=logging.WARNING, format="dermakiosk: %(message)s")

    from kiosk.commands import classify
    from kiosk.commands.metadata import read_metadata

    metadata = read_metadata(options.metadata) if options.metadata else None
    images, problems = classify.find_images(options.paths)
    examinations = metadata.of(images) if metadata else {}
    if options.format == "isic":
        classify.check_told_apart(images)
    if (line := classify.passed_over(options.paths)) is not None:
        logging.getLogger().warning("%s", line)
    if metadata and metadata.unused:
        logging.getLogger().warning("%s: nothing is read from %s", metadata.path, ", ".join(metadata.unused))
    with _open_classifier(config.model) as classifier:
        if metadata and metadata.examinations:
            used = "" if classifier.bundle.manifest.context else ", but no use is made of it"
            known = sum(image in examinations for image in images)
            logging.getLogger().warning("%s knows %d of %d images%s", metadata.path, known, len(images), used)
        return classify.run(
            images,
            problems,
            classifier,
            style=options.format,
            gate=not options.no_gate,
            examinations=examinations,
        )


def _doctor(options: argparse.Namespace) -> int:
    from kiosk.commands import doctor
    from kiosk.config import Config

    try:
        config, fault = _config(options), None
    except ConfigError as error:
        config, fault = Config(), error
    return doctor.run(config, fault, json_wanted=options.json)


def _lock_camera(options: argparse.Namespace) -> int:
    _config(options)  # a wrong configuration is said before a camera is asked
    from kiosk.camera.picamera import PicameraCamera

    with PicameraCamera() as camera:
        sys.stdout.write(toml_lines(camera.lock()))
    return 0


def _open_classifier(model: ModelConfig) -> Classifier:
    from edge_models.classifier import Classifier

    return Classifier.open(model.bundle, model.engine, model.threads, use_context=model.use_context)


def toml_lines(settings: LockedSettings) -> str:
    """The lines in the configuration's section [camera] that fix `settings`."""
    values = {
        "exposure_us": settings.exposure_us,
        "gain": settings.gain,
        "colour_gains": list(settings.colour_gains) if settings.colour_gains else None,
        "lens_position_dioptre": settings.lens_position_dioptre,
    }
    known = {key: value for key, value in values.items() if value is not None}
    return "".join(f"{key} = {value}\n" for key, value in known.items())


def _config(options: argparse.Namespace) -> Config:
    from kiosk.config import load

    return load(options.config)


def _whole(text: str) -> int | str:
    """A number; what is none stays as it is, for the configuration's own check to say so."""
    try:
        return int(text)
    except ValueError:
        return text


def _one_line(text: str) -> str:
    return " ".join(text.split())
