"""One process, one port: Streamlit's ASGI app with the kiosk's station, page, live picture and health in it."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import streamlit as st
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from streamlit.web import bootstrap

from edge_models.bundle import Manifest
from edge_models.plots import Plots
from kiosk.capture.station import Station
from kiosk.errors import KioskError, PortInUse
from kiosk.ui import device, faults, guard, page
from kiosk.ui.config import PathwayConfig, ScreenConfig
from kiosk.ui.connections import BoundedProtocol, BoundedSocket
from kiosk.ui.forget import forget_ended_cases
from kiosk.ui.limits import MAX_MESSAGE_BYTES
from kiosk.ui.preview import PreviewSocket
from kiosk.ui.tokens import Tokens
from kiosk.upkeep import notify
from kiosk.upkeep.checks import examine_box
from kiosk.upkeep.health import Check
from kiosk.version import installed_version, source_commit
from kiosk.workflow.attention import Attention
from kiosk.workflow.desk import Desk

ADDRESS = "127.0.0.1"
SCRIPT = Path(__file__).parent / "app.py"
SHUTDOWN_TIMEOUT_S = 2
BOX_INTERVAL_S = 15.0
SWEEP_INTERVAL_S = 1.0
RECORDS_INTERVAL_S = 2.0
_PLAIN = ScreenConfig()
_NO_PATHWAY = PathwayConfig()

_log = logging.getLogger(__name__)


def serve(
    station: Station,
    manifest: Manifest,
    *,
    port: int,
    screen: ScreenConfig = _PLAIN,
    pathway: PathwayConfig = _NO_PATHWAY,
    plots: Plots | None = None,
    field_of_view_mm: float | None = None,
    desk: Desk | None = None,
    box: Callable[[], Sequence[Check]] = examine_box,
) -> None:
    """Serve the screen at http://127.0.0.1:`port`/ until the process is told to stop (SIGINT, SIGTERM).

    Args:
        station: not yet entered; opened when the server starts and closed when it stops.
        manifest: of the station's model.
        port: 1 … 65535.
        screen: how the screen speaks, looks and waits.
        pathway: what the clinic does next.
        plots: what the model's makers measured of it.
        field_of_view_mm: how much skin the width of a picture shows, for the scale bar; None: no scale bar.
        desk: the records; closed when the server stops. None: nothing is kept.
        box: how the box is; asked now and then, in a thread of its own.

    Raises:
        PortInUse: another program listens there; nothing was started.
        KioskError: it did not come up; the log has the details.
    """
    _raise_descriptor_limit()
    with listen(port) as listener:
        configure(port)
        attention = Attention(station, screen.cover_after_s, screen.end_after_s)
        desk = desk or Desk.without_records()
        shown = device.Device(station, manifest, Tokens(), attention, screen, field_of_view_mm, desk, pathway, plots)
        app = build_app(shown, port=port, box=box)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                log_config=None,
                log_level="warning",
                access_log=False,
                ws=BoundedSocket,
                ws_per_message_deflate=False,  # JPEGs do not shrink
                ws_max_size=MAX_MESSAGE_BYTES,
                proxy_headers=False,  # nobody may say that he is somebody else
                timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
                server_header=False,
            )
        )
        _log.info(
            "dermakiosk %s %s: the screen is at http://%s:%d/", installed_version(), source_commit(), ADDRESS, port
        )
        server.run(sockets=[listener])
        if not server.started:
            raise KioskError("The screen could not be started", "The log above says why; report it")


def listen(port: int) -> socket.socket:
    """A socket that listens on the kiosk's port.

    Raises:
        PortInUse: another program has it, or this user may not.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno == errno.EACCES:
            raise PortInUse(f"Port {port} needs more rights than this user has", "Choose one above 1023") from error
        raise PortInUse(
            f"Port {port} of {ADDRESS} is in use ({error.strerror})",
            "Stop the other program (a second kiosk?) or choose another port with --port",
        ) from error
    return listener


def configure(port: int) -> None:
    """Settings of Streamlit that keep it inside the device; nothing of a user's own settings file overrides them."""
    bootstrap.load_config_options(
        {
            "server.address": ADDRESS,
            "server.port": port,
            "server.headless": True,
            "server.showEmailPrompt": False,
            "server.fileWatcherType": "none",
            "server.allowedHosts": list(guard.HOSTS),
            "server.enableStaticServing": False,
            "browser.serverAddress": ADDRESS,
            "browser.serverPort": port,
            "browser.gatherUsageStats": False,
            "client.toolbarMode": "minimal",
            "client.showErrorDetails": "none",
            "client.showErrorLinks": False,
            "logger.hideWelcomeMessage": True,
            "runner.magicEnabled": False,
            "theme.base": "light",
        }
    )


