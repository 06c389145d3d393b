"""The store: what was acknowledged is there, whole; what was deleted is gone; lists are in order and complete."""

from __future__ import annotations

import dataclasses
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_models.labels import LesionClass
from edge_models.triage import AdviceLevel
from kiosk.clinical.assessment import Outcome
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.examination import ClinicalVerdict, Examination, Histology, Phase
from kiosk.clinical.patient import Patient
from kiosk.errors import NotInStore, RecordsError, StoreClosed, StoreDamaged, StoreInUse, StoreMissing
from kiosk.records import capacity
from kiosk.records.capacity import Space, estimate
from kiosk.records.database import FILE
from kiosk.records.opening import NEXT_FILE, change_data_key, open_store, set_up
from kiosk.records.search import Filter, Place
from kiosk.records.slots import FILE as SLOTS
from kiosk.records.slots import Slots
from tests.kiosk.records.samples import ANNA, NOON, PIN, WEAK, Box, new_examination, new_lesion
from tests.kiosk.records.test_documents import same

PICTURE = b"\xff\xd8 a picture"


def verdict(phase: Phase, level: AdviceLevel) -> ClinicalVerdict:
    return ClinicalVerdict(phase, level, LesionClass.NV, ANNA.id, NOON)


@pytest.mark.parametrize("outcome", Outcome)
def test_an_examination_comes_back_as_it_was_saved_also_after_a_restart(box: Box, outcome: Outcome) -> None:
    saved = new_examination(outcome=outcome, lesion=new_lesion())
    saved = dataclasses.replace(
        saved,
        verdicts=(verdict(Phase.BEFORE, AdviceLevel.REFERRAL),),
        histology=Histology(None, date(2026, 12, 1), ANNA.id, NOON),
    )
    assert box.store.save(saved, PICTURE) == saved.id
    store = box.reopen()
    assert same(store.examination(saved.id, ANNA.id), saved)
    assert store.picture(saved.id) == PICTURE
    assert [line.event for line in store.audit_lines()] == ["operator_changed", "saved", "seen"]


def test_an_examination_is_kept_once_and_with_its_picture(box: Box) -> None:
    examination = new_examination()
    box.store.save(examination, PICTURE)
    with pytest.raises(RecordsError, match="already"):
        box.store.save(examination, PICTURE)
    with pytest.raises(ValueError, match="together"):
        box.store.save(new_examination(), None)
    with pytest.raises(ValueError, match="together"):
        box.store.save(new_examination(picture=False), PICTURE)
    assert len(list(box.store.images.names())) == 1, "what was refused left no file"
    without = new_examination(picture=False)
    box.store.save(without)
    with pytest.raises(NotInStore):
        box.store.picture(without.id)


def test_a_lesion_stays_its_patient_s(box: Box) -> None:
    lesion = new_lesion()
    box.store.save(new_examination("A-7", lesion=lesion), PICTURE)
    moved = dataclasses.replace(lesion, point=None)
    box.store.save(new_examination("A-7", lesion=moved), PICTURE)
    assert box.store.lesions("A-7") == [moved]
    with pytest.raises(RecordsError, match="another patient"):
        box.store.save(new_examination("B-8", lesion=lesion), PICTURE)
    assert [patient.code for patient in box.store.patients()] == ["A-7"], "what was refused left nothing"


def test_who_has_no_code_is_a_patient_of_one_visit(box: Box) -> None:
    first = new_examination("")
    second = dataclasses.replace(new_examination(""), visit_id=first.visit_id)
    for each in (first, second, new_examination("")):
        box.store.save(each, PICTURE)
    (patients,) = box.store.database.read(lambda c: c.execute("SELECT count(*) FROM patients").fetchone())
    assert patients == 2
    assert box.store.patients() == []
    assert box.store.examination(first.id, ANNA.id).patient.code == ""


