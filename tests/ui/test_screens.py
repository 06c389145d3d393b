"""The screens in a real browser at three sizes: everything in reach of a finger, nothing cut off, nothing to scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_models.labels import LesionClass
from kiosk.text import text

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, Stage

pytestmark = pytest.mark.browser

SIZES = ("1280x800", "800x480", "720x1280")
TOUCH_PX = 48
PRIMARY_PX = 64

# every element of the page, inside the components too: buttons too small, cut off or covered, text that does not fit
FAULTS = """() => {
  const faults = [];
  const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const say = (e, what) => faults.push(`${e.className || e.tagName}: ${what}`);
  const shown = all(document.body).filter(seen);
  const modal = shown.find((e) => e.getAttribute("aria-modal") === "true");
  for (const e of shown) {
    const box = e.getBoundingClientRect();
    if (e.tagName === "BUTTON" && (!modal || modal.contains(e))) {
      const least = e.classList.contains("primary") ? PRIMARY : TOUCH;
      if (box.width < TOUCH || box.height < least) say(e, `is ${box.width} x ${box.height}`);
      if (box.left < 0 || box.top < 0 || box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5)
        say(e, `ends at ${box.right}, ${box.bottom}`);
      const root = e.getRootNode();
      const hit = root.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      if (hit && !e.contains(hit) && !root.querySelector(".screen")?.inert) say(e, `is covered by ${hit.className}`);
    }
    const style = getComputedStyle(e);
    const inline = style.display === "inline" || e.namespaceURI.endsWith("svg") || e.tagName === "CANVAS";
    if (!inline && e.getRootNode() !== document) {
      if (e.scrollHeight > e.clientHeight + 2 && !e.matches(".picture, .picture *, .notes svg"))
        say(e, `needs ${e.scrollHeight} px of height and has ${e.clientHeight}`);
      if (e.scrollWidth > e.clientWidth + 2 && style.textOverflow !== "ellipsis" && !e.matches(".picture, .picture *"))
        say(e, `needs ${e.scrollWidth} px of width and has ${e.clientWidth}`);
    }
  }
  const page = document.scrollingElement;
  if (page.scrollHeight > innerHeight || page.scrollWidth > innerWidth) faults.push("the page scrolls");
  return faults;
}""".replace("PRIMARY", str(PRIMARY_PX)).replace("TOUCH", str(TOUCH_PX))


def faults(screen: Screen) -> list[str]:
    return list(screen.page.evaluate(FAULTS))


@pytest.mark.parametrize("size", SIZES)
def test_details_capture_and_result_fit(stage: Stage, open_screen: OpenScreen, size: str) -> None:
    screen = open_screen(stage.server, size)
    screen.see('.lamp.camera[data-state="warning"]')
    for character in "WWWWWWWWWWWWWWWWW":  # one more than fits
        screen.tap(f'.key[aria-label="{character}"]')
    assert screen.see(".entry-value").inner_text() == "W" * 16
    assert faults(screen) == []
    screen.keep("start_code")
    screen.tap('.field[data-field="age"]')
    for digit in "1190":
        screen.tap(f'.key[aria-label="{digit}"]')
    assert screen.see(".entry-value").inner_text() == "119"
    assert faults(screen) == []
    screen.keep("start_age")
    screen.tap(f'.key[aria-label="{text("start.next")}"]')
    assert faults(screen) == []
    screen.keep("start_sex")
    screen.tap(f'.key[aria-label="{text("sex.female")}"]')
    assert faults(screen) == []
    screen.keep("start_site")
    screen.tap(f'.key[aria-label="{text("site.back_of_hand")}"]')
    assert faults(screen) == []
    screen.keep("start_side")
    screen.tap(f'.key[aria-label="{text("side.right")}"]')
    screen.tap(f'.key[aria-label="{text("scope.dark_skin.ask")}"]')
    screen.tap(f'.key[aria-label="{text("scope.treated_before.ask")}"]')
    assert faults(screen) == []
    screen.keep("start_told")
    screen.tap(".continue")
    screen.picture()
    screen.see('.hints li[data-state="good"]')
    screen.keep("capture")
    assert faults(screen) == []
    assert screen.see(".summary").inner_text() == "WWWWWWWWWWWWWWWW · 119 y · Female · Back of hand, Right"
    screen.to_result()
    screen.tap(".picture .view")
    screen.see(".look .line")
    screen.keep("result_looking")
    assert faults(screen) == []
    screen.tap(".about")
    screen.see(".sheet")
    screen.keep("about")
    assert faults(screen) == []
    assert "Dark skin types" in screen.see(".sheet-rows").inner_text()
    screen.tap(".sheet .close")
    screen.tap(".done")
    screen.see(".start")
    assert screen.see('.field[data-field="code"] .field-value').inner_text() == text("start.empty")


def check_at_every_size(screen: Screen, name: str) -> None:
    for size in SIZES:
        screen.resize(size)
        screen.keep(name)
        assert faults(screen) == [], size


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
    assert text("result.disclaimer") in screen.see(".foot").inner_text()
    assert "stage-model-1" in screen.see(".meta").inner_text()
    screen.tap(".done")
    screen.see(".start")


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
    assert "Plug its cable in again" in screen.see(".cover.fault").inner_text()
    assert screen.page.locator(".shutter").is_disabled()
    stage.act("routine")
    screen.picture()
    screen.see('.lamp.camera[data-state="warning"]')


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
