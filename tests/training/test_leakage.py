"""What a split by image claims is kept in a table that reports read."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.errors import RunError
from training.leakage import TABLE, Claim, read, write


def test_what_is_written_is_read_back_in_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "leakage.csv"
    write([Claim("old", "all", 1, 0.5, 0.25, 0.75)], path)
    rows = [Claim("by_lesion", "all", 14, 0.75, 0.625, 0.875), Claim("by_image", "all", 15, 1.0, 1.0, 1.0)]
    write(rows, path)
    assert read(path) == rows


def test_the_committed_table_says_what_leakage_claims() -> None:
    honest, leaky, *_ = read(TABLE)
    assert (honest.split, leaky.split) == ("ham10000_v1", "ham10000_leaky")
    assert honest.low < honest.balanced_accuracy < honest.high


@pytest.mark.parametrize("content", ["split,group\na,b\n", None])
def test_another_table_is_an_error_that_names_it(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "other.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RunError, match=r"other\.csv is not a table of `python -m training leakage`"):
        read(path)
