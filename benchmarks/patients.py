"""Ten patients in a row: what an operator taps, and how long the kiosk itself takes for it, in a real browser.

The kiosk runs as its own process on the phantom camera; a program taps as soon as a button may be tapped. So the
seconds are the machine's own share: a person's reading and aiming come on top. A phantom's result never refers: closing
a referral costs one tap more.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.process import running_kiosk
from reporting.document import Table, to_markdown

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

_SIZE: ViewportSize = {"width": 800, "height": 480}
_WAIT_MS = 120_000
_AGE = "58"
# what a scanner types: no hand is so fast
_SCAN = """(code) => {
  for (const key of [...code, "Enter"])
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}"""


class Row(NamedTuple):
    """One way of working.

    Attributes:
        taps: of all patients together.
        seconds: from the first tap until Start is back for the last time.
    """

    name: str
    patients: int
    taps: int
    seconds: float


class Hand:
    """A finger that counts its taps."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.taps = 0

    def tap(self, selector: str) -> None:
        """Tap as soon as it may be tapped."""
        self._page.locator(selector).tap()
        self.taps += 1

    def type(self, number: str) -> None:
        """Digits on the keypad, and Next."""
        for digit in number:
            self.tap(f'.keypad .key[aria-label="{digit}"]')
        self.tap(".key.next")

    def scan(self, code: str) -> None:
        """Hold a barcode before the scanner: no tap."""
        self._page.evaluate(_SCAN, code)

    def choose(self, layout: str, place: int) -> None:
        """A picker's key, by its place."""
        self.tap(f'.keys[data-layout="{layout}"] .choice >> nth={place}')

    def assess(self) -> None:
        """Site and side, Continue, and Capture as soon as there is a picture."""
        self.choose("site", 10)
        self.choose("side", 0)
        self.tap(".continue")
        self.capture()

    def capture(self) -> None:
        """Capture, and wait for the result."""
        self.tap(".screen.capture:not([inert]) .shutter")
        self._page.locator(".screen.result:not([inert])").wait_for()

    def leave(self, button: str) -> None:
        """Done or the next lesion, and wait for Start."""
        self.tap(f".result .panel .dock .{button}")
        self._page.locator(".screen.start:not([inert])").wait_for()


def _typed(hand: Hand, number: int) -> None:
    hand.type(f"{4711000 + number}")
    hand.type(_AGE)
    hand.choose("sex", 0)
    hand.assess()
    hand.leave("done")


def _scanned(hand: Hand, number: int) -> None:
    hand.scan(f"P-{4711 + number}")
    hand.type(_AGE)
    hand.choose("sex", 0)
    hand.assess()
    hand.leave("done")


def _code_alone(hand: Hand, number: int) -> None:
    hand.scan(f"P-{4711 + number}")
    hand.tap(".continue")
    hand.capture()
    hand.leave("done")


def _skipped(hand: Hand, _number: int) -> None:
    hand.tap(".skip")
    hand.capture()
    hand.leave("done")


def _next_lesion(hand: Hand, number: int) -> None:
    if number == 0:
        hand.scan("P-4711")
        hand.type(_AGE)
        hand.choose("sex", 0)
    hand.assess()
    hand.leave("further")


WAYS: dict[str, Callable[[Hand, int], None]] = {
    "all details, a code of seven digits typed": _typed,
    "all details, the code scanned": _scanned,
    "the scanned code alone": _code_alone,
    "no details": _skipped,
    "one patient's next lesion, with site and side": _next_lesion,
}


def measure(patients: int) -> list[Row]:
    """Every way of working, `patients` times in a row.

    Raises:
        RuntimeError: there is no Chromium, or the kiosk does not start.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("Chromium is missing: sudo apt-get install chromium")
    rows = []
    with running_kiosk("phantom") as kiosk, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, way in WAYS.items():
            context = browser.new_context(viewport=_SIZE, has_touch=True)
            context.set_default_timeout(_WAIT_MS)
            page = context.new_page()
            page.goto(kiosk.url)
            page.locator(".screen.start:not([inert])").wait_for()
            hand, started = Hand(page), perf_counter()
            for number in range(patients):
                way(hand, number)
            rows.append(Row(name, patients, hand.taps, perf_counter() - started))
            context.close()
        browser.close()
    return rows


def table(rows: list[Row]) -> str:
    """The rows as Markdown, with the machine's load beside them: other work makes every second longer."""
    cells = [["way of working", "taps a patient", "taps", "seconds", "seconds a patient"]]
    for row in rows:
        each = (
            f"{row.taps / row.patients:.1f}",
            str(row.taps),
            f"{row.seconds:.0f}",
            f"{row.seconds / row.patients:.1f}",
        )
        cells.append([row.name, *each])
    load, cores = os.getloadavg()[0], os.cpu_count()
    said = f"{rows[0].patients} in a row at 800 × 480; load {load:.1f} on {cores} cores"
    return f"{to_markdown([Table(cells)])}\n{said}"
