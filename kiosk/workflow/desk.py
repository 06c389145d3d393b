"""The records as the screens reach them: is there a store, who has logged in, and what may go on without it.

There is one desk a process, whatever the number of browsers. A browser is known by the number of its log-in, which
stays in the server. Without a folder, or before the set-up, the kiosk works and nothing is kept.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic

from edge_models.errors import DermakioskError
from kiosk.access.pin import check_new_pin
from kiosk.access.policy import Permission
from kiosk.access.session import Access
from kiosk.access.sitting import Session, State
from kiosk.capture.station import Station
from kiosk.clinical.operator import Operator, Role
from kiosk.errors import RecordsError, SessionEnded
from kiosk.records.audit import Event
from kiosk.records.backup import last_backup
from kiosk.records.capacity import Space
from kiosk.records.config import CAPTURE, OTP, RecordsConfig
from kiosk.records.device_secret import read_key_file, read_otp, write_key_file
from kiosk.records.keys import DeviceSecret, Kdf, calibrate
from kiosk.records.opening import set_up
from kiosk.records.store import Store, utc_now
from kiosk.workflow.keeping import Keeper, Keeping, Kept

RETENTION_EVERY = timedelta(days=1)
SPACE_EVERY_S = 60.0

_log = logging.getLogger(__name__)


class Standing(StrEnum):
    """How the records stand."""

    NONE = "none"
    """No folder is configured: nothing is kept."""
    UNSET = "unset"
    """A folder is configured, and nobody has set it up: nothing is kept."""
    FAULT = "fault"
    """There are records that cannot be opened by anybody."""
    LOCKED = "locked"
    IDLE = "idle"
    OPEN = "open"


class Desk:
    """One process's records. Any thread may use it; close it."""

    def __init__(
        self,
        config: RecordsConfig,
        *,
        pins: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = utc_now,
        make_access: Callable[..., Access] = Access,
    ) -> None:
        """Stand before the records that the configuration names.

        Args:
            config: the section [records].
            pins: of a demonstration's operators, by id: the screen shows them, and says what they are.
            clock: the time, with a zone.
            make_access: the door; a test's has clocks that it sets.
        """
        self.config = config
        self.pins = pins or {}
        self.keeper = Keeper()
        self._clock = clock
        self._make_access = make_access
        self._setting_up = threading.Lock()
        self._clearing = threading.Lock()  # held while a case is begun without a log-in, and while one is cleared
        self._access: Access | None = None
        self._fault = ""
        self._kept_house: Store | None = None
        self._retained_at: datetime | None = None
        self._space = Space.ENOUGH
        self._space_seen_s = -SPACE_EVERY_S
        self.seen = str(Standing.NONE)
        """How the records stood when somebody last looked, for the page's heartbeat; it changes with every log-in."""
        self._reach()
        self.look()

    @classmethod
    def without_records(cls) -> Desk:
        """The desk of a kiosk that keeps nothing."""
        return cls(RecordsConfig())

    def close(self) -> None:
        """Finish what is being saved, and lock."""
        self.keeper.close()
        if self._access is not None:
            self._access.close()

    # --- how the records stand

    @property
    def demonstration(self) -> bool:
        """Whether the store is one to try things with, of which nothing survives."""
        return bool(self.pins)

    def standing(self) -> Standing:
        """How the records stand now; locks them when nobody has touched the screen for long."""
        if self.config.folder is None:
            return Standing.NONE
        if self._access is None:
            return Standing.FAULT if self._fault else Standing.UNSET
        return Standing(self._access.state().value)

    @property
    def fault(self) -> str:
        """The code of what is wrong with the records; empty: nothing that is known."""
        return self._fault

    def last_backup_at(self) -> datetime | None:
        """When the last good backup was made; None where there is none."""
        found = None if self.config.folder is None else last_backup(self.config.folder)
        return None if found is None else found[1]

    def space_is_low(self) -> bool:
        """Whether somebody should make room soon."""
        return self._space is not Space.ENOUGH

    def look(self) -> str:
        """Bring `seen` up to date."""
        access = self._access
        number = access.number() if access is not None and access.state() is State.OPEN else 0
        self.seen = f"{self.standing()}-{number}"
        return self.seen

    # --- in and out

    def operators(self) -> list[tuple[str, str]]:
        """Id and name of everybody who can log in."""
        return [] if self._access is None else self._access.operators()

    def log_in(self, operator_id: str, pin: str) -> Session:
        """See `Access.log_in`."""
        try:
            return self._door().log_in(operator_id, pin)
        finally:
            self.look()

    def log_out(self) -> None:
        """Let nobody in until the next log-in."""
        self._door().log_out()
        self.look()

    def lock(self) -> None:
        """Let go of the key at once."""
        self._door().log_out()
        self._door().close()
        self.look()

    def touch(self) -> None:
        """Somebody touched the screen."""
        if self._access is not None:
            self._access.touch()

    def operator(self, number: int) -> Operator | None:
        """Who has the session with that number; None where it is over."""
        return None if self._access is None else self._access.current(number)

    def session(self, number: int, permission: Permission) -> tuple[Session, Store]:
        """See `Access.session`."""
        return self._door().session(number, permission)

    @property
    def access(self) -> Access:
        """The door itself, for what an administrator does.

        Raises:
            SessionEnded: there are no records that could be opened.
        """
        return self._door()

    # --- the first time

    def set_up(self, name: str, pin: str, kdf: Callable[[], Kdf] = calibrate) -> str:
        """Make the store with its first administrator.

        Returns:
            The 24 recovery words. They are nowhere else: show them once.

        Raises:
            ValueError: a name that cannot be.
            PinUnfit: the PIN is too short, or easy to guess.
            KeyRefused: the key stick is missing or unfit.
            RecordsError: it cannot be made, or is there already.
        """
        check_new_pin(pin)
        administrator = Operator(os.urandom(8).hex(), name, Role.ADMINISTRATOR)
        with self._setting_up:
            if self.config.folder is None or self._access is not None:
                raise RecordsError("The records are set up already", "Log in")
            words = set_up(self.config.folder, administrator, pin, kdf(), self._new_device_secret(), self._clock)
            self._reach()
        self.look()
        return words

    # --- keeping

    def keep(self, station: Station, ticket: str, number: int, timeout_s: float) -> Keeping:
        """Have a finished case in the store before it is shown; see `Keeper.keep`.

        Raises:
            KeyError: somebody else has done the case.
        """
        case, assessment = station.current(), station.wait(ticket, 0.0)
        if case is None or case.ticket != ticket or assessment is None:
            raise KeyError(ticket)
        keeping = self.keeper.keep(ticket, assessment, case.about, lambda: self._writer(number), timeout_s)
        if keeping.kept is Kept.SAVED:
            station.saved(ticket)
        return keeping

    def begin_without(self, begin: Callable[[], str]) -> None:
        """Let somebody who has not logged in begin a case; no `tick` may take it for one that its operator has left.

        Args:
            begin: begins it, and returns its ticket.
        """
        with self._clearing:
            self.go_without(begin())

    def go_without(self, ticket: str) -> Keeping:
        """A case that nobody had logged in for: it is not kept, and that is audited."""
        if self.keeper.not_meant(ticket) and self._access is not None:
            self._note(Event.NOT_KEPT, "nobody was logged in")
        keeping = self.keeper.of(ticket)
        if keeping is None:
            raise KeyError(ticket)
        return keeping

    def give_up(self, ticket: str) -> None:
        """The operator goes on without keeping a case that could not be saved; that is audited where it can be."""
        if code := self.keeper.give_up(ticket):
            self._note(Event.NOT_KEPT, f"given up after {code}")

    def may_go_without(self, station: Station) -> bool:
        """Whether somebody without a PIN may examine: never while a case of the records is on the screen."""
        case = station.current()
        keeping = None if case is None else self.keeper.of(case.ticket)
        own = case is None or (keeping is not None and keeping.kept is Kept.NOT_MEANT)
        return self.config.while_locked == CAPTURE and own

    # --- upkeep

    def tick(self, station: Station) -> None:
        """What is to be done every few seconds: lock, clear an idle case, sweep, delete what is too old."""
        standing = self.standing()
        if standing in (Standing.IDLE, Standing.LOCKED):
            self._clear(station, locked=standing is Standing.LOCKED)
        case = station.current()
        if self.keeper.lost("" if case is None else case.ticket):
            self._note(Event.NOT_KEPT, "its screen was given up")
        store = None if self._access is None else self._access.opened()
        if store is not None:
            try:
                self._keep_house(store)
            except RecordsError as error:
                _log.warning("%s: the records' upkeep failed: %s", error.code, error)
        self.look()

    def _clear(self, station: Station, *, locked: bool) -> None:
        with self._clearing:
            self._clear_case(station, locked=locked)

    def _clear_case(self, station: Station, *, locked: bool) -> None:
        case = station.current()
        if case is None:
            return
        keeping = self.keeper.of(case.ticket)
        kept = None if keeping is None else keeping.kept
        if kept in (Kept.SAVED, Kept.GIVEN_UP):
            station.done(case.ticket)
        elif locked and kept in (Kept.FAILED, None):
            station.abandon()
            if kept is None:
                self._note(Event.NOT_KEPT, "nobody came back")

    def _keep_house(self, store: Store) -> None:
        if self._kept_house is not store:
            self._kept_house = store
            store.sweep()
        if monotonic() - self._space_seen_s >= SPACE_EVERY_S:
            self._space_seen_s = monotonic()
            self._space = store.capacity().space
        days, now = self.config.retention_days, self._clock()
        if days is not None and (self._retained_at is None or now - self._retained_at >= RETENTION_EVERY):
            self._retained_at = now
            store.delete_older_than(days)

    # --- within

    def _door(self) -> Access:
        if self._access is None:
            raise SessionEnded("There are no records that could be opened", "Set them up, or restore the last backup")
        return self._access

    def _writer(self, number: int) -> tuple[str, Store]:
        session, store = self.session(number, Permission.EXAMINE)
        return session.operator.id, store

    def _note(self, event: Event, detail: str) -> None:
        try:
            self._door().note(event, detail)
        except (RecordsError, SessionEnded) as error:
            _log.warning("%s: %s (%s) could not be audited", error.code, event.word, detail)

    def _reach(self) -> None:
        """Stand before the store, where there is one."""
        folder, config = self.config.folder, self.config
        try:
            if folder is None or not folder.exists() or not any(folder.iterdir()):
                return
            self._access = self._make_access(
                folder, self._device_secret, idle_after_s=config.idle_after_s, lock_after_s=config.lock_after_s
            )
        except (DermakioskError, OSError) as error:
            self._fault = error.code if isinstance(error, DermakioskError) else RecordsError.code
            _log.error("%s: the records cannot be opened: %s", self._fault, error)

    def _device_secret(self) -> DeviceSecret | None:
        if self.config.key_file is not None:
            return read_key_file(self.config.key_file)
        return read_otp() if self.config.device_secret == OTP else None

    def _new_device_secret(self) -> DeviceSecret | None:
        path, folder = self.config.key_file, self.config.folder
        if path is None or folder is None or path.exists():
            return self._device_secret()
        return write_key_file(path, folder)
