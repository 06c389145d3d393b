"""The goals of speed for a machine of two x86 cores, and what the documents say of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import kinds, peers
from benchmarks.documents import parts
from benchmarks.projection import REFERENCE

_MB = 2**20 / 1e6
_ASSESSMENTS = 1000
_PI_4 = REFERENCE / "pi4-cpu.projected.json"


@dataclass(frozen=True)
class Target:
    """One goal.

    Attributes:
        found: what was measured, in words; empty where no document tells.
        met: None where no document tells.
        command: what measures it.
    """

    figure: str
    goal: str
    found: str
    met: bool | None
    command: str


def targets(documents: Sequence[Mapping[str, Any]]) -> list[Target]:
    """Every goal against the first document that tells of it.

    Args:
        documents: as `benchmarks.documents.read` gives them.
    """
    ratios: Mapping[str, float] = next(
        (each["ratios"] for each in documents if each["kind"] == kinds.DEVICE and each["ratios"]), {}
    )
    screens = parts(documents, kinds.SCREEN)
    return [
        _assess(ratios),
        _older_runtime(parts(documents, kinds.PEERS)),
        *_screen(screens),
        _cold(parts(documents, kinds.LATENCY)),
        _memory(screens),
        _projected(),
    ]


def _assess(ratios: Mapping[str, float]) -> Target:
    ratio = ratios.get("assess[12]")
    found = "" if ratio is None else f"{ratio:.2f} ×"
    return Target(
        "assessment of 12 megapixels over the bare invokes in it",
        "≤ 1.3 ×",
        found,
        None if ratio is None else ratio <= 1.3,
        "device",
    )


def _older_runtime(documents: Sequence[Mapping[str, Any]]) -> Target:
    ratio = next((peers.older_over_litert(each) for each in documents if peers.older_over_litert(each)), None)
    found = "" if ratio is None else f"{ratio:.1f} ×"
    return Target(
        "one int8 image, tflite-runtime 2.14 over LiteRT",
        "≥ 10 ×",
        found,
        None if ratio is None else ratio >= 10,
        "peers",
    )


def _screen(documents: Sequence[Mapping[str, Any]]) -> list[Target]:
    painted, live = "tap to painted, warm p95, phantom camera", "live picture and the server's share of a core"
    goals = "≤ 600 ms", "≥ 25 frames/s, ≤ 10 %"
    if not documents:
        return [Target(name, goal, "", None, "screen") for name, goal in zip((painted, live), goals, strict=True)]
    p95_ms, preview = documents[0]["tap_to_painted_ms"]["p95"], documents[0]["preview"]
    quick = preview["frames_per_s"] >= 25
    return [
        Target(painted, goals[0], f"{p95_ms:.0f} ms", p95_ms <= 600, "screen"),
        Target(
            live,
            goals[1],
            f"{preview['frames_per_s']:.1f} frames/s, {preview['server_core_share']:.1%}",
            quick and preview["server_core_share"] <= 0.1,
            "screen",
        ),
    ]


def _cold(documents: Sequence[Mapping[str, Any]]) -> Target:
    starts = next((each["cold"] for each in documents if each["cold"]), None)
    slowest = max(run["total"] for run in starts) if starts else None
    found = "" if slowest is None else f"{slowest:.2f} s, the slowest of {len(starts or [])}"
    return Target("process start to first result", "≤ 3 s", found, None if slowest is None else slowest <= 3, "latency")


def _memory(documents: Sequence[Mapping[str, Any]]) -> Target:
    kept = max((each["server_memory"] for each in documents), key=lambda each: each["captures"], default=None)
    enough = kept is not None and kept["captures"] >= _ASSESSMENTS
    found, met = "", None
    if kept is not None:
        resident_mb, growth = kept["resident_mib"] * _MB, kept["growth_last_half"]
        found = f"{resident_mb:.0f} MB, {growth:+.1%} over the last {kept['captures'] // 2} of {kept['captures']}"
        met = resident_mb <= 350 and growth <= 0.02 if enough else None
    return Target(
        f"resident memory of server and models after {_ASSESSMENTS} assessments",
        "≤ 350 MB, ≤ 2 % growth",
        found,
        met,
        f"screen --taps {_ASSESSMENTS}",
    )


def _projected() -> Target:
    document = json.loads(_PI_4.read_text(encoding="utf-8"))
    total = document["shutter_to_assessment_ms"]
    found = f"{total['likely']:.0f} ms ({total['low']:.0f}–{total['high']:.0f}), projected, {document['bundle']}"
    # a projection has no p95: the upper end of its range stands for it
    return Target("Pi 4, shutter to assessment", "≤ 1.5 s", found, total["high"] <= 1500, "project")


def table(found: Sequence[Target]) -> str:
    """One line a goal."""
    said = {True: "met", False: "NOT met", None: "not told"}
    return "\n".join(
        f"{each.figure:<64} {each.goal:<24} {each.found or '–':<44} {said[each.met]:<9} ({each.command})"
        for each in found
    )
