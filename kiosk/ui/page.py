"""The page around Streamlit: its own start page with the kiosk's look from the first paint, and what belongs to it.

Streamlit's page is taken as it is installed, and all that it loads is put into a `<template>`, which a browser leaves
alone. The kiosk's shell takes it out when style and shell are there: an overlay for "starting" and "restarting", a
heartbeat, and locks for gestures and shortcuts. So nothing that looks usable is drawn by a page whose shell never ran,
and such a page loads itself again.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import Catalogue, catalogue
from kiosk.ui import faults
from kiosk.ui.config import ScreenConfig
from kiosk.ui.language import words_of
from kiosk.ui.widgets.component import STYLE, WIDGETS

PATIENCE_MS = 60_000
"""After so long without the server the page says what to do."""
REFRESH_S = 4
"""A page whose shell did not run loads itself again after so long; the header says it, in case nothing else came."""
_STREAMLIT_PAGE = Path(streamlit.__file__).parent / "static" / "index.html"
_FOR_GOOD = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """A file of the page; `version` is a hash of it and stands in its address, so a browser may keep it for good."""

    content: bytes
    media_type: str
    version: str


def _asset(media_type: str, *paths: Path) -> Asset:
    content = b"\n".join(path.read_bytes() for path in paths)
    return Asset(content, media_type, hashlib.sha256(content).hexdigest()[:16])


_SCRIPTS = ("theme", "shell", "keys", "sounds")


def assets() -> dict[str, Asset]:
    """The files of the page, by name."""
    return {
        "kiosk.css": _asset("text/css", *(STYLE / f"{name}.css" for name in ("theme", "sizes", "kiosk"))),
        "shell.js": _asset(
            "text/javascript", *(WIDGETS / f"{name}.js" for name in ("theme", "shell", "keys", "sounds"))
        ),
    }


def version() -> str:
    """A hash of all that a page is made of: one of another version must be loaded anew."""
    parts = [path.read_bytes() for folder in (STYLE, WIDGETS) for path in sorted(folder.iterdir()) if path.is_file()]
    return hashlib.sha256(b"\n".join([streamlit.__version__.encode(), *parts])).hexdigest()[:16]


def routes(boot: str, screen: ScreenConfig) -> list[Route]:
    """The routes of the page.

    Args:
        boot: a name of this run of the server; a page that meets another one loads itself again.
        screen: its language is that of a browser that has chosen none.
    """
    served = assets()
    streamlit_page = _STREAMLIT_PAGE.read_text(encoding="utf-8")
    pages = {language: render(streamlit_page, boot, catalogue(language), served, screen) for language in LANGUAGES}

    async def start_page(request: Request) -> HTMLResponse:
        words = words_of(request.cookies, screen.language)
        return HTMLResponse(pages[words.language], headers={"Cache-Control": "no-store", "Refresh": str(REFRESH_S)})

    async def asset(request: Request) -> Response:
        found = served.get(request.path_params["name"])
        if found is None or found.version != request.path_params["version"]:
            return PlainTextResponse("not found", status_code=404)
        return Response(found.content, media_type=found.media_type, headers={"Cache-Control": _FOR_GOOD})

    return [Route("/", start_page), Route("/assets/{version}/{name}", asset)]


def render(streamlit_page: str, boot: str, words: Catalogue, served: Mapping[str, Asset], screen: ScreenConfig) -> str:
    """Streamlit's start page as the kiosk shows it.

    Raises:
        ValueError: the page is not what the pinned version of Streamlit has.
    """
    page = re.sub(r"<script>.*?</script>", "", streamlit_page, flags=re.DOTALL)  # the policy allows no inline script
    page = re.sub(r"<noscript>.*?</noscript>|<!--.*?-->", "", page, flags=re.DOTALL)
    page = re.sub(r'<link rel="service-desc"[^>]*>', "", page)
    app = _APP.findall(page)
    page = _APP.sub("", page)
    viewport = "width=device-width, initial-scale=1"
    page, viewports = re.subn(r'content="width=device-width[^"]*"', f'content="{viewport}"', page)
    title = html.escape(words.text("app.name"))
    page, titles = re.subn(r"<title>.*?</title>", lambda _: f"<title>{title}</title>{_head(served)}", page)
    body = f'{_overlay(boot, words, screen)}{_too_small(words)}<template id="kiosk-app">{"".join(app)}</template>'
    page, bodies = re.subn(r"<body>", lambda _: f"<body>{body}", page)
    whole = (viewports, titles, bodies) == (1, 1, 1) and '<div id="root">' in page
    if not (whole and any("<script" in part for part in app) and any('"stylesheet"' in part for part in app)):
        raise ValueError("Streamlit's page has changed: adapt kiosk/ui/page.py to the version installed")
    dark_hours = " ".join(map(str, screen.dark_hours))
    attributes = f'data-theme-by="{screen.theme}" data-dark-hours="{dark_hours}" data-text="{screen.text}"'
    attributes += f' data-sounds="{"on" if screen.sounds else "off"}"'
    return page.replace('<html lang="en">', f'<html lang="{words.language}" {attributes}>')


_APP = re.compile(r'<script type="module"[^>]*></script>|<link\s+rel="(?:modulepreload|preload|stylesheet)"[^>]*>')
"""What makes Streamlit's page a screen."""


