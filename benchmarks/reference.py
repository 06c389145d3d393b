"""What is normal for a board: two-sided bounds for the suites' ratios, because too fast is wrong too.

A ratio far below its reference is as suspicious as one above: a stage that is skipped is fast.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "reference"
_LOW, _HIGH = 0.6, 1.6
"""Bounds around what was measured: a loaded machine moves ratios by tens of per cent, a mistake by more."""


def file_for(machine: Mapping[str, Any], engine: Mapping[str, Any]) -> Path:
    """`<board>-<engine>.json`, whether it is there or not; `machine` and `engine` as documents hold them."""
    board = re.sub(r"[^a-z0-9]+", "-", f"{machine['model']}-{machine['cores']}-cores".lower()).strip("-")
    return FOLDER / f"{board}-{engine['runtime'].split(' ')[0]}-{engine['device']}.json"


def new_reference(
    ratios: Mapping[str, float], machine: Mapping[str, Any], engine: Mapping[str, Any], bundle: Mapping[str, Any]
) -> dict[str, Any]:
    """A reference document with bounds around measured ratios.

    Args:
        ratios: work over its floor, by name.
        machine: where they were measured, as a document holds it.
        engine: what ran the network, as a document holds it.
        bundle: which network it was, as a document holds it.
    """
    return {
        "status": "measured",
        "machine": dict(machine),
        "engine": dict(engine),
        "bundle": dict(bundle),
        "ratios": {
            name: {"low": _rounded(value * _LOW), "high": _rounded(value * _HIGH), "measured": _rounded(value)}
            for name, value in sorted(ratios.items())
        },
    }


def load(path: Path) -> dict[str, Any]:
    """Read a reference document.

    Raises:
        RuntimeError: unreadable, or not such a document.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        measured = document["status"] == "measured"
        sane = all(0 < each["low"] < each["high"] for each in document["ratios"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RuntimeError(f"{path} is not a reference ({error!r})") from error
    if not (measured and sane):
        raise RuntimeError(f"{path} is not a reference: its status is measured, and 0 < low < high")
    return dict(document)


def judge(ratios: Mapping[str, float], reference: Mapping[str, Any]) -> dict[str, str]:
    """By name: `ok`, `too slow`, `too fast: is something skipped?`, or `no reference`."""
    bounds = reference["ratios"]
    verdicts = {}
    for name, value in ratios.items():
        if name not in bounds:
            verdicts[name] = "no reference"
        elif value > bounds[name]["high"]:
            verdicts[name] = "too slow"
        else:
            verdicts[name] = "ok" if value >= bounds[name]["low"] else "too fast: is something skipped?"
    return verdicts


def strange(verdicts: Mapping[str, str]) -> list[str]:
    """Names of the ratios outside their bounds, on either side."""
    return [name for name, verdict in verdicts.items() if verdict.startswith("too")]


def table(ratios: Mapping[str, float], reference: Mapping[str, Any] | None) -> str:
    """One line a ratio, with its bounds where there is a reference."""
    verdicts = judge(ratios, reference or {"ratios": {}})
    lines = [f"{'over its floor':<34}{'ratio':>9}   bounds"]
    for name, value in sorted(ratios.items()):
        bounds = (reference or {"ratios": {}})["ratios"].get(name)
        limits = f"{bounds['low']:g} … {bounds['high']:g}" if bounds else "–"
        lines.append(f"{name:<34}{value:>9.3g}   {limits:<16} {verdicts[name]}")
    return "\n".join(lines)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
