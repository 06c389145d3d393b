"""The way through the screens, with a real station behind it: what is tapped out of turn does nothing."""

from __future__ import annotations

import threading
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_models.errors import EngineFailed
from kiosk.capture.station import Case, Station
from kiosk.clinical.about import About
from kiosk.clinical.body_site import BodySite, Side
from kiosk.clinical.examination import Consent
from kiosk.clinical.lesion import Lesion
from kiosk.clinical.patient import Patient, Sex
from kiosk.clinical.scope import ScopeLimit
from kiosk.workflow.visit import Step, Visit

LONG_S = 30.0
PATIENT = Patient("A-7", 61)
LESION = Lesion("ab" * 16, BodySite.ARM, Side.LEFT)


@pytest.fixture
def visit(station: Station) -> Visit:
    made = Visit.resume(station)
    made.confirm(PATIENT)
    return made


def test_from_start_to_done(visit: Visit) -> None:
    visit.capture()
    assert visit.assessment(LONG_S) is not None
    visit.done(visit.ticket)
    assert (visit.step, visit.patient, visit.ticket) == (Step.START, Patient(), "")


def test_a_second_tap_on_capture_takes_no_second_picture(visit: Visit) -> None:
    visit.capture()
    first, assessment = visit.ticket, visit.assessment(LONG_S)
    visit.capture()  # arrives when the first is already assessed
    assert visit.ticket == first
    assert visit.assessment(0.0) is assessment


def test_a_reload_finds_the_case_again_with_all_that_belongs_to_it(visit: Visit, station: Station) -> None:
    visit.capture()
    visit.next_lesion(visit.ticket)
    visit.confirm(PATIENT)
    visit.choose_lesion()
    visit.follow(LESION, Consent.CARE_AND_RESEARCH)
    visit.capture()
    assert (visit.step, visit.lesion, visit.followed) == (Step.RESULT, 2, LESION)
    assert Visit.resume(station) == visit


def test_a_retake_keeps_the_patient_and_forgets_the_picture(visit: Visit, station: Station) -> None:
    visit.capture()
    visit.retake(visit.ticket)
    assert (visit.step, visit.patient) == (Step.CAPTURE, PATIENT)
    assert station.current() is None


def test_the_next_lesion_keeps_the_patient_and_forgets_the_lesion(station: Station) -> None:
    visit = Visit.resume(station)
    told = frozenset({ScopeLimit.DARK_SKIN, ScopeLimit.TREATED_BEFORE})
    visit.confirm(Patient("A-7", 61, Sex.MALE, BodySite.ARM, Side.LEFT, told))
    visit.capture()
    visit.next_lesion(visit.ticket)
    assert (visit.step, visit.lesion, visit.ticket) == (Step.START, 2, "")
    assert visit.patient == Patient("A-7", 61, Sex.MALE, told=frozenset({ScopeLimit.DARK_SKIN}))
    assert station.current() is None


def test_the_next_lesion_of_a_case_that_another_window_ended_starts_over(visit: Visit, station: Station) -> None:
    visit.capture()
    station.done(visit.ticket)
    visit.next_lesion(visit.ticket)
    assert (visit.step, visit.patient, visit.lesion) == (Step.START, Patient(), 1)


def test_a_visit_that_was_ended_is_at_start_with_nothing_entered(visit: Visit) -> None:
    visit.keep_up(0)
    assert (visit.step, visit.patient) == (Step.CAPTURE, PATIENT)
    visit.keep_up(1)
    assert (visit.step, visit.patient) == (Step.START, Patient())
    visit.confirm(PATIENT)
    visit.keep_up(1)
    assert visit.patient == PATIENT, "it ends once"


