"""The command line: it parses, and hands over to the file of the subcommand in `kiosk/commands/`.

Exit codes: 0 all well; 1 some files were unreadable (classify), or there is a fault (doctor); 2 it could not be done,
and one line on stderr says why and what to do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from edge_models.errors import DermakioskError
from kiosk.commands import console


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors of the project become one line on stderr."""
    try:
        return console.guarded(lambda: _run(argv))
    except DermakioskError as error:
        print(f"dermakiosk: {_one_line(str(error))} ({error.code})", file=sys.stderr)  # noqa: T201 - this is a command's output
        return 2


def _run(argv: Sequence[str] | None) -> int:
    options = _parser().parse_args(argv)
    # a command is imported when it is asked for: --help and a wrong option answer at once
    return int(import_module(f"kiosk.commands.{options.module}").run(options))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="dermakiosk", description="An offline dermatoscopy kiosk. Its predictions are not a diagnosis."
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="serve the kiosk's screen at http://127.0.0.1:8501/")
    run.set_defaults(module="run")

    demo = commands.add_parser("demo", help="the kiosk with records to try things with; nothing of it survives")
    demo.set_defaults(module="demo")
    demo.add_argument("--patients", metavar="N", type=int, default=0, help="made-up ones (none)")
    for command in (run, demo):
        command.add_argument("--camera", metavar="SOURCE", help="as the configuration's [camera] source")
        command.add_argument("--port", metavar="N", type=_whole, help="of the screen's address")

    classify = commands.add_parser(
        "classify",
        help="classify image files",
        description="Classify image files, and the images right in folders (by name; not those of folders in them).",
    )
    classify.set_defaults(module="classify")
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
    doctor.set_defaults(module="doctor")
    doctor.add_argument("--json", action="store_true", help="for scripts")

    lock = commands.add_parser(
        "lock-camera",
        help="measure exposure, white balance and focus of a camera module, for the configuration",
        description="Let a Raspberry Pi camera settle on a grey card or plain skin under the dermatoscope, and print "
        "the keys of [camera] that hold what it settled on, so that colours repeat. A kiosk that runs has the camera: "
        "sudo systemctl stop dermakiosk first, and start it again afterwards.",
    )
    lock.set_defaults(module="lock_camera")

    _add_records(commands)
    for command in (run, demo, classify, doctor, lock):
        command.add_argument("--config", type=Path, metavar="FILE", help="default: /etc/dermakiosk/kiosk.toml if there")
    return parser


class _Parser(argparse.ArgumentParser):
    """argparse's own passes over a help text that cannot be written."""

    def print_help(self, file: object = None) -> None:  # noqa: ARG002 - as argparse calls it
        console.put(self.format_help().rstrip())


def _add_records(commands: argparse._SubParsersAction[_Parser]) -> None:
    audit = commands.add_parser("audit", help="see that the records' audit is whole, and print it")
    audit.set_defaults(module="audit")
    audit.add_argument("action", choices=("verify", "export"), help="export prints it as CSV")
    audit.add_argument("--noted", metavar="COUNT:MAC", help="an end noted earlier: it shows whether lines were cut off")

    backup = commands.add_parser("backup", help="copy the records to a folder, as a rule on a stick")
    backup.set_defaults(module="backup")
    backup.add_argument("target", type=Path, metavar="FOLDER")
    backup.add_argument("--locked", action="store_true", help="without a PIN: ciphertext, and nothing signs it")

    restore = commands.add_parser("restore", help="make the records anew from a backup")
    restore.set_defaults(module="restore")
    restore.add_argument("backup", type=Path, metavar="FOLDER", help="the one with manifest.json")
    restore.add_argument("--force", action="store_true", help="move records that are there aside")

    change = commands.add_parser("change-key", help="put the records under a new data key, after an incident")
    change.set_defaults(module="change_key")

    recover = commands.add_parser("recover", help="with the recovery words, a new PIN for an administrator")
    recover.set_defaults(module="recover")

    stick = commands.add_parser("new-stick", help="put the records under another key stick; nobody's PIN changes")
    stick.set_defaults(module="new_stick")
    stick.add_argument("new", metavar="FILE", help="the key file to be written, on the new stick")

    for command in (recover, stick):
        command.add_argument("--operator", metavar="NAME", required=True, help="an administrator")
    for command in (audit, backup, restore, change):
        command.add_argument("--operator", metavar="NAME", help="whose PIN is asked for (default: the recovery words)")
    for command in (audit, backup, restore, change, recover, stick):
        command.add_argument("--store", type=Path, metavar="FOLDER", required=True, help="of the records")
        command.add_argument("--key-file", metavar="FILE", help='on the key stick; "otp": the board\'s one-time memory')


class _Version(argparse.Action):
    """Like argparse's own, but the version is looked up when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002 - argparse's
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from kiosk.version import installed_version

        console.put(f"dermakiosk {installed_version()}")
        parser.exit()


def _whole(text: str) -> int | str:
    """A number; what is none stays as it is, for the configuration's own check to say so."""
    try:
        return int(text)
    except ValueError:
        return text


def _one_line(text: str) -> str:
    return " ".join(text.split())
