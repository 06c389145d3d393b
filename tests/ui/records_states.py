"""Every state of the records' screens, one after another: from the first set-up to records that cannot be opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.records.slots import FILE as SLOTS
from kiosk.text.catalogue import Catalogue
from tests.ui.clinic import enter, go

if TYPE_CHECKING:
    from tests.ui.conftest import Screen, Stage

RECORDS_STATES = (
    "setup_intro", "setup_name", "setup_pin", "setup_pins_differ", "setup_words", "setup_no_stick", "setup_check",
    "setup_wrong_word",
    "office", "office_name", "office_role", "office_pin", "office_operators", "office_change", "office_words_sure",
    "desk_administrator", "own_pin", "desk_low", "desk_no_stick", "archive_empty", "unlock_locked", "unlock_wrong",
    "start_logged_in", "capture_kept", "lesion_map", "lesion_pointed", "capture_followed", "verdict", "result_saved",
    "unsaved", "result_given_up", "start_low", "desk_clinician", "archive", "archive_narrow", "archive_code",
    "archive_patients", "kept", "kept_judge", "kept_lesions", "kept_judged", "unlock_wait", "result_without",
    "kept_unshown", "kept_delete", "unlock_fault",
)  # fmt: skip
"""Their names, in the order of `walk_records`."""

ADMINISTRATOR = "ANNA"
CLINICIAN = "WILHELMINA-KONSTANTINA SCHMIDT-NEUMANN-X"
"""As long as a name may be, and half of it one word."""
PIN, OTHER_PIN, WRONG_PIN = "27182818", "40917362", "99999998"


def configuration(folder: Path, language: str) -> str:
    """A kiosk that asks for everything that it can ask for, and waits for nobody."""
    return (
        f'[screen]\nlanguage = "{language}"\ncover_after_s = 0\nend_after_s = 0\n'
        f'[records]\nfolder = "{folder / "records"}"\nown_verdict_first = true\nidle_after_s = 3600\n'
        f'backup = "{folder}"\nsheet = "{folder}"\n'
    )


def walk_records(screen: Screen, stage: Stage, words: Catalogue) -> Iterator[str]:
    """Bring a page whose records are not set up yet through every state.

    Args:
        screen: at the set-up, in the language of `words`.
        stage: that serves it, with `configuration`; its records cannot be opened in the end.
        words: of the configured language.

    Yields:
        The state's name, while the page is in it.
    """
    yield from _set_up(screen)
    yield from _office(screen)
    yield from _administrator(screen, stage, words)
    yield from _clinician(screen, stage, words)
    yield from _archive(screen)
    yield from _locked(screen, stage)
    yield from _complaint(screen)
    yield from _fault(screen, stage)


def type_name(screen: Screen, name: str) -> None:
    for letter in name:
        screen.tap(".letters:visible .space" if letter == " " else f'.letters:visible .key[aria-label="{letter}"]')


def _set_up(screen: Screen) -> Iterator[str]:
    screen.see(".setup:not([inert])")
    yield "setup_intro"
    screen.tap(".setup .next")
    type_name(screen, ADMINISTRATOR)
    yield "setup_name"
    screen.tap(".setup .next")
    for digit in PIN:
        screen.tap(f'.pad .key[aria-label="{digit}"]')
    yield "setup_pin"
    screen.tap(".pad .enter")
    enter(screen, WRONG_PIN)
    screen.see(".setup .told:not(:empty)")
    yield "setup_pins_differ"
    enter(screen, PIN)
    enter(screen, PIN)
    shown = screen.see(".words li").all_inner_texts()
    yield "setup_words"
    screen.tap(".setup .sheet")
    screen.see(".setup .told:not(:empty)")
    yield "setup_no_stick"
    screen.tap(".setup .next")
    yield "setup_check"
    asked = _asked(screen, shown)
    wrong = next(word for word in screen.page.locator(".choices .word").all_inner_texts() if word != asked)
    screen.page.locator(".choices .word").get_by_text(wrong, exact=True).first.tap()
    screen.see(".setup .told:not(:empty)")
    yield "setup_wrong_word"
    screen.tap(".setup .next")
    for _ in range(3):
        screen.page.locator(".choices .word").get_by_text(_asked(screen, shown), exact=True).first.tap()


def _asked(screen: Screen, words: list[str]) -> str:
    """The word that the set-up asks for."""
    return words[int("".join(filter(str.isdigit, screen.see(".setup-title").inner_text()))) - 1]


def _office(screen: Screen) -> Iterator[str]:
    screen.see(".office:not([inert]) .operator")
    yield "office"
    screen.tap(".office .add")
    type_name(screen, CLINICIAN)
    yield "office_name"
    screen.tap(".work .next")
    yield "office_role"
    screen.tap('.choice[data-value="clinician"]')
    yield "office_pin"
    enter(screen, OTHER_PIN)
    enter(screen, OTHER_PIN)
    screen.see(".operators li:nth-child(2)")
    yield "office_operators"
    screen.tap(".operators li:nth-child(2) .operator")
    yield "office_change"
    screen.tap(".work .close")
    screen.tap(".office > .dock .words")
    yield "office_words_sure"
    screen.tap(".work .close")
    screen.tap(".office > .dock .back")


def _administrator(screen: Screen, stage: Stage, words: Catalogue) -> Iterator[str]:
    screen.see(".desk:not([inert])")
    yield "desk_administrator"
    stage.act("full")
    screen.tap(".desk .pin")
    screen.see(".own-pin:not([inert])")
    yield "own_pin"
    screen.heartbeats()
    screen.tap(".own-pin .back")
    screen.see(".desk .notice")
    yield "desk_low"
    stage.act("urgent")
    screen.tap(".desk .backup")
    screen.see(f'.desk .notice:has-text("{words.fault("R9")}")')  # the folder is on the records' own disk
    yield "desk_no_stick"
    screen.tap(".desk .archive")
    screen.see(".archive:not([inert]) .none")
    yield "archive_empty"
    screen.tap(".archive > .dock .back")
    screen.tap(".desk:not([inert]) .lock")


def _log_in(screen: Screen, name: str, pin: str) -> None:
    screen.see(".unlock:not([inert])")
    screen.page.locator(".person").get_by_text(name.title(), exact=True).tap()
    enter(screen, pin)


def _clinician(screen: Screen, stage: Stage, words: Catalogue) -> Iterator[str]:
    screen.see(".unlock:not([inert]) .person")
    yield "unlock_locked"
    _log_in(screen, CLINICIAN, WRONG_PIN)
    screen.see(f'.unlock .told:has-text("{words.fault("A2")}")')
    yield "unlock_wrong"
    _log_in(screen, CLINICIAN, OTHER_PIN)
    screen.see(".start:not([inert])")
    yield "start_logged_in"
    yield from _point(screen)
    screen.tap(".shutter")
    screen.see(".verdict:not([inert])")
    yield "verdict"
    screen.tap(".verdict .skip")
    screen.see(".result:not([inert])")
    yield "result_saved"
    screen.done()
    stage.act("full")
    _examine(screen, "WX")
    screen.see(".unsaved:not([inert])")
    yield "unsaved"
    screen.tap(".unsaved .give-up")
    screen.see(".result:not([inert])")
    yield "result_given_up"
    screen.done()
    screen.see('.start .notices [data-code="D0"]')
    yield "start_low"
    for code, act in (("WX", "routine"), ("WX", "unsure")):
        stage.act(act)
        _examine(screen, code)
        screen.tap(".verdict:not([inert]) .skip")
        screen.see(".result:not([inert])")
        screen.done()
    stage.act("urgent")


def _point(screen: Screen) -> Iterator[str]:
    _to_capture(screen, "W" * 16)
    yield "capture_kept"
    screen.tap(".which")
    screen.see(".lesion:not([inert])")
    yield "lesion_map"
    point(screen, "front", 0.24, 0.35)
    yield "lesion_pointed"
    screen.tap('.consents .pill[data-value="care_and_research"]')
    screen.tap(".lesion .use")
    screen.picture()
    yield "capture_followed"


def point(screen: Screen, view: str, x: float, y: float) -> None:
    """Tap a place of the drawing of the body, and wait for its mark."""
    drawing = screen.see(f'.lesion svg[data-view="{view}"]')
    box = drawing.evaluate(
        """(svg, [x, y]) => {
      const { width, height } = svg.viewBox.baseVal;
      const on = new DOMPoint(x * width, y * height).matrixTransform(svg.getScreenCTM());
      const box = svg.getBoundingClientRect();
      return { x: on.x - box.x, y: on.y - box.y };
    }""",
        [x, y],
    )
    drawing.tap(position=box)
    screen.see('.marks [data-id="new"]', "attached")


def _examine(screen: Screen, code: str) -> None:
    _to_capture(screen, code)
    screen.tap(".shutter")


def _to_capture(screen: Screen, code: str) -> None:
    screen.see(".start:not([inert])")
    screen.enter_code(code)
    screen.tap(".continue")
    screen.picture()


def _archive(screen: Screen) -> Iterator[str]:
    screen.tap(".bar .records")
    screen.see(".desk:not([inert])")
    yield "desk_clinician"
    screen.tap(".desk .archive")
    screen.see(".archive:not([inert]) .row canvas")
    yield "archive"
    screen.tap(".archive .narrow")
    screen.see(".narrowing .pill")
    yield "archive_narrow"
    screen.tap(".narrowing .close")
    screen.tap(".archive .code")
    screen.tap('.typing .key[aria-label="W"]')
    yield "archive_code"
    screen.tap(".typing .search")
    screen.see(".archive .row.patient")
    yield "archive_patients"
    screen.tap(".archive .row.patient >> nth=0")
    screen.tap(".archive .row:not(.patient) >> nth=0")
    screen.see(".kept.screen:not([inert])")
    yield "kept"
    screen.tap(".kept .judge")
    yield "kept_judge"
    screen.tap('.choice[data-value="urgent_referral"]')
    yield "kept_lesions"
    screen.tap('.choice[data-value="akiec"]')
    screen.see(".judged li")
    screen.tap(".kept .histology")
    screen.tap('.choice[data-value="mel"]')
    screen.see(".judged li:nth-child(2)")
    yield "kept_judged"
    screen.tap(".kept > .panel .back")
    screen.see(".archive:not([inert])")
    go(screen, "lock")


def _locked(screen: Screen, stage: Stage) -> Iterator[str]:
    for _ in range(4):
        _log_in(screen, CLINICIAN, WRONG_PIN)
        screen.see('.pad .key[aria-label="1"]:enabled')  # none is while the server looks at a PIN
    _log_in(screen, CLINICIAN, WRONG_PIN)
    screen.see('.unlock .told:has-text("0:")')
    yield "unlock_wait"
    screen.tap(".unlock .without")
    screen.to_capture()
    stage.act("urgent")
    screen.to_result()
    screen.see(".result:not([inert])")
    yield "result_without"
    screen.done()
    screen.tap(".bar .records")


def _complaint(screen: Screen) -> Iterator[str]:
    _log_in(screen, ADMINISTRATOR, PIN)
    screen.tap(".desk:not([inert]) .archive")
    screen.tap(".archive:not([inert]) .row >> nth=0")
    screen.see(".kept.screen:not([inert]) .unshown")
    yield "kept_unshown"
    screen.tap(".kept .delete")
    yield "kept_delete"
    screen.tap(".kept .close")
    screen.tap(".kept > .panel .back")
    screen.see(".archive:not([inert])")


def _fault(screen: Screen, stage: Stage) -> Iterator[str]:
    stage.server.kill()
    slots = stage.script.parent / "records" / SLOTS
    slots.write_bytes(slots.read_bytes()[:-40])
    stage.server.start()
    screen.see('.unlock:not([inert]) .unlock-detail:has-text("R3")')
    yield "unlock_fault"
