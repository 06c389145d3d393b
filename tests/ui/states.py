"""Every state of every screen, one after another in one page: what a test measures and what the gallery shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import Catalogue

if TYPE_CHECKING:
    from tests.ui.conftest import Screen, Stage

STATES = (
    "start_empty", "start_notices", "about_notices", "start_code", "start_age", "start_sex", "start_site", "start_side",
    "start_told", "start_language", "taken", "capture", "capture_dark", "capture_fault", "capture_taking",
    "result_routine", "result_urgent", "result_looking", "about", "plot_roc", "plot_reliability", "plot_confusion",
    "plot_classes", "ask", "result_referral", "result_below",
    "result_worst", "result_dark", "result_unfamiliar", "result_unsure", "result_no_engine", "result_no_capture",
    "capture_simulated", "result_simulated", "result_outside",
)  # fmt: skip
"""Their names, in the order of `walk`."""
RESULTS = ("routine", "urgent", "referral", "below", "worst", "dark", "unfamiliar", "unsure", "no_engine", "no_capture")
"""Acts of the stage whose results look different."""


def walk(screen: Screen, stage: Stage, words: Catalogue) -> Iterator[str]:
    """Bring a page that stands at Start through every state.

    Args:
        screen: at Start, in any language.
        stage: that serves it; its act is "urgent" again in the end.
        words: of the language to speak.

    Yields:
        The state's name, while the page is in it.
    """
    speak(screen, words)
    yield from _start(screen, stage, words)
    yield from _capture(screen, stage)
    yield from _results(screen, stage)
    yield from _outside(screen, stage, words)
    stage.act("urgent")


def speak(screen: Screen, words: Catalogue) -> None:
    """Choose a language on Start."""
    screen.see(".start:not([inert])")
    screen.tap(".language")
    screen.tap(f'.key[aria-label="{LANGUAGES[words.language]}"]')
    screen.see(f'.field:has-text("{words.text("start.age")}")')


def _start(screen: Screen, stage: Stage, words: Catalogue) -> Iterator[str]:
    screen.tap('.field[data-field="code"]')
    yield "start_empty"
    stage.box("D5", "D7")
    screen.see('.notices [data-code="D7"]')
    yield "start_notices"
    screen.tap(".about")
    screen.see(".sheet-notices")
    yield "about_notices"
    screen.tap(".sheet .close")
    stage.box()
    screen.see(".notices[hidden]", "attached")
    for _ in range(16):
        screen.tap('.key[aria-label="8"]')
    yield "start_code"
    screen.tap('.field[data-field="age"]')
    screen.tap('.key[aria-label="5"]')
    screen.tap('.key[aria-label="8"]')
    yield "start_age"
    screen.tap('.field[data-field="sex"]')
    yield "start_sex"
    screen.tap(f'.key[aria-label="{words.text("sex.female")}"]')
    screen.tap('.field[data-field="site"]')
    yield "start_site"
    screen.tap(f'.key[aria-label="{words.text("site.back_of_hand")}"]')
    yield "start_side"
    screen.tap(f'.key[aria-label="{words.text("side.right")}"]')
    screen.tap('.field[data-field="told"]')
    yield "start_told"
    screen.tap(".language")
    yield "start_language"
    screen.tap(".language")
    yield from _second_window(screen)
    screen.tap(".continue")


def _second_window(screen: Screen) -> Iterator[str]:
    first = screen.page
    screen.page = first.context.new_page()
    screen.page.goto(first.url)
    screen.see(".taken")
    yield "taken"
    screen.page.close()
    screen.page = first


def _capture(screen: Screen, stage: Stage) -> Iterator[str]:
    screen.picture()
    screen.see('.hints li[data-state="good"]')
    yield "capture"
    stage.act("dark")
    screen.see('.hints [data-hint="light"][data-state="warn"]')
    yield "capture_dark"
    stage.act("no_camera")
    screen.see('.picture[data-state="fault"]')
    yield "capture_fault"
    stage.act("urgent")
    screen.picture()
    stage.act("slow")
    screen.tap(".shutter")
    screen.see('.picture[data-state="taking"]')
    yield "capture_taking"
    stage.act("urgent")
    screen.see(".result:not([inert]) .dock button")
    screen.tap(".result .dock .retake")


def _results(screen: Screen, stage: Stage) -> Iterator[str]:
    for act in RESULTS:
        stage.act("urgent")
        screen.picture()
        stage.act(act)
        screen.to_result()
        screen.see(".result:not([inert])")
        yield f"result_{act}"
        if act == "urgent":
            screen.tap(".picture .view")
            screen.see(".look .line")
            yield "result_looking"
            screen.tap(".about")
            screen.see(".sheet")
            yield "about"
            for kind in ("roc", "reliability", "confusion", "classes"):
                screen.tap(f'[data-plot="{kind}"]')
                screen.see(f".drawn-{kind}")
                yield f"plot_{kind}"
                screen.tap(".plot-back")
            screen.tap(".sheet .close")
            screen.tap(".result .dock .done")
            screen.see(".ask .yes")
            yield "ask"
            screen.tap(".ask .not-yet")
        screen.tap(".result .dock .retake")
    screen.picture()
    stage.act("no_camera")
    screen.see('.picture[data-state="fault"]')
    stage.act("simulated")
    screen.see(".live-chip[data-simulated]")
    yield "capture_simulated"
    screen.to_result()
    screen.see(".result:not([inert])")
    yield "result_simulated"
    stage.act("no_camera")  # a camera says when it is opened whether it is simulated: the next one is not
    screen.see('.lamp.camera[data-state="fault"]')
    stage.act("urgent")
    screen.done()


def _outside(screen: Screen, stage: Stage, words: Catalogue) -> Iterator[str]:
    screen.see(".start:not([inert])")
    screen.tap('.field[data-field="told"]')
    for limit in ("dark_skin", "treated_before"):
        screen.tap(f'.key[aria-label="{words.text(f"scope.{limit}.ask")}"]')
    screen.tap('.field[data-field="age"]')
    for digit in "9":
        screen.tap(f'.key[aria-label="{digit}"]')
    screen.tap('.field[data-field="site"]')
    screen.tap(f'.key[aria-label="{words.text("site.nail")}"]')
    screen.tap(f'.key[aria-label="{words.text("side.left")}"]')
    stage.act("routine")
    screen.tap(".continue")
    screen.picture()
    screen.to_result()
    screen.see(".result:not([inert])")
    yield "result_outside"
    screen.done()
    screen.see(".start:not([inert])")
