"""The script that Streamlit runs at every tap: which screen is shown, and with what."""

from __future__ import annotations

import streamlit as st

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import Catalogue, catalogue
from kiosk.ui import device
from kiosk.ui.language import words_of
from kiosk.ui.screens import capture, result, start, status, taken
from kiosk.ui.windows import tag, this_window
from kiosk.workflow.visit import Step, Visit

WAIT_S = 0.25
"""How long a run of the script waits for an assessment before it ends, so that taps are heard, and starts again."""


def main() -> None:
    """Draw the screen that this session is at; every run draws each component once."""
    kiosk = device.current()
    words = _words(kiosk.screen.language)
    st.set_page_config(page_title=words.text("app.name"), layout="wide", initial_sidebar_state="collapsed")
    window = this_window()
    if not kiosk.windows.admit(window):
        # nothing of the patient stays in a window that does not have the screen
        had = st.session_state.pop("visit", None) is not None or "had" in st.session_state
        if had:
            st.session_state["had"] = True
        status.draw(words, kiosk, Step.START, tag(window), here=False)
        taken.draw(words, had=had, take=lambda: kiosk.windows.hand_to(window))
        return
    st.session_state.pop("had", None)
    if "visit" not in st.session_state:
        st.session_state["visit"] = Visit.resume(kiosk.station, kiosk.attention.turn)
    visit: Visit = st.session_state["visit"]
    visit.keep_up(kiosk.attention.turn)
    assessment = None
    if visit.step is Step.RESULT:
        try:
            assessment = visit.assessment(WAIT_S)
        except KeyError:
            pass  # done from another page: the visit is at Start again
        else:
            if assessment is None:
                status.draw(words, kiosk, Step.CAPTURE, tag(window))
                capture.draw(words, kiosk, visit, taking=True)
                st.rerun()
    status.draw(words, kiosk, visit.step, tag(window))
    if assessment is not None:
        result.draw(words, kiosk, visit, assessment)
    elif visit.step is Step.CAPTURE:
        capture.draw(words, kiosk, visit, taking=False)
    else:
        start.draw(words, kiosk, visit, _speak)


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
