"""`dermakiosk restore`: make a store from a backup, and see that it is what was backed up."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from kiosk.access.policy import Permission
from kiosk.commands.audit import may
from kiosk.commands.console import put
from kiosk.commands.unlock import device_secret, unlock
from kiosk.errors import BackupError
from kiosk.records.audit import Event
from kiosk.records.manifest import check_signature
from kiosk.records.opening import open_store
from kiosk.records.restore import restore


def run(options: argparse.Namespace) -> int:
    """Restore, open, and check signature, pages, pictures' files and audit.

    Args:
        options: `backup`, `store`, `force`, `operator` and `key_file`.

    Raises:
        RecordsError: the backup is damaged, or there is a store that may be newer.
        NotPermitted: the operator's role does not allow it.
    """
    manifest = restore(options.backup, options.store, datetime.now(UTC), force=options.force)
    sys.stderr.write(f"{options.store} is restored; to check it, it must be unlocked\n")
    keys, who = unlock(options.store, options.operator, device_secret(options.key_file))
    store, key = open_store(options.store, keys)
    try:
        may(store, who, Permission.RESTORE)
        if manifest.mac:
            check_signature(manifest, key)
        wrong = store.database.check() + [f"{name} is missing" for name in store.sweep()[1]]
        if wrong:
            raise BackupError(f"What was restored is damaged ({wrong[0]})", "Use another backup")
        store.verify_audit(manifest.head)
        store.note(Event.RESTORED, who, detail=f"backup {manifest.sequence} of {manifest.made_at.isoformat()}")
        kept = store.capacity().kept
    finally:
        store.close()
    signed = "signed" if manifest.mac else "unsigned, made while locked"
    put(f"{kept} examinations of {manifest.made_at:%Y-%m-%d %H:%M} UTC ({signed})")
    return 0
