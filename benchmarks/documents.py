"""The files that the commands write, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import accuracy, kinds


def check_writable(path: Path | None) -> None:
    """Check that a file can be written, before half an hour is spent on what belongs in it; None passes.

    Raises:
        OSError: it cannot.
    """
    if path is None:
        return
    new = not path.exists()
    with path.open("ab"):
        pass
    if new:
        path.unlink()


def read(path: Path) -> dict[str, Any]:
    """One document of a kind in `kinds.MEASURED`, or of kind `kinds.ACCURACY` with `choices`.

    Raises:
        RuntimeError: unreadable, or of another kind.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document, list):
            return {"kind": kinds.ACCURACY, "choices": accuracy.choices(document)}
    except (OSError, ValueError) as error:
        raise RuntimeError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("kind") not in kinds.MEASURED:
        raise RuntimeError(
            f"{path} is not from `python -m benchmarks {'`, `'.join(kinds.MEASURED)}`, nor an accuracy table"
        )
    return document


def latency_of(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The latency part of a latency or device document.

    Raises:
        RuntimeError: it has none.
    """
    found = document["latency"] if document["kind"] == kinds.DEVICE else document
    if found["kind"] != kinds.LATENCY:
        raise RuntimeError(f"{path} holds no latencies")
    return dict(found)


def parts(documents: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    """All documents of a kind (`latency`, `screen` or `peers`), those within device documents too, in order."""
    found = [document.get(kind) if document["kind"] == kinds.DEVICE else document for document in documents]
    return [each for each in found if each and each["kind"] == kind]
