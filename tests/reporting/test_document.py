"""The two forms of a report say the same, and the HTML needs no other file."""

from __future__ import annotations

import re
from base64 import b64decode
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reporting.document import Block, Heading, Plot, Table, Text, render, to_html, to_markdown, write

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><title>ROC</title></svg>'
BLOCKS: list[Block] = [
    Heading(1, "A & B"),
    Text("p < 0.05"),
    Table([["Figure", "one|two"], ["recall", "0.9"]]),
    Table([["Name", "kind"], ["<b>x</b>", "*y*"]], words=True),
    Plot("roc", "ROC", SVG),
]


class Tags(HTMLParser):
    """All tags with their attributes; fails on one that is not closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_markdown_has_tables_and_names_its_plots() -> None:
    text = to_markdown(BLOCKS)
    assert text.startswith("# A & B\n\np < 0.05\n\n| Figure | one\\|two |\n| --- | ---: |\n| recall | 0.9 |\n\n")
    assert "| Name | kind |\n| --- | --- |\n" in text
    assert "![ROC](roc.svg)" in text


def test_html_holds_everything_and_needs_nothing_else() -> None:
    text = to_html(BLOCKS)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "<title>A &amp; B</title>" in text
    assert "<h1>A &amp; B</h1>" in text
    assert "<p>p &lt; 0.05</p>" in text
    assert '<td style="text-align:right">0.9</td>' in text
    assert "<td>&lt;b&gt;x&lt;/b&gt;</td>\n<td>*y*</td>" in text
    (picture,) = (attributes for tag, attributes in tags.seen if tag == "img")
    kind, _, content = str(picture["src"]).partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b64decode(content).decode() == SVG
    assert picture["alt"] == "ROC"
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in tags.seen}
    assert not {"href", "srcset"} & {name for _, attributes in tags.seen for name in attributes}
    assert not re.search(r"://|url\(|@import", text)


def test_a_wide_table_moves_in_its_own_box() -> None:
    text = to_html(BLOCKS)
    assert text.count('<div class="wide" tabindex="0"><table>') == text.count("</table></div>") == 2


@example("__0__")
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_a_cell_is_shown_as_it_is(words: str) -> None:
    html = to_html([Table([["head"], [words]])])
    (shown,) = re.findall("<td>(.*)</td>", html)
    assert unescape(shown) == words


def test_what_the_markdown_names_is_written(tmp_path: Path) -> None:
    write(BLOCKS, tmp_path / "report")
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["report.html", "report.md", "roc.svg"]
    assert (tmp_path / "report" / "roc.svg").read_text(encoding="utf-8") == SVG


def test_a_picture_that_is_not_there_is_no_report() -> None:
    with pytest.raises(KeyError, match=r"roc\.svg"):
        render("![ROC](roc.svg)", {})
