"""What every fault is tried on: a supervised kiosk, a real page of it, and a clock."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.faults import stick
from benchmarks.faults.supervisor import Supervisor
from benchmarks.process import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WAIT_S = 120.0
"""Whatever is awaited comes within it, on however busy a machine, or the fault was not survived."""
SIZE = {"width": 1280, "height": 800}


@dataclass(frozen=True)
class Row:
    """What one fault came to.

    Attributes:
        fault: what was done.
        detected_s: from then until screen, health or command said so; None where there is nothing to say.
        said: the screen's words, or the command's line.
        recovered_s: from the end of what was done until all was well; None where nothing was out of order.
        lost: what of the patient's visit was lost.
    """

    fault: str
    detected_s: float | None
    said: str
    recovered_s: float | None
    lost: str


@dataclass
class Bench:
    """A kiosk under its supervisor, and a page of it.

    Attributes:
        folder: with the file of the camera's act (`camera`), of the clock's shift (`clock`), and the kiosk's `state`.
    """

    supervisor: Supervisor
    browser: Browser
    page: Page
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def health(self) -> dict[str, Any]:
        """What the kiosk says of itself; empty where nothing answers."""
        try:
            with urllib.request.urlopen(f"{self.url}health", timeout=5) as answer:  # noqa: S310 - our own address
                return dict(json.loads(answer.read()))
        except (OSError, ValueError) as error:
            body = error.read() if isinstance(error, urllib.error.HTTPError) else b"{}"
            return dict(json.loads(body or b"{}"))

    def well(self) -> bool:
        """Whether the kiosk says that all is well, the clock and disk of the machine aside."""
        return self.health().get("status") == "ok"

    def await_(self, what: str, seen: Callable[[], bool]) -> float:
        """Seconds until `seen`.

        Raises:
            RuntimeError: it did not come.
        """
        began_s = time.monotonic()
        while not seen():
            if time.monotonic() - began_s > WAIT_S:
                raise RuntimeError(f"{what} did not come in {WAIT_S:g} s: {self.supervisor.log()[-2000:]}")
            time.sleep(0.03)
        return time.monotonic() - began_s

    def sees(self, selector: str) -> bool:
        """Whether the page shows it."""
        return self.page.locator(selector).first.is_visible()

    def shows(self, selector: str) -> float:
        """Seconds until the page shows it. Raises as `await_`."""
        return self.await_(selector, lambda: self.sees(selector))

    def reload(self) -> None:
        """Load the page anew; it may be doing so by itself just now."""
        from playwright.sync_api import Error

        for _ in range(10):
            with suppress(Error):
                self.page.goto(self.url)
                return
            time.sleep(1)
        raise RuntimeError("the page cannot be loaded")

    def words(self, selector: str) -> str:
        """The words of it, in one line."""
        return " ".join(self.page.locator(selector).first.inner_text().split())

    def to_start(self) -> None:
        """The page at Start, whatever it showed."""
        self.reload()
        self.await_(
            "a screen", lambda: self.sees(".start") or self.sees(".result .dock .done") or self.sees(".capture")
        )
        if self.sees(".result .dock .done"):
            self.done()
        self.shows(".start")

    def to_capture(self) -> None:
        """From Start to a live picture."""
        self.shows(".start .skip")
        self.page.locator(".skip").click()
        self.shows('.capture:not([inert]) .picture[data-state="picture"]')

    def to_result(self) -> str:
        """From the live picture to a result; its words, by which it is known again."""
        self.page.locator(".shutter").click()
        self.shows(".result .dock .done")
        return self.words(".result .panel .band")

    def done(self) -> None:
        """Close the result."""
        self.page.locator(".result .panel .dock .done").click()
        self.await_("Start", lambda: self.sees(".ask .yes") or self.sees(".start"))
        if self.sees(".ask .yes"):
            self.page.locator(".ask .yes").click()
        self.shows(".start")

    def write(self, name: str, words: str) -> None:
        """Set what an acting part reads."""
        (self.folder / name).write_text(words, encoding="ascii")


@contextmanager
def opened(folder: Path, *, with_stick: bool = False) -> Iterator[Bench]:
    """A healthy kiosk on the phantom camera, with the released model, and its page at Start.

    Args:
        folder: an empty one for all that the kiosk writes.
        with_stick: let the model run in the process that uses an Edge TPU (`benchmarks.faults.stick`).

    Raises:
        RuntimeError: there is no Chromium or no C compiler, or the kiosk did not come up.
    """
    from playwright.sync_api import sync_playwright

    chromium, compiler = shutil.which("chromium"), shutil.which("cc")
    if chromium is None or compiler is None:
        raise RuntimeError("Chromium and a C compiler are needed: sudo apt-get install chromium gcc libc6-dev")
    (folder / "state").mkdir(exist_ok=True)
    (folder / "camera").write_text("restore", encoding="ascii")
    (folder / "clock").write_text("0", encoding="ascii")
    library = folder / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.faults.acted", str(folder / "camera"), "run"]
    if with_stick:
        stick.write(folder, compiler)
        command += ["--config", str(folder / "kiosk.toml")]
    environment = {
        "LD_LIBRARY_PATH": str(folder),  # of the stand-in, where there is one
        "LD_PRELOAD": str(library),
        "SHIFT_FILE": str(folder / "clock"),
        "STATE_DIRECTORY": str(folder / "state"),
    }
    with (
        Supervisor([*command, "--camera", "phantom", "--port", str(port)], environment, folder) as supervisor,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser,
    ):
        page = browser.new_page(viewport={"width": SIZE["width"], "height": SIZE["height"]})
        page.set_default_timeout(WAIT_S * 1e3)
        bench = Bench(supervisor, browser, page, folder, port)
        bench.await_("a healthy kiosk", bench.well)
        bench.to_start()
        yield bench
