"""`python -m benchmarks screen`: what a user waits for, measured from outside."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the kiosk on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    screen = commands.add_parser("screen", help="live picture and tap to painted, in a real browser")
    screen.add_argument("--taps", type=int, default=40)
    screen.add_argument("--preview-s", type=float, default=20.0, help="how long the live picture is watched")
    screen.add_argument("--json", type=Path, metavar="FILE", help="raw samples and machine")
    screen.set_defaults(command=_screen)
    options = parser.parse_args(argv)
    try:
        return int(options.command(options))
    except RuntimeError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2


def _screen(options: argparse.Namespace) -> int:
    from benchmarks.screen import measure, table

    document = measure(options.taps, options.preview_s)
    print(table(document))
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
