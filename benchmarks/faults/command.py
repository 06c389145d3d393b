"""`python -m benchmarks faults`: the table of faults, written down by the command that induced them."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machine import this_machine

if TYPE_CHECKING:
    from benchmarks.faults.bench import Row

HEAD = ("fault", "detected after", "what was said", "recovered after", "lost")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    command = commands.add_parser("faults", help="faults in a running kiosk: seen when, said how, over when, lost what")
    command.add_argument("--only", metavar="NAME,…", default="", help="some of them (default: all)")
    command.add_argument("--output", type=Path, metavar="FILE", help="the table as Markdown")
    command.add_argument("--json", type=Path, metavar="FILE", help="the same, and the machine")
    command.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from playwright.sync_api import Error as PlaywrightError

    from benchmarks.faults.bench import opened
    from benchmarks.faults.faults import FAULTS, WITH_STICK, may_run

    wanted = [fault for fault in FAULTS if not options.only or fault.__name__ in options.only.split(",")]
    load = os.getloadavg()[0]
    rows: list[Row] = []
    survived = True
    for fault in wanted:
        if not may_run(fault):
            print(f"{fault.__name__}: not tried, it needs root", file=sys.stderr)
            continue
        # each on a kiosk of its own: one that did not survive a fault must not spoil the next
        with tempfile.TemporaryDirectory() as folder:
            try:
                with opened(Path(folder), with_stick=fault in WITH_STICK) as bench:
                    rows.append(fault(bench))
            except (RuntimeError, OSError, PlaywrightError) as error:
                survived = False
                print(f"{fault.__name__}: NOT SURVIVED: {error}", file=sys.stderr)
                continue
        print(markdown(rows[-1:]).splitlines()[-1], flush=True)
    machine = this_machine().to_json()
    if options.output:
        about = f"{machine['model']}, {os.cpu_count()} processors, load {load:.0f} when it began"
        options.output.write_text(_page(rows, about), encoding="utf-8")
    if options.json:
        document = {"kind": "faults", "machine": machine, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0 if survived else 1


def markdown(rows: Sequence[Row]) -> str:
    """A table with a row a fault."""
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for row in rows:
        cells = (row.fault, _seconds(row.detected_s), row.said, _seconds(row.recovered_s), row.lost)
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _page(rows: Sequence[Row], machine: str) -> str:
    return (
        "# Faults, induced\n\nWritten by `python -m benchmarks faults --output FILE`. Each fault was induced in a "
        "kiosk of its own with the released model, the\nphantom camera and a real Chromium, kept running as its "
        f"systemd unit says (`WatchdogSec`, `RestartSec`). Machine: {machine}.\n\n{markdown(rows)}\n\n"
        "*Detected*: from the fault until the screen, the kiosk's health or the command said so. *Recovered*: from the "
        "fault's end, or for\na program that was ended from its end, until the screen could be used.\n"
    )
