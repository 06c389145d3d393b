"""A picture and its words as one message: uint32 big-endian length, as many bytes of JSON, then a JPEG or nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping


def pack(words: Mapping[str, object], jpeg: bytes) -> bytes:
    """The message; `widgets/shared.js` takes it apart."""
    header = json.dumps(words, ensure_ascii=False).encode()
    return len(header).to_bytes(4, "big") + header + jpeg
