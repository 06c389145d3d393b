"""The faults: each is induced, watched until it is told, ended, and watched until all is well."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

from benchmarks.faults.bench import WAIT_S, Bench, Row
from benchmarks.faults.supervisor import SCREEN_UNIT, SYSTEMD, Supervisor

OVERLAY = "#kiosk-overlay"
LOSS = '.notices li[data-code="loss"]'
ENGINE_NOTE = '.result .notes li[data-kind="engine"]'
WATCHED_FROM_S = 95.0
"""watch-page.py expects no page in the first 90 s."""
YEARS_S = 10 * 365 * 86400
OTHER_UID = 54321
_ROOT = Path(__file__).parents[2]


def killed(bench: Bench) -> Row:
    """The kiosk's program is killed while a result is on the screen."""
    return _ended(bench, "kill -9 of the kiosk's program, at Result", signal.SIGKILL)


def stopped(bench: Bench) -> Row:
    """It is stopped: nothing but the watchdog notices."""
    return _ended(bench, "SIGSTOP of the kiosk's program, at Result", signal.SIGSTOP)


def _ended(bench: Bench, fault: str, number: signal.Signals) -> Row:
    bench.to_start()
    bench.to_capture()
    bench.to_result()
    os.kill(bench.supervisor.pid, number)
    detected_s = bench.shows(f'{OVERLAY}[data-state="restarting"]')
    said = bench.words(OVERLAY)
    recovered_s = detected_s + bench.shows(".start")
    bench.await_("a healthy kiosk", bench.well)
    bench.shows(LOSS)
    return Row(
        fault, detected_s, f"{said} Then: {bench.words(LOSS)}", recovered_s, "the result, and the screen says so"
    )


def stalled(bench: Bench) -> Row:
    """The camera delivers no new picture."""
    return _camera(bench, "the camera stalls", "stall")


def unplugged(bench: Bench) -> Row:
    """The camera is pulled out."""
    return _camera(bench, "the camera is unplugged", "unplug")


def _camera(bench: Bench, fault: str, act: str) -> Row:
    bench.to_start()
    bench.to_capture()
    bench.write("camera", act)
    detected_s = bench.shows(".cover.fault")
    said = bench.words(".cover.fault .fault-text")
    bench.write("camera", "restore")
    recovered_s = bench.shows('.picture[data-state="picture"]')
    return Row(fault, detected_s, said, recovered_s, "nothing")


def out_of_memory(bench: Bench) -> Row:
    """The camera gets no memory for its pictures."""
    return _camera(bench, "the camera gets no memory", "exhaust")


def engine_child_killed(bench: Bench) -> Row:
    """The process that uses the Edge TPU is killed while a picture is taken; the CPU stands in until it is back."""
    bench.to_start()
    bench.to_capture()
    bench.await_("a process for the Edge TPU", lambda: bench.health().get("engine") == "edgetpu")
    kiosk = psutil.Process(bench.supervisor.pid)
    (child,) = (each for each in kiosk.children() if "edge_models.edgetpu_child" in each.cmdline())
    child.kill()
    began_s = time.monotonic()
    bench.to_result()
    bench.shows(ENGINE_NOTE)
    detected_s, said = time.monotonic() - began_s, bench.words(ENGINE_NOTE)
    bench.done()

    def back() -> bool:
        bench.to_capture()
        bench.to_result()
        there = not bench.sees(ENGINE_NOTE)
        bench.done()
        return there

    bench.await_("the Edge TPU", back)
    return Row("kill -9 of the process that uses the Edge TPU", detected_s, said, time.monotonic() - began_s, "nothing")


def page_hangs(bench: Bench) -> Row:
    """The page's script never ends, at Result: the screen's unit ends the browser, here the page, and opens another."""
    watch = [sys.executable, str(SYSTEMD / "watch-page.py"), str(bench.port)]
    folder = bench.folder / "screen"
    folder.mkdir()
    bench.to_start()
    with Supervisor(watch, {}, folder, SCREEN_UNIT) as screen:
        time.sleep(WATCHED_FROM_S)
        bench.to_capture()
        shown = bench.to_result()
        restarts = screen.restarts
        bench.page.evaluate("setTimeout(() => { for (;;); }, 0)")
        detected_s = bench.await_("the watchdog", lambda: screen.restarts > restarts)
    began_s = time.monotonic()
    hanging = psutil.Process().children(recursive=True)
    for process in (each for each in hanging if "--type=renderer" in each.cmdline()):
        process.kill()
    bench.page = bench.browser.new_page()
    bench.page.set_default_timeout(WAIT_S * 1e3)
    bench.page.goto(bench.url)
    bench.shows(".result .dock .done")
    recovered_s = time.monotonic() - began_s
    kept = bench.words(".result .panel .band") == shown
    bench.done()
    return Row("the page hangs, at Result", detected_s, "", recovered_s, "nothing" if kept else "the result")


