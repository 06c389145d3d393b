"""The peers' table as a picture: latency on a logarithmic axis, with what each costs in memory and on disk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

_WIDTH, _ROW, _TOP, _NAME, _FACTS = 1000, 30, 76, 200, 380


def svg(document: Mapping[str, Any]) -> str:
    """An SVG document of its own, one bar a peer: p50 as the bar, p95 as the whisker.

    Args:
        document: what `benchmarks.peers.measure` gave.
    """
    rows = sorted(document["peers"], key=lambda row: float(row["latency_ms"]["p50"]))
    low = 10 ** math.floor(math.log10(min(row["latency_ms"]["p50"] for row in rows) / 1.5))
    high = 10 ** math.ceil(math.log10(max(row["latency_ms"]["p95"] for row in rows)))
    height = _TOP + len(rows) * _ROW + 40

    def x(milliseconds: float) -> float:
        share = math.log(milliseconds / low) / math.log(high / low)
        return _NAME + share * (_WIDTH - _NAME - _FACTS)

    title = (
        f"{document['member']}: one image, {document['threads']} thread(s), "
        f"{document['pictures']['count']} pictures, {document['machine']['model']}"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="{escape(title)}">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" font-size="15" font-weight="600">{escape(title)}</text>',
        f'<text x="12" y="46">bar: p50, line: to p95; process memory, engine on disk{_accuracy_note(document)}</text>',
    ]
    bottom = _TOP + len(rows) * _ROW
    for exponent in range(round(math.log10(low)), round(math.log10(high)) + 1):
        at = x(10.0**exponent)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP - 8}" y2="{bottom}" stroke="#ccc"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{10.0**exponent:g} ms</text>')
    for number, row in enumerate(rows):
        parts += _bar(row, _TOP + number * _ROW, x, "#0b6e6e" if row is document["peers"][0] else "#8aa3a3")
    return "\n".join([*parts, "</svg>\n"])


def _accuracy_note(document: Mapping[str, Any]) -> str:
    labelled = any(row["balanced_accuracy"] is not None for row in document["peers"])
    return ", balanced accuracy" if labelled else ""


def _bar(row: Mapping[str, Any], top: float, x: Any, colour: str) -> list[str]:
    p50, p95 = float(row["latency_ms"]["p50"]), float(row["latency_ms"]["p95"])
    middle = top + _ROW / 2 - 4
    accuracy = row["balanced_accuracy"]
    facts = f"{p50:.1f} ms · {row['resident_mib']:.0f} MiB RAM · {row['runtime_mib']:.0f} MiB disk"
    if accuracy is not None:
        facts += f" · {accuracy:.3f}"
    return [
        f'<text x="{_NAME - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(row["name"])}</text>',
        f'<rect x="{_NAME}" y="{top + 2:.1f}" width="{x(p50) - _NAME:.1f}" height="{_ROW - 12}" fill="{colour}"/>',
        f'<line x1="{x(p50):.1f}" x2="{x(p95):.1f}" y1="{middle:.1f}" y2="{middle:.1f}" stroke="#333"/>',
        f'<text x="{_WIDTH - _FACTS + 12}" y="{middle + 4:.1f}">{escape(facts)}</text>',
    ]
