"""`audit`, `backup`, `restore` and `change-key`, as a terminal sees them; secrets come by stdin, never as arguments."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.access.attempts import FREE_TRIES
from kiosk.cli import main
from kiosk.records.keys import DeviceSecret
from kiosk.records.slots import Slots
from tests.kiosk.records.conftest import box, tmp_path
from tests.kiosk.records.samples import PIN, Box, new_examination

__all__ = ["box", "tmp_path"]


class Terminal:
    """Runs a command with a secret typed, and keeps what it printed."""

    def __init__(self, box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.box = box
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.out = self.err = ""

    def run(self, *words: object, typed: str = "") -> int:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        code = main(
            [*map(str, words), "--store", str(self.box.folder)] if "--store" not in words else [*map(str, words)]
        )
        self.out, self.err = self._capsys.readouterr()
        return code


@pytest.fixture
def terminal(box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    """Before a store with two examinations that no kiosk has open."""
    for code in ("A-1", "B-2"):
        box.store.save(new_examination(code), code.encode())
    box.store.close()
    yield Terminal(box, monkeypatch, capsys)
    box.store.close()


def test_the_audit_is_verified_and_exported(terminal: Terminal) -> None:
    assert terminal.run("audit", "verify", "--operator", "Anna", typed=PIN) == 0
    end = terminal.err.split()[-1]
    assert end.startswith("3:")
    assert terminal.run("audit", "export", "--noted", end, typed=terminal.box.words) == 0
    assert terminal.out.splitlines()[0].startswith("seq,utc,operator")
    assert "saved" in terminal.out
    assert terminal.run("audit", "verify", "--noted", f"9{end}", typed=terminal.box.words) == 2
    assert "was cut off" in terminal.err
    assert terminal.run("audit", "verify", "--noted", "nonsense", typed=terminal.box.words) == 2


def test_a_backup_is_restored_on_another_box(terminal: Terminal, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    assert terminal.run("backup", stick, "--operator", "Anna", typed=PIN) == 0
    assert "2 examinations; audit 3:" in terminal.out
    (folder,) = stick.iterdir()
    assert terminal.run("restore", folder, "--operator", "Anna", typed=PIN) == 2
    assert "--force moves the store aside" in terminal.err
    second = tmp_path / "second"
    assert terminal.run("restore", folder, "--store", second, "--operator", "Anna", typed=PIN) == 0
    assert terminal.out.startswith("2 examinations of")
    assert terminal.run("backup", stick, "--locked") == 0
    assert terminal.run("restore", folder, "--force", typed=terminal.box.words) == 0
    assert "made while locked" in terminal.out


def test_lost_pins_are_renewed_by_the_recovery_words(terminal: Terminal) -> None:
    assert terminal.run("recover", "--operator", "Eve", typed=terminal.box.words) == 2
    assert "There is Anna" in terminal.err
    assert terminal.run("recover", "--operator", "Anna", typed=f"{terminal.box.words}\n123456") == 2
    assert terminal.run("recover", "--operator", "Anna", typed=f"{'abandon ' * 23}art\n16180339") == 2
    assert terminal.run("recover", "--operator", "Anna", typed=f"{terminal.box.words}\n16180339") == 0
    assert terminal.run("audit", "verify", "--operator", "Anna", typed=PIN) == 2
    assert terminal.run("audit", "export", "--operator", "Anna", typed="16180339") == 0
    assert "PIN by recovery words" in terminal.out


def test_a_new_stick_takes_the_place_of_the_old_one(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first.key", tmp_path / "second.key"
    assert terminal.run("new-stick", first, "--operator", "Anna", typed=PIN) == 2
    assert "own disk" in terminal.err

    def write(path: Path, _store: Path) -> DeviceSecret:  # as if the file lay on another disk
        secret = DeviceSecret(os.urandom(32))
        path.write_text(f"dermakiosk device secret 1: {secret.secret.hex()}\n", encoding="ascii")
        return secret

    monkeypatch.setattr("kiosk.commands.new_stick.write_key_file", write)
    assert terminal.run("new-stick", first, "--operator", "Anna", typed=PIN) == 0
    assert terminal.run("audit", "verify", "--operator", "Anna", typed=PIN) == 2
    assert "key stick is needed" in terminal.err
    assert terminal.run("new-stick", second, "--operator", "Anna", "--key-file", first, typed=PIN) == 0
    assert terminal.run("audit", "verify", "--operator", "Anna", "--key-file", first, typed=PIN) == 2
    assert terminal.run("audit", "verify", "--operator", "Anna", "--key-file", second, typed=PIN) == 0
    assert terminal.run("recover", "--operator", "Anna", typed=f"{terminal.box.words}\n16180339") == 0
    assert terminal.run("audit", "verify", "--operator", "Anna", typed="16180339") == 0, "no stick is in use any more"


def test_the_data_key_is_changed(terminal: Terminal) -> None:
    before = terminal.box.keys()
    assert terminal.run("change-key", "--operator", "Anna", typed=PIN) == 0
    (after,) = Slots.read(terminal.box.folder).unlock("00000000000000aa", PIN, None)
    assert after not in before
    assert after.name in terminal.out
    assert after.secret.hex() not in terminal.out + terminal.err


def test_wrong_secrets_are_refused_in_one_line_and_counted(terminal: Terminal) -> None:
    assert terminal.run("audit", "verify", typed="abandon " * 24) == 2
    assert terminal.run("audit", "verify", "--operator", "Nobody", typed=PIN) == 2
    assert "There is Anna" in terminal.err
    for _ in range(FREE_TRIES):
        assert terminal.run("audit", "verify", "--operator", "Anna", typed="99999998") == 2
    assert terminal.run("audit", "verify", "--operator", "Anna", typed=PIN) == 2
    assert terminal.err.startswith("dermakiosk: Too many wrong PINs")
    assert len(terminal.err.splitlines()) == 1
    assert PIN not in terminal.err


def test_a_store_that_is_not_there_is_named(terminal: Terminal, tmp_path: Path) -> None:
    for words in (("audit", "verify"), ("backup", tmp_path), ("backup", tmp_path, "--locked"), ("change-key",)):
        assert terminal.run(*words, "--store", tmp_path / "nowhere", typed=PIN) == 2
        assert "nowhere" in terminal.err
    assert terminal.run("restore", tmp_path, "--store", tmp_path / "new", typed=PIN) == 2
    assert "manifest" in terminal.err
