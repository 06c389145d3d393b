"""Logging in and out: from a PIN to an open store, and back.

States: *locked*, when nobody has entered a PIN since the start or for a long time: no key is in use, and nothing can be
kept; *idle*, when nobody has touched the screen for a while: the store stays open, and an operator must log in; *open*.
A hand-over changes the operator and leaves the case alone.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kiosk.access.attempts import FREE_TRIES, Attempts, boot_id
from kiosk.access.pin import check_new_pin
from kiosk.access.policy import Permission, require
from kiosk.access.sitting import Session, State
from kiosk.clinical.operator import Operator, Role
from kiosk.errors import KeyRefused, NotPermitted, OperatorLocked, RecordsError, SessionEnded, WrongPin
from kiosk.records.audit import NOBODY, Event
from kiosk.records.keys import KEY_BYTES, DataKey, DeviceSecret, Kdf, words_of
from kiosk.records.opening import open_store
from kiosk.records.slots import RECOVERY, Slot, SlotKind, Slots, operator_slot, recovery_slot
from kiosk.records.store import Store, boottime_s, utc_now

IDLE_AFTER_S = 120.0
"""Without a touch the screen is cleared, and an operator must log in."""
LOCK_AFTER_S = 900.0
"""Without a touch the case's memory and the key are let go, too."""


