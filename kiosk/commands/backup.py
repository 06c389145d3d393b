"""`dermakiosk backup`: copy the store to a folder, as a rule on a stick."""

from __future__ import annotations

import argparse

from kiosk.access.policy import Permission
from kiosk.commands.audit import may
from kiosk.commands.console import put
from kiosk.commands.unlock import device_secret, unlock
from kiosk.records.backup import back_up, back_up_locked
from kiosk.records.opening import open_store


def run(options: argparse.Namespace) -> int:
    """Make a backup; where it is unlocked, one that is signed.

    Args:
        options: `store`, `target`, `locked` (nobody unlocks it: ciphertext, unsigned), `operator` and `key_file`.

    Raises:
        RecordsError: it cannot be made.
        NotPermitted: the operator's role does not allow it.
    """
    if options.locked:
        report = back_up_locked(options.store, options.target)
    else:
        keys, who = unlock(options.store, options.operator, device_secret(options.key_file))
        store, key = open_store(options.store, keys)
        try:
            may(store, who, Permission.BACK_UP)
            report = back_up(store, key, options.target, who)
        finally:
            store.close()
    head = report.manifest.head
    put(f"{report.folder}: {report.copied_files} files, {report.copied_bytes / 1e6:.1f} MB copied and read back")
    if head is not None:
        put(f"{report.manifest.examinations} examinations; audit {head.count}:{head.mac}")
    return 0
