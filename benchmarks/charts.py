"""The report's charts: each takes plain numbers and gives an SVG document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from reporting.figure import COLOURS, INK, MUTED, new_figure, to_svg

_DATA, _MARK = COLOURS[:2]
_BAD = "#b3261e"


def waterfall(stages: Mapping[str, Mapping[str, float]]) -> str:
    """Where the mean capture spends its time: stages one after another, each from where the last one ended.

    Args:
        stages: by name, in order: `mean` (ms) and `share` of the total.
    """
    means = [figures["mean"] for figures in stages.values()]
    ends = np.cumsum(means)
    with new_figure(0.9 + 0.28 * len(stages)) as figure:
        axes = figure.subplots()
        for place, (mean, end) in enumerate(zip(means, ends, strict=True)):
            axes.barh(place, mean, left=end - mean, height=0.66, color=_DATA, gid=f"stage_{place}")
            if place:
                axes.plot((end - mean,) * 2, (place - 1, place), color=MUTED, linewidth=0.8)
        axes.set(xlabel="ms", xlim=(0, max(ends[-1], 1e-3)))
        axes.set_yticks(range(len(stages)), stages)
        rows(axes)
        for place, figures in enumerate(stages.values()):
            end, beyond = (1, place), ("axes fraction", "data")
            for words, right in ((f"{figures['mean']:.1f} ms", 62), (f"{figures['share']:.0%}", 96)):
                axes.annotate(words, end, (right, 0), beyond, "offset points", ha="right", va="center")
        return to_svg(figure, "mean time of each stage, one after another")


def histogram(samples_ms: Sequence[float], marks: Mapping[str, float]) -> str:
    """How often a capture took how long, with vertical marks such as p50 and p95.

    Args:
        samples_ms: a time for each capture.
        marks: ms by name.
    """
    with new_figure(2.8) as figure:
        axes = figure.subplots()
        axes.hist(samples_ms, bins=min(40, max(10, len(samples_ms) // 4)), color=_DATA, rwidth=0.9)
        for (name, value), style in zip(marks.items(), ("-", "--", ":"), strict=False):
            axes.axvline(value, color=_MARK, linestyle=style, label=f"{name} {value:.0f} ms")
        axes.set(xlabel="ms", ylabel="captures")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside upper center", ncols=len(marks))
        return to_svg(figure, "histogram of the time from shutter to assessment")


def over_time(
    minutes: Sequence[float],
    latency_ms: Sequence[float],
    throttled: Sequence[bool],
    temperature_c: Sequence[float | None],
    clock_mhz: Sequence[float | None],
) -> str:
    """Latency of every capture, and beneath it temperature and clock where the board gives them, on one time axis.

    Args:
        minutes: since the start; the others have an entry for each of them.
        latency_ms: from shutter to assessment.
        throttled: whether the board throttled then.
        temperature_c: None where it is unknown.
        clock_mhz: None where it is unknown.
    """
    at, latency, slow = np.asarray(minutes), np.asarray(latency_ms), np.asarray(throttled, bool)
    curves = {
        name: np.asarray(values, np.float64)  # None becomes not-a-number, which is not drawn
        for name, values in (("temperature, °C", temperature_c), ("clock, MHz", clock_mhz))
        if any(value is not None for value in values)
    }
    with new_figure(2.6 + 1.1 * len(curves)) as figure:
        panels = figure.subplots(1 + len(curves), sharex=True, squeeze=False, height_ratios=[2.2, *[1] * len(curves)])
        first, *others = panels[:, 0]
        first.scatter(at[~slow], latency[~slow], s=6, color=_DATA, linewidths=0, gid="sample", label="capture")
        if slow.any():
            label = "capture while the board throttled"
            first.scatter(at[slow], latency[slow], s=12, marker="x", color=_BAD, gid="throttled", label=label)
            figure.legend(loc="outside upper center", ncols=2)
        first.set(ylabel="ms", ylim=(0, None))
        for axes, (name, values) in zip(others, curves.items(), strict=True):
            axes.plot(at, values, color=_MARK, gid=f"curve_{name.partition(',')[0]}")
            axes.set_ylabel(name.replace(", ", ",\n"))
        panels[-1, 0].set_xlabel("minutes")
        return to_svg(figure, "time of every capture, over the minutes of the run")


@dataclass(frozen=True)
class Point:
    """One choice of networks, crops and orientations in `accuracy`.

    Attributes:
        networks: how many.
        ms: from shutter to assessment.
        value: balanced accuracy, 0 … 1.
        ships: whether it is what the kiosk runs.
    """

    networks: int
    ms: float
    value: float
    ships: bool = False


def front(points: Sequence[Point]) -> list[int]:
    """Places of the points that nothing quicker reaches, the quickest first."""
    best: list[int] = []
    for place in sorted(range(len(points)), key=lambda place: (points[place].ms, -points[place].value)):
        if not best or points[place].value > points[best[-1]].value:
            best.append(place)
    return best


def accuracy(points: Sequence[Point]) -> str:
    """Balanced accuracy against time; what nothing quicker reaches is joined by a line, what ships is a star."""
    with new_figure(4.0) as figure:
        axes = figure.subplots()
        for number, marker in zip(sorted({point.networks for point in points}), "os^Dv", strict=False):
            mine = [point for point in points if point.networks == number]
            axes.scatter(
                [point.ms for point in mine],
                [point.value for point in mine],
                s=14,
                marker=marker,
                color=(COLOURS[(number - 1) % len(COLOURS)], 0.45),
                linewidths=0,
                gid=f"networks_{number}",
                label=f"{number} network{'s' if number > 1 else ''}",
            )
        best = [points[place] for place in front(points)]
        axes.plot(
            [point.ms for point in best],
            [point.value for point in best],
            color=INK,
            linewidth=1,
            gid="front",
            label="nothing quicker is as good",
        )
        star: dict[str, Any] = {"s": 120, "marker": "*", "facecolors": "#ffd23f", "edgecolors": INK, "zorder": 4}
        for point in points:
            if point.ships:
                label = f"ships: {point.value:.3f} in {point.ms:.0f} ms"
                axes.scatter(point.ms, point.value, gid="ships", label=label, **star)
        axes.set(xlabel="ms from shutter to assessment", ylabel="balanced accuracy")
        figure.legend(loc="outside upper center", ncols=2, markerscale=1.3)
        return to_svg(figure, "balanced accuracy against time from shutter to assessment")


def rows(axes: Axes) -> None:
    """Names one under the other, the first on top, without lines between them."""
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