def _colour(name: str) -> str:
    """A colour of the themes' style sheet, which a page has to name before it has that sheet."""
    found = re.search(rf"--{name}: (#[0-9a-f]{{6}});", (STYLE / "theme.css").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"theme.css has no colour --{name}")
    return found[1]


def _bare() -> str:
    """What a page without its style sheet looks like: a dark "Starting", and nothing else."""
    return (
        f"html{{background:{_colour('night')}}}"
        f"#kiosk-overlay{{color:{_colour('night-ink')};font:26px sans-serif;text-align:center;padding-top:30vh}}"
        "#kiosk-overlay [data-for]{display:none}#kiosk-overlay [data-for=starting]{display:block}"
    )


def _head(served: Mapping[str, Asset]) -> str:
    address = {name: f"/assets/{asset.version}/{name}" for name, asset in served.items()}
    return (
        f"<style>{_bare()}</style>"
        f'<link rel="stylesheet" href="{address["kiosk.css"]}">'
        f'<script src="{address["shell.js"]}" defer></script>'
        f'<meta name="theme-color" content="{_colour("night")}">'
    )


SHELL_WORDS = (
    "starting", "restarting", "restarting_detail", "broken", "too_small", "too_small_detail",
    "covered", "covered_detail",
)  # fmt: skip


def overlay_texts(words: Catalogue) -> dict[str, str]:
    """What the page around the screens can say, by name."""
    return {
        **{name: words.text(f"shell.{name}") for name in SHELL_WORDS},
        "away": words.fault(faults.SERVER_AWAY),
        "broken_detail": words.fault(faults.SCRIPT_FAILED),
    }


def _overlay(boot: str, words: Catalogue, screen: ScreenConfig) -> str:
    said = {name: html.escape(sentence) for name, sentence in overlay_texts(words).items()}
    return (
        f'<div id="kiosk-overlay" role="status" data-boot="{html.escape(boot)}" data-patience-ms="{PATIENCE_MS}"'
        f' data-cover-ms="{screen.cover_after_s * 1000}" data-end-ms="{screen.end_after_s * 1000}"'
        f' data-page="{version()}"'
        ' data-state="starting"><div class="kiosk-ring" aria-hidden="true"></div>'
        f'<strong data-for="starting" data-words="starting">{said["starting"]}</strong>'
        f'<strong data-for="restarting" data-words="restarting">{said["restarting"]}</strong>'
        f'<p data-for="restarting" class="soon" data-words="restarting_detail">{said["restarting_detail"]}</p>'
        f'<p class="late" data-for="late" data-words="away">{said["away"]}</p>'
        f'<strong data-for="broken" data-words="broken">{said["broken"]}</strong>'
        f'<p data-for="broken" data-words="broken_detail">{said["broken_detail"]}</p>'
        f'<strong data-for="covered" data-words="covered">{said["covered"]}</strong>'
        f'<p data-for="covered" data-words="covered_detail">{said["covered_detail"]}</p>'
        "</div>"
    )


def _too_small(words: Catalogue) -> str:
    said = {name: html.escape(sentence) for name, sentence in overlay_texts(words).items()}
    return (
        '<div id="kiosk-small" role="status">'
        f'<strong data-words="too_small">{said["too_small"]}</strong>'
        f'<p data-words="too_small_detail">{said["too_small_detail"]}</p></div>'
    )
