"""Small pieces of SVG; colours and type are classes of `report.css`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

Scale = Callable[[float], float]
"""From a quantity to pixels."""


def drawing(width: float, height: float, label: str, parts: Sequence[str]) -> str:
    """An inline SVG that scales with the page; `label` is what it shows, for those who cannot see it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">\n'
        + "\n".join(parts)
        + "\n</svg>"
    )


def bar(x: float, y: float, width: float, height: float, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 1.0):.1f}" height="{max(height, 0.0):.1f}" '
        'rx="2"/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def dot(x: float, y: float, kind: str, radius: float = 2.5, title: str = "") -> str:
    hint = f"<title>{escape(title)}</title>" if title else ""
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}">{hint}</circle>'


def path(points: Sequence[tuple[float, float]], kind: str) -> str:
    return f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """A linear map of low … high to start … end."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def ticks(low: float, high: float, count: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, about `count` of them."""
    raw = (high - low) / max(1, count - 1) or 1.0
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def x_axis(x: Scale, at: Sequence[float], top: float, bottom: float, unit: str) -> list[str]:
    """Vertical grid lines with their values beneath, the unit after the last."""
    parts = []
    for value in at:
        parts.append(line(x(value), top, x(value), bottom, "grid"))
        words = f"{value:g} {unit}" if value == at[-1] else f"{value:g}"
        parts.append(text(x(value), bottom + 18, words, "tick", "middle"))
    return parts


def y_axis(y: Scale, at: Sequence[float], left: float, right: float, unit: str) -> list[str]:
    """Horizontal grid lines with their values on the left, the unit with the last."""
    parts = []
    for value in at:
        parts.append(line(left, y(value), right, y(value), "grid"))
        words = f"{value:g} {unit}" if value == at[-1] else f"{value:g}"
        parts.append(text(left - 8, y(value) + 4, words, "tick", "end"))
    return parts
