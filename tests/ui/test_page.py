"""The page around Streamlit: the kiosk's own from the first paint, and nothing that its policy would refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streamlit

from kiosk.text.catalogue import catalogue
from kiosk.ui.config import ScreenConfig
from kiosk.ui.page import assets, render

EN = catalogue("en")
text = EN.text
PLAIN = ScreenConfig()

STREAMLIT_PAGE = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")


def test_page_is_the_kiosks() -> None:
    page = render(STREAMLIT_PAGE, "boot-1", EN, assets(), PLAIN)
    assert f"<title>{text('app.name')}</title>" in page
    assert 'data-boot="boot-1"' in page
    assert "user-scalable" not in page, "larger text is nobody's to forbid; touch-action keeps fingers from zooming"
    assert re.search(r'<script type="module"[^>]* src="\./static/js/index\.', page), "Streamlit's own script stays"


def test_no_inline_script_and_no_foreign_address() -> None:
    page = render(STREAMLIT_PAGE, "boot-1", EN, assets(), PLAIN)
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]*\"", page) == []


@pytest.mark.parametrize("part", ["<title>", "<body>", '<div id="root">', "width=device-width"])
def test_another_streamlit_is_noticed(part: str) -> None:
    with pytest.raises(ValueError, match="has changed"):
        render(STREAMLIT_PAGE.replace(part, "<!-- gone -->"), "boot-1", EN, assets(), PLAIN)


def test_nothing_is_loaded_before_the_shell() -> None:
    page = render(STREAMLIT_PAGE, "boot-1", EN, assets(), PLAIN)
    before, template = page.split('<template id="kiosk-app">')
    app, after = template.split("</template>")
    assert 'type="module"' in app
    assert "/static/css/" in app
    for outside in (before, after):
        assert "/static/js/" not in outside
        assert "/static/css/" not in outside
    assert re.findall(r'<script src="([^"]+)"', before) == [f"/assets/{assets()['shell.js'].version}/shell.js"]
