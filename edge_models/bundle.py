"""A model bundle on disk: the manifest, and the proof that it is what was published.

A bundle is a folder: `manifest.json`, the members' `*_int8.tflite`, `familiarity.npz`, `MODEL_CARD.md`. The manifest
holds the SHA-256 of every other file and a digest of itself, and all are checked before a byte of a model is used.

The digest shows integrity: that no file was damaged, or changed without the manifest. It does not show who published
the bundle: whoever changes a file can compute a new digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_models import bundle_file, plots, shipped
from edge_models.bundle_file import REMEDY
from edge_models.checked import number
from edge_models.context import ContextTables
from edge_models.decision import Decision
from edge_models.errors import BundleError
from edge_models.frozen import frozen
from edge_models.labels import LesionClass
from edge_models.plots import Plots
from edge_models.preprocess import View

SCHEMA = 2
MAX_FILES, MAX_MEMBERS, MAX_VIEWS = 32, 8, 64
"""The released bundle has 5 files, 3 members and 4 views; every view of every member is held in memory."""
MAX_INPUT_PX = 1024
MAX_NAME = 255
"""Characters of a file's name."""
_SAID = 200
"""Characters of a manifest's own words that an error repeats."""


@dataclass(frozen=True)
class Calibration:
    """How averaged log-softmax values become probabilities: `softmax(mean_log_p / temperature + class_bias)`.

    Attributes:
        temperature: > 0 (Guo et al. 2017, doi:10.48550/arXiv.1706.04599).
        class_bias: added log-odds by class, in class order.
        prevalence: the class frequencies that the probabilities are calibrated for, summing to 1.
    """

    temperature: float
    class_bias: tuple[float, ...]
    prevalence: tuple[float, ...]


