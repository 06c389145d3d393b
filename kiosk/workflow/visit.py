"""Where one browser session is between Start and Result; a step tapped out of turn (a double tap) does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from kiosk.capture.station import Case, Station
from kiosk.clinical.about import About, new_id
from kiosk.clinical.assessment import Assessment
from kiosk.clinical.examination import Consent
from kiosk.clinical.lesion import Lesion
from kiosk.clinical.patient import Patient


class Step(StrEnum):
    """The screen that is shown."""

    START = "start"
    CAPTURE = "capture"
    RESULT = "result"
    LESION = "lesion"
    """Beside Capture: which of the patient's followed lesions it is, and what the examination is kept for."""


@dataclass
class Visit:
    """One patient's way through the screens.

    Attributes:
        ticket: the station's name for the case; empty before Capture was tapped.
        lesion: which of the patient's lesions in this sitting it is, from 1.
        followed: the patient's lesion that is looked at again, or will be; None: it is not followed.
        consent: what the patient allows its examinations to be kept for.
        turn: `Attention.turn` when the visit began.
        id: 32 hexadecimal digits that the examinations of one patient in one sitting share.
    """

    station: Station
    step: Step = Step.START
    patient: Patient = field(default_factory=Patient)
    ticket: str = ""
    lesion: int = 1
    followed: Lesion | None = None
    consent: Consent = Consent.CARE
    turn: int = 0
    id: str = field(default_factory=new_id)

    @classmethod
    def resume(cls, station: Station, turn: int = 0) -> Visit:
        """Where the kiosk stands: at the case that is not done yet (the page was reloaded), else at Start."""
        visit, case = cls(station, turn=turn), station.current()
        if case is not None:
            visit._show(case)
        return visit

    def keep_up(self, turn: int) -> None:
        """→ Start, with nothing entered, where everything was ended since the visit began."""
        if turn != self.turn:
            self.turn = turn
            self._start_over()

    def confirm(self, patient: Patient) -> None:
        """Start → Capture; what was chosen for somebody else, or for another place, is forgotten."""
        if self.step is Step.START:
            before, self.patient = self.patient, patient
            if patient.code != before.code:
                self.consent = Consent.CARE
            if (patient.code, patient.site, patient.side) != (before.code, before.site, before.side):
                self.followed = None
            self.step = Step.CAPTURE

    def back(self) -> None:
        """Capture → Start, and Lesion → Capture, with what was entered."""
        if self.step is Step.CAPTURE:
            self.step = Step.START
        elif self.step is Step.LESION:
            self.step = Step.CAPTURE

    def choose_lesion(self) -> None:
        """Capture → Lesion."""
        if self.step is Step.CAPTURE:
            self.step = Step.LESION

    def follow(self, lesion: Lesion | None, consent: Consent) -> None:
        """Lesion → Capture; the patient's lesion is where the followed one is."""
        if self.step is Step.LESION:
            self.followed, self.consent = lesion, consent
            if lesion is not None:
                self.patient = replace(self.patient, site=lesion.site, side=lesion.side)
            self.step = Step.CAPTURE

    def capture(self) -> None:
        """Capture → Result: the station takes the picture and assesses it."""
        if self.step is Step.CAPTURE:
            # another window may have been faster: its case is shown, with its own patient's details
            self._show(self.station.begin(About(self.patient, self.id, self.lesion, self.followed, self.consent)))

    def retake(self, ticket: str) -> None:
        """Result → Capture, for the same patient; → Start where another window has ended the case."""
        if self.step is Step.RESULT and ticket == self.ticket:
            if self.station.done(ticket):
                self.ticket = ""
                self.step = Step.CAPTURE
            else:
                self._start_over()

    def next_lesion(self, ticket: str) -> None:
        """Result → Start, for another lesion: what is known of the patient stays, what is known of the lesion goes."""
        if self.step is Step.RESULT and ticket == self.ticket:
            if self.station.done(ticket):
                self.patient = self.patient.without_lesion()
                self.lesion += 1
                self.followed = None
                self.ticket = ""
                self.step = Step.START
            else:
                self._start_over()

    def done(self, ticket: str) -> None:
        """Result → Start, for the next patient; nothing is kept."""
        if self.step is Step.RESULT and ticket == self.ticket:
            self.station.done(ticket)
            self._start_over()

    def assessment(self, timeout_s: float) -> Assessment | None:
        """The case's assessment, without what must not be shown; None while it is still going on after `timeout_s`.

        Raises:
            KeyError: somebody else has done the case; the visit is at Start again.
        """
        try:
            assessment = self.station.wait(self.ticket, timeout_s)
        except KeyError:
            self._start_over()
            raise
        return None if assessment is None else assessment.shown()

    def captured(self) -> bool:
        """Whether the case's picture is taken, and the patient may move."""
        return self.station.captured(self.ticket)

    def _show(self, case: Case) -> None:
        about = case.about
        self.patient, self.id, self.lesion = about.patient, about.visit_id, about.number
        self.followed, self.consent = about.lesion, about.consent
        self.ticket = case.ticket
        self.step = Step.RESULT

    def _start_over(self) -> None:
        self.patient = Patient()
        self.lesion = 1
        self.followed = None
        self.consent = Consent.CARE
        self.id = new_id()
        self.ticket = ""
        self.step = Step.START
