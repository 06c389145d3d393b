"""The report's charts: each takes plain numbers and gives an inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks import svg

WIDTH = 880.0
_LEFT, _RIGHT = 80.0, 24.0


def waterfall(stages: Mapping[str, Mapping[str, float]]) -> str:
    """Where the mean capture spends its time: stages one after another, each from where the last one ended.

    Args:
        stages: by name, in order: `mean`, `p95` (ms) and `share` of the total.
    """
    left, right, row, top = 110.0, 230.0, 32.0, 10.0
    whole = sum(figures["mean"] for figures in stages.values())
    x = svg.scale(0.0, whole, left, WIDTH - right)
    bottom = top + row * len(stages)
    parts = svg.x_axis(x, svg.ticks(0.0, whole), top, bottom, "ms")
    start = 0.0
    for number, (stage, figures) in enumerate(stages.items()):
        y = top + row * number
        end = start + figures["mean"]
        parts.append(svg.text(left - 12, y + 20, stage, "name", "end"))
        parts.append(svg.bar(x(start), y + 6, x(end) - x(start), row - 12, "data"))
        if number + 1 < len(stages):
            parts.append(svg.line(x(end), y + row - 6, x(end), y + row + 6, "link"))
        facts = f"{figures['mean']:.1f} ms"
        parts.append(svg.text(WIDTH - right + 82, y + 20, facts, "value", "end"))
        parts.append(svg.text(WIDTH - right + 140, y + 20, f"{figures['share']:.0%}", "value", "end"))
        parts.append(svg.text(WIDTH, y + 20, f"p95 {figures['p95']:.1f}", "tick", "end"))
        start = end
    return svg.drawing(WIDTH, bottom + 28, "mean time of each stage, one after another", parts)


def histogram(samples_ms: Sequence[float], marks: Mapping[str, float]) -> str:
    """How often a capture took how long, with vertical marks such as p50 and p95."""
    values = np.asarray(samples_ms, np.float64)
    counts, edges = np.histogram(values, bins=min(40, max(10, len(values) // 4)))
    top, bottom = 44.0, 220.0
    x = svg.scale(float(edges[0]), float(edges[-1]), _LEFT, WIDTH - _RIGHT)
    y = svg.scale(0.0, float(counts.max()), bottom, top)
    whole = [tick for tick in svg.ticks(0.0, float(counts.max()), 4) if tick == int(tick)]
    parts = svg.y_axis(y, whole, _LEFT, WIDTH - _RIGHT, "")
    parts += svg.x_axis(x, svg.ticks(float(edges[0]), float(edges[-1])), bottom, bottom, "ms")
    for count, (low, high) in zip(counts, pairwise(edges), strict=True):
        if count:
            parts.append(svg.bar(x(low) + 1, y(count), x(high) - x(low) - 2, bottom - y(count), "data"))
    for number, (name, value) in enumerate(marks.items()):
        level = 14.0 + 14.0 * (number % 2)
        parts.append(svg.line(x(value), level + 5, x(value), bottom, "mark"))
        anchor = "end" if x(value) > WIDTH * 0.8 else "start"
        parts.append(
            svg.text(x(value) + (-5 if anchor == "end" else 5), level + 8, f"{name} {value:.0f} ms", "value", anchor)
        )
    return svg.drawing(WIDTH, bottom + 28, "histogram of the time from shutter to assessment", parts)


def over_time(
    minutes: Sequence[float],
    latency_ms: Sequence[float],
    throttled: Sequence[bool],
    temperature_c: Sequence[float | None],
    clock_mhz: Sequence[float | None],
) -> str:
    """Latency of every capture, and beneath it temperature and clock where the board gives them, on one time axis."""
    x = svg.scale(0.0, max(minutes), _LEFT, WIDTH - _RIGHT)
    y = svg.scale(0.0, max(latency_ms) * 1.05, 200.0, 16.0)
    parts = svg.y_axis(y, svg.ticks(0.0, max(latency_ms) * 1.05, 5), _LEFT, WIDTH - _RIGHT, "ms")
    for at, value, slow in zip(minutes, latency_ms, throttled, strict=True):
        parts.append(
            svg.dot(x(at), y(value), "throttled" if slow else "sample", title=f"{value:.1f} ms at {at:.2f} min")
        )
    bottom = 200.0
    for values, unit in ((temperature_c, "°C"), (clock_mhz, "MHz")):
        known = [(at, value) for at, value in zip(minutes, values, strict=True) if value is not None]
        if known:
            parts += _panel(x, known, bottom + 22, bottom + 92, unit)
            bottom += 92
    parts += svg.x_axis(x, svg.ticks(0.0, max(minutes)), 16.0, bottom, "min")
    return svg.drawing(WIDTH, bottom + 28, "time of every capture, over the minutes of the run", parts)


def _panel(x: svg.Scale, known: Sequence[tuple[float, float]], top: float, bottom: float, unit: str) -> list[str]:
    lowest, highest = min(value for _, value in known), max(value for _, value in known)
    margin = max(1.0, (highest - lowest) * 0.1)
    y = svg.scale(lowest - margin, highest + margin, bottom, top)
    shown = svg.ticks(lowest - margin, highest + margin, 3)
    return [
        *svg.y_axis(y, shown, _LEFT, WIDTH - _RIGHT, unit),
        svg.path([(x(at), y(value)) for at, value in known], "curve"),
    ]


@dataclass(frozen=True)
class Point:
    """One point of `accuracy`.

    Attributes:
        name: short, written beside the point where nothing quicker is as good.
        details: shown when it is pointed at.
        value: balanced accuracy, 0 … 1.
    """

    name: str
    details: str
    ms: float
    value: float


def accuracy(points: Sequence[Point]) -> str:
    """Balanced accuracy against time; what nothing quicker beats is joined by a line and named."""
    points = sorted(points, key=lambda point: (point.ms, -point.value))
    low, high = min(point.value for point in points), max(point.value for point in points)
    margin = max(0.01, (high - low) * 0.15)
    last_ms = max(point.ms for point in points) * 1.15
    x = svg.scale(0.0, last_ms, _LEFT, WIDTH - _RIGHT)
    y = svg.scale(low - margin, high + margin, 250.0, 16.0)
    parts = svg.y_axis(y, svg.ticks(low - margin, high + margin, 5), _LEFT, WIDTH - _RIGHT, "")
    parts += svg.x_axis(x, svg.ticks(0.0, last_ms), 16.0, 250.0, "ms")
    best: list[Point] = []
    for point in points:
        if not best or point.value > best[-1].value:
            best.append(point)
    parts.append(svg.path([(x(point.ms), y(point.value)) for point in best], "front"))
    for point in points:
        kind = "sample" if point in best else "lesser"
        parts.append(svg.dot(x(point.ms), y(point.value), kind, 4.5, point.details))
        if point in best:
            parts.append(svg.text(x(point.ms) + 8, y(point.value) + 14, point.name, "tick"))
    return svg.drawing(WIDTH, 278.0, "balanced accuracy against time from shutter to assessment", parts)
