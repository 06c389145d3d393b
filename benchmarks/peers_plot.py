"""The peers' table as a picture: latency on a logarithmic axis, with what each costs in memory and on disk."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import Any

from benchmarks.charts import rows
from reporting.figure import COLOURS, INK, MUTED, new_figure, to_svg


def svg(document: Mapping[str, Any]) -> str:
    """An SVG document, one bar a peer: p50 as the bar, p95 as the whisker.

    Args:
        document: what `benchmarks.peers.measure` gave.
    """
    peers = sorted(document["peers"], key=lambda row: float(row["latency_ms"]["p50"]))
    title = (
        f"{document['member']}: one image, {document['threads']} thread(s), "
        f"{document['pictures']['count']} pictures, {document['machine']['model']}"
    )
    labelled = any(row["balanced_accuracy"] is not None for row in peers)
    costs = f"small: MiB in RAM, on disk{', balanced accuracy' if labelled else ''}"
    with new_figure(1.4 + 0.48 * len(peers)) as figure:
        axes = figure.subplots()
        for place, peer in enumerate(peers):
            p50, p95 = (float(peer["latency_ms"][name]) for name in ("p50", "p95"))
            colour = COLOURS[0] if peer is document["peers"][0] else "#8aa3a3"
            axes.barh(place, p50, height=0.4, color=colour, xerr=((0.0,), (max(p95 - p50, 0.0),)), ecolor=INK)
            axes.annotate(f"{p50:.1f} ms", (max(p50, p95), place), (4, 0), textcoords="offset points", va="center")
            axes.annotate(
                _costs(peer), (0, place), (3, -13), ("axes fraction", "data"), "offset points",
                color=MUTED, fontsize="small", va="center",
            )  # fmt: skip
        quickest = float(peers[0]["latency_ms"]["p50"])
        slowest = max(float(row["latency_ms"]["p95"]) for row in peers)
        figure.suptitle(fill(title, 56), x=0.01, ha="left", fontsize="medium")
        figure.supxlabel(costs, x=0.01, ha="left", fontsize="small", color=MUTED)
        axes.set(xscale="log", xlabel="ms (bar: p50, line: to p95)")
        axes.set_xlim(quickest / 3, slowest * 4)
        axes.set_yticks(range(len(peers)), [row["name"] for row in peers])
        axes.xaxis.set_major_formatter("{x:g}")
        axes.margins(y=0.08)
        rows(axes)
        return to_svg(figure, title)


def _costs(row: Mapping[str, Any]) -> str:
    costs = f"{row['resident_mib']:.0f} MiB, {row['runtime_mib']:.0f} MiB"
    accuracy = row["balanced_accuracy"]
    return costs if accuracy is None else f"{costs}, {accuracy:.3f}"
