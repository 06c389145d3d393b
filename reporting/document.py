"""A report as a list of blocks, written as Markdown beside its plots and as one HTML file that needs no other.

Markdown is what a report is written in; markdown-it-py makes the HTML of it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_STYLE = Path(__file__).with_name("report.css")
_SPECIAL = re.compile(r"[\\`*\[\]|]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown would take for markup; one underscore within a word it leaves alone."""


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title."""

    level: int
    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph, without markup of its own."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        rows: the first one is the head.
        words: whether every column stands left; else those after the first one are numbers and stand right.
    """

    rows: Sequence[Sequence[str]]
    words: bool = False


@dataclass(frozen=True)
class Plot:
    """An SVG picture.

    Attributes:
        name: of its file, without `.svg`; no other plot of the report has it.
        title: for those who cannot see it.
        svg: the document.
    """

    name: str
    title: str
    svg: str


Block = Heading | Text | Table | Plot


def write(blocks: Sequence[Block], folder: Path) -> None:
    """Write `report.md`, one SVG file a plot, and `report.html` into a new or existing folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in _files(blocks).items():
        (folder / name).write_text(svg, encoding="utf-8")
    (folder / "report.md").write_text(to_markdown(blocks), encoding="utf-8")
    (folder / "report.html").write_text(to_html(blocks), encoding="utf-8")


def to_markdown(blocks: Sequence[Block]) -> str:
    """GitHub's Markdown; plots are named as files beside it."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def to_html(blocks: Sequence[Block]) -> str:
    """One HTML file that needs no other."""
    return render(to_markdown(blocks), _files(blocks))


def render(markdown: str, plots: Mapping[str, str]) -> str:
    """One HTML file that needs no other, from a report's Markdown.

    Args:
        markdown: what `to_markdown` gave.
        plots: SVG documents by the name that the Markdown calls their file.

    Raises:
        KeyError: the Markdown names a picture that is not among `plots`.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("table_open", lambda *_: '<div class="wide" tabindex="0"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    tokens = parser.parse(markdown)
    for picture in (child for token in tokens for child in token.children or () if child.type == "image"):
        svg = plots[str(picture.attrs["src"])]
        picture.attrs["src"] = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(_title(tokens))}</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<main>
{parser.renderer.render(tokens, parser.options, {})}</main>
</body>
</html>
"""


def _title(tokens: Sequence[Token]) -> str:
    words = next((token.children or () for token in tokens if token.type == "inline"), ())
    return "".join(word.content for word in words)


def _files(blocks: Sequence[Block]) -> dict[str, str]:
    return {f"{block.name}.svg": block.svg for block in blocks if isinstance(block, Plot)}


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {_plain(text)}"
        case Text(text):
            return _plain(text)
        case Table(rows, words):
            head, *rest = ["| " + " | ".join(map(_plain, row)) + " |" for row in rows]
            rule = "| --- |" + (" --- |" if words else " ---: |") * (len(rows[0]) - 1)
            return "\n".join([head, rule, *rest])
        case Plot(name, title, _):
            return f"![{_plain(title)}]({name}.svg)"


def _plain(text: str) -> str:
    """The text as Markdown shows it."""
    return _SPECIAL.sub(r"\\\g<0>", text)
