"""What the stages would take on Raspberry Pi boards: a projection from counted instructions, never a measurement.

One network has a published time on some boards (XNNPACK's own benchmark of MobileNetV2 1.0, 224 x 224, int8). Divided
by the instructions that this very network takes there, counted under emulation, it gives the instructions a core gets
through in a cycle, and that is applied to the counted instructions of the bundle's inferences, whatever their sides,
members and views, and of the other stages; a stage cannot be faster than memory can stream what it moves. Each figure
is a range: `low` and `high` are what the assumptions written into every file allow, `likely` lies between.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parent / "reference"
COUNTS = REFERENCE / "instructions.json"
_FRAME_MB = 4056 * 3040 * 3 / 1e6
_STREAMED = {"frame_copy": 2.0, "reduce": 1.0, "quality": 0.1, "preprocess": 1.0, "calibrate": 0.0}
"""How often a stage moves as many bytes as a 12-megapixel frame has through memory, in the order that they run: reduce
reads the square in its middle and writes less than a quarter of that, quality reads a small copy, preprocess writes and
reads its square in float64."""
_PACE = (0.5, 2.0)
"""How far instructions per cycle of other code may lie from those of an inference."""


@dataclass(frozen=True)
class Range:
    """Milliseconds."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True)
class Anchor:
    """A published time of one int8 MobileNetV2 1.0 224 inference on all cores.

    Attributes:
        processor: the core, as the emulator calls it.
    """

    board: str
    processor: str
    cores: int
    ghz: float
    invoke_ms: float
    source: str


@dataclass(frozen=True)
class Board:
    """A board to project to.

    Attributes:
        gain: instructions per cycle over those of the anchor's core: least, likely and most.
        copy_mb_s: memory's copying rate: least, likely and most.
    """

    name: str
    processor: str
    cores: int
    ghz: float
    anchor: Anchor
    gain: tuple[float, float, float]
    copy_mb_s: tuple[float, float, float]
    assumptions: tuple[str, ...]


_XNNPACK = "XNNPACK README, end2end_bench of 8 February 2022, INT8 MobileNet v2 1.0X, all cores, 224 x 224"
_PI_4 = Anchor("Raspberry Pi 4 (BCM2711, arm64)", "cortex-a72", 4, 1.5, 17.0, _XNNPACK)
_PI_3 = Anchor("Raspberry Pi 3+ (BCM2837B0, 32-bit)", "cortex-a53", 4, 1.4, 30.0, _XNNPACK)
PUBLISHED = (_PI_4, _PI_3)

BOARDS = {
    "pi4": Board(
        "Raspberry Pi 4 Model B",
        "cortex-a72",
        4,
        1.5,
        _PI_4,
        (0.7, 1.0, 1.2),
        (2000.0, 2777.0, 4000.0),
        (
            "clock 1.5 GHz, as when the figure was published; later firmware runs the board at 1.8 (in the low figure)",
            "memory copies 2,777 MB/s (tinymembench, github.com/geerlingguy/sbc-reviews issue 110)",
        ),
    ),
    "pi5": Board(
        "Raspberry Pi 5",
        "cortex-a76",
        4,
        2.4,
        _PI_4,
        (1.0, 1.4, 2.0),
        (4000.0, 4870.0, 6300.0),
        (
            "no published figure of this network: the Pi 4's, by clock and counted instructions (this core has int8 "
            "dot products); a Cortex-A76 gets through 1.4 times (1 to 2 times) a Cortex-A72's instructions a cycle",
            "memory copies 4,870 MB/s (tinymembench, github.com/geerlingguy/sbc-reviews issue 21)",
        ),
    ),
    "pi-zero-2-w": Board(
        "Raspberry Pi Zero 2 W",
        "cortex-a53",
        4,
        1.0,
        _PI_3,
        (0.7, 1.0, 1.2),
        (600.0, 1000.0, 1500.0),
        (
            "the Pi 3+'s figure by clock (the same core), though it is of a 32-bit build",
            "memory copies 1,000 MB/s: assumed, no published figure found (LPDDR2)",
            "512 MB of memory are enough for the kiosk, its browser not counted",
        ),
    ),
}
COMMON_ASSUMPTIONS = (
    "the bundle's inferences get through as many instructions per cycle as the published network, counted the same way",
    "views and members run one on each core, as the kiosk does it, and together as fast as the published inference "
    "that used all cores; where they do not fill the last round of cores, that round takes its full time",
    "the other stages are projected as if each took one core and they followed one another; the kiosk spreads reduce "
    "and preprocess over the cores and judges quality meanwhile, so that they take less",
    f"other stages get through {_PACE[0]:g} to {_PACE[1]:g} times an inference's instructions per cycle",
    "the camera: one to two and a half frame periods at 10 frames/s (HQ camera, 12 megapixels, no mode switch, no "
    "autofocus): assumed, not counted",
    "nothing else runs and the processor is not throttled",
)


