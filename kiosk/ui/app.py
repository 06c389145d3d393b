"""The script that Streamlit runs at every tap: which screen is shown, and with what."""

from __future__ import annotations

from functools import partial

import streamlit as st

from kiosk.clinical.assessment import Assessment
from kiosk.text import LANGUAGES
from kiosk.text.catalogue import Catalogue, catalogue
from kiosk.ui import beside, device, entry
from kiosk.ui.language import words_of
from kiosk.ui.screens import capture, lesion, result, start, status, taken, unsaved, verdict
from kiosk.ui.seat import Seat, this_seat
from kiosk.ui.windows import tag, this_window
from kiosk.workflow.keeping import Keeping, Kept
from kiosk.workflow.visit import Step, Visit

WAIT_S = 0.25
"""How long a run of the script waits for an assessment before it ends, so that taps are heard, and starts again."""


def main() -> None:
    """Draw the screen that this session is at; every run draws each component once."""
    kiosk = device.current()
    words = _words(kiosk.screen.language)
    st.set_page_config(page_title=words.text("app.name"), layout="wide", initial_sidebar_state="collapsed")
    window = this_window()
    seat = this_seat()
    if not kiosk.windows.admit(window):
        # nothing of the patient stays in a window that does not have the screen
        had = st.session_state.pop("visit", None) is not None or "had" in st.session_state
        if had:
            st.session_state["had"] = True
        seat.leave()
        status.draw(words, kiosk, seat, Step.START, tag(window), here=False)
        taken.draw(words, had=had, take=lambda: kiosk.windows.hand_to(window))
        return
    st.session_state.pop("had", None)
    if entry.needed(kiosk, seat):
        status.draw(words, kiosk, seat, Step.START, tag(window))
        entry.draw(words, kiosk, seat)
    elif beside.at(kiosk, seat):
        status.draw(words, kiosk, seat, Step.START, tag(window))
        beside.draw(words, kiosk, seat)
    else:
        _visit(words, kiosk, seat, tag(window))


def _visit(words: Catalogue, kiosk: device.Device, seat: Seat, window: str) -> None:
    """Draw where the patient's visit is. A result is in the store before it is drawn, where one is kept."""
    if "visit" not in st.session_state:
        st.session_state["visit"] = Visit.resume(kiosk.station, kiosk.attention.turn)
    visit: Visit = st.session_state["visit"]
    visit.keep_up(kiosk.attention.turn)
    take = partial(entry.capture, kiosk, seat, visit)
    keeps = entry.keeps(kiosk, seat)
    assessment = keeping = None
    if visit.step is Step.RESULT:
        try:
            assessment = visit.assessment(WAIT_S)
            keeping = entry.keep(kiosk, seat, visit, WAIT_S) if assessment is not None else None
        except KeyError:
            assessment = None  # done from another page: the visit is at Start again
        else:
            if assessment is None or (keeping is not None and keeping.kept is Kept.SAVING):
                status.draw(words, kiosk, seat, Step.CAPTURE, window)
                capture.draw(words, kiosk, visit, take, keeps=keeps, taking=True)
                st.rerun()
    if visit.step is Step.LESION and not keeps:
        visit.back()  # nobody who could follow a lesion is logged in any more
    status.draw(words, kiosk, seat, Step.CAPTURE if visit.step is Step.LESION else visit.step, window)
    if assessment is not None:
        _finished(words, kiosk, seat, visit, assessment, keeping)
    elif visit.step is Step.CAPTURE:
        capture.draw(words, kiosk, visit, take, keeps=keeps, taking=False)
    elif visit.step is Step.LESION:
        lesion.draw(words, kiosk, seat, visit)
    else:
        start.draw(words, kiosk, visit, _speak)


def _finished(
    words: Catalogue, kiosk: device.Device, seat: Seat, visit: Visit, assessment: Assessment, keeping: Keeping | None
) -> None:
    """Draw a case whose assessment is there: its result, or what comes before it."""
    if keeping is not None and keeping.kept is Kept.FAILED:
        unsaved.draw(words, kiosk, visit, keeping)
    elif keeping is not None and entry.asks_first(kiosk, seat, visit, assessment, keeping):
        verdict.draw(words, kiosk, seat, visit, assessment, keeping)
    else:
        result.draw(words, kiosk, visit, assessment, keeping)


def _words(configured: str) -> Catalogue:
    """The catalogue of this browser session."""
    if "language" not in st.session_state:
        st.session_state["language"] = words_of(st.context.cookies, configured).language
    return catalogue(st.session_state["language"])


def _speak(language: str) -> None:
    """Speak another language from the next run of the script on; what no picker offers is passed over."""
    if language in LANGUAGES:
        st.session_state["language"] = language


main()
