"""What the server knows of one browser session beside its visit: who sits at it, and where beside the visit it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import streamlit as st

from edge_models.errors import DermakioskError
from kiosk.errors import OperatorLocked
from kiosk.workflow.archive import Listed
from kiosk.workflow.archive import Place as PageStart

SAVED = "saved"


class Place(StrEnum):
    """What is on the screen in the place of the visit."""

    VISIT = "visit"
    UNLOCK = "unlock"
    DESK = "desk"
    ARCHIVE = "archive"
    EXAMINATION = "examination"
    OFFICE = "office"
    PIN = "pin"


@dataclass
class Seat:
    """One browser session.

    Attributes:
        number: of its log-in; 0: nobody has logged in.
        without: somebody goes on without logging in, and nothing is kept.
        later: the set-up was put off.
        words: the recovery words, while they are shown.
        sheet: what is said of their sheet: the code of what went wrong, or `SAVED`; empty: nobody asked for it.
        attempt: counts what was tried, so that the screen starts anew.
        trouble: the code of what went wrong last; empty: nothing.
        tried: the operator whose PIN was tried last.
        wait_s: until that operator may try again.
        opened: the id of the examination that is looked at.
        judged: the ticket of the last case that an own verdict was asked for.
        prefix: patients whose code begins so are listed; empty: examinations are.
        listed: which examinations are.
        page: where the listed page begins; None: with the newest.
        next_page: where the next one would begin; None: there is none.
    """

    number: int = 0
    without: bool = False
    later: bool = False
    place: Place = Place.VISIT
    words: str = ""
    sheet: str = ""
    attempt: int = 0
    trouble: str = ""
    tried: str = ""
    wait_s: float = 0.0
    opened: str = ""
    judged: str = ""
    prefix: str = ""
    listed: Listed = field(default_factory=Listed)
    page: PageStart | None = None
    next_page: PageStart | None = None

    def look_for(self, listed: Listed, prefix: str = "") -> None:
        """List something else, from its newest on."""
        self.listed, self.prefix = listed, prefix
        self.page = self.next_page = None

    def log_in(self, number: int) -> None:
        """Somebody has logged in here."""
        self.number = number
        self.without = False
        self.place = Place.VISIT
        self.settled()

    def leave(self) -> None:
        """The session is over."""
        self.number = 0
        self.place = Place.VISIT
        self.opened = ""
        self.look_for(Listed())
        self.settled()

    def settled(self) -> None:
        """What was tried last is no matter any more."""
        self.attempt += 1
        self.trouble, self.tried, self.wait_s = "", "", 0.0

    def failed(self, error: DermakioskError, tried: str = "") -> None:
        """Something could not be done."""
        self.attempt += 1
        self.trouble, self.tried = error.code, tried
        self.wait_s = error.wait_s if isinstance(error, OperatorLocked) else 0.0


def this_seat() -> Seat:
    """The seat of the browser session that the script runs for."""
    if "seat" not in st.session_state:
        st.session_state["seat"] = Seat()
    seat: Seat = st.session_state["seat"]
    return seat