@pytest.mark.parametrize("asked", ["", "0" * 32, "' OR 1=1 --", "../../slots.json", "\x00", "9" * 10_000])
def test_an_id_that_was_guessed_is_not_in_the_store(box: Box, asked: str) -> None:
    box.store.save(new_examination(), PICTURE)
    for use in (
        lambda: box.store.examination(asked, ANNA.id),
        lambda: box.store.picture(asked),
        lambda: box.store.delete(asked, ANNA.id, "test"),
        lambda: box.store.add_verdict(asked, verdict(Phase.AFTER, AdviceLevel.ROUTINE)),
        lambda: box.store.add_histology(asked, Histology(None, date(2026, 12, 1), ANNA.id, NOON)),
    ):
        with pytest.raises(NotInStore):
            use()


@pytest.mark.parametrize("code", ["a", "A" * 17, "A" * 10_000, "../A", "A\n", "A%", "Ä", "'"])
def test_a_code_that_cannot_be_is_refused_where_it_comes_in(box: Box, code: str) -> None:
    for use in (lambda: Patient(code), lambda: Filter(code=code), lambda: box.store.patients(code)):
        with pytest.raises(ValueError, match="patient code"):
            use()


# --- verdicts and referrals


def test_a_referral_is_open_until_a_clinician_or_the_pathologist_closes_it(box: Box) -> None:
    first, second, routine = (
        new_examination(),
        new_examination(level=AdviceLevel.REFERRAL),
        new_examination(level=AdviceLevel.ROUTINE),
    )
    for each in (first, second, routine):
        box.store.save(each, PICTURE)

    def open_referrals() -> set[str]:
        return {each.id for each in box.store.find(Filter(open_referrals=True), ANNA.id)}

    assert open_referrals() == {first.id, second.id}
    box.store.add_verdict(first.id, verdict(Phase.AFTER, AdviceLevel.ROUTINE))
    box.store.add_verdict(routine.id, verdict(Phase.AFTER, AdviceLevel.REFERRAL))
    assert open_referrals() == {second.id, routine.id}
    box.store.add_histology(second.id, Histology(LesionClass.NV, date(2026, 12, 1), ANNA.id, NOON))
    box.store.add_histology(second.id, Histology(LesionClass.MEL, date(2026, 12, 2), ANNA.id, NOON))
    assert open_referrals() == {routine.id}
    kept = box.store.examination(second.id, ANNA.id)
    assert kept.histology is not None
    assert kept.histology.lesion is LesionClass.MEL
    assert not kept.referral_open


def test_nobody_judges_without_the_model_after_having_seen_it(box: Box) -> None:
    examination = new_examination()
    box.store.save(examination, PICTURE)
    box.store.add_verdict(examination.id, verdict(Phase.BEFORE, AdviceLevel.ROUTINE))
    box.store.add_verdict(examination.id, verdict(Phase.AFTER, AdviceLevel.REFERRAL))
    with pytest.raises(RecordsError, match="seen already"):
        box.store.add_verdict(examination.id, verdict(Phase.BEFORE, AdviceLevel.ROUTINE))
    kept = box.store.examination(examination.id, ANNA.id)
    assert [each.phase for each in kept.verdicts] == [Phase.BEFORE, Phase.AFTER]
    assert box.store.find(Filter(verdict=AdviceLevel.REFERRAL), ANNA.id)[0].id == examination.id


# --- lists


