"""The page around Streamlit: its own start page with the kiosk's look from the first paint, and what belongs to it.

Streamlit's page is taken as it is installed and two things are added: the kiosk's style sheet and its shell, which is
an overlay for "starting" and "restarting", a heartbeat, and locks for gestures and shortcuts.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from kiosk.text import text
from kiosk.ui.widgets.component import WIDGETS

ASSETS = {"kiosk.css": WIDGETS.parent / "style" / "kiosk.css", "shell.js": WIDGETS / "shell.js"}
_STREAMLIT_PAGE = Path(streamlit.__file__).parent / "static" / "index.html"


def routes(boot: str) -> list[Route]:
    """The routes of the page.

    Args:
        boot: a name of this run of the server; a page that meets another one loads itself again.
    """
    page = render(_STREAMLIT_PAGE.read_text(encoding="utf-8"), boot)

    async def start_page(_request: Request) -> HTMLResponse:
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    async def asset(request: Request) -> Response:
        path = ASSETS.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("not found", status_code=404)
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    return [Route("/", start_page), Route("/assets/{name}", asset)]


def render(streamlit_page: str, boot: str) -> str:
    """Streamlit's start page as the kiosk shows it.

    Raises:
        ValueError: the page is not what the pinned version of Streamlit has.
    """
    page = re.sub(r"<script>.*?</script>", "", streamlit_page, flags=re.DOTALL)  # the policy allows no inline script
    page = re.sub(r"<noscript>.*?</noscript>|<!--.*?-->", "", page, flags=re.DOTALL)
    page = re.sub(r'<link rel="service-desc"[^>]*>', "", page)
    viewport = "width=device-width, initial-scale=1, maximum-scale=1, user-scalable=no"
    page, viewports = re.subn(r'content="width=device-width[^"]*"', f'content="{viewport}"', page)
    page, titles = re.subn(r"<title>.*?</title>", f"<title>{html.escape(text('app.name'))}</title>{_HEAD}", page)
    page, bodies = re.subn(r"<body>", lambda _: f"<body>{_overlay(boot)}", page)
    if (viewports, titles, bodies) != (1, 1, 1) or '<div id="root">' not in page:
        raise ValueError("Streamlit's page has changed: adapt kiosk/ui/page.py to the version installed")
    return page.replace('<html lang="en">', f'<html lang="{html.escape(text("app.language"))}">')


_HEAD = (
    '<link rel="stylesheet" href="/assets/kiosk.css">'
    '<script src="/assets/shell.js" defer></script>'
    '<meta name="theme-color" content="#0b1a24">'
)


def _overlay(boot: str) -> str:
    sentences = {
        name: html.escape(text(f"shell.{name}"))
        for name in ("starting", "restarting", "restarting_detail", "broken", "broken_detail")
    }
    return (
        f'<div id="kiosk-overlay" role="status" data-boot="{html.escape(boot)}" data-state="starting">'
        '<div class="kiosk-ring" aria-hidden="true"></div>'
        f'<strong data-for="starting">{sentences["starting"]}</strong>'
        f'<strong data-for="restarting">{sentences["restarting"]}</strong>'
        f'<p data-for="restarting">{sentences["restarting_detail"]}</p>'
        f'<strong data-for="broken">{sentences["broken"]}</strong>'
        f'<p data-for="broken">{sentences["broken_detail"]}</p>'
        "</div>"
    )
