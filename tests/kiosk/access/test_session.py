"""From a PIN to an open store and back: tries, waits, hand-over, idle locks, and who may do what."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.access.attempts import FILE, FIRST_WAIT_S, FREE_TRIES, LONGEST_WAIT_S
from kiosk.access.pin import check_new_pin
from kiosk.access.policy import PERMISSIONS, Permission, require
from kiosk.access.session import IDLE_AFTER_S, LOCK_AFTER_S, Access
from kiosk.access.sitting import State
from kiosk.clinical.operator import Operator, Role
from kiosk.errors import (
    KeyRefused,
    NotPermitted,
    OperatorLocked,
    PinUnfit,
    SessionEnded,
    StoreMissing,
    WrongPin,
)
from kiosk.records.audit import Event
from kiosk.records.keys import DeviceSecret
from kiosk.records.opening import change_data_key, set_up
from kiosk.records.slots import RECOVERY, Slots
from tests.kiosk.access.conftest import Door
from tests.kiosk.records.samples import ANNA, PIN, WEAK, new_examination

BEN = Operator("00000000000000bb", "Ben", Role.SCREENER)
BENS_PIN = "31415926"
WRONG = "99999998"


def fail(door: Door, times: int, who: str = ANNA.id) -> None:
    for _ in range(times):
        with pytest.raises((WrongPin, OperatorLocked)):
            door.access.log_in(who, WRONG)


def add_ben(door: Door) -> None:
    session = door.access.log_in(ANNA.id, PIN)
    door.access.put_operator(session.number, BEN, BENS_PIN, WEAK)
    door.access.log_out()


def events(door: Door) -> list[tuple[str, bool]]:
    session = door.access.log_in(ANNA.id, PIN)
    _, store = door.access.session(session.number, Permission.READ_AUDIT)
    return [(line.event, bool(line.success)) for line in store.audit_lines(limit=999)]


def test_a_pin_opens_the_store_and_the_store_keeps_an_examination(door: Door) -> None:
    add_ben(door)
    door.restart(machine=True)
    assert door.access.state() is State.LOCKED
    assert door.access.operators() == [(ANNA.id, "Anna"), (BEN.id, "Ben")]
    session = door.access.log_in(BEN.id, BENS_PIN)
    assert session.operator == BEN
    _, store = door.access.session(session.number, Permission.EXAMINE)
    store.save(new_examination(), b"picture")
    assert door.access.state() is State.OPEN


def test_after_five_tries_the_wait_grows_and_a_right_pin_does_not_end_it(door: Door) -> None:
    for left in range(FREE_TRIES - 1, 0, -1):
        with pytest.raises(WrongPin, match=f"{left} tries are left"):
            door.access.log_in(ANNA.id, WRONG)
    waits = []
    for _ in range(9):
        with pytest.raises(OperatorLocked) as locked:
            door.access.log_in(ANNA.id, WRONG)
        waits.append(locked.value.wait_s)
        with pytest.raises(OperatorLocked):
            door.access.log_in(ANNA.id, PIN)
        door.uptime_s += locked.value.wait_s
    assert waits == [min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**n) for n in range(9)]
    assert door.access.log_in(ANNA.id, PIN).operator == ANNA
    fail(door, FREE_TRIES - 1)
    door.access.log_in(ANNA.id, PIN)


def test_a_wait_survives_restarts_and_a_clock_that_is_set(door: Door) -> None:
    fail(door, FREE_TRIES)
    door.uptime_s += FIRST_WAIT_S - 1
    door.box.now += timedelta(days=3650)
    door.restart(machine=False)
    with pytest.raises(OperatorLocked, match="Try again in 1 s"):
        door.access.log_in(ANNA.id, PIN)
    door.restart(machine=True)
    with pytest.raises(OperatorLocked) as locked:
        door.access.log_in(ANNA.id, PIN)
    assert locked.value.wait_s == FIRST_WAIT_S, "nobody knows how long it was off: the wait begins anew"
    door.uptime_s += FIRST_WAIT_S / 2
    door.restart(machine=False)
    with pytest.raises(OperatorLocked) as locked:
        door.access.log_in(ANNA.id, PIN)
    assert locked.value.wait_s == FIRST_WAIT_S / 2
    door.uptime_s += FIRST_WAIT_S / 2
    door.access.log_in(ANNA.id, PIN)


def test_pulling_the_plug_between_count_and_check_gains_no_try(door: Door) -> None:
    for _ in range(FREE_TRIES):
        door.access._attempts.count(ANNA.id)  # counted, and then the plug
        door.restart(machine=False)
    with pytest.raises(OperatorLocked):
        door.access.log_in(ANNA.id, PIN)


def test_one_operator_s_wait_is_not_another_s(door: Door) -> None:
    add_ben(door)
    fail(door, FREE_TRIES, BEN.id)
    door.access.log_in(ANNA.id, PIN)


def test_damaging_the_counts_gains_nothing(door: Door) -> None:
    fail(door, 1)
    path = door.box.folder / FILE
    path.write_bytes(path.read_bytes().replace(b'"failed": 1', b'"failed": 0'))
    door.restart(machine=False)
    with pytest.raises(OperatorLocked):
        door.access.log_in(ANNA.id, PIN)
    door.uptime_s += FIRST_WAIT_S
    assert ("logged_in", False) in events(door)


def test_where_a_try_cannot_be_counted_no_pin_is_checked(door: Door) -> None:
    (door.box.folder / f"{FILE}.part").mkdir()  # what cannot be written, also for root
    with pytest.raises(Exception, match="cannot be used"):
        door.access.log_in(ANNA.id, PIN)
    assert door.access.state() is State.LOCKED


def test_what_failed_while_the_store_was_locked_is_audited_at_the_next_log_in(door: Door) -> None:
    fail(door, FREE_TRIES)
    door.restart(machine=False)
    door.uptime_s += FIRST_WAIT_S
    found = events(door)
    assert found[1:] == [("logged_in", False)] * 4 + [("operator_locked", False), ("logged_in", True)]
    assert events(door)[len(found) :] == [("handed_over", True)], "nothing twice"


def test_a_hand_over_ends_the_session_before_and_leaves_the_store_open(door: Door) -> None:
    add_ben(door)
    first = door.access.log_in(ANNA.id, PIN)
    _, store = door.access.session(first.number, Permission.SEE_RECORDS)
    second = door.access.log_in(BEN.id, BENS_PIN)
    assert door.access.session(second.number, Permission.EXAMINE) == (second, store)
    with pytest.raises(SessionEnded):
        door.access.session(first.number, Permission.SEE_RECORDS)


def test_an_idle_screen_is_cleared_first_and_the_key_let_go_later(door: Door) -> None:
    session = door.access.log_in(ANNA.id, PIN)
    door.uptime_s += IDLE_AFTER_S - 1
    door.access.touch()
    door.uptime_s += IDLE_AFTER_S - 1
    _, store = door.access.session(session.number, Permission.SEE_RECORDS)
    door.uptime_s += 1
    assert door.access.state() is State.IDLE
    with pytest.raises(SessionEnded):
        door.access.session(session.number, Permission.SEE_RECORDS)
    door.access.touch()
    assert door.access.state() is State.IDLE, "a touch is no PIN"
    assert store.operators() == [ANNA]
    door.uptime_s += LOCK_AFTER_S
    assert door.access.state() is State.LOCKED
    assert door.access._key is None
    again = door.access.log_in(ANNA.id, PIN)
    assert again.number > session.number


def test_another_role_s_action_is_refused_and_audited(door: Door) -> None:
    add_ben(door)
    session = door.access.log_in(BEN.id, BENS_PIN)
    for permission in Permission:
        if permission in PERMISSIONS[Role.SCREENER]:
            door.access.session(session.number, permission)
        else:
            with pytest.raises(NotPermitted):
                door.access.session(session.number, permission)
    with pytest.raises(NotPermitted):
        door.access.put_operator(session.number, BEN, None, WEAK)
    with pytest.raises(SessionEnded):
        door.access.session(session.number + 1, Permission.EXAMINE)
    with pytest.raises(SessionEnded):
        door.access.session(-1, Permission.EXAMINE)
    refused = [each for each in events(door) if each == ("refused", False)]
    assert len(refused) == len(Permission) - len(PERMISSIONS[Role.SCREENER]) + 3


def test_new_recovery_words_take_the_place_of_the_old(door: Door) -> None:
    add_ben(door)
    bens = door.access.log_in(BEN.id, BENS_PIN)
    with pytest.raises(NotPermitted):
        door.access.renew_recovery(bens.number)
    session = door.access.log_in(ANNA.id, PIN)
    words = door.access.renew_recovery(session.number)
    door.access.close()
    with pytest.raises(KeyRefused):
        Slots.read(door.box.folder).unlock(RECOVERY, door.box.words, None)
    door.access.recover(words, ANNA.id, "16180339", WEAK)
    door.access.log_in(ANNA.id, "16180339")


def test_what_happened_while_locked_has_its_audit_line_after_the_next_log_in(door: Door) -> None:
    door.access.note(Event.NOT_KEPT, "locked")
    door.restart(machine=True)
    assert ("not_kept", False) in events(door)
    door.access.note(Event.NOT_KEPT, "disk")
    assert events(door).count(("not_kept", True)) == 1


def test_an_idle_session_ends_with_an_audit_line(door: Door) -> None:
    session = door.access.log_in(ANNA.id, PIN)
    assert door.access.current(session.number) == ANNA
    door.uptime_s += IDLE_AFTER_S
    assert door.access.current(session.number) is None
    assert ("logged_out", True) in events(door)


def test_who_has_left_cannot_log_in_even_with_the_slot_put_back(door: Door) -> None:
    add_ben(door)
    before = Slots.read(door.box.folder)
    session = door.access.log_in(ANNA.id, PIN)
    door.access.put_operator(session.number, Operator(BEN.id, "Ben", Role.SCREENER, active=False), None, WEAK)
    with pytest.raises(WrongPin, match="no such operator"):
        door.access.log_in(BEN.id, BENS_PIN)
    before.write(door.box.folder)  # as a thief of an older card could
    door.restart(machine=False)
    with pytest.raises(NotPermitted, match="has left"):
        door.access.log_in(BEN.id, BENS_PIN)
    assert door.access.state() is State.LOCKED


def test_nobody_changes_their_own_role(door: Door) -> None:
    session = door.access.log_in(ANNA.id, PIN)
    for changed in (Operator(ANNA.id, "Anna", Role.ENGINEER), Operator(ANNA.id, "Anna", ANNA.role, active=False)):
        with pytest.raises(NotPermitted):
            door.access.put_operator(session.number, changed, None, WEAK)


def test_one_s_own_pin_is_changed_with_the_old_one(door: Door) -> None:
    session = door.access.log_in(ANNA.id, PIN)
    with pytest.raises(WrongPin):
        door.access.change_pin(session.number, WRONG, "16180339", WEAK)
    with pytest.raises(PinUnfit):
        door.access.change_pin(session.number, PIN, "123456", WEAK)
    door.access.change_pin(session.number, PIN, "16180339", WEAK)
    door.restart(machine=False)
    with pytest.raises(WrongPin):
        door.access.log_in(ANNA.id, PIN)
    door.access.log_in(ANNA.id, "16180339")


@pytest.mark.parametrize("who", ["", "x", RECOVERY, "0" * 16, "../" * 5, "a" * 10_000])
def test_who_is_nobody_gets_in_by_no_name(door: Door, who: str) -> None:
    with pytest.raises(WrongPin, match="no such operator"):
        door.access.log_in(who, door.box.words)


def test_without_its_key_stick_no_pin_is_tried_and_none_is_counted(tmp_path: Path) -> None:
    device = DeviceSecret(b"d" * 32)
    set_up(tmp_path / "r", ANNA, PIN, WEAK, device)
    plugged: list[DeviceSecret] = []
    access = Access(tmp_path / "r", lambda: plugged[0] if plugged else None)
    for _ in range(FREE_TRIES + 1):
        with pytest.raises(KeyRefused, match="stick"):
            access.log_in(ANNA.id, PIN)
    plugged.append(device)
    access.log_in(ANNA.id, PIN)
    access.close()


def test_a_lost_stick_is_replaced_with_the_recovery_words(tmp_path: Path) -> None:
    lost, new = DeviceSecret(b"l" * 32), DeviceSecret(b"n" * 32)
    words = set_up(tmp_path / "r", ANNA, PIN, WEAK, lost)
    access = Access(tmp_path / "r", lambda: new)
    with pytest.raises(KeyRefused):
        access.log_in(ANNA.id, PIN)
    for said, who, pin, error in (
        ("abandon " * 24, ANNA.id, "16180339", KeyRefused),
        (words, BEN.id, "16180339", KeyRefused),
        (words, ANNA.id, "111111", PinUnfit),
    ):
        with pytest.raises(error):
            access.recover(said, who, pin, WEAK)
        assert access.state() is State.LOCKED
    access.recover(words, ANNA.id, "16180339", WEAK)
    assert access.state() is State.LOCKED
    session = access.log_in(ANNA.id, "16180339")
    access.close()
    assert session.operator == ANNA
    with pytest.raises(KeyRefused):
        Slots.read(tmp_path / "r").unlock(ANNA.id, PIN, lost)


def test_a_new_stick_changes_nobody_s_pin(door: Door) -> None:
    add_ben(door)
    session = door.access.log_in(ANNA.id, PIN)
    new = DeviceSecret(b"n" * 32)
    door.access.change_device_secret(session.number, None, new)
    door.restart(machine=False)
    with pytest.raises(KeyRefused, match="stick is needed"):
        door.access.log_in(BEN.id, BENS_PIN)
    access = Access(door.box.folder, lambda: new)
    session = access.log_in(BEN.id, BENS_PIN)
    with pytest.raises(NotPermitted):
        access.change_device_secret(session.number, new, None)
    access.close()


def test_a_change_of_keys_that_was_cut_short_is_finished_by_a_log_in(door: Door) -> None:
    folder = door.box.folder
    door.box.store, key = door.box.opened()
    new = change_data_key(door.box.store, key)
    Slots.read(folder).holding([key, new]).write(folder)
    door.restart(machine=True)
    add_ben(door)
    door.restart(machine=True)
    door.access.log_in(BEN.id, BENS_PIN)
    assert [list(slot.sealed) for slot in Slots.read(folder).slots] == [[new.name]] * 3


def test_a_door_needs_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing):
        Access(tmp_path)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "1234567890123",
        "123456",
        "987654",
        "777777",
        "890123",
        "121212",
        "123123",
        "12345a",
        "１２３４５７",
        "12 456",
    ],
)
def test_what_is_guessed_first_is_no_pin(pin: str) -> None:
    with pytest.raises(PinUnfit):
        check_new_pin(pin)


def test_every_role_is_in_the_table_and_an_engineer_never_sees_a_patient() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert not PERMISSIONS[Role.ENGINEER] & {Permission.EXAMINE, Permission.SEE_RECORDS, Permission.EXPORT}
    assert set().union(*PERMISSIONS.values()) == set(Permission)
    with pytest.raises(NotPermitted):
        require(Operator(ANNA.id, "Anna", Role.ADMINISTRATOR, active=False), Permission.BACK_UP)
