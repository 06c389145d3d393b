"""Shutter to assessment, stage by stage: the real `Station` with a real, replayed or simulated camera.

Cold is a fresh process up to its first result; warm is one capture after another; sustained goes on for minutes, each
sample with the board's temperature, clock and throttle flags. Paint is measured by `benchmarks.screen`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from benchmarks import kinds
from benchmarks.board import THROTTLED_NOW, memory, memory_words
from benchmarks.captures import LONG_S, captures
from benchmarks.machine import this_machine
from benchmarks.statistics import summary_ms
from edge_models.bundle import Bundle
from edge_models.classifier import Classifier
from kiosk.camera.choose import CameraChoice, open_camera
from kiosk.camera.source import Source
from kiosk.capture.station import Station

STAGES = ("capture", "reduce", "quality", "preprocess", "invoke", "calibrate", "explain", "other")
"""In the order they run; `other` is what the total has besides: hand-over between threads, advice, bookkeeping."""
_WARM_UP = 3
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Options:
    """What is measured.

    Attributes:
        camera: as `dermakiosk run --camera`.
        engine: "auto", "cpu" or "edgetpu".
        bundle: folder of a model bundle; None for the one that ships.
        captures: warm ones.
        minutes: of the sustained part; 0 leaves it out.
        cold: fresh processes; 0 leaves them out.
    """

    camera: str = "phantom"
    engine: str = "auto"
    bundle: Path | None = None
    captures: int = 100
    minutes: float = 0.0
    cold: int = 5

    def __post_init__(self) -> None:
        if self.captures < 1 or self.minutes < 0 or self.cold < 0:
            raise ValueError("captures must be at least 1, minutes and cold at least 0")
        Source.parse(self.camera)


def measure(options: Options) -> dict[str, Any]:
    """Measure on this machine.

    Returns:
        A JSON document: `machine`, `engine`, `bundle`, `options`, raw samples in `cold`, `warm` and `sustained`, and
        `summary` of them.

    Raises:
        RuntimeError: a camera, an engine or a child process failed; the message says what to do.
        EdgeModelError, ConfigError: as `Classifier.open` and `open_camera`.
    """
    source = Source.parse(options.camera)
    with open_camera(source):  # what is not there is known at once
        pass
    cold = cold_starts(options)
    classifier = Classifier.open(options.bundle, options.engine)
    with Station(CameraChoice(source).open, classifier) as station:
        for _ in captures(station, lambda count, _: count < _WARM_UP):
            pass
        warm = list(captures(station, lambda count, _: count < options.captures))
        sustained = list(captures(station, lambda _, elapsed_s: elapsed_s < options.minutes * 60))
        camera = station.status().camera
        engine = classifier.interpreter.describe()
    document = {
        "kind": kinds.LATENCY,
        "machine": this_machine().to_json(),
        "engine": asdict(engine),
        "bundle": bundle_facts(classifier.bundle),
        "camera": camera,
        "options": {**asdict(options), "bundle": str(options.bundle or "")},
        "cold": cold,
        "warm": warm,
        "sustained": sustained,
    }
    return {**document, "summary": summarise(document)}


def bundle_facts(bundle: Bundle) -> dict[str, Any]:
    """What a document says of a bundle: its id, how many members and views, and every member's side in pixels."""
    manifest = bundle.manifest
    return {
        "model_id": manifest.model_id,
        "members": len(manifest.members),
        "views": len(manifest.views),
        "input_sizes_px": list(manifest.input_sizes_px),
    }


def cold_starts(options: Options) -> list[dict[str, float]]:
    """Fresh processes up to their first result: seconds by step, in order, and `total`.

    Raises:
        RuntimeError: one failed; the message holds what it printed.
    """
    command = [sys.executable, "-m", "benchmarks.first_result", options.camera, options.engine]
    if options.bundle:
        command.append(str(options.bundle.absolute()))
    return [_cold_start(command) for _ in range(options.cold)]


def _cold_start(command: Sequence[str]) -> dict[str, float]:
    started = monotonic()
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=2 * LONG_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"a fresh process had no result after {2 * LONG_S:.0f} s") from error
    if done.returncode:
        raise RuntimeError(f"a fresh process failed: {done.stderr.strip()}")
    marks = json.loads(done.stdout.splitlines()[-1])
    steps = {step: end - before for (_, before), (step, end) in pairwise([("", started), *marks.items()])}
    return {**steps, "total": sum(steps.values())}


