"""`dermakiosk classify` in a process of its own: formats, exit codes, and files that are not what they should be."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge_models.image_file import read_rgb
from edge_models.labels import ISIC_COLUMN_ORDER, LesionClass
from kiosk.camera.skin import paint
from kiosk.commands.progress import Progress

CODES = {lesion.code for lesion in LesionClass}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def lesion() -> Image.Image:
    """A picture that passes the gate."""
    return Image.fromarray(paint(np.random.default_rng(0), 800, 600))


@pytest.fixture
def familiar_bundle(make_bundle: Callable[..., Path], tiny_document: dict[str, Any]) -> Path:
    """The tiny bundle, but so easily pleased that nothing is unfamiliar to it or leaves it unsure."""
    decision: Any = json.loads(json.dumps(tiny_document["decision"]))
    for thresholds in (decision["picture"], decision["with_context"]):
        thresholds["conformal"] = 0.0
    return make_bundle({"familiarity": {"file": "familiarity.npz", "threshold": 1e6}, "decision": decision})


@pytest.fixture
def run(tmp_path: Path, familiar_bundle: Path) -> Run:
    """Run the command in `tmp_path`, with a configuration that names the tiny bundle."""
    (tmp_path / "kiosk.toml").write_text(f'[model]\nbundle = "{familiar_bundle}"\n', encoding="utf-8")

    def run_command(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kiosk", "classify", "--config", "kiosk.toml", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False, **options
        )

    return run_command


@pytest.fixture
def folder(tmp_path: Path, lesion: Image.Image) -> Path:
    """Two good pictures and a blank one among other things, named so that their order shows."""
    place = tmp_path / "pictures"
    place.mkdir()
    lesion.save(place / "b_good.jpg", quality=95)
    lesion.rotate(180).save(place / "c_good.png")
    Image.new("RGB", (400, 300), (200, 160, 140)).save(place / "a_blank.png")
    (place / "notes.txt").write_text("not an image", encoding="utf-8")
    (place / "._b_good.jpg").write_bytes(b"left by another system")
    (place / "deeper").mkdir()
    lesion.save(place / "deeper" / "d.jpg")
    return place


def check_advice(row: dict[str, Any], thresholds: dict[str, Any]) -> None:
    """The rule in words, of a row with a result."""
    p, advice, naming = row["probabilities"], row["advice"], thresholds["naming"]
    urgent = p["mel"] >= thresholds["urgent"]
    named = {code for code in naming if p[code] >= naming[code] or (code == "mel" and urgent)}
    assert set(advice) == {"level", "named", "cannot_exclude", "why"}
    assert set(advice["named"]) == named <= set(advice["cannot_exclude"])
    assert advice["level"] == ("urgent_referral" if urgent else "referral" if named else "routine")
    assert [ground["class"] for ground in advice["why"]] == advice["named"]
    assert all(ground["probability"] == p[ground["class"]] >= ground["threshold"] for ground in advice["why"])
    assert (row["malignant"] >= 0.5) == bool(named)


def test_a_model_that_is_unsure_and_refers_names_no_class(
    run: Run, folder: Path, make_bundle: Callable[..., Path], tiny_document: dict[str, Any], tmp_path: Path
) -> None:
    unsure = {"naming": dict.fromkeys(("akiec", "bcc", "mel"), 0.0), "urgent": 1.0, "conformal": 1.0}
    decision = {**tiny_document["decision"], "picture": unsure}
    bundle = make_bundle({"familiarity": {"file": "familiarity.npz", "threshold": 1e6}, "decision": decision})
    (tmp_path / "kiosk.toml").write_text(f'[model]\nbundle = "{bundle}"\n', encoding="utf-8")
    row = json.loads(run("--format", "json", folder / "b_good.jpg").stdout)
    assert (row["outcome"], row["reasons"]) == ("no_result", ["model_unsure"])
    assert row["advice"] == {"level": "referral", "named": [], "cannot_exclude": [], "why": []}
    assert row["malignant"] >= 0.5
    assert row["probabilities"] is row["top3"] is None


def test_json_is_one_object_a_line(run: Run, folder: Path, tiny_document: dict[str, Any]) -> None:
    done = run("--format", "json", folder)
    assert done.returncode == 0
    assert done.stderr == ""
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(row["image"]).name for row in rows] == ["a_blank.png", "b_good.jpg", "c_good.png"]
    keys = ["image", "outcome", "reasons", "outside", "probabilities", "scores", "top3", "advice", "malignant"]
    assert all(list(row) == [*keys, "timings_ms", "model_id", "engine"] for row in rows)
    blank, good, _ = rows
    assert blank["outcome"] == "retake"
    assert blank["reasons"] == ["nothing_in_view"]
    assert blank["probabilities"] is blank["scores"] is blank["top3"] is None
    assert good["outcome"] == "result"
    assert good["reasons"] == []
    for name in ("probabilities", "scores"):
        assert set(good[name]) == CODES
        assert sum(good[name].values()) == pytest.approx(1.0)
    assert good["top3"] == sorted(CODES, key=lambda code: -good["probabilities"][code])[:3]
    assert blank["advice"] is blank["malignant"] is None
    check_advice(good, tiny_document["decision"]["picture"])
    assert {"decode", "quality", "invoke", "total"} <= set(good["timings_ms"])
    assert good["model_id"] == blank["model_id"] == "tiny-untrained"
    assert good["engine"] == blank["engine"]
    assert "CPU" in good["engine"]


def test_without_the_gate_everything_is_classified_and_the_reasons_stay(run: Run, folder: Path) -> None:
    blank = json.loads(run("--format", "json", "--no-gate", folder / "a_blank.png").stdout)
    assert blank["outcome"] == "result"
    assert blank["reasons"] == ["nothing_in_view"]
    assert sum(blank["scores"].values()) == pytest.approx(1.0)


@pytest.mark.parametrize("gate", [[], ["--no-gate"]])
def test_isic_has_the_scores_of_every_readable_image(run: Run, folder: Path, gate: list[str]) -> None:
    (folder / "broken.jpg").write_bytes(b"")
    done = run("--format", "isic", *gate, folder)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC"
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["image"] for row in rows] == ["a_blank", "b_good", "c_good"]
    expected = json.loads(run("--format", "json", "--no-gate", folder / "b_good.jpg").stdout)["scores"]
    for lesion_class in ISIC_COLUMN_ORDER:
        assert float(rows[1][lesion_class.isic]) == pytest.approx(expected[lesion_class.code], abs=1e-7)


def test_the_table_is_for_people(run: Run, folder: Path) -> None:
    lines = run(folder).stdout.splitlines()
    assert lines[0].split()[:2] == ["image", "outcome"]
    assert lines[1].startswith("a_blank.png")
    assert lines[1].endswith("nothing in view")
    assert lines[2].count("%") == 3


def test_unreadable_files_are_named_and_the_rest_goes_on(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty folder").mkdir()
    (folder / "b_text.jpg").write_text("hello", encoding="utf-8")
    done = run("--format", "json", "missing.jpg", folder, "empty folder", folder / "notes.txt")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 3
    said = done.stderr.splitlines()
    assert len(said) == 4
    for name in ("missing.jpg", "empty folder", "b_text.jpg", "notes.txt"):
        assert sum(name in line for line in said) == 1, name
    assert "Traceback" not in done.stderr


def make_odd_image(kind: str, lesion: Image.Image, path: Path) -> None:  # noqa: C901 - two plain lines a kind
    buffer = io.BytesIO()
    lesion.save(buffer, "JPEG", quality=95)
    if kind == "0-byte":
        path.write_bytes(b"")
    elif kind == "truncated":
        path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    elif kind == "text":
        path.write_text("This is no image.\n", encoding="utf-8")
    elif kind == "CMYK":
        lesion.convert("CMYK").save(path, "JPEG", quality=95)
    elif kind == "16-bit":
        Image.fromarray(np.asarray(lesion.convert("L")).astype(np.uint16) << 8).save(path, "PNG")
    elif kind == "greyscale":
        lesion.convert("L").save(path, "JPEG", quality=95)
    elif kind == "animated":
        lesion.save(path, "PNG", save_all=True, append_images=[lesion.rotate(180)])
    elif kind == "EXIF-rotated":
        exif = Image.Exif()
        exif[0x0112] = 6
        lesion.transpose(Image.Transpose.ROTATE_90).save(path, "JPEG", quality=95, exif=exif)
    elif kind == "1x1":
        Image.new("RGB", (1, 1), (200, 150, 130)).save(path, "PNG")
    elif kind == "100-megapixel":
        Image.new("1", (10_000, 10_000)).save(path, "PNG")


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("0-byte", None), ("truncated", None), ("text", None), ("100-megapixel", None),
        ("CMYK", "result"), ("16-bit", "result"), ("greyscale", "result"), ("animated", "result"),
        ("EXIF-rotated", "result"), ("1x1", "retake"),
    ],
)  # fmt: skip
def test_odd_images(run: Run, tmp_path: Path, lesion: Image.Image, kind: str, outcome: str | None) -> None:
    """One clear line that says what to do, or a plain answer."""
    path = tmp_path / "odd.jpg"
    make_odd_image(kind, lesion, path)
    done = run("--format", "json", path)
    assert "Traceback" not in done.stderr
    if outcome is None:
        assert done.returncode == 1
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "odd.jpg" in done.stderr
        assert done.stderr.count(". ") >= 1, "what is wrong, then what to do"
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["outcome"] == outcome


def test_a_rotated_image_is_seen_upright(tmp_path: Path, lesion: Image.Image) -> None:
    make_odd_image("EXIF-rotated", lesion, tmp_path / "odd.jpg")
    assert read_rgb(tmp_path / "odd.jpg").shape == (600, 800, 3)


def test_a_name_that_is_no_text_is_shown_all_the_same(run: Run, tmp_path: Path, lesion: Image.Image) -> None:
    name = os.fsdecode(b"\xff\x1b.png")
    lesion.save(tmp_path / name)
    for style in ("table", "json", "isic"):
        done = run("--format", style, name, encoding="utf-8", errors="strict")
        assert (done.returncode, done.stderr) == (0, "")
        assert "\x1b" not in done.stdout or style == "isic"


def test_a_closed_pipe_is_quiet(folder: Path, familiar_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "kiosk.toml").write_text(f'[model]\nbundle = "{familiar_bundle}"\n', encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "kiosk", "classify", "--config", str(tmp_path / "kiosk.toml"), str(folder)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 141


@pytest.mark.parametrize("fault", ["flipped byte", "missing file", "class order", "no bundle"])
def test_a_wrong_bundle_is_one_line(run: Run, folder: Path, familiar_bundle: Path, fault: str) -> None:
    manifest = familiar_bundle / "manifest.json"
    member = familiar_bundle / "tiny_a_int8.tflite"
    if fault == "flipped byte":
        content = bytearray(member.read_bytes())
        content[100] ^= 1
        member.write_bytes(content)
    elif fault == "missing file":
        member.unlink()
    elif fault == "class order":
        document = json.loads(manifest.read_text(encoding="utf-8"))
        document["classes"] = sorted(document["classes"])
        manifest.write_text(json.dumps(document), encoding="utf-8")
    else:
        manifest.unlink()
    done = run(folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert str(familiar_bundle) in done.stderr


def test_metadata_reaches_the_model_unless_it_is_switched_off(
    run: Run, folder: Path, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    rows = {"nv": 2.0}
    order = ["nv", "mel", "vasc", "bkl", "akiec", "df", "bcc"]
    tables = {"age_edges_years": [50.0], "age": [[rows.get(c, 0.0) for c in order], [0.0] * 7], "sex": {}, "site": {}}
    bundle = make_bundle({"context": tables})
    (tmp_path / "kiosk.toml").write_text(f'[model]\nbundle = "{bundle}"\n', encoding="utf-8")
    (tmp_path / "known.csv").write_text("image_id,age,sex,localization\nb_good,30.0,female,back\n", encoding="utf-8")
    plain, known = (
        run("--format", "json", "--no-gate", *extra, folder / "b_good.jpg")
        for extra in ([], ["--metadata", "known.csv"])
    )
    assert plain.stderr == ""
    assert "known.csv knows 1 of 1 images" in known.stderr
    assert json.loads(known.stdout)["probabilities"]["nv"] > json.loads(plain.stdout)["probabilities"]["nv"]
    (tmp_path / "kiosk.toml").write_text(f'[model]\nbundle = "{bundle}"\nuse_context = false\n', encoding="utf-8")
    off = run("--format", "json", "--no-gate", "--metadata", "known.csv", folder / "b_good.jpg")
    assert "no use is made of it" in off.stderr
    assert json.loads(off.stdout)["probabilities"] == json.loads(plain.stdout)["probabilities"]


def test_two_pictures_of_one_name_share_neither_a_patient_nor_a_row(run: Run, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "b_good.png").write_bytes((folder / "c_good.png").read_bytes())
    (tmp_path / "known.csv").write_text("image,age\nb_good,30\n", encoding="utf-8")
    both = (folder / "b_good.jpg", other / "b_good.png")
    for arguments in (["--metadata", "known.csv"], ["--format", "isic"]):
        done = run(*arguments, folder, other)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert all(str(path) in done.stderr for path in both)
    (tmp_path / "known.csv").write_text("image,age\npictures/b_good.jpg,30\nother/b_good,50\n", encoding="utf-8")
    done = run("--metadata", "known.csv", "--format", "json", *both)
    assert done.returncode == 0
    assert "known.csv knows 2 of 2 images" in done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_a_column_that_is_not_read_is_named(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("image,age_group\nb_good,30-40\n", encoding="utf-8")
    done = run("--metadata", "known.csv", folder / "b_good.jpg")
    assert done.returncode == 0
    assert "known.csv: nothing is read from age_group" in done.stderr


def test_pictures_in_formats_that_are_not_read_are_counted(run: Run, folder: Path) -> None:
    for name in ("a.HEIC", "b.heif", "c.jp2", "._d.HEIC"):
        (folder / name).write_bytes(b"picture")
    (folder / "IM000001").write_bytes(bytes(128) + b"DICM" + bytes(20))
    (folder / "scan.dcm").mkdir()
    (folder / "loop").symlink_to("loop")
    done = run("--format", "json", folder)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 3
    (line,) = done.stderr.splitlines()
    assert "4 pictures passed over in formats that are not read: 2 HEIC" in line
    assert "1 DICOM" in line
    assert "1 JPEG 2000" in line


def test_a_folder_of_nothing_else_says_both(run: Run, tmp_path: Path) -> None:
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "IMG_1.HEIC").write_bytes(b"picture")
    done = run("phone")
    assert done.returncode == 1
    passed, empty = done.stderr.splitlines()
    assert "1 picture passed over in formats that are not read: 1 HEIC. Save it as JPEG" in passed
    assert "phone holds no images" in empty


def test_one_bad_entry_of_a_folder_does_not_stop_the_others(run: Run, folder: Path) -> None:
    (folder / "b_bad.jpg").symlink_to("x" * 300 + ".jpg")
    done = run("--format", "json", folder)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 3
    (line,) = done.stderr.splitlines()
    assert "b_bad.jpg cannot be read" in line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_shows_on_a_terminal_only() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        progress = Progress(4, stream, itertools.count(0.0).__next__)
        progress.advance()
        progress.note("b.jpg is empty.")
        progress.advance()
        progress.close()
    assert file.getvalue() == "b.jpg is empty.\n"
    assert "2/4" in terminal.getvalue()
    assert "b.jpg is empty.\n" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K"), "the bar is taken away at the end"
