"""Who may talk to the kiosk: asked over real sockets, as another program or a foreign page on this machine would."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from kiosk.ui.page import assets
from kiosk.ui.peer import peer_uid
from kiosk.ui.preview import PROTOCOL
from kiosk.ui.tokens import Tokens

if TYPE_CHECKING:
    from tests.ui.conftest import Stage


def ask(stage: Stage, path: str = "/", method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", stage.server.port, timeout=10)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def open_socket(stage: Stage, path: str, origin: str | None, subprotocols: list[str] | None = None) -> ClientConnection:
    url = f"ws://127.0.0.1:{stage.server.port}{path}"
    return connect(
        url,
        origin=None if origin is None else Origin(origin),
        subprotocols=None if subprotocols is None else [Subprotocol(name) for name in subprotocols],
        open_timeout=10,
        proxy=None,
    )


def own_origin(stage: Stage) -> str:
    return f"http://127.0.0.1:{stage.server.port}"


SHELL = f"/assets/{assets()['shell.js'].version}/shell.js"
# as another account of the box would, with every header right: a plain request, and one for a socket
AS_ANOTHER_USER = """
import socket, sys
port, path, more = sys.argv[1:]
channel = socket.create_connection(("127.0.0.1", int(port)), 10)
request = f"GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nOrigin: http://127.0.0.1:{port}\\r\\n{more}\\r\\n"
channel.sendall(request.encode())
answer = b""
while b"another user" not in answer and (more := channel.recv(4096)):
    answer += more
    if len(answer) > 600 or b"101 Switching" in answer:
        break
print(answer.decode(errors="replace"))
"""
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
@pytest.mark.parametrize(
    ("path", "more"),
    [
        *((path, "") for path in ("/", "/health", SHELL, "/_stcore/health", "/_stcore/host-config")),
        ("/preview", f"{UPGRADE}Sec-WebSocket-Protocol: {PROTOCOL}, token\r\n"),
        ("/_stcore/stream", UPGRADE),
    ],
)
def test_another_account_of_the_box_is_refused(stage: Stage, path: str, more: str) -> None:
    program = ["/usr/bin/python3", "-c", AS_ANOTHER_USER, str(stage.server.port), path, more]
    another = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
    own, foreign = (
        subprocess.run([*before, *program], capture_output=True, text=True, check=True).stdout
        for before in ([], another)
    )
    assert foreign.startswith("HTTP/1.1 403")
    assert "another user's program" in foreign
    assert "another user's program" not in own


def test_a_connection_that_is_closed_belongs_to_nobody(tmp_path: Path) -> None:
    """The kernel lists a closed socket under user 0, which would let everybody in."""
    table = tmp_path / "tcp"
    line = "   {}: 0100007F:{:04X} 0100007F:2135 {} 00000000:00000000 00:00000000 00000000  {}        0 1 1 0 20\n"
    rows = [(0, 40000, "01", 1000), (1, 40001, "05", 0), (2, 40002, "06", 0), (3, 40003, "01", 54321)]
    table.write_text(
        "  sl  local_address rem_address   st\n" + "".join(line.format(*row) for row in rows), encoding="ascii"
    )
    found = [peer_uid("127.0.0.1", 40000 + number, 0x2135, table) for number in range(5)]
    assert found == [1000, None, None, 54321, None]
    assert peer_uid("127.0.0.1", 40000, 8502, table) is None, "a connection to another program"


@pytest.mark.parametrize("path", ["/", "/health", "/static/js/x.js", "/_stcore/health"])
def test_a_foreign_host_is_refused(stage: Stage, path: str) -> None:
    assert ask(stage, path, Host=f"kiosk.example:{stage.server.port}").status == 400


def test_localhost_is_a_host_of_the_kiosk(stage: Stage) -> None:
    assert ask(stage, Host=f"localhost:{stage.server.port}").status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_a_foreign_origin_is_refused(stage: Stage, origin: str) -> None:
    assert ask(stage, "/health", Origin=origin).status == 403


def test_a_change_without_an_origin_is_refused(stage: Stage) -> None:
    assert ask(stage, "/_stcore/health", method="POST").status == 403


@pytest.mark.parametrize(
    "path",
    ["/_stcore/agent/interact", "/_stcore/upload_file/a/b", "/_stcore/metrics", "/media/x", "/app", "/index.html"],
)
def test_what_the_kiosk_does_not_use_is_not_there(stage: Stage, path: str) -> None:
    assert ask(stage, path).status == 404


@pytest.mark.parametrize("path", ["/", "/health", SHELL, "/_stcore/health"])
def test_every_answer_carries_the_policy(stage: Stage, path: str) -> None:
    answer = ask(stage, path)
    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' blob:;" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_touch_is_told_by_the_kiosks_own_page_only(stage: Stage) -> None:
    assert ask(stage, "/touch", method="POST").status == 403
    assert ask(stage, "/touch", method="POST", Origin="http://evil.example").status == 403
    assert ask(stage, "/touch", method="POST", Origin=own_origin(stage)).status == 204


def test_health_tells_no_secrets(stage: Stage) -> None:
    status, health = stage.server.health()
    assert status == 200
    assert health["status"] == "ok"
    assert health["model_id"] == "stage-model-1"
    assert set(health) == {
        "status", "camera", "camera_simulated", "camera_fault", "camera_code", "engine", "engine_note", "engine_fault",
        "engine_code", "box", "model_id", "version", "commit", "boot", "page", "covered", "turn", "window", "records",
        "page_s",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/preview", "/_stcore/stream"])
@pytest.mark.parametrize("origin", ["http://evil.example", None])
def test_a_socket_of_a_foreign_page_is_refused(stage: Stage, path: str, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_socket(stage, path, origin, [PROTOCOL, Tokens().issue()])
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "subprotocols",
    [None, [PROTOCOL], [PROTOCOL, "token"], [PROTOCOL, Tokens().issue()], [Tokens().issue(), PROTOCOL]],
    ids=["nothing", "no token", "no real token", "another process's token", "wrong order"],
)
def test_the_picture_needs_a_token(stage: Stage, subprotocols: list[str] | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_socket(stage, "/preview", own_origin(stage), subprotocols)
    assert refused.value.response.status_code == 403


def test_refusals_leave_the_kiosk_well(stage: Stage) -> None:
    assert json.dumps(stage.server.health()[1]["status"]) == '"ok"'
