"""`python -m benchmarks fuzz`: so many damaged inputs of every kind, and what came of them."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from benchmarks.process import RunningKiosk, running_kiosk

if TYPE_CHECKING:
    from benchmarks.fuzz.run import Tally

LONG_MS = 300_000.0
"""Of a page on however busy a machine."""
SHARES = {"image": 0.3, "bundle": 0.1, "features": 0.05, "toml": 0.2, "csv": 0.2}
"""Of all inputs; the rest are messages."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    command = commands.add_parser("fuzz", help="damaged images, bundles, TOML, CSV and socket messages: traces, hangs")
    command.add_argument("--inputs", type=int, default=10_000, help="of all kinds together (%(default)s)")
    command.add_argument("--seed", type=int, default=1, help="the same one makes the same inputs (%(default)s)")
    command.add_argument("--keep", type=Path, metavar="DIR", help="for the inputs that left a trace or hung")
    command.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from benchmarks.fuzz.run import fuzz, table

    counts = {kind: round(share * options.inputs) for kind, share in SHARES.items()}
    tallies = fuzz(counts, options.seed, options.keep)
    tallies["socket"] = _sockets(options.inputs - sum(counts.values()), options.seed)
    print(f"seed {options.seed}\n{table(tallies)}")
    return 1 if any(tally.findings for tally in tallies.values()) else 0


def _sockets(count: int, seed: int) -> Tally:
    """Messages to a kiosk as it ships: `read` are those that were sent, findings what its log then holds."""
    from benchmarks.fuzz.run import Tally
    from benchmarks.fuzz.sockets import flood, healthy

    with running_kiosk("phantom") as kiosk:
        recorded = _recorded(kiosk)
        tally = Tally(read=flood(kiosk.port, count, recorded, Random(seed)))  # noqa: S311 - damage, no secrets
        if not healthy(kiosk.port):
            tally.findings.append((f"socket-{seed}", "the kiosk is not well afterwards"))
        traces = kiosk.log().split("Traceback")[1:]
        tally.findings += [(f"socket-{seed}", trace) for trace in traces]
    return tally


def _recorded(kiosk: RunningKiosk) -> list[bytes]:
    """What a real page sends from Start to Capture and back."""
    from playwright.sync_api import sync_playwright

    from benchmarks.fuzz.sockets import listen

    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("Chromium is missing: sudo apt-get install chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser,
    ):
        page = browser.new_page()
        page.set_default_timeout(LONG_MS)
        sent = listen(page)
        page.goto(kiosk.url)
        page.locator("button.skip").click()
        page.locator("button.shutter:enabled").click()
        page.locator("button.retake").click()
        page.locator("button.go-back").click()
        page.locator("button.skip").wait_for()
        return sent
