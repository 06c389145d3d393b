"""What a command does where its output cannot go: one line and an exit code, and results never hang on remarks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kiosk.camera.skin import paint

ROOT = Path(__file__).parents[3]
FULL = "/dev/full"


@pytest.fixture
def place(tmp_path: Path, tiny_bundle: Path) -> Path:
    """A folder with a good picture, and a configuration that names the tiny bundle."""
    (tmp_path / "kiosk.toml").write_text(f'[model]\nbundle = "{tiny_bundle}"\n', encoding="utf-8")
    Image.fromarray(paint(np.random.default_rng(0), 800, 600)).save(tmp_path / "a.png")
    return tmp_path


def shell(words: str, place: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """`dermakiosk` with `words` after it, as a shell runs it, redirections included."""
    script = f"exec {sys.executable} -m kiosk {words}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*before, "bash", "-c", script],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "command", ["--version", "--help", "classify --config kiosk.toml a.png", "doctor --config kiosk.toml"]
)
@pytest.mark.parametrize(("end", "said"), [(f">{FULL}", "No space left on device"), (">&-", "closed")])
def test_a_result_that_cannot_be_written_is_one_line(place: Path, command: str, end: str, said: str) -> None:
    done = shell(f"{command} {end}", place)
    assert done.returncode == 2
    assert done.stderr.startswith("dermakiosk: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("end", [f"2>{FULL}", "2>&-"])
@pytest.mark.parametrize(("files", "code"), [("a.png", 0), ("a.png missing.png", 1)])
def test_results_do_not_hang_on_remarks(place: Path, end: str, files: str, code: int) -> None:
    whole = shell(f"classify --config kiosk.toml {files}", place)
    deaf = shell(f"classify --config kiosk.toml {files} {end}", place)
    assert (whole.returncode, deaf.returncode) == (code, code)
    assert deaf.stdout == whole.stdout
    assert "a.png" in deaf.stdout


def test_with_every_stream_closed_it_ends(place: Path) -> None:
    done = shell("classify --config kiosk.toml a.png <&- >&- 2>&-", place)
    assert done.returncode == 2


def test_a_reader_that_goes_away_ends_it_as_the_shell_has_it(place: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = f"{sys.executable} -m kiosk classify --config kiosk.toml a.png a.png | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=place, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["141"]
    assert done.stderr == ""


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
def test_it_needs_no_home_and_no_account(place: Path) -> None:
    # an account that no table knows; it keeps root's right to read, since this checkout may lie in somebody's home
    rights = "+dac_override,+dac_read_search"
    nobody = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", f"--inh-caps={rights}")
    done = shell("classify --config kiosk.toml a.png", place, *nobody, f"--ambient-caps={rights}", "env", "-u", "HOME")
    assert done.returncode == 0, done.stderr
    assert "a.png" in done.stdout
    assert done.stderr == ""


def test_one_unreadable_entry_is_one_line_and_the_rest_goes_on(place: Path) -> None:
    folder = place / "pictures"
    folder.mkdir()
    shutil.copy(place / "a.png", folder / "a.png")
    shutil.copy(place / "a.png", folder / "z.png")
    (folder / "long.png").symlink_to("x" * 300)
    (folder / "nowhere.png").symlink_to("/nowhere/x.png")
    (folder / "ring.png").symlink_to("ring.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "fifo.png")
    done = shell("classify --config kiosk.toml pictures", place)
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["image", "a.png", "z.png"]
    names = sorted(Path(line.split(" ")[0]).name for line in done.stderr.splitlines())
    assert names == ["fifo.png", "long.png", "nowhere.png", "ring.png", "zero.png"]


READ_AS_ANOTHER_ACCOUNT = """
import os, sys
from pathlib import Path
from edge_models.errors import ImageUnreadable
from edge_models.image_file import read_rgb
from kiosk.commands.images import find_images
folder = Path(sys.argv[1])
read_rgb(folder / "a.png")  # everything is imported while this is still root
os.setgroups([])
os.setresuid(54321, 54321, 54321)
images, problems = find_images([folder, folder / "locked"])
for image in images:
    try:
        print(image.name, len(read_rgb(image)))
    except ImageUnreadable as problem:
        problems.append(problem)
print(*problems, sep="\\n", file=sys.stderr)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another account")
def test_a_forbidden_entry_is_one_line_and_the_rest_goes_on(place: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder)
        (pictures / "locked").mkdir()
        for name in ("a.png", "forbidden.png", "z.png", "locked/b.png"):
            shutil.copy(place / "a.png", pictures / name)
        (pictures / "entered.png").symlink_to("locked/b.png")
        for path, mode in ((pictures, 0o755), (pictures / "forbidden.png", 0), (pictures / "locked", 0)):
            path.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", READ_AS_ANOTHER_ACCOUNT, folder],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, "a.png 600\nz.png 600\n"), done.stderr
    assert len(done.stderr.splitlines()) == done.stderr.count("Permission denied") == 3