@dataclass(frozen=True)
class Familiarity:
    """The out-of-distribution score, which tells a dermatoscopic image from anything else (`edge_models.familiarity`).

    Attributes:
        file: the fitted parameters in the bundle.
        threshold: distances above it are not a dermatoscopic image as the model knows them.
    """

    file: str
    threshold: float


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself. `classes` is the one place where a class order is written down.

    Attributes:
        folded: findings that a member may tell apart beside the classes, in the order of its further outputs, with the
            class that each counts as ("scc": squamous carcinoma, as akiec); empty where every output is a class.
        members: file names of the ensemble members, each run on every view.
        views: what is cut from a picture (test-time augmentation), the same for every member.
        input_sizes_px: side of every member's square input.
        context: what age, sex and site add; None where the bundle has no such tables.
        digest: SHA-256 of the manifest, as it states it itself, in hexadecimal digits.
        texts: training data, licence, intended use and the like, by their manifest key.
    """

    model_id: str
    classes: tuple[LesionClass, ...]
    input_sizes_px: tuple[int, ...]
    members: tuple[str, ...]
    views: tuple[View, ...]
    calibration: Calibration
    decision: Decision
    familiarity: Familiarity
    context: ContextTables | None
    digest: str
    texts: Mapping[str, str]
    folded: Mapping[str, LesionClass] = field(default_factory=dict)

    @property
    def counts_as(self) -> tuple[int, ...]:
        """Places in `classes` of what each folded finding counts as."""
        return tuple(self.classes.index(lesion) for lesion in self.folded.values())


@dataclass(frozen=True)
class Bundle:
    """A verified bundle: nothing in `folder` differs from what was published.

    Attributes:
        member_bytes: the networks, read once and hashed as read, in the manifest's order.
        edgetpu_bytes: the same, with each replaced by what `edgetpu_compiler` made of it where the bundle has that
            (`<name>_edgetpu.tflite` beside `<name>.tflite`).
        familiarity_bytes: the npz file of `manifest.familiarity`.
        plots: what its makers measured; None where it has no such file.
    """

    folder: Path
    manifest: Manifest
    member_bytes: tuple[bytes, ...]
    edgetpu_bytes: tuple[bytes, ...]
    familiarity_bytes: bytes
    plots: Plots | None = None

    @property
    def compiled_for_edgetpu(self) -> bool:
        """Whether every member was compiled for the Edge TPU; one that was not would run on the CPU there too."""
        both = zip(self.edgetpu_bytes, self.member_bytes, strict=True)
        return all(compiled != plain for compiled, plain in both)


TEXT_KEYS = ("created", "training_data", "licence", "intended_use", "not_tested_on")


def load(folder: Path) -> Bundle:
    """Read and verify the bundle in `folder`.

    Raises:
        BundleError: a file is missing, unreadable or altered, or the manifest says something impossible.
    """
    manifest_path = folder / "manifest.json"
    raw = bundle_file.read(folder, manifest_path.name, bundle_file.MANIFEST_BYTES)
    try:
        document = json.loads(raw)
        stated = digest(document) if isinstance(document, dict) else ""
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{manifest_path} is not JSON ({error})", REMEDY) from error
    if not isinstance(document, dict):
        raise BundleError(f"{manifest_path} is not a JSON object", REMEDY)
    if document.get("schema") != SCHEMA:
        raise BundleError(
            f"{manifest_path} has schema {repr(document.get('schema'))[:_SAID]}, this version reads {SCHEMA}",
            "Install a bundle and a kiosk of the same version",
        )
    if document.get("digest") != stated:
        raise BundleError(f"{manifest_path} was altered after it was published", REMEDY)
    try:
        manifest = _parse(document)
        hashes = {str(name): str(value) for name, value in document["files"].items()}
        _bound("files", len(hashes), MAX_FILES)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        detail = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BundleError(f"{manifest_path}: {' '.join(detail.split())[:_SAID]}", REMEDY) from error
    contents: dict[str, bytes] = {}
    left = bundle_file.BUNDLE_BYTES
    for name, value in hashes.items():
        contents[name] = _read_verified(folder, name, value, min(left, bundle_file.FILE_BYTES))
        left -= len(contents[name])
    for name in (*manifest.members, manifest.familiarity.file):
        if name not in contents:
            raise BundleError(f"{manifest_path} names {_shown(name)} but has no hash of it", REMEDY)
    return Bundle(
        folder=folder,
        manifest=manifest,
        member_bytes=tuple(contents[name] for name in manifest.members),
        edgetpu_bytes=tuple(
            contents.get(name.removesuffix(".tflite") + "_edgetpu.tflite", contents[name]) for name in manifest.members
        ),
        familiarity_bytes=contents[manifest.familiarity.file],
        plots=_plots(folder, contents.get(plots.FILE)),
    )


def default_bundle() -> Path:
    """The folder of the main bundle that ships with this version.

    Raises:
        BundleError: there is none, or more than one.
    """
    found = sorted(path.parent for path in shipped.BUNDLES.glob("*/manifest.json"))
    found = [folder for folder in found if folder.name != shipped.FAST]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise BundleError(
            f"one model bundle is expected in {shipped.BUNDLES}, found: {names}", "Name the one to use: [model] bundle"
        )
    return found[0]


def seal(folder: Path, document: Mapping[str, Any]) -> Path:
    """Write `document` as the manifest of `folder`: adds the schema, every file's SHA-256 and the digest.

    Args:
        folder: holds the finished files of the bundle.
        document: the manifest without `schema`, `files` and `digest`.

    Returns:
        The manifest's path. It is read back and verified before this returns.

    Raises:
        BundleError: the result would not load; then there is no manifest.
    """
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != "manifest.json"
    }
    sealed: dict[str, Any] = {**document, "schema": SCHEMA, "files": files}
    sealed["digest"] = digest(sealed)
    path = folder / "manifest.json"
    path.write_text(json.dumps(sealed, indent=2) + "\n", encoding="utf-8")
    try:
        load(folder)
    except BundleError:
        path.unlink()
        raise
    return path


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the manifest without its own digest, in JSON with sorted keys and no spaces."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _parse(document: Mapping[str, Any]) -> Manifest:
    codes = [str(code) for code in document["classes"]]
    known = {lesion.code: lesion for lesion in LesionClass}
    if sorted(codes) != sorted(known):
        raise ValueError(f"classes must be each of {', '.join(sorted(known))} once, not {', '.join(codes)}")
    calibration = document["calibration"]
    familiarity = document["familiarity"]
    prevalence = tuple(_vector(calibration["prevalence"], len(codes), "prevalence"))
    if abs(sum(prevalence) - 1.0) > 1e-6 or min(prevalence) <= 0.0:
        raise ValueError(f"prevalence must be positive and sum to 1, not {prevalence}")
    members = tuple(str(name) for name in document["members"])
    _bound("members", len(members), MAX_MEMBERS)
    _bound("views", len(document["views"]), MAX_VIEWS)
    _bound("folded findings", len(document.get("folded", {})), len(LesionClass))
    views = tuple(View.from_json(view) for view in document["views"])
    if not members or not views or len(set(members)) != len(members):
        raise ValueError("at least one member and one view are needed, and no member twice")
    return Manifest(
        model_id=str(document["model_id"]),
        classes=tuple(known[code] for code in codes),
        input_sizes_px=_input_sizes(document["input_size_px"], len(members)),
        members=members,
        views=views,
        calibration=Calibration(
            temperature=number(calibration["temperature"], "temperature", 1e-3, 1e3),
            class_bias=tuple(_vector(calibration["class_bias"], len(codes), "class_bias")),
            prevalence=prevalence,
        ),
        decision=Decision.from_json(document["decision"], context="context" in document),
        familiarity=Familiarity(
            file=str(familiarity["file"]),
            threshold=number(familiarity["threshold"], "familiarity threshold", 1e-6, 1e6),
        ),
        context=ContextTables.from_json(document["context"], len(codes)) if "context" in document else None,
        digest=str(document["digest"]),
        texts=frozen({key: str(document[key]) for key in TEXT_KEYS}),
        folded=frozen(
            {str(code): LesionClass.from_code(lesion) for code, lesion in document.get("folded", {}).items()}
        ),
    )


def _plots(folder: Path, content: bytes | None) -> Plots | None:
    try:
        return None if content is None else plots.parse(content)
    except ValueError as error:
        raise BundleError(f"{folder}: {str(error)[:_SAID]}", REMEDY) from error


def _shown(name: str) -> str:
    """A name as one short line can hold it."""
    return name if name.isprintable() and len(name) <= MAX_NAME else f"{name!r:.{_SAID}}"


def _bound(name: str, count: int, most: int) -> None:
    if count > most:
        raise ValueError(f"{count} {name}, at most {most} are used")


def _vector(values: object, length: int, name: str) -> Iterator[float]:
    if not isinstance(values, list) or len(values) != length:
        raise ValueError(f"{name} must be a list of {length} numbers")
    return (number(value, name, -1e3, 1e3) for value in values)


def _input_sizes(value: object, members: int) -> tuple[int, ...]:
    """One for every member."""
    if (
        not isinstance(value, list)
        or len(value) != members
        or any(type(size) is not int or not 1 <= size <= MAX_INPUT_PX for size in value)
    ):
        raise ValueError(
            f"input_size_px must be a positive whole number for each of {members} members, "
            f"at most {MAX_INPUT_PX}, not {value!r}"
        )
    return tuple(value)


def _read_verified(folder: Path, name: str, expected: str, at_most: int) -> bytes:
    if Path(name).name != name or name == ".." or not name.isprintable() or len(name) > MAX_NAME:
        raise BundleError(f"the manifest names {name!r:.200}, which is not a file of {folder}", REMEDY)
    content = bundle_file.read(folder, name, at_most)
    if hashlib.sha256(content).hexdigest() != expected:
        raise BundleError(f"{folder / name} is not the file that was published (its SHA-256 differs)", REMEDY)
    return content