class Access:
    """The door of one store. Any thread may use it.

    `store` and every other use of a session go through `session`, which refuses one that has ended.
    """

    def __init__(
        self,
        folder: Path,
        device: Callable[[], DeviceSecret | None] = lambda: None,
        *,
        idle_after_s: float = IDLE_AFTER_S,
        lock_after_s: float = LOCK_AFTER_S,
        clock: Callable[[], datetime] = utc_now,
        boottime: Callable[[], float] = boottime_s,
        this_boot: str | None = None,
    ) -> None:
        """Stand before the store in a folder.

        Args:
            folder: of the store.
            device: the device secret when it is asked for; None where there is none.
            idle_after_s: without a touch, until an operator must log in.
            lock_after_s: without a touch, until the key is let go.
            clock: the time, with a zone.
            boottime: seconds since the machine started, which nobody can set.
            this_boot: what tells this start of the machine from others; None: ask the kernel.

        Raises:
            StoreMissing: there is no store.
            StoreDamaged: its slots are damaged.
        """
        self._folder = folder
        self._device = device
        self._idle_after_s = idle_after_s
        self._lock_after_s = lock_after_s
        self._clock = clock
        self._boottime = boottime
        self._lock = threading.Lock()
        self._slots = Slots.read(folder)
        self._attempts = Attempts(folder, clock, boottime, boot_id() if this_boot is None else this_boot)
        self._store: Store | None = None
        self._key: DataKey | None = None
        self._session: Session | None = None
        self._log_ins = 0
        self._touched_s = boottime()

    # --- in and out

    def operators(self) -> list[tuple[str, str]]:
        """Id and name of everybody who can log in, for the log-in screen; names alone are readable while locked."""
        with self._lock:
            return [(slot.id, slot.name) for slot in self._slots.slots if slot.kind is SlotKind.OPERATOR]

    def log_in(self, operator_id: str, pin: str) -> Session:
        """Let an operator in; whoever was logged in before is out, and the case stays (a hand-over).

        Raises:
            OperatorLocked: too many wrong PINs; says how long to wait. The PIN was not looked at.
            WrongPin: says how many tries are left before a wait.
            KeyRefused: the key stick is missing, or another one's.
            NotPermitted: the operator has left.
            RecordsError: the store cannot be opened.
        """
        with self._lock:
            keys = self._unlock(operator_id, pin)
            self._attempts.clear(operator_id)
            if self._store is None:
                self._store, self._key = open_store(self._folder, keys, self._clock, self._boottime)
                self._slots = Slots.read(self._folder)  # a change of keys that was cut short is finished now
            store = self._store
            self._audit_failures(store)
            operator = next((each for each in store.operators() if each.id == operator_id), None)
            if operator is None or not operator.active:
                store.note(Event.LOGGED_IN, operator_id, detail="has left", success=False)
                self._end_if_nobody()
                raise NotPermitted("This operator has left", "Ask the administrator")
            event = Event.LOGGED_IN if self._session is None else Event.HANDED_OVER
            store.note(event, operator_id)
            self._log_ins += 1
            self._session = Session(operator, self._log_ins)
            self._touched_s = self._boottime()
            return self._session

    def log_out(self) -> None:
        """Let nobody in until the next log-in; the store stays open until `LOCK_AFTER_S`."""
        with self._lock:
            if self._session is not None and self._store is not None:
                self._store.note(Event.LOGGED_OUT, self._session.operator.id)
            self._session = None

    def close(self) -> None:
        """Lock at once: close the store and let go of its key."""
        with self._lock:
            self._close()

    def touch(self) -> None:
        """Somebody touched the screen."""
        with self._lock:
            if self._state() is State.OPEN:
                self._touched_s = self._boottime()

    def state(self) -> State:
        """What it is now; locks when it has been idle for long. To be asked every few seconds."""
        with self._lock:
            return self._state()

    def current(self, number: int) -> Operator | None:
        """Who has the session with that number; None where it is over."""
        with self._lock:
            return self._session.operator if self._is_current(number) and self._session is not None else None

    def number(self) -> int:
        """How many have logged in so far."""
        return self._log_ins

    def opened(self) -> Store | None:
        """The store, for the kiosk's own upkeep; None while it is locked."""
        return self._store

    def note(self, event: Event, detail: str) -> None:
        """Audit what the kiosk did by itself; while the store is locked the line waits beside it.

        Raises:
            RecordsError: it could not be noted.
        """
        with self._lock:
            if self._store is None:
                self._attempts.note(f"{event.word}: {detail}")
            else:
                self._store.note(event, self._session.operator.id if self._session else NOBODY, detail=detail)

    # --- what a session may

    def session(self, number: int, permission: Permission) -> tuple[Session, Store]:
        """The session with that number and the open store, for one thing that its operator may do.

        Raises:
            SessionEnded: it is over: another log-in, a log-out, or nobody touched the screen.
            NotPermitted: the operator's role does not allow it; that is audited.
        """
        with self._lock:
            if not self._is_current(number) or self._session is None:
                if self._store is not None:
                    self._store.note(Event.REFUSED, NOBODY, detail=f"{permission}, session ended", success=False)
                raise SessionEnded("The session has ended", "Log in again")
            store = self._open()
            try:
                require(self._session.operator, permission)
            except NotPermitted:
                store.note(Event.REFUSED, self._session.operator.id, detail=permission, success=False)
                raise
            return self._session, store

    def data_key(self, number: int) -> DataKey:
        """The data key, to sign a backup or to be changed.

        Raises:
            SessionEnded: the session is over.
            NotPermitted: the operator may neither back up nor change keys.
        """
        self.session(number, Permission.BACK_UP)
        with self._lock:
            if self._key is None:
                raise SessionEnded("The session has ended", "Log in again")
            return self._key

    def put_operator(self, number: int, operator: Operator, pin: str | None, kdf: Kdf) -> None:
        """Add an operator, or change one; without a PIN the slot stays as it is, and one who has left loses it.

        Raises:
            SessionEnded: the session is over.
            NotPermitted: the role does not allow it, or an administrator would leave nobody to administrate.
            PinUnfit: the PIN is too short, or easy to guess.
        """
        session, store = self.session(number, Permission.MANAGE_OPERATORS)
        if pin is not None:
            check_new_pin(pin)
        if operator.id == session.operator.id and (operator.role is not session.operator.role or not operator.active):
            raise NotPermitted("Nobody changes their own role", "Ask another administrator")
        store.put_operator(operator, session.operator.id)
        with self._lock:
            keys = self._keys()
            if not operator.active:
                self._put_slots(self._slots.without(operator.id, keys))
            elif pin is not None:
                self._put_slots(self._slots.with_slot(self._new_slot(operator, pin, kdf, keys), keys))

    def change_pin(self, number: int, old: str, new: str, kdf: Kdf) -> None:
        """Change one's own PIN.

        Raises:
            SessionEnded: the session is over.
            WrongPin: the old PIN is wrong; it counts as a try.
            OperatorLocked: too many wrong PINs.
            PinUnfit: the new one is too short, or easy to guess.
        """
        check_new_pin(new)
        with self._lock:
            if not self._is_current(number) or self._session is None:
                raise SessionEnded("The session has ended", "Log in again")
            operator = self._session.operator
            self._unlock(operator.id, old)
            self._attempts.clear(operator.id)
            keys = self._keys()
            self._put_slots(self._slots.with_slot(self._new_slot(operator, new, kdf, keys), keys))
            self._open().note(Event.KEYS_CHANGED, operator.id, operator.id, "PIN")

    def change_device_secret(self, number: int, old: DeviceSecret | None, new: DeviceSecret | None) -> None:
        """Put all operators' slots under another device secret, or under none; nobody's PIN changes.

        Raises:
            SessionEnded: the session is over.
            NotPermitted: the operator's role does not allow it.
            KeyRefused: `old` is not the one in use.
        """
        session, store = self.session(number, Permission.CHANGE_KEYS)
        with self._lock:
            self._put_slots(self._slots.with_device(old, new, self._keys()))
        store.note(Event.KEYS_CHANGED, session.operator.id, detail="device secret")

    def renew_recovery(self, number: int) -> str:
        """New recovery words in the place of those that were lost or seen by others.

        Returns:
            The 24 words. They are nowhere else: show them once.

        Raises:
            SessionEnded: the session is over.
            NotPermitted: the operator's role does not allow it.
        """
        session, store = self.session(number, Permission.CHANGE_KEYS)
        words = words_of(os.urandom(KEY_BYTES))
        with self._lock:
            keys = self._keys()
            self._put_slots(self._slots.with_slot(recovery_slot(self._slots.store_id, words, keys), keys))
        store.note(Event.KEYS_CHANGED, session.operator.id, detail="recovery words")
        return words

    def recover(self, words: str, operator_id: str, pin: str, kdf: Kdf) -> None:
        """With the recovery words, give an administrator a new PIN under the device secret that is there now.

        It is the way in when PINs or the key stick are lost. Everybody's session ends; other operators get new PINs
        from that administrator.

        Raises:
            KeyRefused: the words do not open the store, or there is no such administrator.
            PinUnfit: the PIN is too short, or easy to guess.
            RecordsError: the store cannot be opened.
        """
        check_new_pin(pin)
        with self._lock:
            keys = self._slots.unlock(RECOVERY, words, None)
            self._close()
            self._store, self._key = open_store(self._folder, keys, self._clock, self._boottime)
            try:
                store = self._open()
                self._slots = Slots.read(self._folder)
                found = [each for each in store.operators() if each.id == operator_id]
                if not found or not found[0].active or found[0].role is not Role.ADMINISTRATOR:
                    raise KeyRefused("There is no such administrator", "Choose one of the list")
                slot = self._new_slot(found[0], pin, kdf, self._keys())
                self._put_slots(self._slots.with_slot(slot, self._keys()))
                self._attempts.clear(operator_id)
                store.note(Event.KEYS_CHANGED, RECOVERY, operator_id, "PIN by recovery words")
            finally:
                self._close()

    # --- within the lock

    def _unlock(self, operator_id: str, pin: str) -> tuple[DataKey, ...]:
        """The data keys behind a PIN; the try is counted before it is checked."""
        if operator_id == RECOVERY or all(slot.id != operator_id for slot in self._slots.slots):
            raise WrongPin("There is no such operator", "Choose one of the list")
        slot = self._slots.slot(operator_id)
        device = self._device_in_use()
        if slot.device and (device is None or device.name != slot.device):
            self._slots.unlock(operator_id, "", device)  # says which stick is missing; no PIN was tried
        failed = self._attempts.count(operator_id)
        try:
            return self._slots.unlock(operator_id, pin, device)
        except KeyRefused as error:
            if (wait_s := self._attempts.wait_s(operator_id)) > 0:
                raise OperatorLocked("Too many wrong PINs", f"Try again in {wait_s:.0f} s", wait_s) from error
            raise WrongPin("The PIN is wrong", f"{FREE_TRIES - failed} tries are left before a wait") from error

    def _audit_failures(self, store: Store) -> None:
        """Give what happened while the store was locked its audit line: wrong PINs above all."""
        for each in self._attempts.pending():
            noted = {event.word: event for event in Event}.get(each["what"].partition(":")[0])
            event = noted or (Event.OPERATOR_LOCKED if "locked" in each["what"] else Event.LOGGED_IN)
            detail, success = f"{each['what']}, {each['at']}", event is Event.EXPORTED
            store.note(event, each["operator"], detail=detail, success=success)
        self._attempts.audited()

    def _state(self) -> State:
        idle_s = self._boottime() - self._touched_s
        if self._store is None:
            return State.LOCKED
        if idle_s >= self._lock_after_s:
            self._end_idle_session()
            self._close()
            return State.LOCKED
        if self._session is None or idle_s >= self._idle_after_s:
            self._end_idle_session()
            return State.IDLE
        return State.OPEN

    def _end_idle_session(self) -> None:
        session, self._session = self._session, None
        if session is not None and self._store is not None:
            with contextlib.suppress(RecordsError):  # a disk that fails keeps nobody logged in
                self._store.note(Event.LOGGED_OUT, session.operator.id, detail="idle")

    def _is_current(self, number: int) -> bool:
        return self._state() is State.OPEN and self._session is not None and self._session.number == number

    def _close(self) -> None:
        store, self._store, self._key, self._session = self._store, None, None, None
        if store is not None:
            store.close()

    def _end_if_nobody(self) -> None:
        if self._session is None:
            self._close()

    def _open(self) -> Store:
        if self._store is None:
            raise SessionEnded("The session has ended", "Log in again")
        return self._store

    def _keys(self) -> list[DataKey]:
        if self._key is None:
            raise SessionEnded("The session has ended", "Log in again")
        return [self._key]

    def _device_in_use(self) -> DeviceSecret | None:
        """The device secret, where the operators' slots need one: else nobody need plug a stick in."""
        return self._device() if any(slot.device for slot in self._slots.slots) else None

    def _new_slot(self, operator: Operator, pin: str, kdf: Kdf, keys: list[DataKey]) -> Slot:
        device = self._device_in_use()
        return operator_slot(self._slots.store_id, operator.id, operator.name, pin, kdf, device, keys)

    def _put_slots(self, slots: Slots) -> None:
        slots.write(self._folder)
        self._slots = slots
