"""The page holds all it needs and all that was measured."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import kinds
from benchmarks.accuracy import Choice
from benchmarks.report import STAGES, page

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
README = Path(__file__).parents[2] / "benchmarks" / "README.md"


def plots(html: str) -> dict[str, str]:
    """The page's SVG documents by what they are called for those who cannot see them."""
    found = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)"', html)
    assert len(found) == html.count("<img")
    return {unescape(title): b64decode(content).decode() for content, title in found}


def rows(html: str, head: str) -> list[list[str]]:
    """The cells of the table whose first column is called `head`, below it."""
    (table,) = (each for each in re.findall(r"<table>.*?</table>", html, re.DOTALL) if f"<th>{head}</th>" in each)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("</tr>")[1:-1]]


def test_the_page_fetches_nothing_and_runs_nothing(make_latency: Make, peers_document: dict[str, Any]) -> None:
    html = page([make_latency(), ACCURACY, peers_document])
    assert not re.search(r"<(script|link|iframe|object|a)\b|href=|srcset=|://|@import|url\(", html)
    assert len(plots(html)) == 6
    for svg in plots(html).values():
        elements = list(ElementTree.fromstring(svg).iter())  # noqa: S314 - our own text
        assert not {"script", "image", "a"} & {each.tag.rpartition("}")[2] for each in elements}
        names = {"href", "src"}
        links = [value for each in elements for key, value in each.items() if key.rpartition("}")[2] in names]
        assert all(link.startswith("#") for link in links)


def test_the_same_documents_give_the_same_page(make_latency: Make, peers_document: dict[str, Any]) -> None:
    assert page([make_latency(), ACCURACY, peers_document]) == page([make_latency(), ACCURACY, peers_document])


def test_names_are_shown_as_they_are(make_latency: Make) -> None:
    html = page([make_latency()])
    assert "Testboard &lt;4&gt;" in html
    assert "<4>" not in html


def test_heat_and_throttling_are_drawn_where_the_board_tells_them(make_latency: Make) -> None:
    hot, silent = page([make_latency(hot=True)]), page([make_latency()])
    svg = plots(hot)["time of every capture"]
    assert {"curve_temperature", "curve_clock"} <= set(re.findall(r'id="(\w+)"', svg))
    assert svg.partition('id="throttled"')[2].partition('id="legend')[0].count("<use ") >= 39
    assert "Red crosses: the board throttled." in hot
    assert "does not tell" not in hot
    assert not re.search("curve_|throttled", plots(silent)["time of every capture"])
    assert "does not tell its temperature or clock" in silent


def test_accuracy_is_drawn_when_it_is_given_and_left_out_with_a_word(make_latency: Make) -> None:
    html = page([make_latency(), {**ACCURACY, "choices": ACCURACY["choices"][:3]}])
    assert "On held-out &lt;lesions&gt;:" in html
    # two networks are slower and no better: drawn, but not in the table of what nothing quicker reaches
    assert [row[1:] for row in rows(html, "orientations")] == [["0.710", "a", "1", "1"], ["0.760", "a", "1", "8"]]
    svg = plots(html)["Balanced accuracy against time, held-out <lesions>"]
    assert {"1 network", "2 networks", "nothing quicker is as good"} <= set(re.findall(">([^<>]+)</text>", svg))
    assert "no accuracy table was given" in page([make_latency()])


def test_each_split_has_a_chart_of_its_own(make_latency: Make) -> None:
    titles = list(plots(page([make_latency(), ACCURACY])))
    assert sum(title.startswith("Balanced accuracy against time") for title in titles) == 2


def test_what_ships_is_marked(make_latency: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = ACCURACY["choices"][2]
    monkeypatch.setattr("benchmarks.report.shipped_choice", lambda model_id, rows: shipped if model_id == "m" else None)
    html = page([make_latency(), {**ACCURACY, "choices": ACCURACY["choices"][:3]}])
    assert rows(html, "orientations")[-1][1:] == ["0.750", "a + b (ships)", "1, 1.2", "8"]
    svg = plots(html)["Balanced accuracy against time, held-out <lesions>"]
    assert 'id="ships"' in svg
    assert ">ships: 0.750 in " in svg


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
    one, eight = (float(row[0]) for row in rows(page([latency, only]), "orientations"))
    invoke, total = (latency["summary"]["warm"][name]["p50"] for name in ("invoke", "total"))
    assert (one, eight) == (round(total - invoke * 7 / 8), round(total))


def test_the_goals_and_the_peers_are_on_the_page(make_latency: Make, peers_document: dict[str, Any]) -> None:
    html = page([make_latency(), peers_document])
    assert "one int8 image, tflite-runtime 2.14 over LiteRT" in html
    assert "18.0 ×" in html
    assert "tflite-runtime 2.14.0" in html
    assert rows(html, "peer")[1][-2:] == ["none", "tflite-runtime 2.14.0"]
    assert "Left out: OpenCV DNN: no onnx" in html


def test_a_page_of_several_runs_has_a_part_for_each(make_latency: Make) -> None:
    sent = {
        "kind": kinds.DEVICE,
        "latency": make_latency(seed=1),
        "screen": None,
        "ratios": None,
        "peers": None,
        "left_out": {},
    }
    html = page([make_latency(), sent])
    assert html.count("<h3>Where the time goes</h3>") == 2
    sources = re.findall(r'<img src="([^"]+)" alt="mean time of each stage"', html)
    assert len(set(sources)) == 2, "each run's own"
    with pytest.raises(RuntimeError, match="needs a file"):
        page([ACCURACY])


def test_stages_are_explained_on_the_page_as_in_the_manual(make_latency: Make) -> None:
    latency = make_latency()
    explained = {name: unescape(words) for name, words in rows(page([latency]), "from … to")}
    assert list(explained) == [name for name in latency["summary"]["warm"] if name != "total"]
    manual = README.read_text(encoding="utf-8")
    for name, words in STAGES.items():
        assert explained[name] == words
        assert f"| {name} | {words} |" in manual