def project(counts: Mapping[str, Any], board: Board) -> dict[str, Any]:
    """Stage times of one board.

    Args:
        counts: what `benchmarks.arm64.counts` wrote, of any bundle.
        board: what is known of it and of the board whose times are published.

    Returns:
        A JSON document, marked as projected, with its method, assumptions, anchors and a range for each stage.
    """
    inferences = int(counts["inferences"])
    instructions: Mapping[str, Mapping[str, int]] = counts["instructions"]
    here, there = instructions[board.processor], instructions[board.anchor.processor]
    anchor = board.anchor
    # of one core, all of them being equally busy: less than a core alone would reach
    per_cycle = there["anchor"] / (anchor.invoke_ms * 1e6 * anchor.cores * anchor.ghz)
    one = [here["invoke"] / inferences / (per_cycle * gain * board.ghz * 1e6) for gain in reversed(board.gain)]
    rounds = math.ceil(inferences / board.cores)
    stages = {"camera": Range(100.0, 150.0, 250.0)}
    for stage, share in _STREAMED.items():
        stages[stage] = _stage(here[stage], share, per_cycle, board)
    stages["invoke"] = Range(*(rounds * each for each in one))
    total = Range(*(sum(getattr(each, bound) for each in stages.values()) for bound in ("low", "likely", "high")))
    return {
        "kind": "projected",
        "note": "a projection from counted instructions and published figures; not a measurement",
        "board": board.name,
        "engine": "cpu",
        "bundle": counts["bundle"],
        **{name: counts[name] for name in ("members", "views", "input_sizes_px")},
        "inferences": inferences,
        "commit": counts["commit"],
        "method": (__doc__ or "").strip(),
        "assumptions": [*COMMON_ASSUMPTIONS, *board.assumptions],
        "published": [asdict(each) for each in PUBLISHED],
        "instructions": dict(here),
        "instructions_per_cycle": per_cycle * board.gain[1],
        "stages_ms": {name: asdict(each) for name, each in stages.items()},
        "one_inference_on_one_core_ms": asdict(Range(*one)),
        "shutter_to_assessment_ms": asdict(total),
    }


def _stage(instructions: int, share: float, per_cycle: float, board: Board) -> Range:
    """A stage on one core: computing, and streaming `share` of a frame; at best one hides behind the other."""
    computing = [
        instructions / (per_cycle * gain * pace * board.ghz * 1e6)
        for gain, pace in zip(reversed(board.gain), (_PACE[1], 1.0, _PACE[0]), strict=True)
    ]
    # a copy moves every byte twice, to the core and back
    streaming = [share * _FRAME_MB / (2 * rate) * 1e3 for rate in reversed(board.copy_mb_s)]
    return Range(max(computing[0], streaming[0]), max(computing[1], streaming[1]), computing[2] + streaming[2])


def write_all(counts: Mapping[str, Any], folder: Path) -> dict[str, dict[str, Any]]:
    """Project to every board and write `<board>-cpu.projected.json` each; returns the documents by board."""
    documents = {key: project(counts, board) for key, board in BOARDS.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for key, document in documents.items():
        text = json.dumps(document, indent=2) + "\n"
        (folder / f"{key}-cpu.projected.json").write_text(text, encoding="utf-8")
    return documents


def table(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """One line a board and stage, next to the published figures."""
    first = next(iter(documents.values()))
    stages = list(first["stages_ms"])
    sides = " and ".join(f"{side} x {side}" for side in dict.fromkeys(first["input_sizes_px"]))
    lines = [
        f"PROJECTED, not measured: {first['bundle']}, {first['members']} x {first['views']} inferences of "
        f"{sides} pixels, 12-megapixel frame; ms: likely (low–high)",
        f"{'board':<24}" + "".join(f"{stage:>24}" for stage in (*stages, "shutter to assessment")),
    ]
    for document in documents.values():
        ranges = [*document["stages_ms"].values(), document["shutter_to_assessment_ms"]]
        cells = (f"{each['likely']:.3g} ({each['low']:.3g}–{each['high']:.3g})" for each in ranges)
        lines.append(f"{document['board']:<24}" + "".join(f"{cell:>24}" for cell in cells))
    lines += [f"published: {each.invoke_ms:g} ms an inference on a {each.board}: {each.source}" for each in PUBLISHED]
    return "\n".join(lines)
