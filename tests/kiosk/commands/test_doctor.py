"""The doctor: every check on places made for it, and the command on this machine."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from kiosk import cli
from kiosk.camera.choose import Availability
from kiosk.camera.config import CameraConfig
from kiosk.camera.source import Source
from kiosk.errors import ConfigError
from kiosk.pipeline.config import ModelConfig
from kiosk.upkeep import checks, health
from kiosk.upkeep.health import Check, Status

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    return path


def test_a_warning_has_a_remedy() -> None:
    with pytest.raises(ValueError, match="remedy"):
        Check("disk", Status.FAULT, "full")


@pytest.mark.parametrize(
    ("free", "status"), [(5 * 10**9, Status.OK), (10**9 - 1, Status.WARNING), (2 * 10**8 - 1, Status.FAULT)]
)
def test_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: Status) -> None:
    asked = []

    def disk_usage(place: Path) -> SimpleNamespace:
        asked.append(place)
        return SimpleNamespace(free=free)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    assert health.check_disk(tmp_path / "not" / "yet").status is status
    assert asked == [tmp_path], "the nearest folder that is there"


def test_the_state_directory_is_what_the_service_manager_says() -> None:
    assert health.state_directory({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}) == Path("/var/lib/a")
    assert health.state_directory({}) == health.STATE


def test_display(tmp_path: Path) -> None:
    assert health.check_display({"WAYLAND_DISPLAY": "wayland-0"}, tmp_path).status is Status.OK
    assert health.check_display({}, tmp_path).status is Status.WARNING
    connector = write(tmp_path / "class/drm/card1-DSI-1/status", "disconnected\n")
    assert "no display is connected" in health.check_display({}, tmp_path).found
    connector.write_text("connected\n", encoding="ascii")
    assert health.check_display({}, tmp_path) == Check("display", Status.OK, "DSI-1")


def test_clock(tmp_path: Path) -> None:
    before, after = NOW.replace(year=2025), NOW.replace(year=2027)
    synchronised = tmp_path / "synchronized"
    assert health.check_clock(NOW, after, tmp_path, synchronised).status is Status.FAULT
    assert health.check_clock(NOW, before, tmp_path, synchronised).status is Status.WARNING
    write(tmp_path / "rtc0", "")
    assert "real-time clock" in health.check_clock(NOW, before, tmp_path, synchronised).found
    write(synchronised, "")
    assert "time server" in health.check_clock(NOW, before, tmp_path, synchronised).found


@pytest.mark.parametrize(
    ("millidegrees", "flags", "status", "words"),
    [
        ("51234", None, Status.OK, "51 °C"),
        ("80000", None, Status.WARNING, "80 °C"),
        ("", "0", Status.OK, "no sensor"),
        ("60000", "50005", Status.WARNING, "under-voltage now, throttled now"),
        ("60000", "10000", Status.WARNING, "under-voltage since start"),
        (
            "60000",
            "e0008",
            Status.WARNING,
            "soft temperature limit now, clock capped since start, throttled since start",
        ),
    ],
)
def test_temperature(tmp_path: Path, millidegrees: str, flags: str | None, status: Status, words: str) -> None:
    write(tmp_path / "class/thermal/thermal_zone0/temp", millidegrees)
    if flags is not None:
        write(tmp_path / "devices/platform/soc/soc:firmware/get_throttled", flags + "\n")
    check = health.check_temperature(tmp_path)
    assert check.status is status
    assert words in check.found
    assert ("supply" in check.remedy) == ("under-voltage" in words)


def test_the_hottest_zone_counts(tmp_path: Path) -> None:
    for zone, reading in enumerate(("41000", "67500", "nonsense")):
        write(tmp_path / f"class/thermal/thermal_zone{zone}/temp", reading)
    assert health.temperature_c(tmp_path) == 67.5
    assert health.temperature_c(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("source", "present", "status", "words"),
    [
        ("auto", {"usb:0": True}, Status.OK, "usb:0: a camera"),
        ("auto", {"usb": False}, Status.FAULT, "no camera is connected"),
        ("demo", {"usb": False}, Status.WARNING, "SIMULATED"),
        ("usb", {"usb:2": True}, Status.OK, "usb:2"),
        ("usb:1", {"usb:2": True}, Status.FAULT, "usb:1 is not there"),
        ("picamera2", {"usb:2": True}, Status.FAULT, "picamera2 is not there"),
        ("phantom", {"usb:2": True}, Status.WARNING, "SIMULATED"),
        ("replay:/nowhere", {}, Status.FAULT, "cannot be read"),
    ],
)
def test_camera(
    monkeypatch: pytest.MonkeyPatch, source: str, present: dict[str, bool], status: Status, words: str
) -> None:
    there = {"picamera2": False, **present}
    listed = [Availability(Source.parse(name), ok, "a camera" if ok else "Plug it in.") for name, ok in there.items()]
    monkeypatch.setattr(checks, "available_cameras", lambda: listed)
    check = checks.check_camera(Source.parse(source))
    assert check.status is status
    assert words in check.found


def test_a_folder_of_images_is_no_camera(tmp_path: Path) -> None:
    assert checks.check_camera(Source.parse(f"replay:{tmp_path}")).status is Status.FAULT
    (tmp_path / "a.JPG").touch()
    assert checks.check_camera(Source.parse(f"replay:{tmp_path}")).status is Status.WARNING


def test_model_and_engine(tiny_bundle: Path) -> None:
    model, engine = checks.check_model_and_engine(ModelConfig(tiny_bundle))
    assert (model.status, engine.status) == (Status.OK, Status.OK)
    assert "tiny-untrained" in model.found
    assert "CPU" in engine.found


def test_an_engine_that_is_not_there(tiny_bundle: Path) -> None:
    model, engine = checks.check_model_and_engine(ModelConfig(tiny_bundle, "edgetpu"))
    assert (model.status, engine.status) == (Status.OK, Status.FAULT)


def test_a_bundle_that_was_altered(tiny_bundle: Path) -> None:
    (tiny_bundle / "MODEL_CARD.md").write_text("better", encoding="utf-8")
    model, engine = checks.check_model_and_engine(ModelConfig(tiny_bundle))
    assert (model.status, engine.status) == (Status.FAULT, Status.FAULT)
    assert "MODEL_CARD.md" in model.found


def test_a_wrong_configuration_is_a_fault_and_the_rest_is_checked() -> None:
    fault = ConfigError("kiosk.toml, line 2: no", "Correct it")
    found = {check.name: check for check in checks.examine(CameraConfig(), ModelConfig(), fault)}
    assert found["configuration"].status is Status.FAULT
    assert "line 2" in found["configuration"].found
    names = ["configuration", "camera", "model", "engine", "disk", "display", "clock", "temperature", "versions"]
    assert list(found) == names


@pytest.fixture
def configured(tmp_path: Path, tiny_bundle: Path) -> Path:
    return write(tmp_path / "kiosk.toml", f'[camera]\nsource = "phantom"\n[model]\nbundle = "{tiny_bundle}"\n')


@pytest.mark.usefixtures("_logging_again")
def test_the_command_for_scripts(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["doctor", "--json", "--config", str(configured)])
    document = json.loads(capsys.readouterr().out)
    statuses = [check["status"] for check in document["checks"]]
    assert document["status"] == ("fault" if "fault" in statuses else "warning"), "a simulated camera is a warning"
    assert code == (1 if "fault" in statuses else 0)
    assert all(set(check) == {"name", "status", "found", "remedy"} for check in document["checks"])


@pytest.mark.usefixtures("_logging_again")
def test_the_command_for_people(configured: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tiny_bundle / "manifest.json").unlink()
    assert cli.main(["doctor", "--config", str(configured)]) == 1
    text = capsys.readouterr().out
    assert "model          FAULT" in text
    assert "→ " in text


@pytest.fixture
def _logging_again() -> Iterator[None]:
    """The command silences warnings for its process; here it shares one with other tests."""
    yield
    logging.disable(logging.NOTSET)
