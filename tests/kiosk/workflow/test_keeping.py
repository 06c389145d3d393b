"""Persist before paint: a case is in the store, whole and once, or the answer says that it is not."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.access.policy import Permission
from kiosk.capture.station import Station
from kiosk.clinical.assessment import Outcome
from kiosk.clinical.frame import Frame
from kiosk.errors import NotPermitted, SessionEnded, StoreFull, StoreUnwritable
from kiosk.records.store import Store
from kiosk.workflow.encoding import encoded
from kiosk.workflow.keeping import Kept
from kiosk.workflow.visit import Visit
from tests.kiosk.records.samples import NOON, PIN
from tests.kiosk.workflow.conftest import LONG_S, Front


def captured(visit: Visit) -> str:
    """The ticket of a case whose assessment, with a picture, is there."""
    preview = visit.station.preview_after(0).result(LONG_S)
    while preview is not None and not preview.jpeg:  # the camera is starting
        preview = visit.station.preview_after(preview.number).result(LONG_S)
    visit.capture()
    assert visit.assessment(LONG_S) is not None
    return visit.ticket


def test_a_case_is_in_the_store_before_anybody_is_told_that_it_is(front: Front, station: Station, visit: Visit) -> None:
    number, ticket = front.ben(), captured(visit)
    keeping = front.desk.keep(station, ticket, number, LONG_S)
    assert keeping.kept is Kept.SAVED
    _, store = front.desk.session(number, Permission.SEE_RECORDS)
    kept = store.examination(keeping.examination_id, "x")
    assert (kept.patient, kept.visit_id, kept.operator_id) == (visit.patient, visit.id, "00000000000000bb")
    assessment = station.wait(ticket, 0.0)
    assert assessment is not None
    assert kept.assessment.outcome is assessment.outcome
    assert kept.assessment.provenance == assessment.provenance
    assert (kept.assessment.withheld is None) == (assessment.withheld is None)
    picture = cv2.imdecode(np.frombuffer(store.picture(keeping.examination_id), np.uint8), cv2.IMREAD_COLOR)
    assert assessment.frame is not None
    assert picture is not None
    assert np.abs(picture[:, :, ::-1].astype(int) - assessment.frame.rgb).mean() < 2


def test_asking_again_saves_nothing_again(front: Front, station: Station, visit: Visit) -> None:
    number, ticket = front.ben(), captured(visit)
    first = [front.desk.keep(station, ticket, number, LONG_S) for _ in range(3)]
    assert len(set(first)) == 1
    assert front.events().count("saved") == 1


@pytest.mark.parametrize("error", [StoreFull("full", "x"), StoreUnwritable("I/O", "x"), ValueError("a bug")])
def test_what_cannot_be_saved_stays_and_is_saved_by_the_next_try(
    front: Front, station: Station, visit: Visit, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object) -> None:
        raise error

    number, ticket = front.ben(), captured(visit)
    monkeypatch.setattr(Store, "save", refuse)
    failed = front.desk.keep(station, ticket, number, LONG_S)
    assert (failed.kept, failed.code) == (Kept.FAILED, getattr(error, "code", "R0"))
    assert station.current() is not None
    assert front.desk.keep(station, ticket, number, LONG_S) == failed, "nothing is tried again by itself"
    monkeypatch.undo()
    front.desk.keeper.try_again(ticket)
    saved = front.desk.keep(station, ticket, number, LONG_S)
    assert (saved.kept, saved.examination_id) == (Kept.SAVED, failed.examination_id)


def test_a_save_that_reached_the_disk_after_all_is_not_doubled(
    front: Front, station: Station, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Store.save

    def save_and_fail(self: Store, *arguments: object) -> None:
        save(self, *arguments)  # type: ignore[arg-type]  # as they came
        raise StoreUnwritable("the disk failed in the very end", "x")

    number, ticket = front.ben(), captured(visit)
    monkeypatch.setattr(Store, "save", save_and_fail)
    assert front.desk.keep(station, ticket, number, LONG_S).kept is Kept.FAILED
    front.desk.keeper.try_again(ticket)
    assert front.desk.keep(station, ticket, number, LONG_S).kept is Kept.SAVED
    assert front.events().count("saved") == 1


def test_going_on_without_keeping_is_audited(
    front: Front, station: Station, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreFull("full", "x")

    number, ticket = front.ben(), captured(visit)
    front.desk.give_up(ticket)
    monkeypatch.setattr(Store, "save", refuse)
    front.desk.keep(station, ticket, number, LONG_S)
    front.desk.give_up(ticket)
    front.desk.give_up(ticket)
    assert front.desk.keep(station, ticket, number, LONG_S).kept is Kept.GIVEN_UP
    assert front.events().count("not_kept") == 1


def test_a_session_that_has_ended_keeps_nothing_until_somebody_logs_in(
    front: Front, station: Station, visit: Visit
) -> None:
    number, ticket = front.ben(), captured(visit)
    front.desk.log_out()
    assert front.desk.keep(station, ticket, number, LONG_S).code == SessionEnded.code
    front.desk.keeper.try_again(ticket)
    assert front.desk.keep(station, ticket, front.ben(), LONG_S).kept is Kept.SAVED


def test_an_administrator_does_not_examine(front: Front, station: Station, visit: Visit) -> None:
    number, ticket = front.desk.log_in(front.anna, PIN).number, captured(visit)
    assert front.desk.keep(station, ticket, number, LONG_S).code == NotPermitted.code


def test_a_case_without_a_log_in_is_not_kept_and_not_kept_later_either(
    front: Front, station: Station, visit: Visit
) -> None:
    ticket = captured(visit)
    assert front.desk.go_without(ticket).kept is Kept.NOT_MEANT
    assert front.desk.go_without(ticket).kept is Kept.NOT_MEANT
    number = front.ben()
    assert front.desk.keep(station, ticket, number, LONG_S).kept is Kept.NOT_MEANT
    assert front.events().count("not_kept") == 1, "what happened while it was locked is audited after the log-in"


def test_a_full_disk_is_told_by_its_code(
    front: Front, station: Station, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.records.capacity.free_bytes", lambda _folder: 0)
    keeping = front.desk.keep(station, captured(visit), front.ben(), LONG_S)
    assert (keeping.kept, keeping.code) == (Kept.FAILED, "R5")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A real read-only mount over a folder; skips the test by name where nobody may mount."""
    done = subprocess.run(["mount", "--bind", folder, folder], check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"this user may not mount: {done.stderr.decode().strip()}")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_disk_that_turned_read_only_is_told_by_its_code(front: Front, station: Station, visit: Visit) -> None:
    number, ticket = front.ben(), captured(visit)
    assert front.config.folder is not None
    with read_only(front.config.folder / "images"):
        keeping = front.desk.keep(station, ticket, number, LONG_S)
    assert (keeping.kept, keeping.code) == (Kept.FAILED, StoreUnwritable.code)
    front.desk.keeper.try_again(ticket)
    assert front.desk.keep(station, ticket, number, LONG_S).kept is Kept.SAVED


