"""Goals are judged by what was measured, and what was not measured is not met."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import kinds
from benchmarks.__main__ import main
from benchmarks.targets import targets

Make = Callable[..., dict[str, Any]]


def new_screen(taps: int = 1000, resident_mib: float = 300.0, growth: float = 0.01) -> dict[str, Any]:
    return {
        "kind": kinds.SCREEN,
        "preview": {"frames_per_s": 25.0, "server_core_share": 0.09, "watched_s": 20.0},
        "server_memory": {"captures": taps, "resident_mib": resident_mib, "growth_last_half": growth},
        "tap_to_painted_ms": {"p95": 261.0},
    }


def verdicts(*documents: dict[str, Any]) -> dict[str, bool | None]:
    return {each.figure: each.met for each in targets(documents)}


def test_nothing_measured_meets_nothing() -> None:
    found = targets([])
    assert len(found) == 7
    # the projection is committed
    assert {each.command for each in found if each.met is not None} == {"project"}


def test_a_device_document_tells_of_all_but_a_thousand_assessments(
    make_latency: Make, peers_document: dict[str, Any]
) -> None:
    device = {
        "kind": kinds.DEVICE,
        "latency": make_latency(),
        "screen": new_screen(taps=20),
        "ratios": {"assess[12]": 1.25},
        "peers": peers_document,
        "left_out": {},
    }
    untold = [each for each in targets([device]) if each.met is None]
    assert [each.command for each in untold] == ["screen --taps 1000"]
    assert all(verdicts(device, new_screen()).values())


@pytest.mark.parametrize(
    ("changed", "figure"),
    [
        ({"resident_mib": 345.0}, "resident memory"),  # 362 MB
        ({"growth": 0.03}, "resident memory"),
    ],
)
def test_memory_that_is_too_much_or_grows_is_not_met(changed: dict[str, Any], figure: str) -> None:
    found = {each.figure: each.met for each in targets([new_screen(**changed)]) if each.figure.startswith(figure)}
    assert list(found.values()) == [False]


@pytest.mark.parametrize(("ratio", "met"), [(1.3, True), (1.31, False)])
def test_the_ratio_of_an_assessment(make_latency: Make, ratio: float, met: bool) -> None:
    device = {"kind": kinds.DEVICE, "latency": make_latency(), "screen": None, "peers": None, "left_out": {}}
    found = verdicts({**device, "ratios": {"assess[12]": ratio}})
    assert found["assessment of 12 megapixels over the bare invokes in it"] is met


def test_a_quicker_older_runtime_is_not_met(peers_document: dict[str, Any]) -> None:
    peers_document["peers"][1]["latency_ms"]["p50"] = 20.0
    assert verdicts(peers_document)["one int8 image, tflite-runtime 2.14 over LiteRT"] is False
    del peers_document["peers"][1]
    assert verdicts(peers_document)["one int8 image, tflite-runtime 2.14 over LiteRT"] is None


def test_a_live_picture_that_stutters_or_costs_too_much_is_not_met() -> None:
    figure = "live picture and the server's share of a core"
    assert verdicts(new_screen())[figure] is True
    for name, value in {"frames_per_s": 24.97, "server_core_share": 0.11}.items():
        document = new_screen()
        document["preview"][name] = value
        assert verdicts(document)[figure] is False


def test_the_exit_code_tells_that_a_goal_is_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "screen.json"
    path.write_text(json.dumps(new_screen()), encoding="utf-8")
    assert main(["targets", str(path)]) == 1
    assert "not told" in capsys.readouterr().out
