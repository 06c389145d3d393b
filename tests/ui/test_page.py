"""The page around Streamlit: the kiosk's own from the first paint, and nothing that its policy would refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streamlit

from kiosk.text import text
from kiosk.ui.page import ASSETS, render

STREAMLIT_PAGE = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")


def test_page_is_the_kiosks() -> None:
    page = render(STREAMLIT_PAGE, "boot-1")
    assert f"<title>{text('app.name')}</title>" in page
    assert 'data-boot="boot-1"' in page
    assert "user-scalable=no" in page
    assert re.search(r'<script type="module"[^>]* src="\./static/js/index\.', page), "Streamlit's own script stays"


def test_no_inline_script_and_no_foreign_address() -> None:
    page = render(STREAMLIT_PAGE, "boot-1")
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]*\"", page) == []


@pytest.mark.parametrize("part", ["<title>", "<body>", '<div id="root">', "width=device-width"])
def test_another_streamlit_is_noticed(part: str) -> None:
    with pytest.raises(ValueError, match="has changed"):
        render(STREAMLIT_PAGE.replace(part, "<!-- gone -->"), "boot-1")


def test_assets_are_there() -> None:
    assert [name for name, path in ASSETS.items() if not path.is_file()] == []
