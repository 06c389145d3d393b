"""The script that Streamlit runs at every tap: which screen is shown, and with what."""

from __future__ import annotations

import streamlit as st

from kiosk.text import text
from kiosk.ui import device
from kiosk.ui.screens import capture, result, start, status
from kiosk.workflow.visit import Step, Visit

WAIT_S = 0.25
"""How long a run of the script waits for an assessment before it ends, so that taps are heard, and starts again."""


def main() -> None:
    """Draw the screen that this session is at; every run draws each component once."""
    st.set_page_config(page_title=text("app.name"), layout="wide", initial_sidebar_state="collapsed")
    kiosk = device.current()
    if "visit" not in st.session_state:
        st.session_state["visit"] = Visit.resume(kiosk.station)
    visit: Visit = st.session_state["visit"]
    assessment = None
    if visit.step is Step.RESULT:
        try:
            assessment = visit.assessment(WAIT_S)
        except KeyError:
            pass  # done from another page: the visit is at Start again
        else:
            if assessment is None:
                status.draw(kiosk, Step.CAPTURE)
                capture.draw(kiosk, visit, taking=True)
                st.rerun()
    status.draw(kiosk, visit.step)
    if assessment is not None:
        result.draw(visit, assessment)
    elif visit.step is Step.CAPTURE:
        capture.draw(kiosk, visit, taking=False)
    else:
        start.draw(visit)


main()
