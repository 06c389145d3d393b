"""A report as a list of blocks, written as Markdown beside its plots and as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path


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
    """The first row is the head; cells after the first column are numbers and stand right."""

    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Plot:
    """An SVG picture.

    Attributes:
        name: of its file, without `.svg`.
        title: for those who cannot see it.
        svg: the document.
    """

    name: str
    title: str
    svg: str


Block = Heading | Text | Table | Plot

_STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .2rem .6rem; border-bottom: 1px solid #ddd }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums }
th { text-align: left } svg { max-width: 100% }
"""


def write(blocks: Sequence[Block], folder: Path) -> None:
    """Write `report.md`, one SVG file a plot, and `report.html` into a new or existing folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for block in blocks:
        if isinstance(block, Plot):
            (folder / f"{block.name}.svg").write_text(block.svg, encoding="utf-8")
    (folder / "report.md").write_text(to_markdown(blocks), encoding="utf-8")
    (folder / "report.html").write_text(to_html(blocks), encoding="utf-8")


def to_markdown(blocks: Sequence[Block]) -> str:
    """GitHub's Markdown; plots are named as files beside it."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def to_html(blocks: Sequence[Block]) -> str:
    """One HTML file that needs no other."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "Report")
    body = "\n".join(_html(block) for block in blocks)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {text}"
        case Text(text):
            return text
        case Table(rows):
            head, *rest = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
            rule = "| --- |" + " ---: |" * (len(rows[0]) - 1)
            return "\n".join([head, rule, *rest])
        case Plot(name, title, _):
            return f"![{title}]({name}.svg)"


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Text(text):
            return f"<p>{escape(text)}</p>"
        case Table(rows):
            head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
            body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows[1:])
            return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
        case Plot(_, title, svg):
            return f'<figure aria-label="{escape(title)}">{svg}</figure>'
