"""The charts show the numbers that they are given."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.charts import Point, accuracy, front, histogram, over_time, waterfall

SVG = "{http://www.w3.org/2000/svg}"


def part(svg: str, name: str) -> ElementTree.Element:
    (found,) = ElementTree.fromstring(svg).findall(f".//{SVG}g[@id='{name}']")  # noqa: S314 - our own text
    return found


def outline(svg: str, name: str) -> str:
    """The commands of the first path of a named part: "M 1 2 L 3 4"."""
    path = part(svg, name).find(f".//{SVG}path")
    assert path is not None
    return path.attrib["d"]


def corners(svg: str, name: str) -> NDArray[np.float64]:
    """float64[points, 2] of the first path of a named part."""
    return np.array(re.findall(r"[ML] (\S+) (\S+)", outline(svg, name)), np.float64)


def words(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own text


def test_the_waterfall_ends_where_the_total_does() -> None:
    stages = {name: {"mean": mean, "share": mean / 10} for name, mean in (("a", 2.0), ("b", 3.0), ("c", 5.0))}
    svg = waterfall(stages)
    edges = [(bar[:, 0].min(), bar[:, 0].max()) for bar in (corners(svg, f"stage_{place}") for place in range(3))]
    assert [right for _, right in edges[:-1]] == pytest.approx([left for left, _ in edges[1:]], abs=0.2)
    widths = [right - left for left, right in edges]
    assert widths == pytest.approx([sum(widths) * share for share in (0.2, 0.3, 0.5)], abs=0.2)
    assert {"a", "2.0 ms", "20%", "5.0 ms", "50%"} <= set(words(svg))


def test_the_first_stage_stands_on_top() -> None:
    svg = waterfall({name: {"mean": 1.0, "share": 0.5} for name in ("first", "second")})
    assert corners(svg, "stage_0")[:, 1].max() < corners(svg, "stage_1")[:, 1].min(), "SVG counts from the top"


@pytest.mark.parametrize("samples", [[5.0] * 3, [1.0, 2.0, 1000.0], list(range(1, 400))])
def test_a_histogram_names_its_marks(samples: list[float]) -> None:
    assert {"p50 6 ms", "p95 7 ms"} <= set(words(histogram(samples, {"p50": 6.0, "p95": 7.0})))


def test_what_a_board_does_not_tell_is_a_gap() -> None:
    svg = over_time([0.0, 1.0, 2.0, 3.0], [9.0] * 4, [False] * 4, [50.0, None, 52.0, 53.0], [None] * 4)
    assert outline(svg, "curve_temperature").count("L") == 1, "from 2 to 3 minutes"
    assert "curve_clock" not in svg


def test_the_front_is_what_nothing_quicker_reaches() -> None:
    points = [Point(1, 9.0, 0.8), Point(1, 5.0, 0.7), Point(2, 7.0, 0.7), Point(2, 5.0, 0.6), Point(3, 11.0, 0.81)]
    assert front(points) == [1, 0, 4]
    svg = accuracy(points)
    assert len(corners(svg, "front")) == 3
    assert len(part(svg, "networks_2").findall(f".//{SVG}path")) == 2
    assert 'id="ships"' not in svg
    assert "ships: 0.810 in 11 ms" in words(accuracy([*points[:4], Point(3, 11.0, 0.81, ships=True)]))
