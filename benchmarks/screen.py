"""The screen in a real browser: the live picture's rate and price, and the time from tap to painted result.

The kiosk runs as its own process on the phantom camera (12-megapixel stills); headless Chromium shows it. Frames are
counted by the page as it draws them, processor time by the kernel, tap and paint by the page's own performance marks.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import kinds
from benchmarks.board import memory, memory_words
from benchmarks.machine import this_machine
from benchmarks.process import RunningKiosk, browser_mib, health, running_kiosk
from benchmarks.statistics import summary_ms
from kiosk.clinical.operator import Role
from kiosk.commands import demo_store

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

WARM_UP_MS = 3000
# a promise, because the page's policy lets nothing be evaluated from a string inside it
_TAP_TO_PAINTED = """() => new Promise((resolve) => {
  const time = (name) => performance.getEntriesByName(name)[0]?.startTime;
  const look = () => time("kiosk:painted") ? resolve(time("kiosk:painted") - time("kiosk:tap")) : setTimeout(look, 20);
  look();
})"""
_IDLE_S = 3600
_SIZE: ViewportSize = {"width": 1280, "height": 800}


def measure(taps: int, preview_s: float, records: Path | None = None) -> dict[str, Any]:
    """Measure on this machine.

    Args:
        taps: captures from tap to painted, after one that does not count.
        preview_s: how long the live picture is watched.
        records: a folder on the disk on which every result is saved before it is painted; None: nothing is kept.

    Returns:
        A JSON document with machine, raw samples and summaries.

    Raises:
        RuntimeError: there is no Chromium, or the kiosk does not start.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("Chromium is missing: sudo apt-get install chromium")
    # a lens cap or a fault would be a quick "result": only real results count
    with (
        tempfile.TemporaryDirectory() as profile,
        _records(records) as options,
        running_kiosk("phantom", options) as kiosk,
        sync_playwright() as playwright,
        playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium,
            headless=True,
            args=["--no-sandbox"],
            viewport=_SIZE,
        ) as browser,
    ):
        page = browser.new_page()
        page.goto(kiosk.url)
        if records is not None:
            _log_in(page)
        page.locator("button.skip").click()
        preview = _watch_preview(page, kiosk, preview_s)
        first, *warm = [_tap(page, kiosk) for _ in range(taps + 1)]
        warm_ms = [tap.painted_ms for tap in warm]
        resident_mib = [tap.server_mib for tap in warm]
        browser_mib = [tap.browser_mib for tap in warm]
        return {
            "kind": kinds.SCREEN,
            "bundle": health(kiosk.url).get("model_id", ""),
            "records": records is not None,
            "machine": this_machine().to_json(),
            "ready_s": kiosk.ready_s,
            "preview": preview,
            "server_memory": {**memory(resident_mib), "samples_mib": resident_mib},
            "browser_memory": {**memory(browser_mib), "samples_mib": browser_mib},
            "tap_to_painted_ms": {"first": first.painted_ms, **summary_ms(warm_ms), "samples": warm_ms},
        }


@contextmanager
def _records(folder: Path | None) -> Iterator[Sequence[str]]:
    """The command line's options for a kiosk with records in a folder of their own, which is removed afterwards."""
    if folder is None:
        yield ()
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix="dermakiosk-records-") as name:
        demo_store.make(Path(name) / "records")
        config = Path(name) / "kiosk.toml"
        config.write_text(f'[records]\nfolder = "records"\nidle_after_s = {_IDLE_S}\nlock_after_s = {_IDLE_S}\n')
        yield ("--config", str(config.absolute()))


def _log_in(page: Page) -> None:
    operator, pin = next(each for each in demo_store.OPERATORS if each[0].role is Role.CLINICIAN)
    page.locator(f'.unlock:not([inert]) .person[data-id="{operator.id}"]').click()
    for digit in pin:
        page.locator(f'.pad .key[aria-label="{digit}"]').click()
    page.locator(".pad .enter").click()


def _watch_preview(page: Page, kiosk: RunningKiosk, duration_s: float) -> dict[str, float]:
    page.locator("button.shutter:enabled").wait_for()
    page.wait_for_timeout(WARM_UP_MS)
    drawn, cpu_s, started = _drawn(page), kiosk.cpu_s(), perf_counter()
    page.wait_for_timeout(duration_s * 1e3)
    elapsed_s = perf_counter() - started
    return {
        "frames_per_s": (_drawn(page) - drawn) / elapsed_s,
        "server_core_share": (kiosk.cpu_s() - cpu_s) / elapsed_s,
        "watched_s": elapsed_s,
    }


def _drawn(page: Page) -> int:
    return int(page.locator("canvas.live").get_attribute("data-drawn") or 0)


class _Tap(NamedTuple):
    """One capture: tap to painted, and the memory of server and browser then (of the browser its share: PSS)."""

    painted_ms: float
    server_mib: float
    browser_mib: float


def _tap(page: Page, kiosk: RunningKiosk) -> _Tap:
    """One capture and its result; back to Capture."""
    shutter = page.locator("button.shutter:enabled")
    shutter.wait_for()
    page.evaluate("performance.clearMarks()")
    shutter.click()
    elapsed_ms = page.evaluate(_TAP_TO_PAINTED)
    server_mib = kiosk.resident_mib()
    page.locator("button.retake").click()
    return _Tap(float(elapsed_ms), server_mib, browser_mib())


def table(document: Mapping[str, Any]) -> str:
    """The measurement in words, one line a figure."""
    preview, painted = document["preview"], document["tap_to_painted_ms"]
    return "\n".join(
        [
            f"start to healthy       {document['ready_s']:.2f} s",
            f"live picture           {preview['frames_per_s']:.1f} frames/s drawn",
            f"server                 {preview['server_core_share']:.1%} of a core meanwhile",
            f"server and models      {memory_words(document['server_memory'])}, resident",
            f"browser                {memory_words(document['browser_memory'])}, all its processes (PSS)",
            f"tap to painted         first {painted['first']:.0f} ms, then p50 {painted['p50']:.0f}, "
            f"p95 {painted['p95']:.0f}, max {painted['max']:.0f} ms ({len(painted['samples'])} taps)",
        ]
    )
