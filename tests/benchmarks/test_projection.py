"""The projection's arithmetic, the counts it starts from, and the comparison of two machines' predictions."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.__main__ import main
from benchmarks.arm64.agreement import compare
from benchmarks.arm64.counts import STAGES, stage_counts
from benchmarks.projection import BOARDS, COUNTS, REFERENCE, Board, project, table, write_all

ARM64 = Path(__file__).parents[2] / "benchmarks" / "arm64"
INSTRUCTIONS = {
    "reduce": 20_000_000,
    "quality": 200_000_000,
    "preprocess": 80_000_000,
    "invoke": 8 * 100_000_000,
    "calibrate": 1_000_000,
    "frame_copy": 5_000_000,
    "anchor": 100_000_000,
}


def new_counts(members: int = 1, views: int = 8, input_size_px: int = 224) -> dict[str, Any]:
    processors = ("cortex-a53", "cortex-a72", "cortex-a76")
    return {
        "bundle": "some-model",
        "members": members,
        "views": views,
        "input_sizes_px": [input_size_px] * members,
        "inferences": members * views,
        "commit": "",
        "instructions": {processor: dict(INSTRUCTIONS) for processor in processors},
    }


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_ranges_are_in_order_and_add_up(board: Board) -> None:
    document = project(new_counts(), board)
    ranges = [
        *document["stages_ms"].values(),
        document["one_inference_on_one_core_ms"],
        document["shutter_to_assessment_ms"],
    ]
    for each in ranges:
        assert 0 <= each["low"] <= each["likely"] <= each["high"]
    for bound in ("low", "likely", "high"):
        parts = sum(each[bound] for each in document["stages_ms"].values())
        assert document["shutter_to_assessment_ms"][bound] == pytest.approx(parts)
    assert document["kind"] == "projected"
    assert "not a measurement" in document["note"]
    assert len(document["assumptions"]) > 4


def test_an_inference_of_the_published_network_takes_the_published_time() -> None:
    """That time is on all four cores; one core takes four times as long and the others do another view meanwhile."""
    found = project(new_counts(), BOARDS["pi4"])
    assert found["one_inference_on_one_core_ms"]["likely"] == pytest.approx(4 * 17.0)
    assert found["stages_ms"]["invoke"]["likely"] == pytest.approx(8 * 17.0)
    # the same core at 1.0 instead of 1.4 GHz
    zero = project(new_counts(), BOARDS["pi-zero-2-w"])
    assert zero["stages_ms"]["invoke"]["likely"] == pytest.approx(8 * 30 * 1.4)


def test_members_and_larger_inputs_take_what_their_instructions_take() -> None:
    """Three members of twice the instructions a picture each, whatever the published network counts."""
    one = project(new_counts(), BOARDS["pi4"])["stages_ms"]["invoke"]["likely"]
    larger = new_counts(members=3, views=8, input_size_px=317)
    for each in larger["instructions"].values():
        each["invoke"] = 3 * 2 * INSTRUCTIONS["invoke"]
    assert project(larger, BOARDS["pi4"])["stages_ms"]["invoke"]["likely"] == pytest.approx(6 * one)


def test_a_round_of_cores_that_is_not_full_takes_its_full_time() -> None:
    nine, twelve = new_counts(members=3, views=3), new_counts(members=3, views=4)
    for counts in (nine, twelve):
        for each in counts["instructions"].values():
            each["invoke"] = counts["inferences"] * INSTRUCTIONS["anchor"]
    times = [project(counts, BOARDS["pi4"])["stages_ms"]["invoke"]["likely"] for counts in (nine, twelve)]
    assert times[0] == pytest.approx(times[1])


@given(st.sampled_from(sorted(BOARDS)), st.sampled_from(sorted(set(INSTRUCTIONS) - {"anchor"})), st.integers(1, 50))
def test_more_instructions_never_take_less(key: str, stage: str, factor: int) -> None:
    board = BOARDS[key]
    before = project(new_counts(), board)
    grown = new_counts()
    grown["instructions"][board.processor][stage] *= factor
    after = project(grown, board)
    for bound in ("low", "likely", "high"):
        assert after["stages_ms"][stage][bound] >= before["stages_ms"][stage][bound]


def test_a_stage_is_not_faster_than_memory() -> None:
    counts = new_counts()
    counts["instructions"]["cortex-a53"]["reduce"] = 1
    reduce = project(counts, BOARDS["pi-zero-2-w"])["stages_ms"]["reduce"]
    assert reduce["low"] > 36 / 3.1  # 37 MB of a frame, at most 3 GB/s read


def test_project_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = tmp_path / "counts.json"
    counts.write_text(json.dumps(new_counts()), encoding="utf-8")
    assert main(["project", "--counts", str(counts), "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "PROJECTED, not measured" in shown
    assert "XNNPACK README" in shown
    for key, board in BOARDS.items():
        assert board.name in shown
        assert json.loads((tmp_path / f"{key}-cpu.projected.json").read_text(encoding="utf-8"))["board"] == board.name


def test_missing_counts_say_how_to_get_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "--counts", str(tmp_path / "none.json"), "--out", str(tmp_path)]) == 2
    assert "benchmarks/arm64/run.sh" in capsys.readouterr().err


def rounded(value: object) -> object:
    """The same with numbers of twelve digits: the last ones depend on the order in which a numpy adds up."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