def browser_killed(bench: Bench) -> Row:
    """The page's process dies at Result; the screen's unit starts the browser again, here a new page."""
    bench.to_start()
    bench.to_capture()
    shown = bench.to_result()
    bench.page.close()
    began_s = time.monotonic()
    bench.page = bench.browser.new_page()
    bench.page.goto(bench.url)
    bench.shows(".result .dock .done")
    recovered_s = time.monotonic() - began_s
    kept = bench.words(".result .panel .band") == shown
    bench.done()
    return Row("the browser's page ends, at Result", None, "", recovered_s, "nothing" if kept else "the result")


def second_window(bench: Bench) -> Row:
    """A second window is opened while the first has a result, and takes it over."""
    bench.to_start()
    bench.to_capture()
    shown = bench.to_result()
    second = bench.browser.new_page()
    first = bench.page
    try:
        bench.page = second
        began_s = time.monotonic()
        second.goto(bench.url)
        bench.shows(".taken h1:not(:empty)")
        detected_s = time.monotonic() - began_s
        said = bench.words(".taken h1")
        second.locator(".taken .take").click()
        recovered_s = bench.shows(".result .dock .done")
        kept = bench.words(".result .panel .band") == shown
        bench.page = first
        bench.shows(".taken h1:not(:empty)")
        said = f"{said}. The first window: {bench.words('.taken h1')}"
    finally:
        bench.page = first
        second.close()
    bench.to_start()
    return Row("a second window, which takes over", detected_s, said, recovered_s, "nothing" if kept else "the result")


def connections(bench: Bench) -> Row:
    """1,100 connections that ask for nothing, for ten seconds."""

    def flood() -> None:
        with ExitStack() as held:
            for _ in range(1100):
                with suppress(OSError):
                    held.enter_context(socket.create_connection(("127.0.0.1", bench.port), 1))
            time.sleep(10)

    return _flood(bench, "1,100 connections that ask for nothing", flood)


def sessions(bench: Bench) -> Row:
    """200 browsers' sessions at once, held for ten seconds."""

    def flood() -> None:
        from websockets.exceptions import InvalidHandshake
        from websockets.sync.client import connect
        from websockets.typing import Origin

        origin = Origin(bench.url.rstrip("/"))
        stream = f"ws://127.0.0.1:{bench.port}/_stcore/stream"
        with ExitStack() as held:
            for _ in range(200):
                with suppress(InvalidHandshake, OSError):
                    held.enter_context(connect(stream, origin=origin, proxy=None, open_timeout=1))
            time.sleep(10)

    return _flood(bench, "200 sessions at once", flood)


def messages(bench: Bench) -> Row:
    """A socket that sends as fast as it can, again and again, for ten seconds."""

    def flood() -> None:
        from benchmarks.fuzz.sockets import STREAM, send

        end_s = time.monotonic() + 10
        while time.monotonic() < end_s:
            send(bench.port, STREAM, [b"\x5a\x00"] * 20_000)

    return _flood(bench, "20,000 messages a socket, one socket after another", flood)


def _flood(bench: Bench, fault: str, flood: Callable[[], None]) -> Row:
    bench.to_start()
    bench.to_capture()
    shown = bench.to_result()
    restarts, log = bench.supervisor.restarts, len(bench.supervisor.log())
    flood()
    recovered_s = bench.await_("a healthy kiosk", bench.well)
    bench.reload()
    bench.shows(".result .dock .done")
    kept = bench.words(".result .panel .band") == shown and bench.supervisor.restarts == restarts
    written = len(bench.supervisor.log()) - log
    bench.done()
    said = f"the log grew by {written / 1e3:.1f} kB"
    return Row(fault, None, said, recovered_s, "nothing" if kept else "the result")


