"""Accuracy tables of training: read as they were agreed, refused where they are something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import accuracy, kinds
from benchmarks.__main__ import main
from benchmarks.accuracy import choices, file_of, shipped_choice
from benchmarks.documents import read
from edge_models import bundle as bundles
from training.views import crop_name

ROW = {
    "members": ["a", "b"],
    "crops": ["1", "1.25:neutral"],
    "orientations": 8,
    "inferences": 32,
    "balanced_accuracy": 0.8,
    "accuracy": 0.85,
    "split": "held-out lesions",
}


def test_a_list_is_an_accuracy_table(tmp_path: Path) -> None:
    path = tmp_path / "accuracy.json"
    path.write_text(json.dumps([ROW]), encoding="utf-8")
    document = read(path)
    assert document["kind"] == kinds.ACCURACY
    (choice,) = document["choices"]
    assert (choice.members, choice.crops, choice.views) == (("a", "b"), ("1", "1.25:neutral"), 16)
    assert (choice.balanced_accuracy, choice.split) == (0.8, "held-out lesions")


@pytest.mark.parametrize(
    "row",
    [
        [],
        {**ROW, "balanced_accuracy": 80},
        {**ROW, "inferences": 16},
        {**ROW, "orientations": None},
        {name: value for name, value in ROW.items() if name != "split"},
    ],
)
def test_a_row_of_another_kind_is_one_line(row: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="row 2"):
        choices([ROW, row])
    path = tmp_path / "accuracy.json"
    path.write_text(json.dumps([row]), encoding="utf-8")
    assert main(["report", str(path), "-o", str(tmp_path / "page.html")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_bundles_own_table_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "DOCUMENTS", tmp_path)
    assert file_of("some-model") is None
    assert file_of("") is None
    (tmp_path / "some-model").mkdir()
    (tmp_path / "some-model" / "accuracy.json").write_text("[]", encoding="utf-8")
    assert file_of("some-model") == tmp_path / "some-model" / "accuracy.json"


def test_what_the_released_bundle_runs_is_found_in_its_table() -> None:
    folder = bundles.default_bundle()
    manifest = bundles.load(folder).manifest
    path = file_of(folder.name)
    assert path is not None
    table = read(path)["choices"]
    choice = shipped_choice(folder.name, table)
    assert choice is not None
    assert set(choice.members) == set(manifest.members)
    assert choice.inferences == len(manifest.members) * len(manifest.views)
    assert set(choice.crops) == {crop_name(view.upright()) for view in manifest.views}
    assert shipped_choice("another-model", table) is None
    assert shipped_choice("", table) is None
    assert shipped_choice(folder.name, [each for each in table if each != choice]) is None
