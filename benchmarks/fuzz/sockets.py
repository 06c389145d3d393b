"""The two sockets of a running kiosk: damaged messages of a real page, and of anybody; afterwards it must be well."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Sequence
from json import JSONDecodeError, dumps, loads
from random import Random
from typing import TYPE_CHECKING

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect
from websockets.typing import Origin

from benchmarks.fuzz.mutate import damaged, damaged_json

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocket

STREAM = "/_stcore/stream"
BURST = 10
"""Messages that one socket may send at once (kiosk/ui/limits.py allows 12)."""
WELL_S = 30.0
_WORDS = ("tap", "continue", "capture", "done", "retake", "take", "language", "token", "window")


def messages(random: Random, recorded: Sequence[bytes]) -> list[bytes | str]:
    """What one socket is sent: `recorded` messages of a real page damaged as bytes, and in what they hold."""
    return [_message(random, recorded) for _ in range(random.randint(1, BURST))]


def _message(random: Random, recorded: Sequence[bytes]) -> bytes | str:
    chosen = random.choice(recorded)
    kind = random.random()
    if kind < 0.05:
        return random.choice(("", "drawn", "x" * 1000))
    if kind < 0.4:
        return damaged(random, chosen, recorded)
    message = BackMsg()
    message.ParseFromString(chosen)
    for state in message.rerun_script.widget_states.widgets:
        state.json_trigger_value = _damaged_text(random, state.json_trigger_value)
        state.id = (
            damaged(random, state.id.encode(), [b"x"]).decode(errors="replace") if random.random() < 0.2 else state.id
        )
    if random.random() < 0.2:
        message.rerun_script.CopyFrom(_invented(random))
    return bytes(message.SerializeToString())


def _damaged_text(random: Random, text: str) -> str:
    try:
        document = loads(text or '[{"event": "tap", "value": {"name": "continue", "code": "A"}}]')
    except JSONDecodeError:
        return text
    if random.random() < 0.3:
        return damaged(random, text.encode(), [text.encode()]).decode(errors="replace")
    return dumps(damaged_json(random, {"value": document}).get("value") if random.random() < 0.9 else document)


def _invented(random: Random) -> ClientState:
    state = WidgetState(id=random.choice(_WORDS), string_value="x" * random.choice((0, 10, 5000)))
    return ClientState(
        query_string="?" + "a=b&" * random.choice((0, 1000)),
        page_script_hash=random.choice(("", "x", "0" * 40)),
        page_name=random.choice(("", "../x", "app")),
        widget_states=WidgetStates(widgets=[state] * random.choice((0, 1, 500))),
    )


def send(port: int, path: str, sent: Sequence[bytes | str]) -> int:
    """Send on a socket of its own until it is closed; how many were sent."""
    count = 0
    try:
        with connect(
            f"ws://127.0.0.1:{port}{path}", origin=Origin(f"http://127.0.0.1:{port}"), proxy=None, open_timeout=WELL_S
        ) as socket:
            for message in sent:
                socket.send(message)
                count += 1
            while True:
                socket.recv(timeout=0.2)
    except (ConnectionClosed, InvalidHandshake, TimeoutError, OSError):
        return count


def listen(page: Page) -> list[bytes]:
    """All that a page sends on the screen's socket once it is loaded anew."""
    sent: list[bytes] = []

    def on_socket(socket: WebSocket) -> None:
        if STREAM in socket.url:
            socket.on("framesent", lambda payload: sent.append(payload) if isinstance(payload, bytes) else None)

    page.on("websocket", on_socket)
    return sent


def flood(port: int, count: int, recorded: Sequence[bytes], random: Random) -> int:
    """Send at least `count` messages, on one socket after another; how many it were."""
    sent = 0
    while sent < count:
        sent += send(port, STREAM, messages(random, recorded))
        sent += send(port, "/preview", [random.randbytes(random.choice((0, 1, 100)))]) if random.random() < 0.02 else 0
    return sent


def healthy(port: int) -> bool:
    """Whether the kiosk answers within half a minute that all is well."""
    give_up_s = time.monotonic() + WELL_S
    while time.monotonic() < give_up_s:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
                return bool(loads(answer.read())["status"] == "ok")
        except OSError:
            time.sleep(0.2)
    return False
