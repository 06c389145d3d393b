"""`dermakiosk new-stick`: put every operator's slot under another key stick, or under the first one."""

from __future__ import annotations

import argparse
from pathlib import Path

from kiosk.access.session import Access
from kiosk.commands.console import put
from kiosk.commands.unlock import ask, device_secret, operator_id
from kiosk.records.device_secret import write_key_file


def run(options: argparse.Namespace) -> int:
    """Write a new key file and use it from now on; nobody's PIN changes, and the old stick opens nothing any more.

    Args:
        options: `store`, `operator` (an administrator's name), `key_file` (of the stick in use, if any) and `new`, the
            key file to be written.

    Raises:
        KeyRefused: a key file is there already, lies on the store's own disk, or is not the one in use.
        WrongPin: the PIN is wrong.
        NotPermitted: the operator's role does not allow it.
        RecordsError: the store cannot be opened.
    """
    old = device_secret(options.key_file)
    access = Access(options.store, lambda: old)
    try:
        who = operator_id(access.operators(), options.operator)
        session = access.log_in(who, ask(f"PIN of {options.operator}: "))
        new = write_key_file(Path(options.new), options.store)
        access.change_device_secret(session.number, old, new)
    finally:
        access.close()
    put(f"{options.new} is the key stick now; put its path into [records] device_secret, and a copy of it into a safe")
    return 0
