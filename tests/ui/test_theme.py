"""Themes, size of text, motion and the smallest screen: what the page as a whole follows."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kiosk.text.catalogue import catalogue
from tests.ui import states

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.ui.conftest import OpenScreen, Screen, Stage, StartStage

UI = Path(__file__).parents[2] / "kiosk" / "ui"
THEME = (UI / "style" / "theme.css").read_text(encoding="utf-8")
COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b(?!\")|\b(?:rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch|color)\("
    r"|(?<=[:\s])(?:white|black|red|green|blue|gr[ae]y|orange|yellow|silver|navy|teal)(?=[;\s])"
)


def names(css: str) -> set[str]:
    return set(re.findall(r"^\s*(--[\w-]+):", css, re.MULTILINE))


def palettes() -> tuple[str, str]:
    light, dark = THEME.split('html[data-theme="dark"]')
    return light, dark


def test_no_colour_stands_outside_the_themes() -> None:
    found = {
        f"{path.name}: {match}"
        for path in [*UI.glob("style/*.css"), *UI.glob("widgets/*.html"), *UI.glob("widgets/*.js"), *UI.rglob("*.py")]
        if path.name != "theme.css"
        for match in COLOUR.findall(re.sub(r"//.*|/\*.*?\*/", "", path.read_text(encoding="utf-8")))
    }
    assert found == set()


def test_every_variable_is_defined_and_every_colour_used() -> None:
    styles = "\n".join(path.read_text(encoding="utf-8") for path in UI.glob("style/*.css"))
    used = set(re.findall(r"var\((--[\w-]+)", styles))
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in UI.glob("widgets/*.js"))
    assert used - names(styles) - set(re.findall(r"\"(--[\w-]+)\"", scripts)) == set()
    light, dark = palettes()
    assert names(light) - used == set()
    assert names(dark) - names(light) == set()


def test_what_the_themes_share_is_dark_or_lies_over_a_picture() -> None:
    light, dark = palettes()
    shared = {name for name in names(light) - names(dark) if not name.startswith(("--bar-", "--night", "--over"))}
    assert shared == {"--solid"}  # of a mask: how much is seen, not in which colour


def theme_of(screen: Screen) -> str | None:
    return screen.page.locator("html").get_attribute("data-theme")


@pytest.mark.browser
def test_a_theme_chosen_by_hand_outlives_a_reload(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see('.theme[aria-pressed="false"]')
    screen.tap(".theme")
    screen.see('.theme[aria-pressed="true"]')
    assert theme_of(screen) == "dark"
    screen.page.reload()
    screen.see('.theme[aria-pressed="true"]')
    assert theme_of(screen) == "dark"
    screen.tap(".theme")
    screen.see('.theme[aria-pressed="false"]')
    assert theme_of(screen) == "light"


@pytest.mark.browser
def test_the_clock_turns_the_theme_and_ends_what_was_chosen_by_hand(
    start_stage: StartStage, open_screen: OpenScreen
) -> None:
    config = '[screen]\ntheme = "clock"\ndark_hours = [20, 7]\ntext = "large"\n'
    with start_stage("urgent", config=config) as stage:
        screen = open_screen(stage.server, drawn=False)
        clock = screen.page.clock
        clock.install(time=datetime(2026, 3, 5, 19, 59, 50))
        screen.page.reload()
        screen.see('.theme[aria-pressed="false"]')
        assert screen.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
        screen.tap(".theme")
        screen.see('.theme[aria-pressed="true"]')
        screen.tap(".theme")
        screen.see('.theme[aria-pressed="false"]')
        clock.run_for(20_000)
        screen.see('.theme[aria-pressed="true"]')
        screen.tap(".theme")
        screen.see('.theme[aria-pressed="false"]')
        clock.set_system_time(datetime(2026, 3, 6, 6, 59))
        clock.run_for(20_000)
        assert theme_of(screen) == "light", "until the clock's next change"


@pytest.mark.browser
def test_everything_follows_the_browsers_size_of_text(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    inspector = screen.page.context.new_cdp_session(screen.page)
    title = screen.see(".entry-title")
    assert title.evaluate("e => getComputedStyle(e).fontSize") == "24px"
    inspector.send("Page.setFontSizes", {"fontSizes": {"standard": 20}})
    assert title.evaluate("e => getComputedStyle(e).fontSize") == "30px"
    assert screen.faults() == []


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_screen_that_is_too_small_says_so(stage: Stage, open_screen: OpenScreen, language: str) -> None:
    words = catalogue(language)
    screen = open_screen(stage.server)
    states.speak(screen, words)
    notice = screen.page.locator("#kiosk-small")
    for width, height, small in ((480, 480, False), (479, 800, True), (800, 479, True)):
        screen.page.set_viewport_size({"width": width, "height": height})
        assert notice.is_visible() == small, (width, height)
        assert screen.page.locator(".start .continue").is_visible() != small, (width, height)
    assert words.text("shell.too_small_detail") in notice.inner_text()


@pytest.mark.browser
def test_nothing_turns_where_motion_is_unwanted(stage: Stage, chromium: Browser) -> None:
    with chromium.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(stage.server.url)
        page.locator(".skip").click()
        page.locator(".capture").wait_for()
        inside = "e.shadowRoot?.querySelectorAll('*') ?? []"
        all_of_it = f"[...document.querySelectorAll('*')].flatMap((e) => [e, ...({inside})])"
        assert set(page.evaluate(f"{all_of_it}.map((e) => getComputedStyle(e).animationName)")) == {"none"}
