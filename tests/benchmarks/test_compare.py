"""Two runs: a planted slow-down is found, noise is not, and other machines are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import main
from benchmarks.compare import caveats, compare, slowed_down

Make = Callable[..., dict[str, Any]]


def written(folder: Path, name: str, document: dict[str, Any]) -> str:
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def test_a_planted_slow_down_is_confirmed_where_it_was_planted(make_latency: Make) -> None:
    differences = compare(make_latency(1), make_latency(2, slower=1.1))
    verdicts = {(each.stage, each.percentile): each.verdict for each in differences}
    assert verdicts["invoke", 50] == verdicts["total", 50] == "slower"
    assert verdicts["capture", 50] == verdicts["preprocess", 50] == "noise"
    assert slowed_down(differences)


def test_noise_confirms_nothing(make_latency: Make) -> None:
    assert not any(slowed_down(compare(make_latency(seed), make_latency(seed + 1))) for seed in range(0, 20, 2))


def test_a_stage_too_small_to_notice_confirms_nothing(make_latency: Make) -> None:
    before, after = make_latency(1), make_latency(2)
    for sample in after["warm"]:
        sample["timings_ms"]["explain"] *= 3
    explain = next(each for each in compare(before, after) if each.stage == "explain")
    assert explain.verdict == "slower"
    assert not slowed_down([explain])


def test_the_exit_code_tells(make_latency: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written(tmp_path, "a.json", make_latency(1))
    slower = make_latency(2, slower=1.2)
    slower["machine"]["model"] = "another board"
    after = written(tmp_path, "b.json", slower)
    assert main(["compare", before, after]) == 1
    assert "warning: the machine differs: Testboard <4> / another board" in capsys.readouterr().out
    assert main(["compare", after, before]) == 0


def test_what_differs_besides_the_code_is_named(make_latency: Make) -> None:
    before, after = make_latency(), make_latency()
    assert caveats(before, after) == []
    after["bundle"]["views"] = 4
    after["engine"]["threads"] = 1
    assert caveats(before, after) == ["the number of threads differs: 4 / 1", "the number of views differs: 8 / 4"]


def test_too_few_captures_cannot_be_compared(
    make_latency: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = written(tmp_path, "few.json", make_latency(captures=5))
    assert main(["compare", few, few]) == 2
    assert "measure with more --captures" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "[]", '{"kind": "recipe"}'])
def test_another_file_is_one_line_and_no_trace(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, encoding="utf-8")
    assert main(["compare", str(path), str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
