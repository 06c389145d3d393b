"""The command line: what it starts, how it refuses, and that it answers at once."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import pytest

from edge_models.bundle import Manifest
from edge_models.engine import ENGINES
from kiosk import cli
from kiosk.capture.station import Station
from kiosk.commands.classify import FORMATS
from kiosk.ui.config import PathwayConfig, ScreenConfig

ROOT = Path(__file__).parents[2]


def dermakiosk(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def assert_one_clear_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("dermakiosk: ")
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["classify", "--help"], ["doctor", "--help"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom kiosk.cli import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "heavy = {'numpy', 'cv2', 'streamlit', 'PIL', 'ai_edge_litert', 'starlette'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "dermakiosk" in done.stdout


def test_the_help_names_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["classify", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in (*ENGINES, *FORMATS))


@pytest.mark.parametrize("command", [["run"], ["classify", "x.jpg"]])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[server]\nprot = 1\n", ["kiosk.toml, line 2", "no key 'prot'", "port"]),
        ('[server]\nport = "x"\n', ["kiosk.toml, line 2", "a whole number from 1 to 65535"]),
        ("[model]\nthreads = 0\n", ["kiosk.toml, line 2", "from 1 to 64"]),
        ("[model\n", ["kiosk.toml, line 1", "not valid TOML"]),
        (None, ["kiosk.toml cannot be read"]),
    ],
)
def test_a_wrong_configuration_is_one_line(
    tmp_path: Path, command: list[str], content: str | None, words: list[str]
) -> None:
    if content is not None:
        (tmp_path / "kiosk.toml").write_text(content, encoding="utf-8")
    assert_one_clear_line(dermakiosk(*command, "--config", "kiosk.toml", cwd=tmp_path), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--port", "0"], ["--port", "from 1 to 65535"]),
        (["run", "--port", "http"], ["--port", "not 'http'"]),
        (["run", "--camera", "webcam"], ["--camera", "picamera2"]),
        (["classify", "--engine", "gpu", "x.jpg"], ["--engine", "edgetpu"]),
        (["classify", "--metadata", "missing.csv", "x.jpg"], ["missing.csv cannot be read"]),
    ],
)
def test_a_wrong_option_is_one_line(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    assert_one_clear_line(dermakiosk(*arguments, cwd=tmp_path), *words)


def test_an_engine_that_is_not_there_is_one_line(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "kiosk.toml").write_text(f'[model]\nbundle = "{tiny_bundle}"\n', encoding="utf-8")
    done = dermakiosk("classify", "--config", "kiosk.toml", "--engine", "edgetpu", "x.jpg", cwd=tmp_path)
    assert_one_clear_line(done, "set engine to auto")


def test_a_port_in_use_is_one_line(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "kiosk.toml").write_text(f'[model]\nbundle = "{tiny_bundle}"\n', encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = dermakiosk("run", "--config", "kiosk.toml", "--camera", "phantom", "--port", str(port), cwd=tmp_path)
    assert_one_clear_line(done, f"Port {port}")


def test_run_hands_the_configuration_on(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server itself is tried in a browser; here: what it gets, and that the station it gets works."""
    from kiosk.commands import run

    (tmp_path / "kiosk.toml").write_text(
        f'[camera]\nfield_of_view_mm = 21\n[model]\nbundle = "{tiny_bundle}"\nengine = "cpu"\n[server]\nport = 1\n'
        '[screen]\nend_after_s = 60\n[pathway]\nreferral = " Ask at  desk 2. "\n',
        encoding="utf-8",
    )
    served: dict[str, Any] = {}

    def serve(station: Station, manifest: Manifest, **handed: Any) -> None:
        served.update(handed, model=manifest.model_id)
        served["desk"] = str(handed["desk"].standing())
        with station:
            preview = station.preview_after(0).result(20.0)
            served["camera"] = station.status().camera
            assert preview is not None

    monkeypatch.setattr(run, "serve", serve)
    assert cli.main(["run", "--config", str(tmp_path / "kiosk.toml"), "--camera", "phantom", "--port", "4321"]) == 0
    assert served.pop("camera").startswith("phantom")
    assert served.pop("pathway") == PathwayConfig(referral="Ask at desk 2.")
    assert served == {
        "model": "tiny-untrained",
        "port": 4321,
        "screen": ScreenConfig(end_after_s=60),
        "field_of_view_mm": 21.0,
        "desk": "none",
        "plots": None,
    }


def test_ctrl_c_is_quiet(tmp_path: Path, tiny_bundle: Path) -> None:
    """Interrupted while it waits for a file: a pipe that never delivers metadata."""
    os.mkfifo(tmp_path / "metadata.csv")
    command = [sys.executable, "-m", "kiosk", "classify", "--metadata", "metadata.csv", "x.jpg"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # a shell starts its background jobs with SIGINT ignored, and so would be whatever this test run starts
    at_a_terminal = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=at_a_terminal
    )
    with process, (tmp_path / "metadata.csv").open("w", encoding="utf-8") as pipe:
        pipe.write("image_id\n")
        pipe.flush()
        # a signal between two reads is only seen after the next one, which never ends: it must come during that read
        while _unread_bytes(pipe) or _state(process) != "S":
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")


def _unread_bytes(pipe: TextIO) -> int:
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def _state(process: subprocess.Popen[str]) -> str:
    """Of its first thread, as Linux tells it: S while it waits."""
    return Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    """`main` sets logging up for a process of its own; here it shares one with other tests."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
