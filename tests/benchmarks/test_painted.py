"""`python -m benchmarks painted`: captures of the phantom camera as files, the same every time."""

from __future__ import annotations

from pathlib import Path

from benchmarks import painted
from edge_models.image_file import read_rgb
from kiosk.camera.phantom import FULL_SIZE


def test_it_writes_the_same_small_captures_every_time(tmp_path: Path) -> None:
    for name in ("once", "again"):
        painted.write(tmp_path / name, 2)
    files = sorted((tmp_path / "once").iterdir())
    assert [file.name for file in files] == ["0000.jpg", "0001.jpg"]
    assert [file.read_bytes() for file in files] == [(tmp_path / "again" / file.name).read_bytes() for file in files]
    assert files[0].read_bytes() != files[1].read_bytes()
    width, height = FULL_SIZE
    assert {read_rgb(file).shape for file in files} == {(height // 4, width // 4, 3)}
