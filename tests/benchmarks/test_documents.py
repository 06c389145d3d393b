"""Where a measurement's file goes is looked at before anything is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main


@pytest.mark.parametrize("command", ["latency", "screen", "records", "peers"])
def test_a_place_that_cannot_be_written_is_said_before_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    def measured(*_: object, **__: object) -> None:
        raise AssertionError("it was measured")

    monkeypatch.setattr(f"benchmarks.{command}.measure", measured)
    assert main([command, "--json", str(tmp_path / "missing" / "x.json")]) == 2
    assert main([command, "--json", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("benchmarks: ") for line in lines)
    (tmp_path / "there.json").write_text("kept", encoding="utf-8")
    with pytest.raises(AssertionError, match="it was measured"):
        main([command, "--json", str(tmp_path / "there.json")])
    assert (tmp_path / "there.json").read_text(encoding="utf-8") == "kept"
    with pytest.raises(AssertionError, match="it was measured"):
        main([command, "--json", str(tmp_path / "new.json")])
    assert not (tmp_path / "new.json").exists()
