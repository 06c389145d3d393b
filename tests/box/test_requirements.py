"""The locks and the scripts that set an environment up from them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
REQUIREMENTS = PROJECT / "requirements"
LOCKS = ["run.lock", "dev.lock", "tflite-runtime.lock"]


def pins(lock: str) -> dict[str, list[str]]:
    """Name → every "==version ; marker" of it."""
    found: dict[str, list[str]] = {}
    for name, pin in re.findall(
        r"(?m)^([a-z0-9][\w.-]*)(==[^\\\n]+)", (REQUIREMENTS / lock).read_text(encoding="utf-8")
    ):
        found.setdefault(name, []).append(pin.strip())
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes_and_nothing_says_where_from(lock: str) -> None:
    text = (REQUIREMENTS / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"(?m)^\s*--(?!hash=sha256:)", text)
    packages = re.findall(r"(?m)^[a-z0-9][^\n]*\n(?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+", text)
    assert len(packages) == sum(map(len, pins(lock).values())) > 0


def test_the_development_lock_adds_to_the_run_time_lock_and_changes_nothing_in_it() -> None:
    run, development = pins("run.lock"), pins("dev.lock")
    needed_in_both = run.keys() & development.keys()
    assert {name: run[name] for name in needed_in_both} == {name: development[name] for name in needed_in_both}
    assert run.keys() - development.keys() <= {"editables"}
    assert "tensorflow" in development
    assert "tensorflow" not in run


def test_the_locks_cover_what_the_project_declares() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\s<>=!;\[]", requirement)[0].lower() for requirement in requirements}

    assert names(project["dependencies"]) <= pins("run.lock").keys()
    extras = project["optional-dependencies"]
    assert names(extras["dev"] + extras["training"] + extras["bench"]) <= pins("dev.lock").keys()
    assert names(extras["tflite-runtime"]) <= pins("tflite-runtime.lock").keys()


def test_nothing_is_installed_that_is_there() -> None:
    done = subprocess.run([REQUIREMENTS / "system.sh", "sh:dash", "/etc:base-files"], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user who may certainly not install")
def test_who_may_not_install_is_told_the_one_command() -> None:
    refused = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", "bash", "-s", "no-such-program:some-package", "sh:dash"],
        input=(REQUIREMENTS / "system.sh").read_text(encoding="utf-8"),  # the folder may be root's alone
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "some-package" in refused.stderr
    assert "dash" not in refused.stderr
    assert (
        "sudo apt-get install -y --no-install-recommends some-package\n" in refused.stderr or "no apt" in refused.stderr
    )


def test_too_old_a_python_is_named_before_anything_is_made(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit 1\nexec {sys.executable} "$@"\n', encoding="utf-8")
    old.chmod(0o755)
    refused = subprocess.run(
        [REQUIREMENTS / "venv.sh", tmp_path / "venv", REQUIREMENTS / "run.lock"],
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("Python 3.11 or newer is needed")
    assert not (tmp_path / "venv").exists()
