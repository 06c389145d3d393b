"""The page holds all it needs and all that was measured."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from benchmarks import charts, kinds, svg
from benchmarks.accuracy import Choice
from benchmarks.report import page

Make = Callable[..., dict[str, Any]]
ACCURACY = {
    "kind": kinds.ACCURACY,
    "choices": [
        Choice(("a",), ("1",), 1, 1, 0.71, "held-out <lesions>"),
        Choice(("a",), ("1",), 8, 8, 0.76, "held-out <lesions>"),
        Choice(("a", "b"), ("1", "1.2"), 8, 32, 0.75, "held-out <lesions>"),
        Choice(("a",), ("1",), 8, 8, 0.86, "validation"),
    ],
}
VOID = {"meta"}


class Tags(HTMLParser):
    """All tags with their attributes; fails on one that is not closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_fetches_nothing_and_runs_nothing(make_latency: Make) -> None:
    html = page([make_latency(), ACCURACY])
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    names = {name for name, _ in tags.seen}
    assert not names & {"script", "link", "img", "iframe", "object", "image", "use", "a"}
    assert not any({"src", "href", "xlink:href", "srcset"} & set(attributes) for _, attributes in tags.seen)
    assert "://" not in html
    assert "@import" not in html
    assert "url(" not in html


def test_names_are_shown_as_they_are(make_latency: Make) -> None:
    html = page([make_latency()])
    assert "Testboard &lt;4&gt;" in html
    assert "<4>" not in html


def test_heat_and_throttling_are_drawn_where_the_board_tells_them(make_latency: Make) -> None:
    hot, silent = page([make_latency(hot=True)]), page([make_latency()])
    assert hot.count('class="curve"') == 2
    assert hot.count('class="throttled"') == 39
    assert "does not tell" not in hot
    assert 'class="curve"' not in silent
    assert "does not tell its temperature or clock" in silent


def test_accuracy_is_drawn_when_it_is_given_and_left_out_with_a_word(make_latency: Make) -> None:
    html = page([make_latency(), ACCURACY])
    assert "a; crops 1; 8 orientations: 0.760" in html
    assert html.count('aria-label="balanced accuracy against time') == 2, "a chart for each split"
    assert "held-out &lt;lesions&gt;" in html
    # slower and no better: a point without a name
    assert html.count(">2 × 2 × 8<") == 0
    assert "a + b; crops 1, 1.2; 8 orientations: 0.750" in html
    assert "no accuracy table was given" in page([make_latency()])


def test_a_member_of_larger_inputs_takes_its_own_time(make_latency: Make) -> None:
    latency = make_latency()
    latency["bundle"] |= {"members": 2, "views": 4}
    invoke_ms = latency["summary"]["warm"]["invoke"]["p50"]
    for sample in latency["warm"]:
        sample["inferences_ms"] = [[1.0] * 4, [3.0] * 4]
    table = {**ACCURACY, "choices": [Choice((*names,), ("1",), 4, 4 * len(names), 0.7, "s") for names in ("a", "ab")]}
    assert f"({invoke_ms / 16:.2f}, {3 * invoke_ms / 16:.2f} ms, by member)" in page([latency, table])


def test_a_choice_takes_as_long_as_its_inferences(make_latency: Make) -> None:
    """Eight inferences are what was measured, so that this choice lies at the measured median."""
    latency = make_latency()
    only = {**ACCURACY, "choices": [ACCURACY["choices"][1], Choice(("a",), ("1",), 1, 1, 0.7, "held-out <lesions>")]}
    x, far = (
        float(value)
        for value in re.findall(r'<circle class="sample" cx="([\d.]+)"[^>]*><title>a; ', page([latency, only]))
    )
    invoke, total = (latency["summary"]["warm"][name]["p50"] for name in ("invoke", "total"))
    one, eight = sorted((x, far))
    assert (one - 80) / (eight - 80) == pytest.approx((total - invoke * 7 / 8) / total, abs=0.01)


def test_the_goals_and_the_peers_are_on_the_page(make_latency: Make, peers_document: dict[str, Any]) -> None:
    html = page([make_latency(), peers_document])
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert "://" not in html
    assert "one int8 image, tflite-runtime 2.14 over LiteRT" in html
    assert "18.0 ×" in html
    assert "tflite-runtime 2.14.0" in html
    assert "<td>none</td>" in html
    assert "Left out: OpenCV DNN: no onnx" in html


def test_a_page_of_several_runs_has_a_part_for_each(make_latency: Make) -> None:
    sent = {
        "kind": kinds.DEVICE,
        "latency": make_latency(),
        "screen": None,
        "ratios": None,
        "peers": None,
        "left_out": {},
    }
    assert page([make_latency(), sent]).count('<section class="run">') == 2
    with pytest.raises(RuntimeError, match="needs a file"):
        page([ACCURACY])


def test_the_waterfall_ends_where_the_total_does() -> None:
    stages = {
        name: {"mean": mean, "p95": mean, "share": mean / 10} for name, mean in (("a", 2.0), ("b", 3.0), ("c", 5.0))
    }
    bars = re.findall(r'class="data" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', charts.waterfall(stages))
    edges = [(float(x), float(x) + float(width)) for x, width in bars]
    assert [right for _, right in edges[:-1]] == pytest.approx([left for left, _ in edges[1:]], abs=0.2)
    widths = [right - left for left, right in edges]
    assert widths == pytest.approx([sum(widths) * share for share in (0.2, 0.3, 0.5)], abs=0.2)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.0), (0.7, 0.76), (58.0, 84.5), (0.0, 12345.0)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    ticks = svg.ticks(low, high)
    assert ticks
    assert all(low - 1e-6 <= tick <= high + 1e-6 or low == high for tick in ticks)
    assert len(ticks) <= 11
