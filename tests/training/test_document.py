"""The two forms of a report say the same, and each plot is a well-formed picture of its own."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree  # the plots are our own
from pathlib import Path

import numpy as np
import pytest

from training.document import Heading, Plot, Table, Text, to_html, to_markdown, write
from training.plots import bars, lines

SVG = "{http://www.w3.org/2000/svg}"
BLOCKS = [
    Heading(1, "A & B"),
    Text("p < 0.05"),
    Table([["Figure", "one|two"], ["recall", "0.9"]]),
    Plot("roc", "ROC", lines("ROC", "x", "y", [("a <b>", [0, 1], [0, 1])])),
]


def test_markdown_has_tables_and_names_its_plots() -> None:
    text = to_markdown(BLOCKS)
    assert text.startswith("# A & B\n\np < 0.05\n\n| Figure | one\\|two |\n| --- | ---: |\n| recall | 0.9 |\n\n")
    assert "![ROC](roc.svg)" in text


def test_html_holds_everything_and_needs_nothing_else() -> None:
    text = to_html(BLOCKS)
    assert "<h1>A &amp; B</h1>" in text
    assert "<p>p &lt; 0.05</p>" in text
    assert "<td>0.9</td>" in text
    assert "<svg " in text
    assert not re.search(r"(src|href)=|url\(|@import", text)


def test_what_the_markdown_names_is_written(tmp_path: Path) -> None:
    write(BLOCKS, tmp_path / "report")
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["report.html", "report.md", "roc.svg"]


def test_a_curve_runs_from_corner_to_corner_and_long_ones_are_thinned() -> None:
    values = np.linspace(0.0, 1.0, 5000)
    plot = lines("long", "x", "y", [("curve", values, values**2)])
    root = ElementTree.fromstring(plot)  # noqa: S314
    (curve,) = root.iter(f"{SVG}polyline")
    points = [tuple(map(float, point.split(","))) for point in curve.attrib["points"].split()]
    assert points[0] == (52.0, 346.0)  # the square's lower left corner, where the axes meet
    assert points[-1] == (372.0, 26.0)
    assert 100 < len(points) < 200
    assert len(plot) < 8000


@pytest.mark.parametrize("place", [0.04, 0.97, 1.0])
def test_a_bar_stands_in_its_bin(place: float) -> None:
    root = ElementTree.fromstring(bars("b", "x", "y", 10, [(place, 0.5, 7)]))  # noqa: S314
    bar = next(each for each in root.iter(f"{SVG}rect") if "fill-opacity" in each.attrib)
    left, height = float(bar.attrib["x"]), float(bar.attrib["height"])
    assert left == pytest.approx(52.0 + 320.0 * (0.0 if place < 0.1 else 0.9))
    assert height == pytest.approx(160.0)
