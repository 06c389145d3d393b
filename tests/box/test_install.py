"""systemd/install.sh, run for real into a folder: what it puts there, that it may be repeated, that nothing is left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

INSTALL = Path(__file__).parents[2] / "systemd" / "install.sh"
SYSTEM_PYTHON = Path("/usr/bin/python3")  # what the script uses, and what made the virtual environment

UNIT = "etc/systemd/system/dermakiosk.service"
CONFIG = "etc/dermakiosk/kiosk.toml"
OFFLINE = ("Failed to establish a new connection", "Temporary failure in name resolution", "Network is unreachable")


def run(*arguments: str, root: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"DESTDIR": str(root)} if root else {})}
    return subprocess.run([INSTALL, *arguments], env=environment, capture_output=True, text=True, check=False)


def files(root: Path) -> set[str]:
    """The path of every file below `root`."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the kiosk was installed."""
    if not SYSTEM_PYTHON.exists() or sys.version_info[:2] != _version(SYSTEM_PYTHON):
        pytest.skip(f"{SYSTEM_PYTHON} is not there, or not the Python of these tests")
    root = tmp_path_factory.mktemp("box")
    installed = run("install", root=root)
    if any(sign in installed.stderr for sign in OFFLINE):
        pytest.skip("pip cannot reach its index: the installation into a folder is not tested")
    assert installed.returncode == 0, installed.stderr
    return root


def _version(python: Path) -> tuple[int, ...]:
    shown = subprocess.run([python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, check=True)
    return tuple(map(int, shown.stdout.split()))


def test_a_dry_run_prints_every_action_and_does_none(tmp_path: Path) -> None:
    shown = run("install", "--dry-run", root=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(f"{tmp_path}/{place}" in shown.stdout for place in (UNIT, CONFIG, "etc/udev/rules.d", "opt/dermakiosk"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("systemctl") is None, reason="systemctl is missing: apt-get install systemd")
def test_a_dry_run_on_the_system_names_what_it_would_change_there() -> None:
    shown = run("install", "--dry-run")
    assert shown.returncode == 0
    for action in (
        "system.sh cage:cage",
        "systemd-sysusers",
        "systemctl set-default graphical.target",
        "systemctl enable",
    ):
        assert f"would run: {action}" in shown.stdout.replace(f"{INSTALL.parents[1]}/requirements/", "")


@pytest.mark.parametrize("arguments", [(), ("instal",), ("install", "--force")])
def test_a_wrong_call_shows_the_usage_and_does_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    refused = run(*arguments, root=tmp_path)
    assert refused.returncode == 2
    assert "usage: install.sh install|uninstall" in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_installed_kiosk_is_complete_without_the_source(box: Path) -> None:
    # the program and the model, from another folder than the project's
    shown = subprocess.run(
        [box / "opt/dermakiosk/venv/bin/python", "-I", "-m", "kiosk", "classify", "--help"],
        cwd=box,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    opened = subprocess.run(
        [
            box / "opt/dermakiosk/venv/bin/python",
            "-I",
            "-c",
            "import edge_models.bundle as b; print(b.load(b.default_bundle()).folder)",
        ],
        cwd=box,
        capture_output=True,
        text=True,
        check=False,
    )
    assert opened.returncode == 0, opened.stderr
    assert Path(opened.stdout.strip()).is_relative_to(box)


@pytest.mark.slow
def test_installing_again_changes_nothing_and_keeps_the_configuration(box: Path) -> None:
    (box / CONFIG).write_text("# the clinic's own\n", encoding="utf-8")
    (box / UNIT).write_text("# an older version\n", encoding="utf-8")
    assert run("install", root=box).returncode == 0
    assert (box / CONFIG).read_text(encoding="utf-8") == "# the clinic's own\n"
    assert (box / UNIT).read_bytes() == (INSTALL.parent / "dermakiosk.service").read_bytes()
    first = files(box)
    assert run("install", root=box).returncode == 0
    assert files(box) == first


@pytest.mark.slow
def test_uninstalling_keeps_the_configuration_and_purging_leaves_nothing(box: Path) -> None:
    for _ in range(2):
        assert run("uninstall", root=box).returncode == 0
        assert files(box) == {CONFIG}
    for _ in range(2):
        assert run("uninstall", "--purge", root=box).returncode == 0
        assert files(box) == set()
    assert not (box / "opt/dermakiosk").exists()
    assert not (box / "etc/dermakiosk").exists()