def test_the_committed_projections_are_what_the_committed_counts_give(tmp_path: Path) -> None:
    documents = write_all(json.loads(COUNTS.read_text(encoding="utf-8")), tmp_path)
    assert "Raspberry Pi 4" in table(documents)
    for key in BOARDS:
        name = f"{key}-cpu.projected.json"
        given, committed = (json.loads((folder / name).read_text(encoding="utf-8")) for folder in (tmp_path, REFERENCE))
        assert rounded(given) == rounded(committed)


def test_counts_are_differences_of_marks() -> None:
    taken = {"reduce": 20, "quality": 50, "preprocess": 30, "invoke": 1000, "classify": 1080, "frame_copy": 7}
    counts = {**taken, "anchor": 130}
    assert tuple(counts) == STAGES
    lines, so_far = [], 100
    for number, count in enumerate(counts.values()):
        lines += [f"{2 * number} {so_far}", f"{2 * number + 1} {so_far + count}"]
        so_far += count + 33  # what happens between the stages
    expected = {name: count for name, count in counts.items() if name != "classify"} | {"calibrate": 50}
    assert stage_counts(lines) == expected


def test_marks_of_a_program_that_died_are_refused() -> None:
    with pytest.raises(ValueError, match="did not run to its end"):
        stage_counts(["0 100", "1 150"])


def line(image: str, nv: float, outcome: str = "result", model: str = "m") -> str:
    probabilities = {"nv": nv, "mel": 1 - nv}
    top = sorted(probabilities, key=lambda code: -probabilities[code])
    return json.dumps(
        {
            "image": image,
            "outcome": outcome,
            "probabilities": probabilities,
            "top3": top,
            "model_id": model,
            "engine": "LiteRT",
        }
    )


def test_agreement_names_the_worst_image() -> None:
    here = [line("/a/1.jpg", 0.9), line("/a/2.jpg", 0.6), line("/a/3.jpg", 0.2)]
    there = [line("/b/3.jpg", 0.2), line("/b/1.jpg", 0.9), line("/b/2.jpg", 0.45)]
    found = compare(here, there)
    assert found["images"] == 3
    assert found["same_class"] == pytest.approx(2 / 3)
    assert found["identical"] == pytest.approx(2 / 3)
    assert found["largest_difference"] == pytest.approx(0.15)
    assert found["largest_difference_image"] == "2.jpg"


def test_agreement_of_unlike_runs_is_refused() -> None:
    with pytest.raises(ValueError, match="not over the same images"):
        compare([line("1.jpg", 0.5)], [line("2.jpg", 0.5)])
    with pytest.raises(ValueError, match="the two runs are of"):
        compare([line("1.jpg", 0.5)], [line("1.jpg", 0.5, model="other")])


def test_projecting_leaves_the_counts_alone() -> None:
    counts = new_counts()
    before = copy.deepcopy(counts)
    project(counts, BOARDS["pi5"])
    assert counts == before


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler: apt-get install gcc libc6-dev")
def test_the_counting_plugin_builds_without_warnings(tmp_path: Path) -> None:
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *flags, "-o", tmp_path / "counter.so", ARM64 / "counter.c"], check=True)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="no shellcheck: apt-get install shellcheck")
def test_the_script_is_shellcheck_clean() -> None:
    subprocess.run(["shellcheck", "--severity=warning", "-x", ARM64 / "run.sh"], check=True, cwd=ARM64.parents[1])
