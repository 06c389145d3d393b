"""Three real captures through the real station, from the command line to the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks import latency
from benchmarks.__main__ import main
from benchmarks.board import clock_mhz, memory, reading
from benchmarks.latency import STAGES, by_minute, stage_samples, summarise

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    """A folder of one picture that the gate refuses."""
    folder = tmp_path / "blank"
    folder.mkdir()
    cv2.imwrite(str(folder / "grey.png"), np.full((480, 640, 3), 128, np.uint8))
    return folder


@pytest.mark.slow
def test_three_captures_from_the_command_line_to_the_page(
    shared_tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, report = tmp_path / "latency.json", tmp_path / "report.html"
    arguments = [
        "latency",
        "--captures",
        "3",
        "--cold",
        "1",
        "--bundle",
        str(shared_tiny_bundle),
        "--json",
        str(results),
    ]
    assert main([*arguments, "--budget-ms", "60000"]) == 0
    printed = capsys.readouterr().out
    document = json.loads(results.read_text(encoding="utf-8"))
    assert len(document["warm"]) == 3
    assert len(document["cold"]) == 1
    assert document["bundle"] == {"model_id": "tiny-untrained", "members": 2, "views": 4, "input_sizes_px": [32, 48]}
    assert document["engine"]["threads"] >= 1
    assert document["machine"]["cores"] >= 1
    assert document["summary"] == json.loads(json.dumps(summarise(document)))
    assert list(document["summary"]["warm"]) == [*STAGES, "total"]
    shares = document["summary"]["warm"].values()
    assert sum(each["share"] for each in shares) == pytest.approx(2.0)  # the stages, and the total itself
    assert [len(views) for views in document["warm"][0]["inferences_ms"]] == [4, 4], "each member, each view"
    assert "within the budget" in printed
    assert main(["report", str(results), "-o", str(report)]) == 0
    assert "tiny-untrained" in report.read_text(encoding="utf-8")


def test_over_the_budget_is_an_exit_code(
    make_latency: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(latency, "measure", lambda _: make_latency())
    assert main(["latency", "--budget-ms", "200"]) == 0
    assert main(["latency", "--budget-ms", "20"]) == 1
    assert "OVER the budget of 20 ms" in capsys.readouterr().out


def test_a_camera_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["latency", "--cold", "0", "--camera", f"replay:{tmp_path}"]) == 2
    error = capsys.readouterr().err
    assert "holds no picture" in error
    assert len(error.splitlines()) == 1


def test_captures_that_the_gate_sent_back_are_no_latencies(
    shared_tiny_bundle: Path, blank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are quick: to count them would make a broken camera look fast."""
    arguments = ["latency", "--cold", "0", "--captures", "2", "--camera", f"replay:{blank}"]
    assert main([*arguments, "--bundle", str(shared_tiny_bundle)]) == 2
    assert "nothing was classified" in capsys.readouterr().err


def test_impossible_numbers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["latency", "--captures", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err


def test_what_no_stage_accounts_for_is_shown(make_latency: Make) -> None:
    stages = stage_samples(make_latency()["warm"])
    assert stages["other"] == pytest.approx([0.5] * 80)


def test_growth_is_told_from_a_single_spike() -> None:
    steady = [200.0] * 1000
    steady[700] = 400.0
    assert memory(steady)["growth_last_half"] == 0.0
    leaking = [200.0 + number / 10 for number in range(1000)]
    assert memory(leaking)["growth_last_half"] == pytest.approx(50 / 255, abs=0.03)


def test_the_board_tells_its_heat_clock_and_throttling(tmp_path: Path) -> None:
    assert reading(tmp_path) == {"temperature_c": None, "clock_mhz": None, "throttle_flags": None}
    for name, content in {
        "class/thermal/thermal_zone0/temp": "61250",
        "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "600000",
        "devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "1500000",
        "devices/platform/soc/soc:firmware/get_throttled": "50005",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(content + "\n", encoding="ascii")
    assert reading(tmp_path) == {"temperature_c": 61.25, "clock_mhz": 1500.0, "throttle_flags": 0x50005}
    assert clock_mhz(tmp_path / "class") is None


def test_a_slow_minute_is_explained(make_latency: Make) -> None:
    samples = make_latency(captures=200, hot=True)["warm"]  # 80 s, throttled in its second half
    first, second = by_minute(samples)
    assert (first["minute"], second["minute"]) == (0, 1)
    assert (first["captures"], second["captures"]) == (150, 50)
    assert first["throttled"] == 49
    assert second["throttled"] == 50
    assert second["hottest_c"] == samples[-1]["temperature_c"]
    assert first["slowest_mhz"] == 1500.0
    assert first["max"] == max(sample["timings_ms"]["total"] for sample in samples[:150])


def test_a_minute_counts_no_refusal(make_latency: Make) -> None:
    samples = make_latency(captures=10)["warm"]
    del samples[0]["timings_ms"]["invoke"]
    assert [each["captures"] for each in by_minute(samples)] == [9]
    assert by_minute([]) == []
