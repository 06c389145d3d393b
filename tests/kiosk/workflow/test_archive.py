"""What is kept, as a screen may see it: by role, by session, and never by a guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_models.labels import LesionClass
from edge_models.triage import AdviceLevel
from kiosk.access.policy import PERMISSIONS, Permission
from kiosk.clinical.assessment import Outcome
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.examination import Examination, Phase
from kiosk.clinical.frame import Frame
from kiosk.clinical.operator import Role
from kiosk.errors import NotInStore, NotPermitted, PinUnfit, RecordsError, SessionEnded, WrongPin
from kiosk.records.search import Filter
from kiosk.records.store import Store
from kiosk.workflow.archive import PAGE, WITHIN_DAYS, Archive, Listed
from kiosk.workflow.encoding import encoded
from kiosk.workflow.office import Office
from tests.kiosk.records.samples import NOON, PIN, WEAK, new_examination, new_id
from tests.kiosk.workflow.conftest import BEN, BENS_PIN, Front

CLARAS_PIN = "16180339"
PICTURE = encoded(Frame(np.full((60, 80, 3), 120, np.uint8), NOON, "film", simulated=True))[1]


class House:
    """A front with somebody of every role, and examinations."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.desk = front.desk
        self.archive = Archive(front.desk)
        self.office = Office(front.desk, lambda: WEAK)
        number = self.administrator()
        self.office.add_operator(number, "Clara", Role.CLINICIAN, CLARAS_PIN)
        self.clara = next(each.id for each in self.office.operators(number) if each.name == "Clara")

    def administrator(self) -> int:
        return self.desk.log_in(self.front.anna, PIN).number

    def clinician(self) -> int:
        return self.desk.log_in(self.clara, CLARAS_PIN).number

    def store(self) -> Store:
        store = self.desk.access.opened()
        assert store is not None
        return store

    def save(self, **about: object) -> Examination:
        made = new_examination(**about)  # type: ignore[arg-type]  # as it takes them
        examination = replace(made, operator_id=self.front.anna)
        self.store().save(examination, PICTURE if examination.picture else None)
        return examination


@pytest.fixture
def house(front: Front) -> House:
    return House(front)


def test_an_examination_is_seen_as_it_was_shown_with_its_picture(house: House) -> None:
    kept = house.save(outcome=Outcome.NO_RESULT)
    seen = house.archive.examination(house.clinician(), kept.id)
    assert seen.examination.assessment.withheld is None
    assert seen.unshown is None, "a model that was unsure persuades no clinician later"
    frame = seen.examination.assessment.frame
    assert frame is not None
    assert (frame.rgb.shape, frame.simulated, frame.captured_at) == ((60, 80, 3), True, NOON - timedelta(seconds=1))
    assert (seen.operator, seen.may_judge, seen.may_delete) == ("Anna", True, False)
    told = house.archive.examination(house.administrator(), kept.id)
    assert told.unshown is not None
    assert told.examination.assessment.withheld is None
    assert house.front.events().count("seen") == 2


def test_a_guessed_id_is_refused_and_audited_and_not_repeated(house: House) -> None:
    house.save()
    number = house.clinician()
    for guess in (new_id(), "", "../../etc/passwd", "A" * 10_000, "%00", new_id().upper()):
        with pytest.raises(NotInStore):
            house.archive.examination(number, guess)
    refused = [line for line in house.store().audit_lines(limit=999) if line.event == "refused"]
    assert len(refused) == 6
    assert {(line.subject, line.detail, line.success) for line in refused} == {("", "no such examination", False)}


