"""Each plot is a well-formed picture whose curves and bars stand where the numbers are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree  # the plots are our own

import numpy as np
import pytest
from numpy.typing import NDArray

from training.plots import bars, lines

SVG = "{http://www.w3.org/2000/svg}"


def points(svg: str, name: str) -> NDArray[np.float64]:
    """float64[points, 2]: where the path of a named part goes, in the unit square of the axes."""
    root = ElementTree.fromstring(svg)  # noqa: S314
    corners, path = (
        np.array(re.findall(r"[ML] (\S+) (\S+)", part.attrib["d"]), np.float64)
        for each in ("square", name)
        for part in root.findall(f".//{SVG}g[@id='{each}']/{SVG}path")
    )
    left, bottom = corners[0]
    right, top = corners[2]
    inside: NDArray[np.float64] = (path - (left, bottom)) / (right - left, top - bottom)
    return inside


def test_a_curve_runs_from_corner_to_corner_and_long_ones_are_thinned() -> None:
    values = np.linspace(0.0, 1.0, 5000)
    plot = lines("long", "x", "y", [("curve", values, values**2)])
    drawn = points(plot, "curve_0")
    assert drawn[[0, -1]] == pytest.approx(np.array([[0, 0], [1, 1]]), abs=1e-6)
    assert drawn[:, 1] == pytest.approx(drawn[:, 0] ** 2, abs=5e-3)
    assert 10 < len(drawn) < 200
    assert len(plot) < 20_000


@pytest.mark.parametrize("place", [0.04, 0.97, 1.0])
def test_a_bar_stands_in_its_bin(place: float) -> None:
    number = 0 if place < 0.1 else 9
    drawn = points(bars("b", "x", "y", 10, [(place, 0.5, 7)]), f"bar_{number}")
    left, right = number / 10, (number + 1) / 10
    assert drawn.min(axis=0) == pytest.approx([left, 0.0], abs=1e-6)
    assert drawn[:, 0].max() == pytest.approx(right, abs=0.01)
    assert drawn[:, 1].max() == pytest.approx(0.5)


def test_a_bar_is_darker_the_more_cases_it_holds() -> None:
    few, many = re.findall(r'id="bar_\d"[^>]*>\s*<path[^>]*fill: #0b6e99(?:; fill-opacity: ([\d.]+))?', two_bars())
    assert float(few) == pytest.approx(0.25 + 0.75 * 0.1)
    assert many == "", "opaque"


def two_bars() -> str:
    return bars("b", "x", "y", 10, [(0.2, 0.5, 1), (0.8, 0.9, 100)])