def build_app(shown: device.Device, *, port: int, box: Callable[[], Sequence[Check]]) -> st.App:
    """The ASGI app of a kiosk that listens on `port`."""
    station = shown.station
    watch = _BoxWatch(box)
    page_version = page.version()

    @asynccontextmanager
    async def lifespan(_app: st.App) -> AsyncIterator[None]:
        with station:
            device.provide(shown)
            jobs = (
                _feed_watchdog(station),
                watch.run(),
                forget_ended_cases(station),
                _end_forgotten_cases(shown.attention),
                _watch_records(shown.desk, station),
            )
            tasks = [asyncio.create_task(job) for job in jobs]
            notify.ready()
            try:
                yield
            finally:
                notify.stopping()
                for task in tasks:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                await asyncio.to_thread(shown.desk.close)

    page_asked_s = monotonic()

    async def health(request: Request) -> JSONResponse:
        nonlocal page_asked_s
        if "page" in request.query_params:
            page_asked_s = monotonic()
        told = _health(shown, watch.codes, page_version) | {"page_s": round(monotonic() - page_asked_s, 1)}
        status_code = 200 if told["status"] == "ok" else 503
        return JSONResponse(told, status_code=status_code, headers={"Cache-Control": "no-store"})

    async def touch(_request: Request) -> Response:
        shown.attention.touched()
        await asyncio.to_thread(shown.desk.touch)
        return Response(status_code=204)

    return st.App(
        SCRIPT,
        lifespan=lifespan,
        routes=[
            *page.routes(shown.boot, shown.screen),
            Route("/health", health),
            Route("/touch", touch, methods=["POST"]),
            WebSocketRoute("/preview", PreviewSocket(station, shown.tokens).serve),
        ],
        middleware=guard.middleware(port),
    )


def _health(shown: device.Device, box: Sequence[str], page_version: str) -> dict[str, object]:
    """What `/health` tells of the kiosk."""
    status = shown.station.status()
    ok = not (status.camera_fault or status.engine_fault) and shown.station.progressing()
    return {
        "status": "ok" if ok else "fault",
        "camera": status.camera,
        "camera_simulated": status.camera_simulated,
        "camera_fault": status.camera_fault,
        "camera_code": status.camera_code,
        "engine": status.engine.device,
        "engine_note": status.engine.note,
        "engine_fault": status.engine_fault,
        "engine_code": status.engine_code or (faults.FALLBACK if status.engine.note else ""),
        "box": [*box, *([faults.RECORDS_NEARLY_FULL] if shown.desk.space_is_low() else [])],
        "model_id": status.model_id,
        "version": installed_version(),
        "commit": source_commit(),
        "boot": shown.boot,
        "page": page_version,
        "covered": shown.attention.covered(),
        "turn": shown.attention.turn,
        "window": shown.windows.holder(),
        "records": shown.records_seen(),
    }


class _BoxWatch:
    """Asks now and then how the box is: a full disk, heat, a clock that cannot be believed.

    Attributes:
        codes: of what is wrong now, for the screen.
    """

    def __init__(self, box: Callable[[], Sequence[Check]]) -> None:
        self._box = box
        self.codes: list[str] = []

    async def run(self) -> None:
        while True:
            try:
                # a disk that hangs must not hold the event loop
                checks = await asyncio.to_thread(self._box)
            except Exception:  # noqa: BLE001 - what cannot be seen must not end the screen
                _log.exception("the box could not be examined")
            else:
                told = [str(check.code) for check in checks if check.code]
                for check in checks:
                    if check.code and check.code not in self.codes:
                        _log.warning("%s: %s. %s.", check.code, check.found, check.remedy)
                self.codes = told
            await asyncio.sleep(BOX_INTERVAL_S)


async def _feed_watchdog(station: Station) -> None:
    """Tell the service manager that the kiosk lives, but only while it really gets on with its work."""
    interval_s = notify.watchdog_interval_s()
    if interval_s is None:
        return
    while True:
        try:
            if station.progressing():
                notify.watchdog()
        except Exception:  # noqa: BLE001 - the feeder's own fault must not pass for the kiosk's
            _log.exception("the watchdog was not fed")
        await asyncio.sleep(interval_s)


async def _end_forgotten_cases(attention: Attention) -> None:
    """End what nobody has touched for too long, whether a browser is there to notice or not."""
    while True:
        attention.sweep()
        await asyncio.sleep(SWEEP_INTERVAL_S)


async def _watch_records(desk: Desk, station: Station) -> None:
    """Lock what nobody has touched for long, whether a browser is there to notice or not."""
    while True:
        try:
            await asyncio.to_thread(desk.tick, station)
        except Exception:  # noqa: BLE001 - a fault of the upkeep must not end the screen
            _log.exception("the records' upkeep failed")
        await asyncio.sleep(RECORDS_INTERVAL_S)


def _raise_descriptor_limit() -> None:
    """As many open files as this process may have: a flood of connections must leave some for camera and log."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