CALLS: dict[str, tuple[Permission, Callable[[House, int, str], object]]] = {
    "patients": (Permission.SEE_RECORDS, lambda house, number, _: house.archive.patients(number, "A")),
    "page": (Permission.SEE_RECORDS, lambda house, number, _: house.archive.page(number, Listed())),
    "lesions": (Permission.SEE_RECORDS, lambda house, number, _: house.archive.lesions(number, "A-7")),
    "examination": (Permission.SEE_RECORDS, lambda house, number, id_: house.archive.examination(number, id_)),
    "thumbnail": (Permission.SEE_RECORDS, lambda house, number, id_: house.archive.thumbnail(number, id_)),
    "judge": (
        Permission.JUDGE,
        lambda house, number, id_: house.archive.judge(number, id_, AdviceLevel.ROUTINE, None),
    ),
    "histology": (
        Permission.ENTER_HISTOLOGY,
        lambda house, number, id_: house.archive.enter_histology(number, id_, LesionClass.NV, date(2026, 11, 26)),
    ),
    "delete": (Permission.DELETE, lambda house, number, id_: house.archive.delete(number, id_)),
    "operators": (Permission.MANAGE_OPERATORS, lambda house, number, _: house.office.operators(number)),
    "add": (
        Permission.MANAGE_OPERATORS,
        lambda house, number, _: house.office.add_operator(number, "Eve", Role.ADMINISTRATOR, "27182817"),
    ),
    "health": (Permission.READ_AUDIT, lambda house, number, _: house.office.health(number)),
    "recovery": (Permission.CHANGE_KEYS, lambda house, number, _: house.office.renew_recovery(number)),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("role", list(Role))
def test_every_call_is_checked_by_role_and_what_is_refused_is_audited(house: House, call: str, role: Role) -> None:
    kept = house.save()
    permission, ask = CALLS[call]
    number = house.administrator()
    house.office.add_operator(number, "Dora", role, "99887711")
    dora = next(each.id for each in house.office.operators(number) if each.name == "Dora")
    number = house.desk.log_in(dora, "99887711").number
    before = house.front.events().count("refused")
    if permission in PERMISSIONS[role]:
        ask(house, number, kept.id)
        assert house.front.events().count("refused") == before
    else:
        with pytest.raises(NotPermitted):
            ask(house, number, kept.id)
        assert house.front.events().count("refused") == before + 1
    with pytest.raises(SessionEnded):
        ask(house, number - 1, kept.id)
    house.desk.lock()
    with pytest.raises(SessionEnded):
        ask(house, number, kept.id)


def test_pages_follow_one_another_and_a_filter_holds(house: House) -> None:
    number = house.clinician()
    for hours in range(PAGE + 3):
        house.save(code=f"A-{hours % 2}", at=NOON + timedelta(hours=hours), picture=False)
    first = house.archive.page(number, Listed())
    second = house.archive.page(number, Listed(), first[-1].place)
    times = [row.examined_at for row in (*first, *second)]
    assert len(times) == PAGE + 3
    assert times == sorted(times, reverse=True)
    assert {row.code for row in house.archive.page(number, Listed(code="A-1"))} == {"A-1"}
    assert [known.code for known in house.archive.patients(number, "A")] == ["A-0", "A-1"]
    assert house.archive.patients(number, "B") == []


def test_a_list_is_narrowed_by_everything_that_is_chosen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = house.clinician()
    sites, ages = (BodySite.BACK, BodySite.ARM), (0, 2, 20, 200, 2000)
    kept = {
        (site, days): house.save(code="A-1", site=site, at=NOON - timedelta(days=days), picture=False).id
        for site in sites
        for days in ages
    }
    for site in sites:
        house.archive.judge(number, kept[site, 20], AdviceLevel.REFERRAL, None)
    monkeypatch.setattr(Archive, "_now", staticmethod(lambda: NOON + timedelta(hours=1)))

    def found(**wanted: object) -> list[str]:
        return [row.id for row in house.archive.page(number, Listed(**wanted))]  # type: ignore[arg-type]  # as it takes them

    assert found(site=BodySite.BACK) == [kept[BodySite.BACK, days] for days in ages]
    for within, most in zip(WITHIN_DAYS, (1, 2, 3, 4), strict=True):
        assert found(site=BodySite.ARM, within_days=within) == [kept[BodySite.ARM, days] for days in ages[:most]]
    assert set(found(verdict=AdviceLevel.REFERRAL)) == {kept[site, 20] for site in sites}
    assert found(verdict=AdviceLevel.REFERRAL, site=BodySite.ARM, within_days=30) == [kept[BodySite.ARM, 20]]
    assert found(verdict=AdviceLevel.ROUTINE) == []
    assert found(code="A-2", site=BodySite.BACK) == []


def test_a_verdict_and_histology_close_a_referral(house: House) -> None:
    kept = house.save()
    number = house.clinician()
    house.archive.judge(number, kept.id, AdviceLevel.REFERRAL, LesionClass.MEL)
    assert [row.id for row in house.archive.page(number, Listed(referrals=True))] == [kept.id]
    house.archive.enter_histology(number, kept.id, None, date(2026, 11, 26))
    assert house.archive.page(number, Listed(referrals=True)) == []
    seen = house.archive.examination(number, kept.id).examination
    assert [(v.phase, v.level, v.lesion, v.operator_id) for v in seen.verdicts] == [
        (Phase.AFTER, AdviceLevel.REFERRAL, LesionClass.MEL, house.clara)
    ]
    assert seen.histology is not None


def test_a_verdict_from_before_is_kept_as_one_and_refused_after_the_model_s_was_seen(house: House) -> None:
    kept = house.save()
    number = house.clinician()
    house.archive.judge(number, kept.id, AdviceLevel.ROUTINE, None, Phase.BEFORE)
    house.archive.judge(number, kept.id, AdviceLevel.REFERRAL, None)
    with pytest.raises(RecordsError, match="seen already"):
        house.archive.judge(number, kept.id, AdviceLevel.ROUTINE, None, Phase.BEFORE)
    verdicts = house.archive.examination(number, kept.id).examination.verdicts
    assert [(verdict.phase, verdict.level) for verdict in verdicts] == [
        (Phase.BEFORE, AdviceLevel.ROUTINE),
        (Phase.AFTER, AdviceLevel.REFERRAL),
    ]


def test_a_damaged_picture_is_named_and_the_words_are_there_all_the_same(house: House) -> None:
    kept = house.save()
    number = house.clinician()
    assert house.archive.thumbnail(number, kept.id)[:2] == b"\xff\xd8"
    (path,) = [path for path in (house.store().folder / "images").rglob("*") if path.is_file()]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    assert house.archive.thumbnail(number, kept.id) == b""
    seen = house.archive.examination(number, kept.id)
    assert seen.picture_code == "R3"
    assert seen.examination.assessment.outcome is kept.assessment.outcome
    path.unlink()
    assert house.archive.examination(number, kept.id).picture_code == "R1"


def test_deleting_leaves_one_audit_line(house: House) -> None:
    kept = house.save()
    number = house.administrator()
    house.archive.delete(number, kept.id)
    with pytest.raises(NotInStore):
        house.archive.examination(number, kept.id)
    assert house.front.events().count("deleted") == 1


def test_operators_change_and_leave(house: House) -> None:
    number = house.administrator()
    with pytest.raises(PinUnfit):
        house.office.change_operator(number, BEN.id, Role.SCREENER, active=True, pin="111111")
    house.office.change_operator(number, BEN.id, Role.CLINICIAN, active=True, pin="24681357")
    with pytest.raises(WrongPin):
        house.desk.log_in(BEN.id, BENS_PIN)
    assert house.desk.log_in(BEN.id, "24681357").operator.role is Role.CLINICIAN
    number = house.administrator()
    house.office.change_operator(number, BEN.id, Role.CLINICIAN, active=False, pin=None)
    assert BEN.id not in dict(house.desk.operators())
    with pytest.raises(KeyError):
        house.office.change_operator(number, "no such id", Role.SCREENER, active=True, pin=None)
    with pytest.raises(NotPermitted):
        house.office.change_operator(number, house.front.anna, Role.SCREENER, active=True, pin=None)


def test_one_s_own_pin_needs_the_old_one(house: House) -> None:
    number = house.clinician()
    with pytest.raises(WrongPin):
        house.office.change_pin(number, "00000001", "24681357")
    house.office.change_pin(number, CLARAS_PIN, "24681357")
    house.desk.log_in(house.clara, "24681357")


def test_the_administrator_sees_how_the_records_are(house: House) -> None:
    house.save(picture=False)
    health = house.office.health(house.administrator())
    head = house.store().audit_head()
    assert health.capacity.kept == 1
    assert (health.audit_count, health.audit_head) == (head.count, head.mac)
    assert health.last_backup_at is None


@given(st.text(max_size=30))
def test_any_code_is_looked_for_or_refused(code: str) -> None:
    """What a browser may send as a code ends as a filter or as a ValueError, and as nothing else."""
    try:
        wanted = Filter(code=code)
    except ValueError:
        return
    assert wanted.code == code
