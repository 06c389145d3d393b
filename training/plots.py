"""Small SVG plots: a few lines or bars in the unit square, no dependency, the same bytes from the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SIDE = 320
_LEFT, _BOTTOM, _TOP, _RIGHT = 52, 44, 26, 12
_COLOURS = ("#0b6e99", "#b5490f", "#4c7a34", "#7a4ca0")
_POINTS = 160


def lines(title: str, x: str, y: str, curves: Sequence[tuple[str, ArrayLike, ArrayLike]]) -> str:
    """Curves in the unit square, the diagonal dashed.

    Args:
        title: above it.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        curves: (name, values of x, values of y) each; long ones are thinned.
    """
    body = [_diagonal()]
    for number, (name, across, up) in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join(f"{_x(a):.1f},{_y(b):.1f}" for a, b in zip(_thin(across), _thin(up), strict=True))
        body.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        body.append(_legend(number, len(curves), name, colour))
    return _frame(title, x, y, body)


def bars(title: str, x: str, y: str, bins: int, filled: Sequence[tuple[float, float, int]]) -> str:
    """A reliability plot: one bar a bin, its opacity by the number of cases, the diagonal dashed.

    Args:
        title: above it.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        bins: of equal width.
        filled: (place on x, height, cases) of those that hold any, see `training.metrics.reliability`.
    """
    most = max((count for _, _, count in filled), default=1)
    body = []
    for place, height, count in filled:
        left = min(int(place * bins), bins - 1) / bins
        opacity = 0.25 + 0.75 * (count / most) ** 0.5
        body.append(
            f'<rect x="{_x(left):.1f}" y="{_y(height):.1f}" width="{(_x(1 / bins) - _x(0)) - 1:.1f}" '
            f'height="{_y(0) - _y(height):.1f}" fill="{_COLOURS[0]}" fill-opacity="{opacity:.2f}">'
            f"<title>{count} cases, {place:.3f} said, {height:.3f} right</title></rect>"
        )
    return _frame(title, x, y, [*body, _diagonal()])


def _thin(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if len(array) <= _POINTS:
        return array
    return np.asarray(array[np.unique(np.linspace(0, len(array) - 1, _POINTS).astype(int))])


def _x(value: float) -> float:
    return _LEFT + value * _SIDE


def _y(value: float) -> float:
    return _TOP + (1.0 - value) * _SIDE


def _diagonal() -> str:
    return (
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#888" stroke-width="1" '
        'stroke-dasharray="4 4"/>'
    )


def _legend(number: int, count: int, name: str, colour: str) -> str:
    down = _y(0) - 10 - 16 * (count - 1 - number)
    return (
        f'<rect x="{_x(0.32)}" y="{down - 8}" width="14" height="3" fill="{colour}"/>'
        f'<text x="{_x(0.32) + 20}" y="{down - 3}">{escape(name)}</text>'
    )


def _frame(title: str, x: str, y: str, body: Sequence[str]) -> str:
    width, height = _LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="sans-serif" font-size="11"><title>{escape(title)}</title>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{_x(0.5)}" y="16" text-anchor="middle" font-size="13">{escape(title)}</text>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<path d="M{_x(tick)} {_y(0)}V{_y(1)}M{_x(0)} {_y(tick)}H{_x(1)}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{_x(tick)}" y="{_y(0) + 15}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{_LEFT - 6}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>')
    parts.extend(body)
    middle = _y(0.5)
    parts.append(f'<text x="{_x(0.5)}" y="{height - 10}" text-anchor="middle">{escape(x)}</text>')
    parts.append(
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">{escape(y)}</text></svg>\n'
    )
    return "".join(parts)