def foreign_account(bench: Bench) -> Row:
    """Another account asks for the page, with every header right."""
    bench.to_start()
    began_s = time.monotonic()
    asked = (
        "import urllib.request as r\n"
        f"q = r.Request('{bench.url}', headers={{'Origin': '{bench.url.rstrip('/')}'}})\n"
        "try: print(r.urlopen(q).status)\n"
        "except r.HTTPError as e: print(e.code, e.read().decode())"
    )
    as_other = ["setpriv", f"--reuid={OTHER_UID}", f"--regid={OTHER_UID}", "--clear-groups", "/usr/bin/python3", "-c"]
    done = subprocess.run([*as_other, asked], capture_output=True, text=True, check=False, timeout=60)
    return Row("another account asks", time.monotonic() - began_s, done.stdout.strip(), None, "nothing")


def disk_full(bench: Bench) -> Row:
    """The disk with the kiosk's state is full: a small one is mounted there."""
    state = bench.folder / "state"
    bench.to_start()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", state], check=True)
    with suppress(OSError):  # full now
        (state / "filling").write_bytes(b"x" * (4 << 20))
    try:
        detected_s = bench.shows('.notices li[data-code="D3"]')
        said = bench.words('.notices li[data-code="D3"]')
        bench.to_capture()
        bench.to_result()
        bench.done()
    finally:
        subprocess.run(["umount", state], check=True)
    recovered_s = bench.await_("the notice's end", lambda: "D3" not in bench.health().get("box", []))
    return Row("the disk is full", detected_s, said, recovered_s, "nothing: captures go on")


def read_only(bench: Bench) -> Row:
    """The kiosk's state cannot be written any more."""
    state = bench.folder / "state"
    bench.to_start()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", state], check=True)
    try:
        bench.to_capture()
        bench.to_result()
        bench.done()
    finally:
        subprocess.run(["umount", state], check=True)
    return Row("the kiosk's state is read-only", None, "", None, "nothing: captures go on")


def read_only_root(bench: Bench) -> Row:
    """A kiosk is started where nothing but /dev can be written."""
    from benchmarks.process import free_port

    port = free_port()
    start = f"mount -o remount,bind,ro / && exec {sys.executable} -m kiosk run --camera phantom --port {port}"
    began_s = time.monotonic()
    process = subprocess.Popen(["unshare", "--mount", "sh", "-c", start], cwd=_ROOT, stderr=subprocess.DEVNULL)
    first = bench.port
    try:
        bench.port = port
        bench.await_("a healthy kiosk", bench.well)
        ready_s = time.monotonic() - began_s
        bench.to_start()
        bench.to_capture()
        bench.to_result()
        bench.done()
    finally:
        bench.port = first
        process.terminate()
        process.wait()
    return Row(
        "the root file system is read-only from the start",
        None,
        f"healthy {ready_s:.0f} s after the start",
        None,
        "nothing",
    )


def clock_back(bench: Bench) -> Row:
    """The clock jumps ten years back."""
    return _clock(bench, "the clock jumps 10 years back", -YEARS_S, "D1")


def clock_forward(bench: Bench) -> Row:
    """The clock jumps ten years forward, which nothing tells from ten years that passed."""
    return _clock(bench, "the clock jumps 10 years forward", YEARS_S, "")


def _clock(bench: Bench, fault: str, seconds: int, code: str) -> Row:
    bench.to_start()
    bench.to_capture()
    shown = bench.to_result()
    bench.write("clock", str(seconds))
    detected_s, said = None, ""
    if code:
        detected_s = bench.await_(code, lambda: code in bench.health().get("box", []))
    well = bench.well()
    bench.reload()
    bench.shows(".result .dock .done")
    kept = bench.words(".result .panel .band") == shown and well
    bench.done()
    if code:
        bench.shows(f'.notices li[data-code="{code}"]')
        said = bench.words(f'.notices li[data-code="{code}"]')
    bench.write("clock", "0")
    recovered_s = bench.await_("the notice's end", lambda: code not in bench.health().get("box", [])) if code else None
    return Row(fault, detected_s, said, recovered_s, "nothing" if kept else "the result")


FAULTS: tuple[Callable[[Bench], Row], ...] = (
    killed,
    stopped,
    stalled,
    unplugged,
    out_of_memory,
    engine_child_killed,
    page_hangs,
    browser_killed,
    second_window,
    connections,
    sessions,
    messages,
    foreign_account,
    disk_full,
    read_only,
    read_only_root,
    clock_back,
    clock_forward,
)
WITH_STICK = frozenset({engine_child_killed})
NEEDS_ROOT = frozenset({foreign_account, disk_full, read_only, read_only_root})


def may_run(fault: Callable[[Bench], Row]) -> bool:
    """Whether this account can induce a fault."""
    return fault not in NEEDS_ROOT or (os.geteuid() == 0 and shutil.which("unshare") is not None)
