"""A real server in a process of its own, and a real Chromium that may talk to nothing else."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import hypothesis
import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Locator, Page, sync_playwright

from kiosk.ui.language import COOKIE

hypothesis.settings.register_profile("no deadline", deadline=None)  # time is measured in benchmarks, never in a test
hypothesis.settings.load_profile("no deadline")

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "artifacts" / "screens"
CHROMIUM = Path("/usr/bin/chromium")
LANDSCAPE = ((800, 480), (1024, 600), (1280, 720), (1280, 800), (1366, 768), (1920, 1080))
SIZES = {f"{width}x{height}": (width, height) for pair in LANDSCAPE for width, height in (pair, pair[::-1])}
START_TIMEOUT_S = 60.0
WAIT_MS = 30_000
FRAME_MS = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM.exists():
        return
    missing = pytest.mark.skip(reason="needs Chromium: sudo apt-get install chromium")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(missing)


@dataclass
class Server:
    """A kiosk's process on a port of its own, which may be killed and started again."""

    command: list[str]
    port: int
    log_path: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self.command, env=environment(), stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                status, health = self.health()
            except OSError:
                assert self.process.poll() is None, f"the server ended: {self.log()}"
            else:
                if status == 200 or health.get("camera_fault", "").startswith("The camera was unplugged"):
                    return
            assert time.monotonic() < deadline, f"the server is not healthy: {self.log()}"
            time.sleep(0.05)

    def health(self) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def freeze(self) -> None:
        """It hears nothing any more, and is not gone."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, as the service manager does; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


StartServer = Callable[[Callable[[int], list[str]]], AbstractContextManager[Server]]


def environment() -> dict[str, str]:
    """The environment of a kiosk's process: the source tree itself, whether it is installed or not."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Callable[[int], list[str]], log_path: Path, *, fails: bool = False) -> Iterator[Server]:
    """A server that `command(port)` starts; stopped at the end, and its log is free of tracebacks unless it `fails`."""
    port = free_port()
    server = Server(command(port), port, log_path)
    try:
        server.start()
        yield server
    finally:
        server.stop()
    assert ("Traceback" in server.log()) == fails, server.log()


@dataclass
class Stage:
    """The acting kiosk of `stage.py`."""

    server: Server
    script: Path
    passed_s: float = 0.0

    def act(self, name: str) -> None:
        self.script.write_text(name, encoding="utf-8")

    def box(self, *codes: str) -> None:
        """Let something be wrong with the box."""
        self.script.with_suffix(".box").write_text(" ".join(codes), encoding="ascii")

    def pass_time(self, seconds: float, screen: Screen | None = None) -> None:
        """Let time pass at once for the server, and for a page that was opened `timed`."""
        self.passed_s += seconds
        beside = self.script.with_suffix(".new")
        beside.write_text(str(self.passed_s), encoding="ascii")
        beside.replace(self.script.with_suffix(".passed"))  # the server may be reading
        if screen is not None:
            screen.page.evaluate("(s) => window.passTime(s * 1000)", seconds)


class StartStage(Protocol):
    """`with start_stage(act, config=TOML) as stage`: a kiosk of one test alone, which may be killed; see `running`."""

    def __call__(self, act: str, *, config: str = "", fails: bool = False) -> AbstractContextManager[Stage]: ...


@contextmanager
def acting(folder: Path, act: str, *, config: str = "", fails: bool = False) -> Iterator[Stage]:
    (folder / "kiosk.toml").write_text(config, encoding="utf-8")
    script = folder / "script"
    script.write_text(act, encoding="utf-8")
    stage_py = str(Path(__file__).with_name("stage.py"))
    command = [sys.executable, stage_py]
    with running(lambda port: [*command, str(port), str(script)], folder / "log", fails=fails) as server:
        try:
            yield Stage(server, script)
        finally:
            script.write_text("urgent", encoding="utf-8")  # an act that waits for the next one would keep the server


@pytest.fixture
def start_server(tmp_path: Path) -> StartServer:
    """`with start_server(command_for_port) as server`: any kiosk's process."""
    return lambda command: running(command, tmp_path / "log")


@pytest.fixture(scope="session")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with acting(tmp_path_factory.mktemp("stage"), "urgent") as opened:
        yield opened


@pytest.fixture
def start_stage(tmp_path: Path) -> StartStage:
    return lambda act, *, config="", fails=False: acting(tmp_path, act, config=config, fails=fails)


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    """The acting kiosk, its act "urgent" again."""
    shared_stage.act("urgent")
    shared_stage.box()
    return shared_stage


def launch(chromium: BrowserType) -> Browser:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return chromium.launch(executable_path=str(CHROMIUM), args=sandbox)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


# a promise, because the page's policy lets nothing be evaluated from a string inside it
PAINTED = """(limit) => new Promise((resolve, reject) => {
  const due = performance.now() + limit;
  const look = () => {
    if (performance.getEntriesByName("kiosk:painted").length) resolve();
    else if (performance.now() > due) reject(new Error("no picture was painted"));
    else setTimeout(look, 20);
  };
  look();
})"""


DRAWS = """(limit) => new Promise((resolve) => {
  setTimeout(() => resolve(false), limit);
  requestAnimationFrame(() => resolve(true));
})"""