def test_a_read_only_disk_lets_nobody_in_and_nothing_is_tried(front: Front) -> None:
    """A PIN is looked at only when the try is counted on the disk."""
    assert front.config.folder is not None
    with read_only(front.config.folder), pytest.raises(StoreUnwritable):
        front.ben()
    front.ben()


@given(st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_the_file_is_the_camera_s_own_or_close_to_every_pixel(width: int, height: int, own: bool) -> None:
    rgb = np.random.default_rng(width * 41 + height).integers(0, 256, (height, width, 3), np.uint8)
    rgb = np.asarray(cv2.blur(rgb, (5, 5)), np.uint8).reshape(height, width, 3)
    description, content = encoded(Frame(rgb, NOON, "film", jpeg=b"its own" if own else None))
    assert (description.width_px, description.height_px, description.captured_at) == (width, height, NOON)
    if own:
        assert content == b"its own"
    else:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None
        assert np.abs(decoded[:, :, ::-1].astype(int) - rgb).mean() < 4


def test_every_outcome_is_kept_and_told_as_it_was(front: Front, station: Station, visit: Visit) -> None:
    """A refused picture is part of what happened, too."""
    number = front.ben()
    visit.capture()
    assessment = visit.assessment(LONG_S)
    assert assessment is not None
    assert assessment.outcome in set(Outcome)
    assert front.desk.keep(station, visit.ticket, number, LONG_S).kept is Kept.SAVED
