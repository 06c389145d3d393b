"""What is fed: image files, bundles, configurations, tables of patients. Each kind has a corpus, and what reads it."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.fuzz.mutate import damaged, damaged_json
from edge_models import bundle as bundles
from edge_models.errors import DermakioskError
from edge_models.familiarity import FeatureSpace
from edge_models.image_file import read_rgb
from kiosk import config
from kiosk.camera.skin import paint
from kiosk.commands.metadata import read_metadata

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        make: an input from a seeded source.
        feed: reads it as the program would; a `DermakioskError` is a refusal, anything else that is raised a finding.
    """

    make: Callable[[Random], bytes]
    feed: Callable[[bytes], object]


def refused_or_read(feed: Callable[[bytes], object], content: bytes) -> bool:
    """Whether an input was read; False where it was refused. Whatever else is raised goes on."""
    try:
        feed(content)
    except DermakioskError as error:
        if "\n" in str(error) or len(str(error)) > MAX_LINE:
            raise AssertionError(f"no short line: {str(error)[:200]!r}") from error
        return False
    return True


MAX_LINE = 2000
"""Characters of a refusal: one line for an engineer."""


@cache
def _images() -> list[bytes]:
    picture = Image.fromarray(paint(np.random.default_rng(0), 160, 120))
    files = []
    for form, options in (
        ("JPEG", {"quality": 90}),
        ("JPEG", {"progressive": True, "icc_profile": b"\0" * 200}),
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {"compression": "jpeg"}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {}),
    ):
        exif = Image.Exif()
        exif[0x0112] = 6
        buffer = io.BytesIO()
        kept: dict[str, Any] = dict(options) if form in ("BMP", "TIFF") else {**options, "exif": exif}
        picture.save(buffer, form, **kept)
        files.append(buffer.getvalue())
    for mode in ("L", "P", "RGBA", "CMYK", "I;16"):
        buffer = io.BytesIO()
        converted = picture.convert("I").convert("I;16") if mode == "I;16" else picture.convert(mode)
        converted.save(buffer, "TIFF" if mode == "CMYK" else "PNG")
        files.append(buffer.getvalue())
    return files


def _in_a_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def feed(content: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            return read(path)

    return feed


@cache
def _manifest() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((bundles.default_bundle() / "manifest.json").read_bytes())
    return document


def _make_bundle(random: Random) -> bytes:
    """A manifest whose digest is right, as a forger or a faulty tool leaves it; or one that is no JSON any more."""
    document = _manifest()
    if random.random() < 0.3:
        return damaged(random, json.dumps(document).encode(), [json.dumps(document).encode()])
    document = damaged_json(random, document)
    document["digest"] = bundles.digest(document)
    return json.dumps(document).encode()


def _load_bundle(path: Path) -> object:
    # the files that a manifest names are checked by their SHA-256: damage there is another kind
    for name in bundles.default_bundle().iterdir():
        if name.name != path.name:
            (path.parent / name.name).hardlink_to(name)
    return bundles.load(path.parent)


def _features() -> bytes:
    return (bundles.default_bundle() / str(_manifest()["familiarity"]["file"])).read_bytes()


@cache
def _configurations() -> list[bytes]:
    shown = (_ROOT / "systemd" / "kiosk.toml").read_text(encoding="utf-8")
    used = "\n".join(line.removeprefix("# ") if " = " in line else line for line in shown.splitlines())
    return [shown.encode(), used.encode(), b'[camera]\nsource = "usb:2"\n[model]\nthreads = 2\n[server]\nport = 8501\n']


_TABLES = (
    b"image_id,age,sex,localization\na,45,male,back\nb,60.0,female,lower extremity\nc,,unknown,unknown\n",
    b"image,age_approx,sex,anatom_site_general\na,45,male,torso\nb,60,female,head/neck\n",
    b"isic_id;age_approx;sex;anatom_site_1\na;45;male;Trunk\n",
    '\ufeffimage_id,age\na,45\nb,"6,0"\n'.encode(),
    "image_id,age\na,45\n".encode("utf-16"),
)


def _read_table(path: Path) -> object:
    return read_metadata(path).of([path.with_name(f"{name}.jpg") for name in "abc"])


def _from(corpus: Callable[[], list[bytes]]) -> Callable[[Random], bytes]:
    return lambda random: damaged(random, random.choice(corpus()), corpus())


KINDS: Mapping[str, Kind] = {
    "image": Kind(_from(_images), _in_a_file("picture", read_rgb)),
    "bundle": Kind(_make_bundle, _in_a_file("manifest.json", _load_bundle)),
    "features": Kind(_from(lambda: [_features()]), FeatureSpace.from_npz),
    "toml": Kind(_from(_configurations), _in_a_file("kiosk.toml", config.load)),
    "csv": Kind(_from(lambda: list(_TABLES)), _in_a_file("patients.csv", _read_table)),
}
