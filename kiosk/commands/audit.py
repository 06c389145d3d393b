"""`dermakiosk audit verify|export`: is the audit chain whole, and what does it say?"""

from __future__ import annotations

import argparse
import sys

from kiosk.access.policy import Permission, require
from kiosk.commands.console import put
from kiosk.commands.unlock import device_secret, unlock
from kiosk.errors import NotPermitted, RecordsError
from kiosk.records.audit import Event, Head, Line, to_csv
from kiosk.records.opening import open_store
from kiosk.records.slots import RECOVERY
from kiosk.records.store import Store


def run(options: argparse.Namespace) -> int:
    """Verify the chain, and with `export` print it as CSV; its count and head come last.

    Args:
        options: `action`, `store`, `operator`, `key_file`, and `noted`, an end that somebody noted ("COUNT:MAC").

    Raises:
        RecordsError: the chain is not what was written, or the store does not open.
        NotPermitted: the operator's role does not allow it.
    """
    noted = None if options.noted is None else _head(options.noted)
    keys, who = unlock(options.store, options.operator, device_secret(options.key_file))
    store, _ = open_store(options.store, keys)
    try:
        may(store, who, Permission.READ_AUDIT)
        end = store.verify_audit(noted)
        if options.action == "export":
            put(to_csv(_all_lines(store), end).rstrip("\n"))
        store.note(Event.AUDIT_READ, who, detail=options.action)
        sys.stderr.write(f"{end.count} audit lines are whole; note this end: {end.count}:{end.mac}\n")
    finally:
        store.close()
    return 0


def may(store: Store, who: str, permission: Permission) -> None:
    """See that whoever unlocked the store may do something; the recovery words are an administrator's.

    Raises:
        NotPermitted: the role does not allow it.
    """
    if who == RECOVERY:
        return
    operator = next((each for each in store.operators() if each.id == who), None)
    if operator is None:
        raise NotPermitted("This operator is not in the records", "Ask the administrator")
    require(operator, permission)


def _all_lines(store: Store) -> list[Line]:
    found: list[Line] = []
    while page := store.audit_lines(found[-1].seq if found else 0, limit=5000):
        found += page
    return found


def _head(text: str) -> Head:
    count, _, mac = text.partition(":")
    if not count.isdecimal() or len(mac) != len(bytes(32).hex()):
        raise RecordsError(f"{text!r} is no end of an audit", "Give COUNT:MAC as an export or a backup printed it")
    return Head(int(count), mac)
