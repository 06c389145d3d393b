"""Messages over a stream socket: eight bytes of length, then the content, each side bounded by a deadline."""

from __future__ import annotations

import socket
import struct
from time import monotonic

_LENGTH = struct.Struct("!Q")


def send(connection: socket.socket, content: bytes | memoryview, deadline: float | None = None) -> None:
    """Send one message.

    Args:
        connection: a stream socket.
        content: C-contiguous bytes.
        deadline: by `time.monotonic`; None waits for ever.

    Raises:
        OSError: the other side is gone, or (`TimeoutError`) does not take it in time.
    """
    connection.settimeout(_left(deadline))
    connection.sendall(_LENGTH.pack(len(content)))
    connection.settimeout(_left(deadline))
    connection.sendall(content)


def receive(connection: socket.socket, deadline: float | None = None) -> bytes:
    """Wait for one message.

    Raises:
        OSError: the other side is gone, or (`TimeoutError`) does not answer in time.
    """
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, deadline))
    return _exactly(connection, length, deadline)


def _exactly(connection: socket.socket, length: int, deadline: float | None) -> bytes:
    content = bytearray(length)
    rest = memoryview(content)
    while rest:
        connection.settimeout(_left(deadline))
        count = connection.recv_into(rest)
        if not count:
            raise ConnectionResetError("the other side closed the connection")
        rest = rest[count:]
    return bytes(content)


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - monotonic()
    if left <= 0:  # 0 would mean not to wait at all, which fails otherwise than by a timeout
        raise TimeoutError("timed out")
    return left
