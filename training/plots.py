"""The plots of a bundle's report: curves and bars in the unit square."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from reporting.figure import COLOURS, MUTED, new_figure, to_svg

_HEIGHT_IN = 4.1


def lines(title: str, x: str, y: str, curves: Sequence[tuple[str, ArrayLike, ArrayLike]]) -> str:
    """An SVG of curves in the unit square, the diagonal dashed.

    Args:
        title: above it.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        curves: (name, values of x, values of y) each; matplotlib leaves out the points that nobody would see.
    """
    with new_figure(_HEIGHT_IN) as figure:
        axes = _unit_square(figure.subplots(), title, x, y)
        for number, (name, across, up) in enumerate(curves):
            axes.plot(across, up, label=name, clip_on=False, gid=f"curve_{number}")
        axes.legend(loc="lower right")
        return to_svg(figure, title)


def bars(title: str, x: str, y: str, bins: int, filled: Sequence[tuple[float, float, int]]) -> str:
    """An SVG of a reliability plot: one bar a bin, darker the more cases it holds, the diagonal dashed.

    Args:
        title: above it.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        bins: of equal width.
        filled: (place on x, height, cases) of those that hold any, see `training.metrics.reliability`.
    """
    most = max((count for _, _, count in filled), default=1)
    with new_figure(_HEIGHT_IN) as figure:
        axes = _unit_square(figure.subplots(), title, x, y)
        for place, height, count in filled:
            number = min(int(place * bins), bins - 1)
            shade = 0.25 + 0.75 * (count / most) ** 0.5
            axes.bar(number / bins, height, 0.94 / bins, align="edge", color=(COLOURS[0], shade), gid=f"bar_{number}")
        return to_svg(figure, title)


def _unit_square(axes: Axes, title: str, x: str, y: str) -> Axes:
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.patch.set_gid("square")
    axes.plot((0, 1), (0, 1), color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
    return axes
