"""The files that the commands write, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import device, latency

ACCURACY = "accuracy"
"""Kind of a table of accuracy by cost: `rows` of `name`, `inferences` and `balanced_accuracy`."""
KINDS = (latency.KIND, device.KIND, ACCURACY)


def read(path: Path) -> dict[str, Any]:
    """One document of a kind in `KINDS`.

    Raises:
        RuntimeError: unreadable, or of another kind.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuntimeError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("kind") not in KINDS:
        raise RuntimeError(f"{path} is not from `python -m benchmarks latency` or `device`, nor an accuracy table")
    return document


def latency_of(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The latency part of a latency or device document.

    Raises:
        RuntimeError: it has none.
    """
    found = document["latency"] if document["kind"] == device.KIND else document
    if found["kind"] != latency.KIND:
        raise RuntimeError(f"{path} holds no latencies")
    return dict(found)
