"""The units as systemd itself reads and scores them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = ["dermakiosk.service", "dermakiosk-screen.service"]
EXPOSURE_LIMIT = {"dermakiosk.service": 2.0, "dermakiosk-screen.service": 2.5}  # a browser needs user namespaces

needs_systemd_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: apt-get install systemd"
)


@needs_systemd_analyze
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    # the programs of an installed box are not on this machine, nor is the seat manager: stand-ins for these alone
    for unit in UNITS:
        text = (SYSTEMD / unit).read_text(encoding="utf-8")
        (tmp_path / unit).write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text), encoding="utf-8")
    (tmp_path / "seatd.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / unit for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@needs_systemd_analyze
@pytest.mark.parametrize("unit", UNITS)
def test_exposure_is_low(unit: str) -> None:
    scored = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", SYSTEMD / unit],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", scored.stdout)
    assert found is not None
    assert float(found[1]) <= EXPOSURE_LIMIT[unit]


@pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is missing: apt-get install systemd"
)
def test_the_users_that_the_units_name_are_made_once(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for _ in range(2):
        with (SYSTEMD / "dermakiosk.sysusers").open("rb") as wanted_users:
            subprocess.run(["systemd-sysusers", f"--root={tmp_path}", "-"], stdin=wanted_users, check=True)
    made = [line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text(encoding="utf-8").splitlines()]
    named = [re.findall(r"(?m)^User=(\S+)", (SYSTEMD / unit).read_text(encoding="utf-8"))[0] for unit in UNITS]
    assert sorted(made) == sorted(named)