def test_a_tap_while_another_window_takes_a_picture_shows_that_case_with_its_patient(
    visit: Visit, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(*_: object, **__: object) -> NoReturn:
        assert go_on.wait(LONG_S)
        raise EngineFailed("not of interest")

    monkeypatch.setattr("kiosk.capture.station.assess", slow)
    preview = station.preview_after(0).result(LONG_S)
    while preview is not None and not preview.jpeg:  # without a camera the first case would be over at once
        preview = station.preview_after(preview.number).result(LONG_S)
    other = Visit(station)
    other.confirm(Patient("B-8", 33))
    visit.capture()
    other.capture()
    go_on.set()
    assert (other.ticket, other.patient) == (visit.ticket, PATIENT)


def test_a_retake_of_a_case_that_another_window_ended_starts_over(visit: Visit, station: Station) -> None:
    visit.capture()
    station.done(visit.ticket)
    visit.retake(visit.ticket)
    assert (visit.step, visit.patient, visit.ticket) == (Step.START, Patient(), "")


def test_a_late_tap_of_another_case_does_nothing(visit: Visit) -> None:
    visit.capture()
    visit.done("another")
    visit.retake("another")
    assert visit.step is Step.RESULT


def test_a_case_done_elsewhere_leads_to_start(visit: Visit, station: Station) -> None:
    visit.capture()
    Visit.resume(station).done(visit.ticket)
    with pytest.raises(KeyError):
        visit.assessment(0.0)
    assert (visit.step, visit.patient) == (Step.START, Patient())


def forgotten(visit: Visit, consent: Consent) -> bool:
    """Whether no lesion is followed, and that is consented to."""
    return visit.followed is None and visit.consent is consent


def test_a_followed_lesion_says_where_it_is_and_goes_with_the_patient(visit: Visit) -> None:
    visit.choose_lesion()
    assert visit.step is Step.LESION
    visit.follow(LESION, Consent.CARE_AND_RESEARCH)
    assert (visit.step, visit.followed, visit.consent) == (Step.CAPTURE, LESION, Consent.CARE_AND_RESEARCH)
    assert visit.patient == Patient("A-7", 61, site=BodySite.ARM, side=Side.LEFT)
    visit.capture()
    visit.retake(visit.ticket)
    assert visit.followed == LESION
    visit.capture()
    visit.next_lesion(visit.ticket)
    assert forgotten(visit, Consent.CARE_AND_RESEARCH)
    visit.confirm(PATIENT)
    visit.capture()
    visit.done(visit.ticket)
    assert forgotten(visit, Consent.CARE)


@pytest.mark.parametrize(
    ("changed", "consent"),
    [
        (Patient("A-8", 61, site=BodySite.ARM, side=Side.LEFT), Consent.CARE),
        (Patient("A-7", 61, site=BodySite.ARM, side=Side.RIGHT), Consent.CARE_AND_RESEARCH),
        (Patient("A-7", 61, site=BodySite.BACK), Consent.CARE_AND_RESEARCH),
    ],
)
def test_a_lesion_is_followed_no_more_where_patient_or_place_changes(
    visit: Visit, changed: Patient, consent: Consent
) -> None:
    visit.choose_lesion()
    visit.follow(LESION, Consent.CARE_AND_RESEARCH)
    visit.back()
    visit.confirm(changed)
    assert forgotten(visit, consent)


def test_back_from_the_lesions_leaves_all_as_it_was(visit: Visit) -> None:
    visit.choose_lesion()
    visit.back()
    assert (visit.step, visit.patient, visit.followed) == (Step.CAPTURE, PATIENT, None)
    visit.follow(LESION, Consent.CARE_AND_RESEARCH)  # a tap that came late
    assert forgotten(visit, Consent.CARE)


class _Idle:
    """A station as far as taps go: begins and forgets."""

    def __init__(self) -> None:
        self.begun = 0
        self.forgotten = 0

    def begin(self, about: About) -> Case:
        self.begun += 1
        return Case(f"case {self.begun}", about)

    def done(self, _ticket: str) -> bool:
        self.forgotten += 1
        return True


@given(
    st.lists(
        st.sampled_from(["confirm", "back", "choose_lesion", "follow", "capture", "retake", "next_lesion", "done"]),
        max_size=30,
    )
)
def test_any_taps_in_any_order_leave_at_most_one_case(taps: list[str]) -> None:
    station = _Idle()
    visit = Visit(station)  # type: ignore[arg-type]  # as much of a station as a visit uses
    for tap in taps:
        match tap:
            case "confirm":
                visit.confirm(PATIENT)
            case "follow":
                visit.follow(LESION, Consent.CARE)
            case "retake" | "next_lesion" | "done":
                getattr(visit, tap)(visit.ticket)
            case _:
                getattr(visit, tap)()
        assert station.begun - station.forgotten == (visit.step is Step.RESULT)
        assert bool(visit.ticket) == (visit.step is Step.RESULT)