# Playwright's own clock would take the page's performance marks away
MOVABLE_CLOCK = """(() => {
  const now = performance.now.bind(performance);
  let passed = 0;
  performance.now = () => now() + passed;
  window.passTime = (ms) => { passed += ms; };
})()"""

FAULTS = Path(__file__).with_name("faults.js").read_text(encoding="utf-8")
MEASURES = {"touch": 48, "primary": 64, "reading": 16, "least": 14}
"""What `faults.js` holds the screen to, in pixels: targets, and text that does and does not carry uncertainty."""


@dataclass
class Screen:
    """One page of the kiosk as a person with one finger sees it."""

    page: Page
    size: str

    def tap(self, selector: str) -> None:
        self.page.locator(selector).tap()

    def see(self, selector: str, state: Literal["visible", "attached"] = "visible") -> Locator:
        found = self.page.locator(selector)
        found.first.wait_for(state=state, timeout=WAIT_MS)
        return found

    def enter_code(self, code: str) -> None:
        """By the keypad: digits and the hyphen on its first page, letters on its second."""
        for character in code:
            page = "letters" if character.isalpha() else "digits"
            if self.page.locator(f'.keypad[data-layout="{page}"]').count() == 0:
                self.tap(".key.page")
            self.tap(f'.key[aria-label="{character}"]')

    def picture(self) -> None:
        # a new screen takes no taps for a moment: they were meant for the one before
        self.see('.screen.capture:not([inert]) .picture[data-state="picture"]')

    def to_capture(self) -> None:
        self.see(".start")
        self.tap(".skip")
        self.picture()

    def to_result(self) -> None:
        self.page.evaluate("performance.clearMarks('kiosk:painted')")
        self.tap(".shutter")
        self.see(".result .dock button")
        self.page.evaluate(PAINTED, WAIT_MS)  # the picture follows the words by a frame or two

    def done(self) -> None:
        """Close the result; one that refers asks once more."""
        self.tap(".result .panel .dock .done")
        self.page.locator(".ask:visible .yes, .start").first.wait_for(timeout=WAIT_MS)
        if self.page.locator(".ask:visible").count():
            self.tap(".ask .yes")
        self.see(".start:not([inert])")

    def resize(self, size: str) -> None:
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})
        self.size = size

    def draws(self) -> bool:
        """Whether a frame is drawn within ten seconds of the page's timers; Playwright waits for one before a tap."""
        return bool(self.page.evaluate(DRAWS, FRAME_MS))

    def wear(self, theme: str) -> None:
        if self.page.locator("html").get_attribute("data-theme") != theme:
            self.page.evaluate("window.dispatchEvent(new Event('kiosk:other-theme'))")
        self.page.locator(f'html[data-theme="{theme}"]').wait_for(state="attached")

    def heartbeats(self) -> None:
        """Wait until the page has asked the server twice how it is: what the first answer brings is shown by then."""
        for _ in range(2):
            with self.page.expect_response("**/health?page"):
                pass

    def faults(self, text: Literal["normal", "large"] = "normal") -> list[str]:
        """What is wrong with the screen as a finger and an eye meet it, at that size of text; nothing, it is hoped."""
        return list(self.page.evaluate(FAULTS, {**MEASURES, "text": text}))

    def keep(self, name: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(ARTIFACTS / f"{name}_{self.size}.png"))


class OpenScreen(Protocol):
    """`open_screen(server, size)`, at Start.

    With `drawn=False` whatever the page shows, with `timed` under a clock that a test can move (`Stage.pass_time`), in
    `language` where that is not the configured one.
    """

    def __call__(
        self, server: Server, size: str = "1280x800", *, drawn: bool = True, timed: bool = False, language: str = ""
    ) -> Screen: ...


@pytest.fixture
def open_screen(chromium: Browser) -> Iterator[OpenScreen]:
    """See `OpenScreen`.

    Fails the test when any page asked another host for anything, or logged an error.
    """
    contexts: list[BrowserContext] = []
    foreign: list[str] = []
    errors: list[str] = []

    def watch(url: str, server: Server) -> None:
        parts = urlsplit(url)
        local = parts.scheme in ("data", "blob") or parts.netloc == f"127.0.0.1:{server.port}"
        if not local:
            foreign.append(url)

    def open_page(
        server: Server, size: str = "1280x800", *, drawn: bool = True, timed: bool = False, language: str = ""
    ) -> Screen:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=True)
        contexts.append(context)
        context.on("request", lambda request: watch(request.url, server))
        page = context.new_page()
        page.on("websocket", lambda channel: watch(channel.url.replace("ws:", "http:"), server))
        page.on("pageerror", lambda error: errors.append(str(error)))
        if timed:
            page.add_init_script(MOVABLE_CLOCK)
        if language:
            context.add_cookies([{"name": COOKIE, "value": language, "url": server.url}])
        page.goto(server.url)
        screen = Screen(page, size)
        if not drawn:
            return screen
        screen.see(".screen:not(.taken)")  # another test's window may need a moment to be gone
        if page.locator(".result").count():  # another test's case
            screen.done()
        return screen

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert errors == []
