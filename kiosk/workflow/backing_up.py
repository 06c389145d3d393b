"""A backup that somebody started at the screen: one at a time, in a thread of its own, while the kiosk goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from edge_models.errors import DermakioskError
from kiosk.access.policy import Permission
from kiosk.errors import BackupError
from kiosk.records.backup import back_up
from kiosk.records.keys import DataKey
from kiosk.records.store import Store
from kiosk.workflow.desk import Desk

THREAD = "back up"
"""The name of the thread that makes one."""

_log = logging.getLogger(__name__)


class Progress(StrEnum):
    """How the last backup stands."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Backing:
    """The last backup that was started here.

    Attributes:
        examinations: in it, once it is done.
        code: of the fault, where it failed.
    """

    progress: Progress = Progress.NONE
    examinations: int = 0
    code: str = ""


def on_another_disk(folder: Path, store: Path) -> bool:
    """Whether a folder is there and lies on another disk than the store: a stick that is not plugged in leaves none."""
    try:
        return folder.stat().st_dev != store.stat().st_dev
    except OSError:
        return False


class BackingUp:
    """Backups of a desk's store to the configured folder. Any thread may use it.

    A store that is locked meanwhile ends a backup with a fault. What was copied stays, and the next one goes on from
    there.
    """

    def __init__(self, desk: Desk, elsewhere: Callable[[Path, Path], bool] = on_another_disk) -> None:
        """Serve the store behind a desk.

        Args:
            desk: before the store.
            elsewhere: whether a folder is a safe place for a copy of a store.
        """
        self._desk = desk
        self._elsewhere = elsewhere
        self._lock = threading.Lock()
        self._backing = Backing()

    @property
    def offered(self) -> bool:
        """Whether the configuration names a place for it."""
        return self._desk.config.backup is not None

    def now(self) -> Backing:
        """How the last backup stands."""
        with self._lock:
            return self._backing

    def begin(self, number: int) -> None:
        """Start a backup, unless one is under way; what becomes of it `now` tells.

        Raises:
            SessionEnded: the session is over.
            NotPermitted: its role may not.
        """
        session, store = self._desk.session(number, Permission.BACK_UP)
        key = self._desk.access.data_key(number)
        with self._lock:
            if self._backing.progress is Progress.RUNNING:
                return
            self._backing = Backing(Progress.RUNNING)
        # a stick that is not plugged in may keep whoever asks for it waiting
        job = partial(self._copy, store, key, session.operator.id)
        threading.Thread(target=job, name=THREAD, daemon=True).start()

    def _copy(self, store: Store, key: DataKey, by: str) -> None:
        try:
            report = back_up(store, key, self._target(store), by)
            made = Backing(Progress.DONE, report.manifest.examinations or 0)
        except DermakioskError as error:
            _log.warning("a backup failed: %s", error)
            made = Backing(Progress.FAILED, code=error.code)
        except Exception:  # noqa: BLE001 - whatever it is: there is no backup, and the screen says so
            _log.exception("a backup failed")
            made = Backing(Progress.FAILED, code=BackupError.code)
        with self._lock:
            self._backing = made

    def _target(self, store: Store) -> Path:
        """The configured folder.

        Raises:
            BackupError: it is not there, or lies on the store's own disk.
        """
        target = self._desk.config.backup
        if target is None or not self._elsewhere(target, store.folder):
            raise BackupError(f"{target} is not there, or is the records' own disk", "Plug the backup's stick in")
        return target