def stage_samples(samples: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Milliseconds by stage in the order of `STAGES`, then `total`, each in the order measured.

    A capture that the gate sent back was never classified; such quick refusals are left out.
    """
    timings = [sample["timings_ms"] for sample in samples if "invoke" in sample["timings_ms"]]
    measured = [stage for stage in STAGES if any(stage in each for each in timings)]
    found: dict[str, list[float]] = {stage: [float(each.get(stage, 0.0)) for each in timings] for stage in measured}
    # quality and preprocess begin together: what both took is preprocess', so that the stages sum to the total
    overlaps = [float(each.get("overlap", 0.0)) for each in timings]
    if "quality" in found:
        found["quality"] = [took - overlap for took, overlap in zip(found["quality"], overlaps, strict=True)]
    total = [float(each["total"]) for each in timings]
    known = zip(*found.values(), strict=True)
    found["other"] = [max(0.0, whole - sum(parts)) for whole, parts in zip(total, known, strict=True)]
    return found | {"total": total}


def summarise(document: Mapping[str, Any]) -> dict[str, Any]:
    """p50, p95, p99, max, mean and share of every stage, warm and sustained; cold; memory; the board.

    Raises:
        RuntimeError: no capture was classified.
    """
    parts = {}
    for name in ("warm", "sustained"):
        if document[name]:
            stages = stage_samples(document[name])
            if not stages["total"]:
                raise RuntimeError("the gate sent every picture back: nothing was classified, nothing measured")
            whole = sum(stages["total"])
            parts[name] = {stage: {**summary_ms(ms), "share": sum(ms) / whole} for stage, ms in stages.items()}
    cold_ms = [run["total"] * 1e3 for run in document["cold"]]
    everything = [*document["warm"], *document["sustained"]]
    inferences = [ms for sample in document["warm"] for member in sample["inferences_ms"] for ms in member]
    return {
        **parts,
        "cold": summary_ms(cold_ms) if cold_ms else None,
        "refused": sum("invoke" not in sample["timings_ms"] for sample in everything),
        "one_inference": summary_ms(inferences) if inferences else None,
        "memory": memory([sample["resident_mib"] for sample in everything]),
        "board": _board(everything),
        "by_minute": by_minute(document["sustained"]),
    }


def by_minute(samples: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each minute of a run: captures, p50, p95 and max of their totals (ms), and what the board did meanwhile.

    `hottest_c` and `slowest_mhz` are None where the board does not say; `throttled` counts captures.
    """
    minutes: dict[int, list[Mapping[str, Any]]] = {}
    for sample in samples:
        if "invoke" in sample["timings_ms"]:
            minutes.setdefault(int(sample["at_s"] // 60), []).append(sample)
    found = []
    for minute, some in minutes.items():
        total = summary_ms([sample["timings_ms"]["total"] for sample in some])
        figures = {name: total[name] for name in ("p50", "p95", "max")}
        found.append({"minute": minute, "captures": len(some), **figures, **_board(some)})
    return found


def _board(samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "hottest_c": max((each["temperature_c"] for each in samples if each["temperature_c"]), default=None),
        "slowest_mhz": min((each["clock_mhz"] for each in samples if each["clock_mhz"]), default=None),
        "throttled": sum(bool((each["throttle_flags"] or 0) & THROTTLED_NOW) for each in samples),
    }


def table(document: Mapping[str, Any]) -> str:
    """The measurement in words."""
    machine, engine, bundle, summary = (document[key] for key in ("machine", "engine", "bundle", "summary"))
    lines = [
        f"{machine['model']}, {machine['cores']} cores; {engine['runtime']} on {engine['device']}, "
        f"{engine['threads']} threads; {bundle['model_id']}: {bundle['members']} members x {bundle['views']} views; "
        f"{document['camera']}",
    ]
    for name in ("warm", "sustained"):
        if name in summary:
            lines += ["", *_rows(name, summary[name], len(document[name]))]
    if len(summary["by_minute"]) > 1:
        lines += ["", *minute_rows(summary["by_minute"])]
    lines.append("")
    if summary["cold"]:
        steps = ", ".join(
            f"{step} {np.median([run[step] for run in document['cold']]):.2f}"
            for step in document["cold"][0]
            if step != "total"
        )
        lines.append(
            f"cold start to first result  p50 {summary['cold']['p50'] / 1e3:.2f} s, max "
            f"{summary['cold']['max'] / 1e3:.2f} s ({len(document['cold'])} processes; median {steps})"
        )
    board = summary["board"]
    if summary["one_inference"]:
        one = summary["one_inference"]
        lines.append(
            f"one inference, warm         p50 {one['p50']:.2f}, p95 {one['p95']:.2f}, max {one['max']:.2f} ms; "
            f"{engine['threads']} at once"
        )
    lines.append(f"resident memory             {memory_words(summary['memory'])}; station and model, no web server")
    if board["hottest_c"] is not None or board["slowest_mhz"] is not None:
        said = [f"at most {board['hottest_c']:.0f} °C"] if board["hottest_c"] is not None else []
        said += [f"clock down to {board['slowest_mhz']:.0f} MHz"] if board["slowest_mhz"] is not None else []
        lines.append(f"board                       {', '.join(said)}, {board['throttled']} captures throttled")
    if summary["refused"]:
        lines.append(f"refused by the gate         {summary['refused']} captures, left out above")
    return "\n".join(lines)


def _rows(name: str, stages: Mapping[str, Mapping[str, float]], count: int) -> list[str]:
    rows = [f"{f'{name}, {count} captures':<28}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}  ms   share"]
    for stage, figures in stages.items():
        columns = "".join(f"{figures[key]:9.2f}" for key in ("p50", "p95", "p99", "max"))
        rows.append(f"  {stage:<26}{columns}{figures['share']:>11.1%}")
    return rows


def minute_rows(minutes: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines of a table with one row a minute."""
    rows = [
        f"{'minute':<8}{'captures':>9}{'p50':>9}{'p95':>9}{'max':>9}  ms {'hottest':>9}{'clock down to':>16}  throttled"
    ]
    for each in minutes:
        heat = "not told" if each["hottest_c"] is None else f"{each['hottest_c']:.0f} °C"
        clock = "not told" if each["slowest_mhz"] is None else f"{each['slowest_mhz']:.0f} MHz"
        figures = "".join(f"{each[key]:9.2f}" for key in ("p50", "p95", "max"))
        rows.append(
            f"{each['minute'] + 1:<8}{each['captures']:>9}{figures}     {heat:>9}{clock:>16}{each['throttled']:>11}"
        )
    return rows