def filled(box: Box, count: int) -> list[Examination]:
    """Examinations of three patients over days, two of them always at the same time."""
    made = []
    for number in range(count):
        level = (AdviceLevel.ROUTINE, AdviceLevel.REFERRAL, AdviceLevel.URGENT_REFERRAL)[number % 3]
        made.append(new_examination(f"P-{number % 4}", NOON + timedelta(days=number // 2), level=level))
        box.store.save(made[-1], PICTURE)
    return made


def test_pages_join_without_a_gap_or_a_repetition(box: Box) -> None:
    made = filled(box, 23)
    expected = [each.id for each in reversed(made)]

    def ids(wanted: Filter, limit: int) -> list[str]:
        found: list[str] = []
        after: Place | None = None
        while page := box.store.find(wanted, ANNA.id, after, limit):
            found += [each.id for each in page]
            after = page[-1].place
        return found

    for limit in (1, 2, 5, 50):
        assert ids(Filter(), limit) == expected
    by_id = {each.id: each for each in made}
    day = NOON + timedelta(days=3)
    for wanted, condition in (
        (Filter(code="P-1"), lambda e: e.patient.code == "P-1"),
        (Filter(code="P-9"), lambda e: False),
        (Filter(site=BodySite.PALM), lambda e: True),
        (Filter(site=BodySite.BACK), lambda e: False),
        (Filter(advice=AdviceLevel.REFERRAL), lambda e: e.assessment.advice.level is AdviceLevel.REFERRAL),
        (Filter(since=day), lambda e: e.examined_at >= day),
        (Filter(since=day, until=day + timedelta(days=1)), lambda e: e.examined_at == day),
        (Filter(code="P-1", open_referrals=True), lambda e: e.patient.code == "P-1" and e.referral_open),
    ):
        assert ids(wanted, 3) == [each for each in expected if condition(by_id[each])]
    assert [each.code for each in box.store.patients("P", limit=3)] == ["P-0", "P-1", "P-2"]
    assert [(each.code, each.examinations) for each in box.store.patients("P", after="P-2")] == [("P-3", 5)]


def test_a_page_stays_where_it_was_when_something_new_comes(box: Box) -> None:
    filled(box, 6)
    first = box.store.find(Filter(), ANNA.id, limit=3)
    box.store.save(new_examination(at=NOON + timedelta(days=99)), PICTURE)
    second = box.store.find(Filter(), ANNA.id, first[-1].place, limit=3)
    assert not {each.id for each in first} & {each.id for each in second}


# --- deletion


def rows_of(box: Box, table: str) -> list[object]:
    return box.store.database.read(lambda c: c.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608


def test_a_deleted_examination_is_gone_and_one_line_stays(box: Box) -> None:
    examination = new_examination(lesion=new_lesion())
    box.store.save(examination, PICTURE)
    box.store.add_verdict(examination.id, verdict(Phase.AFTER, AdviceLevel.ROUTINE))
    (name,) = box.store.images.names()
    box.store.delete(examination.id, ANNA.id, "patient's wish")
    assert list(box.store.images.names()) == []
    for table in ("examinations", "assessments", "verdicts", "pictures", "lesions", "patients", "histology"):
        assert rows_of(box, table) == []
    last = box.store.audit_lines()[-1]
    assert (last.event, last.subject, last.detail) == ("deleted", examination.id, "patient's wish")
    assert name not in str(box.store.audit_lines())


def test_retention_keeps_what_is_young_or_waits_for_an_outcome(box: Box) -> None:
    old = new_examination(at=NOON - timedelta(days=400), level=AdviceLevel.ROUTINE)
    waiting = new_examination(at=NOON - timedelta(days=400))
    young = new_examination(at=NOON - timedelta(days=300), level=AdviceLevel.ROUTINE)
    for each in (old, waiting, young):
        box.store.save(each, PICTURE)
    with pytest.raises(RecordsError, match="clock may be wrong"):
        box.store.delete_older_than(365)
    box.store.save(new_examination(at=NOON), PICTURE)
    assert box.store.delete_older_than(365) == 1
    with pytest.raises(NotInStore):
        box.store.examination(old.id, ANNA.id)
    assert {each.id for each in box.store.find(Filter(until=NOON), ANNA.id)} == {waiting.id, young.id}
    box.now = NOON + timedelta(days=20_000)
    with pytest.raises(RecordsError, match="clock may be wrong"):
        box.store.delete_older_than(365)


# --- opening, damage, keys


def test_a_store_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    half = tmp_path / "records.half-made"
    half.mkdir()
    (half / FILE).write_bytes(b"of a cut")
    box = Box(tmp_path / "records")
    box.store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["records"]
    with pytest.raises(RecordsError, match="not empty"):
        set_up(tmp_path / "records", ANNA, PIN, WEAK)


def test_two_processes_cannot_have_one_store(box: Box) -> None:
    with pytest.raises(StoreInUse, match="Another program has"):
        box.opened()
    box.store.close()
    box.store, _ = box.opened()
    box.store.close()
    with pytest.raises(StoreClosed):
        box.store.operators()


def test_what_is_missing_is_named_and_nothing_is_made_in_its_place(box: Box) -> None:
    box.store.close()
    (box.folder / FILE).rename(box.folder / "aside")
    with pytest.raises(StoreMissing, match=FILE):
        box.opened()
    assert not (box.folder / FILE).exists()
    (box.folder / "aside").rename(box.folder / FILE)
    (box.folder / SLOTS).unlink()
    with pytest.raises(StoreMissing, match=SLOTS):
        box.opened()


def test_slots_of_another_store_do_not_open_this_one(box: Box, tmp_path: Path) -> None:
    other = Box(tmp_path / "other")
    other.store.close()
    box.store.close()
    (box.folder / SLOTS).write_bytes((other.folder / SLOTS).read_bytes())
    with pytest.raises(StoreDamaged):
        open_store(box.folder, other.keys())


def test_the_data_key_can_be_changed_and_everything_is_still_there(box: Box) -> None:
    saved = new_examination(lesion=new_lesion())
    box.store.save(saved, PICTURE)
    before, old = box.store.audit_head(), box.key
    new = change_data_key(box.store, box.key)
    assert box.keys() == (new,)
    assert Slots.read(box.folder).unlock(ANNA.id, PIN, None) == (new,)
    box.store, box.key = box.opened()
    assert same(box.store.examination(saved.id, ANNA.id), saved)
    assert box.store.picture(saved.id) == PICTURE
    box.store.verify_audit(before)
    assert old.secret.hex() not in str([path.read_bytes() for path in box.folder.iterdir() if path.is_file()])
    assert not (box.folder / NEXT_FILE).exists()


def test_a_change_of_keys_that_was_cut_short_is_finished_at_the_next_start(box: Box) -> None:
    box.store.save(new_examination(), PICTURE)
    old = box.key
    before = (box.folder / SLOTS).read_bytes()
    new = change_data_key(box.store, old)
    Slots.read(box.folder).holding([old, new]).write(box.folder)  # the last step did not happen
    (box.folder / NEXT_FILE).write_bytes(b"half")
    assert box.keys() == (old, new)
    box.store, box.key = box.opened()
    assert box.key == new
    assert box.keys() == (new,)
    assert (box.folder / SLOTS).read_bytes() != before
    assert not (box.folder / NEXT_FILE).exists()


def test_a_picture_whose_file_is_gone_is_found_and_audited(box: Box) -> None:
    box.store.save(new_examination(), PICTURE)
    (name,) = box.store.images.names()
    box.store.images.remove(name)
    assert box.store.sweep() == ([], [name])
    assert box.store.audit_lines()[-1].event == "damage_found"


def test_saving_and_reading_from_many_threads(box: Box) -> None:
    made = [new_examination(f"T-{number}") for number in range(12)]

    def work(part: list[Examination]) -> None:
        for each in part:
            box.store.save(each, each.id.encode())
            assert box.store.picture(each.id) == each.id.encode()

    threads = [threading.Thread(target=work, args=(made[start::3],)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.store.capacity().kept == 12
    box.store.verify_audit()
    assert box.store.sweep() == ([], [])


@settings(deadline=None)
@given(st.integers(0, 200_000), st.one_of(st.none(), st.floats(1, 1e8)), st.integers(0, 1 << 45))
def test_what_fits_is_never_less_than_nothing_nor_more_than_is_measured(
    kept: int, mean: float | None, free: int
) -> None:
    found = estimate(kept, mean, free)
    assert 0 <= found.about_examinations <= capacity.MOST_EXAMINATIONS
    assert (found.space is Space.FULL) == (found.about_examinations == 0)


def test_room_gets_short_in_steps() -> None:
    gib = 1 << 30
    spaces = [estimate(0, 3e6, free).space for free in (gib // 32, gib // 2, 4 * gib, 100 * gib)]
    assert spaces == [Space.FULL, Space.VERY_LOW, Space.LOW, Space.ENOUGH]
    assert estimate(99_000, 3e6, 1 << 45).space is Space.LOW
