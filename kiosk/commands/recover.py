"""`dermakiosk recover`: with the recovery words, a new PIN for an administrator whose PIN or key stick is lost."""

from __future__ import annotations

import argparse

from kiosk.access.session import Access
from kiosk.commands.console import put
from kiosk.commands.unlock import ask, device_secret, operator_id
from kiosk.records.keys import calibrate


def run(options: argparse.Namespace) -> int:
    """Ask for the words and a new PIN, and put the administrator's slot under the key stick that is there now.

    Args:
        options: `store`, `operator` (an administrator's name) and `key_file`, of the stick that is used from now on.

    Raises:
        KeyRefused: the words do not open the store, or there is no such administrator.
        PinUnfit: the PIN is too short, or easy to guess.
        RecordsError: the store cannot be opened.
    """
    device = device_secret(options.key_file)
    access = Access(options.store, lambda: device)
    who = operator_id(access.operators(), options.operator)
    words = ask("Recovery words: ")
    access.recover(words, who, ask(f"New PIN of {options.operator}: "), calibrate())
    put(f"{options.operator} has a new PIN; the others need new ones from {options.operator} if their stick is lost")
    return 0
