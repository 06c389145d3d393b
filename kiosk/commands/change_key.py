"""`dermakiosk change-key`: put the whole store under a new data key, after an incident."""

from __future__ import annotations

import argparse

from kiosk.access.policy import Permission
from kiosk.commands.audit import may
from kiosk.commands.console import put
from kiosk.commands.unlock import device_secret, unlock
from kiosk.records.opening import change_data_key, open_store


def run(options: argparse.Namespace) -> int:
    """Change the data key; a power cut at any point leaves a store that opens.

    Args:
        options: `store`, `operator` and `key_file`.

    Raises:
        RecordsError: it cannot be changed; the old key still opens the store.
        NotPermitted: the operator's role does not allow it.
    """
    keys, who = unlock(options.store, options.operator, device_secret(options.key_file))
    store, key = open_store(options.store, keys)
    try:
        may(store, who, Permission.CHANGE_KEYS)
        new = change_data_key(store, key)
    finally:
        store.close()
    put(f"The data key is {new.name} now. Older backups still open with the key before")
    return 0
