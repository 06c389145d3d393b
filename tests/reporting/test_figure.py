"""A figure is an SVG document of its own, and the same bytes from the same numbers."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree  # the plots are our own
from pathlib import Path

from reporting.figure import new_figure, to_svg

SVG = "{http://www.w3.org/2000/svg}"


def draw() -> str:
    with new_figure(2.0) as figure:
        axes = figure.subplots()
        axes.scatter([1, 2], [3, 4], label="costs $2 < <odd & name>")
        axes.legend()
        return to_svg(figure, "A & B")


def test_names_are_shown_as_they_are_and_the_title_is_kept() -> None:
    root = ElementTree.fromstring(draw())  # noqa: S314
    assert "costs $2 < <odd & name>" in [each.text for each in root.iter(f"{SVG}text")]
    assert [each.text for each in root.iter(f"{SVG}title")] == ["A & B"]


def test_equal_numbers_give_equal_bytes_in_another_process_at_another_time() -> None:
    root = Path(__file__).parents[2]
    script = f"from reporting.figure import *\n{inspect.getsource(draw)}\nprint(draw(), end='')"
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    there = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=root, env=environment
    )
    assert there.stdout == draw()
    assert "<dc:date>" not in there.stdout
