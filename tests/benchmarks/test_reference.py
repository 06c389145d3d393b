"""Bounds on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import reference

MACHINE = {"model": "Raspberry Pi 5 Model B Rev 1.0", "cores": 4}
ENGINE = {"runtime": "ai-edge-litert 2.3.0", "device": "cpu", "threads": 4, "note": ""}
# projected stage times stand beside them, in files of their own
COMMITTED = sorted(reference.FOLDER.glob("*-ai-edge-litert-*.json"))


def test_too_fast_is_wrong_too() -> None:
    known = reference.new_reference({"assess": 1.5, "quality": 2.0, "invoke": 1.0}, MACHINE, ENGINE, {"model_id": "m"})
    verdicts = reference.judge({"assess": 3.0, "quality": 0.5, "invoke": 1.1, "new": 1.0}, known)
    assert verdicts["assess"] == "too slow"
    assert verdicts["quality"].startswith("too fast")
    assert verdicts["invoke"] == "ok"
    assert verdicts["new"] == "no reference"


def test_a_board_and_an_engine_have_a_file_of_their_own(tmp_path: Path) -> None:
    path = reference.file_for(MACHINE, ENGINE)
    assert path.name == "raspberry-pi-5-model-b-rev-1-0-4-cores-ai-edge-litert-cpu.json"
    kept = tmp_path / path.name
    document = reference.new_reference({"assess": 1.5}, MACHINE, ENGINE, {"model_id": "m"})
    kept.write_text(json.dumps(document), encoding="utf-8")
    assert reference.load(kept) == document


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: str(path.name))
def test_what_is_committed_is_a_reference_of_the_board_it_is_named_for(path: Path) -> None:
    document = reference.load(path)
    assert reference.file_for(document["machine"], document["engine"]) == path


@pytest.mark.parametrize(
    "content",
    ["", "{}", '{"status": "guessed", "ratios": {}}', '{"status": "measured", "ratios": {"a": {"low": 2, "high": 1}}}'],
)
def test_what_is_no_reference_is_an_error(content: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RuntimeError, match="is not a reference"):
        reference.load(path)
