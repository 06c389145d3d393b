"""One picture of a Motion JPEG stream as a file: without what the buffer that it came in holds behind its end."""

from __future__ import annotations

_MARKER = 0xFF
_START_OF_SCAN = 0xDA
_END = b"\xff\xd9"
_HEAD_BYTES = 2


def one_picture(buffer: bytes) -> bytes:
    """The JPEG at the start of a buffer; the buffer as it is where its end is not found.

    A camera's buffer may be longer than its picture, and hold a rest of an earlier one. In entropy-coded data no 0xFF
    comes before another byte than 0 or a restart marker (ITU-T T.81, B.1.1.5): the first end marker there is the end.
    """
    place = _HEAD_BYTES  # behind the start of the image
    while place + 4 <= len(buffer) and buffer[place] == _MARKER:
        kind, length = buffer[place + 1], int.from_bytes(buffer[place + 2 : place + 4])
        place += 2 + length
        if kind == _START_OF_SCAN:
            end = buffer.find(_END, place)
            return buffer if end < 0 else buffer[: end + len(_END)]
    return buffer
