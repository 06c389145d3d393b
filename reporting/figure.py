"""The project's plots: matplotlib's SVG back-end in one style, the same bytes from the same numbers.

They are drawn as narrow as they are read on a telephone, so that their letters stay readable there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from cycler import cycler
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

WIDTH_IN = 4.2
INK, MUTED, GRID = "#10212c", "#51656f", "#e4e4e4"
COLOURS = ("#0b6e99", "#b5490f", "#4c7a34", "#7a4ca0")
_STYLE: dict[RcKeyType, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "grid.color": GRID,
    "legend.frameon": False,
    "legend.fontsize": "small",
    "lines.linewidth": 1.6,
    "path.simplify_threshold": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "dermakiosk",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


@contextmanager
def new_figure(height_in: float) -> Iterator[Figure]:
    """A figure of the common width; it is drawn, and made to SVG, within the context.

    Args:
        height_in: its height in inches of 72 pt, beside the common width of `WIDTH_IN`.
    """
    with rc_context(_STYLE):
        yield Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


def to_svg(figure: Figure, title: str) -> str:
    """An SVG document of its own; `title` says what it shows, for those who cannot see it.

    Neither the time nor matplotlib's version stands in it, and what it calls its parts hangs on these alone.
    """
    document = StringIO()
    figure.savefig(document, format="svg", metadata={"Title": title, "Creator": None, "Date": None})
    return document.getvalue()
