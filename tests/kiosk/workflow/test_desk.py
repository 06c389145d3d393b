"""The records as the screens reach them: set-up, locks, what goes on without a PIN, and what is cleared when."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.access.policy import Permission
from kiosk.capture.station import Station
from kiosk.errors import KeyRefused, PinUnfit, RecordsError, SessionEnded, StoreDamaged
from kiosk.records import slots
from kiosk.records.config import RecordsConfig
from kiosk.records.keys import DeviceSecret
from kiosk.records.store import Store
from kiosk.workflow.desk import Desk, Standing
from kiosk.workflow.keeping import Kept
from kiosk.workflow.visit import Visit
from tests.kiosk.records.samples import PIN, WEAK
from tests.kiosk.workflow.conftest import LONG_S, Front, MakeFront
from tests.kiosk.workflow.test_keeping import captured


def test_without_a_folder_nothing_is_kept_and_nobody_is_asked(station: Station) -> None:
    desk = Desk(RecordsConfig())
    assert desk.standing() is Standing.NONE
    assert desk.operators() == []
    desk.tick(station)
    with pytest.raises(SessionEnded):
        desk.log_in("00000000000000aa", PIN)
    with pytest.raises(RecordsError):
        desk.set_up("Anna", PIN, lambda: WEAK)
    desk.close()


def test_the_first_time_makes_a_store_that_opens_after_a_power_cut(make_front: MakeFront) -> None:
    front = make_front()
    assert front.desk.standing() is Standing.UNSET
    with pytest.raises(PinUnfit):
        front.desk.set_up("Anna", "123456", lambda: WEAK)
    assert front.desk.standing() is Standing.UNSET
    words = front.set_up()
    assert len(words.split()) == 24
    with pytest.raises(RecordsError, match="already"):
        front.desk.set_up("Eve", "16180339", lambda: WEAK)
    front.cut_power()
    assert front.desk.standing() is Standing.LOCKED
    front.ben()
    assert front.desk.standing() is Standing.OPEN


def test_the_set_up_writes_the_key_file_and_without_the_stick_nobody_gets_in(
    make_front: MakeFront, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = make_front()
    stick = tmp_path / "dermakiosk.key"
    front.config = RecordsConfig(front.config.folder, device_secret=stick)
    front.desk = front.new()
    with pytest.raises(KeyRefused, match="own disk"):
        front.desk.set_up("Anna", PIN, lambda: WEAK)

    def write(path: Path, _store: Path) -> DeviceSecret:  # as if the file lay on another disk
        path.write_text(f"dermakiosk device secret 1: {'ab' * 32}\n", encoding="ascii")
        return DeviceSecret(b"\xab" * 32)

    monkeypatch.setattr("kiosk.workflow.desk.write_key_file", write)
    front.set_up()
    front.cut_power()
    stick.rename(tmp_path / "pulled out")
    with pytest.raises(KeyRefused, match="cannot be read"):
        front.ben()
    (tmp_path / "pulled out").rename(stick)
    front.ben()


def test_damaged_slots_are_told_by_their_code_and_nothing_is_set_up_over_them(make_front: MakeFront) -> None:
    front = make_front()
    front.set_up()
    front.desk.close()
    assert front.config.folder is not None
    path = front.config.folder / slots.FILE
    content = path.read_bytes()
    for damage, code in ((content.replace(b"Anna", b"Enna"), "R3"), (None, "R1")):
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(damage)
        front.desk = front.new()
        assert (front.desk.standing(), front.desk.fault) == (Standing.FAULT, code)
    path.write_bytes(content)
    front.desk = front.new()
    assert front.desk.standing() is Standing.LOCKED


def test_a_damaged_database_is_found_at_the_log_in(make_front: MakeFront) -> None:
    front = make_front()
    front.set_up()
    front.desk.close()
    assert front.config.folder is not None
    path = front.config.folder / "records.db"
    path.write_bytes(path.read_bytes()[::-1])
    front.desk = front.new()
    with pytest.raises(StoreDamaged):
        front.ben()


def test_an_idle_screen_forgets_a_saved_case_and_a_locked_one_every_case(
    front: Front, station: Station, visit: Visit
) -> None:
    number, ticket = front.ben(), captured(visit)
    front.desk.keep(station, ticket, number, LONG_S)
    front.desk.tick(station)
    assert station.current() is not None
    front.uptime_s += front.config.idle_after_s
    front.desk.tick(station)
    assert front.desk.standing() is Standing.IDLE
    assert station.current() is None


def test_an_unsaved_case_outlives_the_idle_screen_and_not_the_lock(
    front: Front, station: Station, visit: Visit
) -> None:
    front.ben()
    captured(visit)
    front.uptime_s += front.config.idle_after_s
    front.desk.tick(station)
    assert station.current() is not None
    assert not front.desk.may_go_without(station), "its patient is nobody else's business"
    front.uptime_s += front.config.lock_after_s
    front.desk.tick(station)
    assert front.desk.standing() is Standing.LOCKED
    assert station.current() is None
    front.ben()
    assert front.events().count("not_kept") == 1


def test_a_hand_over_keeps_the_case(front: Front, station: Station, visit: Visit) -> None:
    front.ben()
    ticket = captured(visit)
    number = front.desk.log_in(front.anna, PIN).number
    front.desk.tick(station)
    case = station.current()
    assert case is not None
    assert case.ticket == ticket
    assert front.desk.operator(number) is not None
    assert "handed_over" in front.events()


@pytest.mark.parametrize(("while_locked", "may"), [("capture", True), ("nothing", False)])
def test_what_runs_while_locked_is_a_setting(
    make_front: MakeFront, station: Station, visit: Visit, while_locked: str, may: bool
) -> None:
    front = make_front(while_locked=while_locked)
    front.set_up()
    front.cut_power()
    assert front.desk.may_go_without(station) == may
    ticket = captured(visit)
    assert not front.desk.may_go_without(station)
    assert front.desk.go_without(ticket).kept is Kept.NOT_MEANT
    assert front.desk.may_go_without(station) == may
    front.desk.tick(station)
    assert station.current() is not None, "a case without a log-in is cleared by whoever has it"


def test_upkeep_takes_no_case_that_is_begun_without_a_log_in_at_that_moment(
    make_front: MakeFront, station: Station, visit: Visit
) -> None:
    front = make_front()
    front.set_up()
    front.cut_power()
    upkeep = threading.Thread(target=front.desk.tick, args=(station,))

    def begin() -> str:
        visit.capture()
        upkeep.start()
        upkeep.join(0.3)  # time enough to take the case, were it let
        return visit.ticket

    front.desk.begin_without(begin)
    upkeep.join(LONG_S)
    case = station.current()
    assert case is not None
    assert case.ticket == visit.ticket


def test_the_heartbeat_tells_of_every_log_in_and_lock(front: Front, station: Station) -> None:
    seen = [front.desk.look()]
    front.ben()
    seen.append(front.desk.seen)
    front.ben()
    seen.append(front.desk.seen)
    front.uptime_s += front.config.idle_after_s
    front.desk.tick(station)
    seen.append(front.desk.seen)
    assert seen == ["locked-0", "open-2", "open-3", "idle-0"]


def test_retention_runs_once_a_day_while_the_store_is_open(
    make_front: MakeFront, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted = []
    monkeypatch.setattr(Store, "delete_older_than", lambda _store, days: deleted.append(days))
    front = make_front(retention_days=30)
    front.set_up()
    front.ben()
    for hours in (0, 1, 22, 2):
        front.now += timedelta(hours=hours)
        front.desk.tick(station)
    assert deleted == [30, 30]


def test_a_screen_s_rights_are_its_session_s(front: Front) -> None:
    number = front.ben()
    front.desk.session(number, Permission.EXAMINE)
    front.desk.lock()
    with pytest.raises(SessionEnded):
        front.desk.session(number, Permission.EXAMINE)
