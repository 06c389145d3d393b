"""From patient to patient: the next lesion, a referral that must be noted, and a screen that nobody touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kiosk.text.catalogue import catalogue
from kiosk.ui.config import ScreenConfig

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, Stage, StartStage

EN = catalogue("en")
text = EN.text

pytestmark = pytest.mark.browser


def enter(screen: Screen) -> None:
    """Code 77, 58 years, female, left arm: as far as Capture."""
    for key in ("7", "7", text("start.next"), "5", "8", text("start.next"), text("sex.female")):
        screen.tap(f'.key[aria-label="{key}"]')
    for key in (text("site.arm"), text("side.left")):
        screen.tap(f'.key[aria-label="{key}"]')
    screen.tap(".continue")
    screen.picture()


def value(screen: Screen, field: str) -> str:
    return screen.see(f'.field[data-field="{field}"] .field-value').inner_text()


def test_the_next_lesion_keeps_the_patient_and_asks_for_the_site(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    enter(screen)
    stage.act("routine")
    screen.to_result()
    assert screen.faults() == []
    screen.tap(".further")
    screen.see('.start:not([inert]) .keys[data-layout="site"]')
    assert [value(screen, field) for field in ("code", "age", "sex")] == ["77", "58 years", text("sex.female")]
    assert value(screen, "site") == text("start.empty")
    assert screen.page.locator(".skip").is_disabled(), "it would drop the patient"
    screen.tap(f'.key[aria-label="{text("site.back")}"]')
    screen.tap(".continue")
    screen.picture()
    assert screen.see(".summary").inner_text() == "77 · 58 y · Female · Back"
    screen.to_result()
    screen.done()
    assert value(screen, "code") == text("start.empty")


def test_of_an_unknown_patient_there_is_no_next_lesion(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    screen.to_result()
    assert screen.page.locator(".further").count() == 0


@pytest.mark.parametrize("act", ["urgent", "referral"])
def test_closing_a_referral_asks_once_more(stage: Stage, open_screen: OpenScreen, act: str) -> None:
    screen = open_screen(stage.server)
    enter(screen)
    stage.act(act)
    for way in ("further", "done"):
        screen.to_result()
        screen.tap(f".result .{way}")
        asked = screen.see(".ask").inner_text()
        assert text("result.ask_title") in asked
        assert text("result.ask_unkept") in asked
        screen.keep(f"ask_{act}")
        assert screen.faults() == []
        screen.tap(".ask .not-yet")
        assert screen.page.locator(".ask").is_hidden()
        screen.tap(f".result .{way}")
        screen.page.keyboard.press("Escape")
        assert screen.page.locator(".ask").is_hidden()
        screen.tap(f".result .{way}")
        screen.tap(".ask .yes")
        screen.see(".start:not([inert])")
        assert value(screen, "code") == ("77" if way == "further" else text("start.empty"))
        if way == "further":
            screen.tap(".continue")
            screen.picture()


def test_a_sheet_that_was_opened_while_a_screen_was_drawn_leaves_it_usable(
    stage: Stage, open_screen: OpenScreen
) -> None:
    screen = open_screen(stage.server)
    # at the very moment when Capture is drawn, and takes no taps yet
    click_then = "e => window.addEventListener('kiosk:drawn', () => e.click(), { once: true })"
    screen.page.locator(".about").evaluate(click_then)
    screen.tap(".start .skip")
    screen.see(".sheet")
    screen.page.wait_for_timeout(SETTLED_MS)
    assert screen.see(".screen.capture").evaluate("e => e.inert"), "a dialog is open"
    screen.tap(".sheet .close")
    screen.picture()
    screen.tap(".go-back")
    screen.see(".start:not([inert])")


def test_a_dialog_that_is_gone_with_its_screen_leaves_the_next_one_usable(
    start_stage: StartStage, open_screen: OpenScreen
) -> None:
    with start_stage("urgent") as stage:
        screen = open_screen(stage.server)
        screen.to_capture()
        screen.to_result()
        screen.tap(".result .done")
        screen.see(".ask")
        stage.server.kill()
        stage.server.start()
        screen.see(".start:not([inert])")
        screen.to_capture()
        screen.to_result()


def test_closing_what_refers_nobody_does_not_ask(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    for act in ("routine", "unfamiliar", "simulated"):
        screen.to_capture()
        stage.act(act)
        screen.to_result()
        screen.tap(".result .done")
        screen.see(".start:not([inert])")


SETTLED_MS = 500
"""A screen takes taps so long after it was drawn, at the latest."""
COVERED = '#kiosk-overlay[data-state="covered"]'
COVER_S, END_S = ScreenConfig().cover_after_s, ScreenConfig().end_after_s


def test_an_untouched_patient_is_covered_until_a_touch_that_does_nothing_else(
    stage: Stage, open_screen: OpenScreen
) -> None:
    stage.act("routine")
    screen = open_screen(stage.server, timed=True)
    stage.pass_time(COVER_S, screen)
    screen.heartbeats()  # nobody's details stand on Start: nothing is covered
    assert screen.page.locator(COVERED).count() == 0
    screen.tap('.key[aria-label="7"]')
    screen.heartbeats()  # the touch is told
    stage.pass_time(COVER_S, screen)
    screen.see(COVERED)  # typed, and left
    screen.tap("#kiosk-overlay")
    assert value(screen, "code") == "7"
    screen.tap(".continue")
    screen.picture()
    screen.to_result()
    button = screen.see(".result .done").bounding_box()
    assert button is not None
    screen.heartbeats()
    stage.pass_time(COVER_S, screen)
    screen.see(COVERED)
    screen.keep("covered")
    shown = str(screen.page.locator("body").inner_text())
    assert text("shell.covered") in shown
    assert "Naevus" not in shown
    assert "7" not in shown
    screen.page.touchscreen.tap(button["x"] + 5, button["y"] + 5)
    screen.page.locator(COVERED).wait_for(state="hidden")
    assert "Naevus" in screen.see(".result .bars").inner_text()
    screen.heartbeats()
    stage.pass_time(COVER_S, screen)
    screen.see(COVERED)
    screen.page.keyboard.press("Enter")
    screen.page.locator(COVERED).wait_for(state="hidden")
    assert screen.page.locator(".result").is_visible()


def test_a_page_that_is_loaded_anew_is_covered_as_the_old_one_was(stage: Stage, open_screen: OpenScreen) -> None:
    stage.act("routine")
    screen = open_screen(stage.server)
    screen.to_capture()
    screen.to_result()
    screen.heartbeats()
    stage.pass_time(COVER_S)
    screen.see(COVERED)
    screen.page.reload()
    screen.see(COVERED)
    assert "Naevus" not in screen.page.locator("body").inner_text()
    screen.tap("#kiosk-overlay")
    screen.done()


def test_a_result_that_nobody_closes_ends_and_start_says_so(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server, timed=True)
    enter(screen)
    screen.to_result()
    screen.heartbeats()
    stage.pass_time(END_S, screen)
    screen.see('.start .notices [data-code="loss"]')
    assert text("start.lost_untouched") in screen.see(".notices").inner_text()
    screen.keep("start_lost_untouched")
    assert value(screen, "code") == text("start.empty")
    screen.tap('.key[aria-label="7"]')  # typed, and left
    screen.heartbeats()
    stage.pass_time(END_S, screen)
    screen.page.locator(".field[data-given]").wait_for(state="detached")
    screen.to_capture()
    screen.heartbeats()
    stage.pass_time(END_S, screen)
    screen.see(".start:not([inert])")  # from Capture too
    screen.to_capture()
    screen.to_result()
    screen.done()
    assert screen.page.locator(".notices").is_hidden()


def test_a_case_ends_without_any_browser(start_stage: StartStage, open_screen: OpenScreen) -> None:
    with start_stage("urgent") as stage:
        screen = open_screen(stage.server)
        screen.to_capture()
        screen.to_result()
        screen.heartbeats()
        turn = stage.server.health()[1]["turn"]
        screen.page.context.close()
        stage.pass_time(END_S)
        while stage.server.health()[1]["turn"] == turn:
            pass
        fresh = open_screen(stage.server)
        assert text("start.lost_untouched") in fresh.see(".start .notices").inner_text()


def test_a_lost_assessment_is_told_after_a_restart(start_stage: StartStage, open_screen: OpenScreen) -> None:
    with start_stage("urgent") as stage:
        screen = open_screen(stage.server)
        screen.to_capture()
        screen.to_result()
        stage.server.kill()
        stage.server.start()
        told = screen.see('.start .notices [data-code="loss"]')
        assert told.inner_text().strip() == text("start.lost_restart")
        screen.keep("start_lost_restart")
        screen.to_capture()
        screen.to_result()
        screen.done()
        assert screen.page.locator(".notices").is_hidden()


PATHWAY = {
    "urgent_referral": "Call <b>dermatology</b> on call, ext. 4711, today. "
    + "Give the form in drawer 2 to the patient. " * 5,
    "routine": "Hand out leaflet 3.",
}


def test_the_clinics_own_next_step_is_shown_in_full_where_there_is_advice(
    start_stage: StartStage, open_screen: OpenScreen
) -> None:
    config = "[pathway]\n" + "".join(f'{level} = "{said}"\n' for level, said in PATHWAY.items())
    with start_stage("urgent", config=config) as stage:
        screen = open_screen(stage.server, "800x480")
        screen.to_capture()
        screen.to_result()
        assert screen.see(".step p").inner_text() == PATHWAY["urgent_referral"].strip()
        assert screen.faults() == []
        screen.keep("result_step")
        for act, shown in (("routine", PATHWAY["routine"]), ("referral", ""), ("dark", ""), ("simulated", "")):
            screen.tap(".result .panel .retake")
            screen.picture()
            stage.act(act)
            screen.to_result()
            step = screen.page.locator(".step")
            assert (step.is_visible(), step.locator("p").text_content()) == (bool(shown), shown), act
            stage.act("urgent")


# in the place of the browser's own, which a test cannot hear
LISTEN = """() => {
  window.heard = [];
  const gain = { setValueAtTime() {}, linearRampToValueAtTime() {} };
  window.AudioContext = class { currentTime = 0; resume() {} };
  window.GainNode = class { gain = gain; connect() {} };
  window.OscillatorNode = class {
    constructor(_, { frequency }) { window.heard.push(frequency); }
    connect(next) { return next; }
    start() {}
    stop() {}
  };
}"""


@pytest.mark.parametrize(("sounds", "heard"), [("true", [880, 660, 880, 330, 220]), ("false", [])])
def test_tones_tell_of_a_picture_a_result_and_a_fault(
    start_stage: StartStage, open_screen: OpenScreen, sounds: str, heard: list[int]
) -> None:
    with start_stage("routine", config=f"[screen]\nsounds = {sounds}\n") as stage:
        screen = open_screen(stage.server)
        screen.page.evaluate(LISTEN)
        screen.to_capture()
        stage.act("slow")
        screen.tap(".shutter")
        screen.see(f'.taking-words:has-text("{text("capture.assessing")}")')
        stage.act("routine")
        screen.see('.result[data-outcome="result"]')
        screen.done()
        screen.to_capture()
        stage.act("no_capture")
        screen.tap(".shutter")
        screen.see('.result[data-outcome="device_fault"]')
        assert screen.page.evaluate("window.heard") == heard


def test_the_sheet_draws_the_models_plots_one_at_a_time(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see(".start:not([inert])")
    screen.tap(".about")
    screen.see(".sheet-plots")
    drawn = {"roc": "path.curve", "reliability": "rect.pillar", "confusion": ".matrix td", "classes": ".lengths li"}
    counts = {}
    for kind, part in drawn.items():
        screen.tap(f'[data-plot="{kind}"]')
        counts[kind] = screen.see(f".drawn-{kind}").locator(part).count()
        assert screen.page.locator(".sheet-rows").is_hidden()
        told = screen.see(".plot .said").inner_text()
        assert ("88 %" in told) == (kind != "classes")
        screen.tap(".plot-back")
        screen.see(".sheet-rows")
    assert counts == {"roc": 2, "reliability": 9, "confusion": 50, "classes": 7}
    screen.tap(".sheet .close")
    assert screen.page.locator(".sheet").is_hidden()
