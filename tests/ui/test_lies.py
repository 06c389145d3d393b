"""A page that cannot lie: the server is killed while the page loads, and nothing that looks usable is left standing.

`DERMAKIOSK_KILLS=100 make test ARGS="-s tests/ui/test_lies.py"` kills a hundred times and says what the pages showed.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Error, Page, Route

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Stage, StartStage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KILLS = int(os.environ.get("DERMAKIOSK_KILLS", "10"))
SETTLED_S = 12.0
"""The heartbeat has noticed by then, and a page whose shell never ran has loaded itself again."""
HEALED_MS = 60_000
WAIT_MS = 30_000
ERROR_PAGE = "the browser's own error page"


def showing(page: Page) -> str:
    """What a person sees: the overlay's state, the browser's error page, or a screen that looks usable."""
    if page.url.startswith(("chrome-error:", "about:")):  # Playwright calls a page that never came about:blank
        return ERROR_PAGE
    overlay = page.locator("#kiosk-overlay")
    if overlay.is_visible():
        covers = overlay.bounding_box() == {"x": 0, "y": 0, **(page.viewport_size or {})}
        if covers or page.locator(".screen:visible").count() == 0:
            return overlay.get_attribute("data-state") or ""
    return "usable" if page.locator(".screen:visible").count() else "blank"


def settled(page: Page, killed_s: float) -> str:
    """What the page shows when it had its time to notice."""
    seen = ""
    while time.monotonic() < killed_s + SETTLED_S:
        try:
            seen = showing(page)
        except Error:  # in the middle of loading itself again
            seen = "loading"
        if seen in ("restarting", ERROR_PAGE):
            break
        time.sleep(0.2)
    return seen


def is_undrawn(page: Page) -> bool:
    """Whether no screen stands there yet."""
    try:
        return page.locator(".screen").count() == 0
    except Error:  # in the middle of loading
        return True


def heal(page: Page, story: str) -> None:
    """Wait until the page is at Start again by itself."""
    try:
        page.locator(".start").wait_for(state="visible", timeout=HEALED_MS)
    except Error as error:
        raise AssertionError(f"{story}: the page shows {showing(page)} at {page.url}") from error


def test_a_killed_server_leaves_no_page_that_looks_usable(
    start_stage: StartStage, open_screen: OpenScreen, chromium: Browser
) -> None:
    shown: Counter[str] = Counter()
    with start_stage("urgent") as stage:
        began = time.monotonic()
        first = open_screen(stage.server)
        first.see(".start")
        load_s = time.monotonic() - began
        first.page.close()  # else it has the screen again after a restart, and the pages below say so
        context = chromium.new_context(viewport={"width": 800, "height": 480})
        for kill in range(KILLS):
            if kill % 2 == 0:  # nothing in the browser's cache; every second time shell and style are
                context.close()
                context = chromium.new_context(viewport={"width": 800, "height": 480})
            page = context.new_page()
            # most of them early: the first load, which is measured, is the slowest
            killer = threading.Timer(load_s * ((kill + 0.5) / KILLS) ** 2, stage.server.kill)
            killer.start()
            try:
                page.goto(stage.server.url, wait_until="commit", timeout=20_000)
            except Error:
                shown["killed before there was a page"] += 1
            killer.join()
            shown["killed before a screen was drawn"] += is_undrawn(page)
            seen = settled(page, time.monotonic())
            shown[seen] += 1
            assert seen not in ("usable", "blank"), f"kill {kill} of {KILLS}: {shown}"
            stage.server.start()
            if seen != ERROR_PAGE:  # that one Chromium itself loads again, where it has a window
                heal(page, f"kill {kill} of {KILLS}: {shown}")
            page.close()
        context.close()
    assert shown["killed before a screen was drawn"] > 0
    print(f"\n{KILLS} kills within {load_s:.1f} s: {dict(shown)}")  # noqa: T201 - the finding of a long run


@pytest.mark.parametrize("missing", ["shell.js", "kiosk.css"])
def test_a_page_without_its_shell_or_style_draws_nothing_and_heals(
    stage: Stage, chromium: Browser, missing: str
) -> None:
    lost: list[str] = []

    def lose_once(route: Route) -> None:
        lost.append(route.request.url)
        if len(lost) == 1:
            route.abort()
        else:
            route.continue_()

    context = chromium.new_context(viewport={"width": 800, "height": 480})
    page = context.new_page()
    page.route(f"**/{missing}", lose_once)
    page.goto(stage.server.url, wait_until="load")
    assert page.locator(".screen").count() == 0
    page.locator(".start").wait_for(state="visible", timeout=HEALED_MS)
    assert len(lost) > 1, "the page loaded itself again"
    assert page.locator("#kiosk-overlay").is_hidden()
    context.close()


@pytest.mark.parametrize(("part", "came"), [("protobuf", None), ("protobuf", ""), ("BidiComponent", None)])
def test_a_page_without_a_part_of_streamlits_heals(
    stage: Stage, chromium: Browser, part: str, came: str | None
) -> None:
    asked: list[str] = []

    def cut_once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            route.continue_()
        elif came is None:
            route.abort()
        else:
            route.fulfill(status=200, content_type="text/javascript", body=came)

    context = chromium.new_context(viewport={"width": 800, "height": 480})
    page = context.new_page()
    page.route(f"**/static/js/{part}.*.js", cut_once)
    page.goto(stage.server.url)
    page.locator(".start").wait_for(state="visible", timeout=WAIT_MS)  # sooner than the page's patience ends
    assert len(asked) > 1
    context.close()


def test_a_page_of_which_only_the_headers_came_heals(stage: Stage, chromium: Browser) -> None:
    asked: list[str] = []

    def cut_once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            headers = {name: value for name, value in route.fetch().headers.items() if name != "content-length"}
            route.fulfill(status=200, headers=headers, body="")
        else:
            route.continue_()

    context = chromium.new_context(viewport={"width": 800, "height": 480})
    page = context.new_page()
    page.route(stage.server.url, cut_once)
    page.goto(stage.server.url)
    assert showing(page) == "blank"
    page.locator(".start").wait_for(state="visible", timeout=HEALED_MS)
    context.close()


def test_a_page_whose_shell_ran_is_not_loaded_again(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see(".start")
    screen.page.evaluate("window.sameDocument = true")
    time.sleep(6)  # longer than the refresh that the shell takes back
    assert screen.page.evaluate("window.sameDocument") is True
