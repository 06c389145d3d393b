"""Keys: a keyboard alone, a switch alone (Tab and Enter), a barcode scanner, a foot switch, and the keypad's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kiosk.text.catalogue import catalogue

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Screen, Stage

EN = catalogue("en")
text = EN.text

pytestmark = pytest.mark.browser

KEY_PX = 72.7
"""14 mm on a 7-inch panel: its 800 pixels are 154 mm wide."""
PRESS = """(keys) => {
  let place = document.activeElement;
  while (place.shadowRoot?.activeElement) place = place.shadowRoot.activeElement;
  const how = { bubbles: true, composed: true, cancelable: true };
  for (const [key, repeat] of keys) place.dispatchEvent(new KeyboardEvent("keydown", { key, repeat, ...how }));
}"""
TRAIL = """() => {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return `${found?.className} ${found?.getAttribute("aria-label") ?? found?.textContent.trim()}`;
}"""
MOST_TABS = 60


def scan(screen: Screen, code: str) -> None:
    """What a scanner types, faster than a hand."""
    screen.page.evaluate(PRESS, [[key, False] for key in (*code, "Enter")])


def value(screen: Screen, field: str) -> str:
    return screen.see(f'.field[data-field="{field}"] .field-value').inner_text()


def focus(screen: Screen) -> str:
    """Class and name of what has the focus."""
    return str(screen.page.evaluate(TRAIL))


def tab_to(screen: Screen, wanted: str) -> None:
    """Press Tab until what has the focus has `wanted` in its class or name."""
    passed = []
    for _ in range(MOST_TABS):
        if wanted in focus(screen):
            return
        passed.append(focus(screen))
        screen.page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {wanted}: {passed}")


def choose(screen: Screen, wanted: str) -> None:
    tab_to(screen, wanted)
    ringed = screen.page.evaluate(
        """() => {
          let found = document.activeElement;
          while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
          return getComputedStyle(found).outlineStyle;
        }"""
    )
    assert ringed != "none", f"{focus(screen)} shows no focus"
    screen.page.keyboard.press("Enter")


def shutter_ready(screen: Screen) -> None:
    screen.picture()
    screen.see(".shutter:focus")


def test_a_visit_with_a_switch_alone(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server, "800x480")
    screen.see(".start:not([inert])")
    for wanted in ("character 7", "page", "character Q", "next", "character 5", "next", text("sex.female")):
        choose(screen, wanted)
    for wanted in (text("site.arm"), text("side.left"), text("scope.dark_skin.ask"), "continue"):
        choose(screen, wanted)
    shutter_ready(screen)
    assert screen.see(".summary").inner_text() == "7Q · 5 y · Female · Arm, Left"
    screen.page.keyboard.press("Enter")
    screen.see(".result:not([inert])")
    screen.see(".band h1:focus")
    choose(screen, "view")
    screen.see(".look .line")
    choose(screen, "about")
    screen.see(".sheet")
    choose(screen, "close")
    assert screen.page.locator(".sheet").is_hidden()
    assert "about" in focus(screen), "the focus goes back to where it was"
    choose(screen, "done")
    screen.see(".ask")
    choose(screen, "yes")
    screen.see(".start:not([inert])")


def test_a_visit_with_a_keyboard_alone(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see(".start:not([inert])")
    screen.see(".entry-title:focus")
    press = screen.page.keyboard.press
    screen.page.keyboard.type("ab-12x", delay=150)  # by hand
    press("Backspace")
    press("Enter")
    screen.page.keyboard.type("581", delay=150)
    assert value(screen, "code") == "AB-12"
    assert value(screen, "age") == "58 years", "nobody is 581 years old"
    press("Enter")
    choose(screen, text("sex.male"))
    choose(screen, text("site.back"))
    choose(screen, "continue")
    shutter_ready(screen)
    press("Space")
    screen.see(".band h1:focus")
    choose(screen, "retake")
    shutter_ready(screen)
    choose(screen, "go-back")
    screen.see(".start:not([inert])")
    assert value(screen, "code") == "AB-12"


def test_the_focus_stays_in_a_dialog_and_escape_closes_it(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server, "800x480")
    screen.to_capture()
    screen.to_result()
    screen.see(".band h1:focus")
    choose(screen, "done")
    screen.see(".ask")
    seen = set()
    for _ in range(6):
        screen.page.keyboard.press("Tab")
        seen.add(focus(screen).split()[0])
    assert seen == {"not-yet", "primary"}
    screen.page.keyboard.press("Escape")
    assert screen.page.locator(".ask").is_hidden()
    assert "done" in focus(screen)


@pytest.mark.parametrize("focused", ["age", "sex", "told"])
def test_a_scanner_fills_the_code_whatever_has_the_focus(stage: Stage, open_screen: OpenScreen, focused: str) -> None:
    screen = open_screen(stage.server)
    screen.see(".start:not([inert])")
    screen.tap(f'.field[data-field="{focused}"]')
    scan(screen, "p-4711")
    assert value(screen, "code") == "P-4711"
    assert value(screen, "age") == text("start.empty")
    assert screen.see(".keys").get_attribute("data-layout") == "numbers", "the age comes next"


def test_a_scanned_code_of_somebody_else_starts_over(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.see(".start:not([inert])")
    screen.tap('.field[data-field="age"]')
    screen.tap('.key[aria-label="5"]')
    scan(screen, "A1")
    assert value(screen, "age") == "5 years", "no code was given before: it is of the same patient"
    scan(screen, "B2")
    assert (value(screen, "code"), value(screen, "age")) == ("B2", text("start.empty"))


@pytest.mark.parametrize("code", ["Jane Doe", "A" * 17, "Ä1", "*", "http://x"])
def test_what_is_no_code_is_refused_in_words(stage: Stage, open_screen: OpenScreen, code: str) -> None:
    screen = open_screen(stage.server, "800x480")
    screen.see(".start:not([inert])")
    scan(screen, code)
    assert text("start.refused") in screen.see('.notices [data-code="refused"]').inner_text()
    assert value(screen, "code") == text("start.empty")
    assert screen.faults() == []
    scan(screen, "A1")
    screen.page.locator(".notices").wait_for(state="hidden")


def test_a_scan_away_from_start_does_nothing(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    screen.see(".shutter:focus")
    scan(screen, "A1")  # its Enter is no tap
    assert screen.see(".summary").inner_text() == text("patient.anonymous")
    assert screen.see('.picture[data-state="picture"]').is_visible()


@pytest.mark.parametrize("key", ["PageDown", "AudioVolumeUp", "F9", " ", "Enter"])
def test_a_foot_switch_takes_one_picture(stage: Stage, open_screen: OpenScreen, key: str) -> None:
    screen = open_screen(stage.server)
    screen.to_capture()
    screen.see(".shutter:focus")
    before = stage.server.log().count("captured")
    stage.act("slow")
    if key in (" ", "Enter"):  # the browser itself makes a click of these
        screen.page.keyboard.down("Space" if key == " " else key)
        for _ in range(5):
            screen.page.keyboard.down("Space" if key == " " else key)
        screen.page.keyboard.up("Space" if key == " " else key)
    else:
        screen.page.evaluate(PRESS, [[key, repeat] for repeat in (False, True, True, False, True)])
    screen.see('.picture[data-state="taking"]')
    stage.act("urgent")
    screen.see(".result .band h1:focus")
    screen.page.evaluate(PRESS, [[key, False], [key, True]])
    assert screen.page.locator(".result").is_visible()
    assert screen.page.locator(".ask").is_hidden()
    assert stage.server.log().count("captured") == before + 1


def test_the_keypad_has_keys_of_14_mm_on_a_7_inch_panel(stage: Stage, open_screen: OpenScreen) -> None:
    screen = open_screen(stage.server, "800x480")
    screen.see(".start:not([inert])")
    pages = {"digits": 14, "letters": 29, "numbers": 12}
    for page, keys in pages.items():
        if page == "letters":
            screen.tap(".key.page")
        if page == "numbers":
            screen.tap(".key.page")
            screen.tap('.field[data-field="age"]')
        boxes = [key.bounding_box() for key in screen.see(f'.keypad[data-layout="{page}"] .key').all()]
        assert len(boxes) == keys
        small = [box for box in boxes if box is None or min(box["width"], box["height"]) < KEY_PX]
        assert small == [], page
        screen.keep(f"keypad_{page}")
        assert screen.faults() == []
