"""The sheet of recovery words, put on a stick: it is printed elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

from edge_models.errors import DermakioskError
from kiosk.errors import HandoffError
from kiosk.handoff.recovery_sheet import SheetTexts, recovery_sheet
from kiosk.records.audit import Event
from kiosk.records.config import RecordsConfig
from kiosk.records.files import write_atomically
from kiosk.workflow.backing_up import on_another_disk
from kiosk.workflow.desk import Desk

__all__ = ["FILE", "SheetTexts", "save_sheet"]

FILE = "dermakiosk-recovery-words.pdf"

_log = logging.getLogger(__name__)


def save_sheet(
    desk: Desk, words: str, texts: SheetTexts, made_on: date, elsewhere: Callable[[Path, Path], bool] = on_another_disk
) -> str:
    """Write the sheet into the configured folder, in the place of an older one; that is audited.

    Args:
        desk: before the store that the words open.
        words: the 24, while they are shown.
        texts: in the administrator's language.
        made_on: stands on the sheet.
        elsewhere: whether two folders lie on different disks.

    Returns:
        The code of what went wrong; empty: it is written.
    """
    try:
        sheet, path = recovery_sheet(words.split(), texts, made_on), _target(desk.config, elsewhere) / FILE
        desk.access.note(Event.EXPORTED, "recovery words")
        write_atomically(path, sheet)
    except DermakioskError as error:
        _log.warning("%s", error)
        # a full stick is no full store, and has its own words
        return HandoffError.code
    return ""


def _target(config: RecordsConfig, elsewhere: Callable[[Path, Path], bool]) -> Path:
    """The configured folder.

    Raises:
        HandoffError: it is not there, or on a disk beside something that the words open.
    """
    folder, key_file = config.sheet, config.key_file
    apart = [config.folder, config.backup, None if key_file is None else key_file.parent]
    there = [each for each in apart if each is not None and each.exists()]
    if folder is None or not all(elsewhere(folder, each) for each in there):
        raise HandoffError(
            f"{folder} is not there, or on the disk of the records, their backup or their key",
            "Plug in a stick of its own",
        )
    return folder
