"""Which language a browser speaks: what was chosen on its Start, else the configuration's."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import Catalogue, catalogue

COOKIE = "dermakiosk_language"
"""Where the browser keeps what was chosen: it outlives a reload and a restart of the server."""


def words_of(cookies: Mapping[str, str], configured: str) -> Catalogue:
    """The catalogue for a browser with these cookies."""
    chosen = cookies.get(COOKIE, "")
    return catalogue(chosen if chosen in LANGUAGES else configured)
