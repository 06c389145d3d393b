"""What an administrator does at the screen: operators, recovery words, and how the records are."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk.access.policy import PERMISSIONS, Permission
from kiosk.clinical.operator import Operator, Role
from kiosk.records.capacity import Capacity
from kiosk.records.keys import Kdf, calibrate
from kiosk.workflow.desk import Desk

__all__ = ["PERMISSIONS", "Health", "Office", "Permission"]


@dataclass(frozen=True)
class Health:
    """How the records are, for an administrator.

    Attributes:
        audit_count: lines of the audit.
        audit_head: 64 hexadecimal digits; noted elsewhere, with the count, they show a cut tail.
        last_backup_at: None where there is none.
    """

    capacity: Capacity
    audit_count: int
    audit_head: str
    last_backup_at: datetime | None


class Office:
    """An administrator's side of a desk. Any thread may use it; refusals are as `Archive`'s."""

    def __init__(self, desk: Desk, measure: Callable[[], Kdf] = calibrate) -> None:
        """Serve the store behind a desk.

        Args:
            desk: before the store.
            measure: finds what a PIN's hash may cost on this machine; asked once.
        """
        self._desk = desk
        self._measure = measure
        self._lock = threading.Lock()
        self._kdf: Kdf | None = None

    def health(self, number: int) -> Health:
        """How the records are."""
        _, store = self._desk.session(number, Permission.READ_AUDIT)
        head = store.audit_head()
        return Health(store.capacity(), head.count, head.mac, self._desk.last_backup_at())

    def operators(self, number: int) -> list[Operator]:
        """Everybody, those who have left too."""
        _, store = self._desk.session(number, Permission.MANAGE_OPERATORS)
        return store.operators()

    def add_operator(self, number: int, name: str, role: Role, pin: str) -> None:
        """Let somebody in from now on.

        Raises:
            ValueError: a name that cannot be.
            PinUnfit: the PIN is too short, or easy to guess.
        """
        operator = Operator(os.urandom(8).hex(), name, role)
        self._desk.access.put_operator(number, operator, pin, self._pin_cost())

    def change_operator(self, number: int, operator_id: str, role: Role, *, active: bool, pin: str | None) -> None:
        """Change somebody's role or PIN, or let them in no more.

        Raises:
            KeyError: there is no such operator.
            PinUnfit: the PIN is too short, or easy to guess.
            NotPermitted: an administrator's own role.
        """
        known = {each.id: each for each in self.operators(number)}[operator_id]
        operator = Operator(known.id, known.name, role, active)
        self._desk.access.put_operator(number, operator, pin, self._pin_cost())

    def change_pin(self, number: int, old: str, new: str) -> None:
        """Change one's own PIN; see `Access.change_pin`."""
        self._desk.access.change_pin(number, old, new, self._pin_cost())

    def renew_recovery(self, number: int) -> str:
        """New recovery words, shown once; see `Access.renew_recovery`."""
        return self._desk.access.renew_recovery(number)

    def _pin_cost(self) -> Kdf:
        with self._lock:
            if self._kdf is None:
                self._kdf = self._measure()
            return self._kdf
