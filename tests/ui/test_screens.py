"""The screens in a real browser at three sizes: everything in reach of a finger, nothing cut off, nothing to scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_models.labels import LesionClass
from kiosk.text.catalogue import catalogue

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, Stage

EN = catalogue("en")
text = EN.text

pytestmark = pytest.mark.browser

SIZES = ("1280x800", "800x480", "720x1280")


@pytest.mark.parametrize("size", SIZES)
def test_details_capture_and_result_fit(stage: Stage, open_screen: OpenScreen, size: str) -> None:
    screen = open_screen(stage.server, size)
    screen.see('.lamp.camera[data-state="ok"]')
    screen.enter_code("W" * 17)  # one more than fits
    assert screen.see(".entry-value").inner_text() == "W" * 16
    assert screen.faults() == []
    screen.keep("start_letters")
    screen.tap(".key.page")
    assert screen.faults() == []
    screen.keep("start_code")
    screen.tap('.field[data-field="age"]')
    for digit in "1190":
        screen.tap(f'.key[aria-label="{digit}"]')
    assert screen.see(".entry-value").inner_text() == "119"
    assert screen.faults() == []
    screen.keep("start_age")
    screen.tap(f'.key[aria-label="{text("start.next")}"]')
    assert screen.faults() == []
    screen.keep("start_sex")
    screen.tap(f'.key[aria-label="{text("sex.female")}"]')
    assert screen.faults() == []
    screen.keep("start_site")
    screen.tap(f'.key[aria-label="{text("site.back_of_hand")}"]')
    assert screen.faults() == []
    screen.keep("start_side")
    screen.tap(f'.key[aria-label="{text("side.right")}"]')
    screen.tap(f'.key[aria-label="{text("scope.dark_skin.ask")}"]')
    screen.tap(f'.key[aria-label="{text("scope.treated_before.ask")}"]')
    assert screen.faults() == []
    screen.keep("start_told")
    screen.tap(".continue")
    screen.picture()
    screen.see('.hints li[data-state="good"]')
    screen.keep("capture")
    assert screen.faults() == []
    assert screen.see(".summary").inner_text() == "WWWWWWWWWWWWWWWW · 119 y · Female · Back of hand, Right"
    screen.to_result()
    screen.tap(".picture .view")
    screen.see(".look .line")
    screen.keep("result_looking")
    assert screen.faults() == []
    screen.tap(".about")
    screen.see(".sheet")
    screen.keep("about")
    assert screen.faults() == []
    assert "Dark skin types" in screen.see(".sheet-rows").inner_text()
    screen.tap(".sheet .close")
    screen.done()
    assert screen.see('.field[data-field="code"] .field-value').inner_text() == text("start.empty")


def check_at_every_size(screen: Screen, name: str) -> None:
    for size in SIZES:
        screen.resize(size)
        screen.keep(name)
        assert screen.faults() == [], size


@pytest.mark.parametrize(("act", "bars"), [("routine", 3), ("referral", 3), ("worst", 3), ("below", 6)])
def test_a_result_shows_the_likeliest_and_every_named_class(
    stage: Stage, open_screen: OpenScreen, act: str, bars: int
) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    stage.act(act)
    screen.to_result()
    check_at_every_size(screen, f"result_{act}")
    assert screen.see(".bars li").count() == bars
    assert text("result.disclaimer") in screen.see(".disclaimer").inner_text()
    assert "stage-model-1" in screen.see(".meta").inner_text()
    screen.done()


def test_a_simulated_picture_and_one_outside_the_scope_are_said_in_the_place_of_advice(
    stage: Stage, open_screen: OpenScreen
) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    stage.act("simulated")
    screen.to_result()
    screen.see('.band[data-level="simulated"]')
    check_at_every_size(screen, "result_simulated")
    stage.act("routine")
    screen.done()
    screen.tap('.field[data-field="told"]')
    screen.tap(f'.key[aria-label="{text("scope.treated_before.ask")}"]')
    screen.tap(f'.key[aria-label="{text("scope.dark_skin.ask")}"]')
    screen.tap(".continue")
    screen.picture()
    screen.to_result()
    screen.see('.band[data-level="outside"]')
    check_at_every_size(screen, "result_outside")
    screen.done()


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        ("dark", "retake"),
        ("blurred", "retake"),
        ("unfamiliar", "no_result"),
        ("unsure", "no_result"),
        ("no_engine", "device_fault"),
        ("no_capture", "device_fault"),
    ],
)
def test_without_a_result_no_class_is_shown(stage: Stage, open_screen: OpenScreen, act: str, outcome: str) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    stage.act(act)
    screen.to_result()
    screen.see(f'.result[data-outcome="{outcome}"]')
    check_at_every_size(screen, f"result_{act}")
    everything = screen.page.locator(".result").inner_text()
    assert not [lesion for lesion in LesionClass if lesion.full_name.casefold() in everything.casefold()]
    assert screen.page.locator(".bars li").count() == 0
    assert screen.page.locator(".retake.primary").count() == 1
    stage.act("routine")
    screen.tap(".retake")
    screen.picture()


def test_a_camera_that_is_gone_is_said_and_comes_back(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    stage.act("no_camera")
    screen.see('.picture[data-state="fault"]')
    screen.see('.lamp.camera[data-state="fault"]')
    check_at_every_size(screen, "capture_fault")
    assert EN.fault("C4") in screen.see(".cover.fault").inner_text()
    assert screen.page.locator('.hints [data-state="good"]').count() == 0, "nothing is good without a picture"
    assert screen.page.locator(".shutter").is_disabled()
    stage.act("routine")
    screen.picture()
    screen.see('.lamp.camera[data-state="ok"]')


def test_the_picture_is_judged_while_it_is_live(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    stage.act("dark")
    screen.see('.hints [data-hint="light"][data-state="warn"]')
    screen.keep("capture_dark")
    assert screen.see('.call[data-state="warn"]').inner_text()
    stage.act("routine")
    screen.see('.hints [data-hint="light"][data-state="good"]')


def test_the_result_fills_its_frame(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    screen.to_result()
    frame = screen.see(".result .picture").bounding_box()
    canvas = screen.see("canvas.captured")
    assert canvas.bounding_box() == frame
    assert canvas.evaluate("e => getComputedStyle(e).objectFit") == "cover"


def test_gestures_menus_and_shortcuts_are_off(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see(".start")
    page = screen.page
    for event in ("contextmenu", "selectstart", "dragstart"):
        kept = page.evaluate(f"document.body.dispatchEvent(new Event('{event}', {{bubbles: true, cancelable: true}}))")
        assert kept is False, event
    for key in ("c", "r", "k", "Control+p", "Control+f"):
        kept = page.evaluate(
            """([key, ctrlKey]) => document.body.dispatchEvent(
                 new KeyboardEvent('keydown', {key, ctrlKey, bubbles: true, cancelable: true}))""",
            [key[-1], key.startswith("Control")],
        )
        assert kept is False, key
    styles = page.evaluate(
        "(({touchAction, overscrollBehaviorY}) => [touchAction, overscrollBehaviorY])"
        "(getComputedStyle(document.documentElement))"
    )
    assert styles == ["none", "none"]
    for part in ("stHeader", "stToolbar", "stStatusWidget"):
        assert page.locator(f'[data-testid="{part}"]:visible').count() == 0


def test_captures_leave_nothing_behind_in_the_page(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    inspector = screen.page.context.new_cdp_session(screen.page)
    inspector.send("Performance.enable")

    def nodes() -> float:
        inspector.send("HeapProfiler.collectGarbage")
        metrics = {metric["name"]: metric["value"] for metric in inspector.send("Performance.getMetrics")["metrics"]}
        return float(metrics["Nodes"])

    seen = []
    for _ in range(4):
        screen.to_result()
        screen.tap(".result .dock .retake")
        screen.picture()
        seen.append(nodes())
    assert seen[-1] < seen[1] + 100, "a screen has some 200 nodes, and two of them came and went"


def test_what_is_wrong_with_the_device_stands_on_start(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see(".start")
    assert screen.page.locator(".notices").is_hidden()
    stage.box("D2", "D3")
    stage.act("no_camera")
    screen.see('.notices [data-code="C4"]')
    told = screen.see(".notices").inner_text()
    assert [code for code in ("C4", "D2", "D3") if EN.fault(code) not in told] == []
    check_at_every_size(screen, "start_notices")
    screen.tap(".about")
    listed = screen.see(".sheet-notices").inner_text()
    assert [code for code in ("C4", "D2", "D3") if EN.fault(code) not in listed] == []
    check_at_every_size(screen, "about_notices")
    screen.tap(".sheet .close")
    stage.box()
    stage.act("urgent")
    screen.page.locator(".notices").wait_for(state="hidden")


def test_focus_is_not_judged_in_the_dark(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    screen.see('.hints [data-hint="focus"][data-state="good"]')
    stage.act("dark")
    screen.see('.hints [data-hint="light"][data-state="warn"]')
    focus = screen.see('.hints [data-hint="focus"][data-state="unknown"]')
    assert focus.locator(".hint-value").inner_text() == text("hint.unknown")


def test_deciding_without_the_kiosk_is_said_with_its_condition(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    stage.act("unfamiliar")
    screen.to_result()
    assert screen.page.locator(".retake.primary").count() == 1
    assert text("outcome.no_result_detail") in screen.see(".band").inner_text()
    screen.done()
