"""The device secret: on a stick, or in the board's one-time memory as `rpi-otp-private-key` prints it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import KeyRefused
from kiosk.records.device_secret import FILE, read_key_file, read_otp, write_key_file


def test_a_key_file_is_made_once_and_read_again(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    disk = tmp_path_factory.mktemp("disk")
    if disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    path = tmp_path / FILE
    made = write_key_file(path, disk / "not" / "there")
    assert read_key_file(path) == made
    with pytest.raises(KeyRefused, match="there already"):
        write_key_file(path, disk)


def test_a_key_beside_its_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="own disk"):
        write_key_file(tmp_path / FILE, tmp_path / "records")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"dermakiosk device secret 1: 12\n", b"\xff" * 300, b"a" * 10_000])
def test_what_is_no_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(KeyRefused):
        read_key_file(tmp_path / FILE)
    with pytest.raises(KeyRefused):
        read_key_file(tmp_path / "gone")


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo " + "0" * 64, "holds no key"),
        ("echo 12", "holds no key"),
        ("exit 1", "failed"),
    ],
)
def test_a_board_without_a_key_is_refused(tmp_path: Path, script: str, complaint: str) -> None:
    with pytest.raises(KeyRefused, match=complaint):
        read_otp(program(tmp_path, script))


def test_the_one_time_memory_is_read_as_its_program_prints_it(tmp_path: Path) -> None:
    assert read_otp(program(tmp_path, "printf '%s\\n' " + "0123456789abcdef" * 4)).secret == bytes.fromhex(
        "0123456789abcdef" * 4
    )
    with pytest.raises(KeyRefused, match="not installed"):
        read_otp(str(tmp_path / "no-such-program"))


def program(folder: Path, script: str) -> str:
    path = folder / "rpi-otp-private-key"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)
