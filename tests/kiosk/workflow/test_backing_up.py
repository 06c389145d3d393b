"""A backup from the screen: by whom it may be started, where it goes, and what is said of it."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.errors import BackupError, NotPermitted, SessionEnded, StoreClosed
from kiosk.records.backup import last_backup
from kiosk.workflow.backing_up import THREAD, Backing, BackingUp, Progress, on_another_disk
from tests.kiosk.records.samples import PIN, new_examination
from tests.kiosk.workflow.conftest import LONG_S, Front


@pytest.fixture
def stick(front: Front) -> Path:
    """A folder that the configuration names, as if it were another disk's."""
    folder = front.config.folder
    assert folder is not None
    made = folder.parent / "stick"
    made.mkdir()
    front.desk.config = replace(front.desk.config, backup=made)
    return made


def anywhere(folder: Path, _store: Path) -> bool:
    return folder.is_dir()


def finished(backing_up: BackingUp) -> Backing:
    """How the backup ended; waited for where it is under way."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(LONG_S)
    assert backing_up.now().progress is not Progress.RUNNING
    return backing_up.now()


def test_a_backup_is_made_and_told(front: Front, stick: Path) -> None:
    number = front.desk.log_in(front.anna, PIN).number
    store = front.desk.access.opened()
    assert store is not None
    store.save(replace(new_examination(picture=False), operator_id=front.anna), None)
    backing_up = BackingUp(front.desk, anywhere)
    assert backing_up.offered
    backing_up.begin(number)
    assert finished(backing_up) == Backing(Progress.DONE, examinations=1)
    made = last_backup(store.folder)
    assert made is not None
    assert made[0].parent == stick
    assert front.events().count("backed_up") == 1


def test_a_role_that_may_not_and_a_session_that_is_over_start_none(front: Front, stick: Path) -> None:
    backing_up = BackingUp(front.desk, anywhere)
    with pytest.raises(NotPermitted):
        backing_up.begin(front.ben())
    with pytest.raises(SessionEnded):
        backing_up.begin(0)
    assert list(stick.iterdir()) == []
    assert backing_up.now().progress is Progress.NONE


@pytest.mark.parametrize("plugged_in", [False, True])
def test_a_folder_without_a_stick_gets_no_copy(front: Front, stick: Path, plugged_in: bool) -> None:
    """Without one the folder is not there, or it is there and lies on the records' own disk."""
    if not plugged_in:
        stick.rmdir()
    backing_up = BackingUp(front.desk)
    backing_up.begin(front.desk.log_in(front.anna, PIN).number)
    assert finished(backing_up) == Backing(Progress.FAILED, code=BackupError.code)
    assert not stick.exists() or list(stick.iterdir()) == []


def test_a_backup_that_fails_names_its_fault(front: Front, stick: Path) -> None:
    number = front.desk.log_in(front.anna, PIN).number
    backing_up = BackingUp(front.desk, anywhere)
    backing_up.begin(number)
    assert finished(backing_up).progress is Progress.DONE
    (made,) = stick.iterdir()
    shutil.rmtree(made)
    made.write_text("a file where the store's folder would be")
    backing_up.begin(number)
    assert finished(backing_up) == Backing(Progress.FAILED, code=BackupError.code)


def test_one_is_made_at_a_time_and_one_that_the_lock_cuts_off_goes_on_later(front: Front, stick: Path) -> None:
    locked = threading.Event()
    asked: list[Path] = []

    def once_locked(folder: Path, _store: Path) -> bool:
        asked.append(folder)
        return locked.wait(LONG_S)

    backing_up = BackingUp(front.desk, once_locked)
    number = front.desk.log_in(front.anna, PIN).number
    backing_up.begin(number)
    backing_up.begin(number)
    assert backing_up.now().progress is Progress.RUNNING
    front.desk.lock()
    locked.set()
    assert finished(backing_up) == Backing(Progress.FAILED, code=StoreClosed.code)
    assert asked == [stick]
    backing_up.begin(front.desk.log_in(front.anna, PIN).number)
    assert finished(backing_up).progress is Progress.DONE


def test_where_no_folder_is_named_none_is_offered(front: Front) -> None:
    assert not BackingUp(front.desk).offered


def test_another_disk_is_told_from_the_store_s_own(tmp_path: Path) -> None:
    assert not on_another_disk(tmp_path, tmp_path)
    assert not on_another_disk(tmp_path / "none", tmp_path)
    assert on_another_disk(Path("/proc"), tmp_path)
