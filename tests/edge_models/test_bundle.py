"""A bundle is used as it was published, or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_models import bundle as bundles
from edge_models import bundle_file
from edge_models import shipped as shipping
from edge_models.decision import MALIGNANT, Decision, Thresholds
from edge_models.errors import BundleError
from edge_models.labels import LesionClass
from edge_models.preprocess import View

Make = Callable[..., Path]


def refusal(folder: Path) -> str:
    """The one line that says why a bundle is not loaded."""
    with pytest.raises(BundleError) as caught:
        bundles.load(folder)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object], *, reseal: bool = True) -> None:
    """Change the manifest; resealed, its digest is right again, as a forger or a faulty tool would leave it."""
    path = folder / "manifest.json"
    document = json.loads(path.read_bytes())
    change(document)
    if reseal:
        document["digest"] = bundles.digest(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_what_was_sealed_is_loaded(tiny_bundle: Path, tiny_document: dict[str, Any]) -> None:
    bundle = bundles.load(tiny_bundle)
    manifest = bundle.manifest
    assert manifest.model_id == "tiny-untrained"
    assert [lesion.code for lesion in manifest.classes] == tiny_document["classes"]
    assert manifest.members == ("tiny_a_int8.tflite", "tiny_b_int8.tflite")
    assert bundle.member_bytes == tuple((tiny_bundle / name).read_bytes() for name in manifest.members)
    assert bundle.edgetpu_bytes == bundle.member_bytes
    assert bundle.familiarity_bytes == (tiny_bundle / "familiarity.npz").read_bytes()
    assert manifest.views[3] == View(zoom=1.5, dx=0.5, quarter_turns=2, flip=True)
    assert manifest.decision.with_context is None, "this bundle has no tables of age, sex and site"
    assert manifest.decision.to_json() | {"with_context": None} == tiny_document["decision"] | {"with_context": None}
    assert manifest.texts["licence"] == "Apache-2.0"


def test_sealing_again_changes_nothing(tiny_bundle: Path, tiny_document: dict[str, Any]) -> None:
    before = (tiny_bundle / "manifest.json").read_bytes()
    bundles.seal(tiny_bundle, tiny_document)
    assert (tiny_bundle / "manifest.json").read_bytes() == before


FILES = ["manifest.json", "tiny_a_int8.tflite", "tiny_b_int8.tflite", "familiarity.npz", "MODEL_CARD.md"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0, 0.5, 0.999])
def test_a_flipped_byte(tiny_bundle: Path, name: str, where: float) -> None:
    content = bytearray((tiny_bundle / name).read_bytes())
    content[int(where * len(content))] ^= 0x01
    (tiny_bundle / name).write_bytes(content)
    assert name in refusal(tiny_bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(tiny_bundle: Path, name: str) -> None:
    (tiny_bundle / name).unlink()
    assert f"{name} cannot be read (No such file" in refusal(tiny_bundle)


def test_a_missing_folder_and_a_folder_for_a_file(tiny_bundle: Path, tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nowhere")
    (tiny_bundle / "MODEL_CARD.md").unlink()
    (tiny_bundle / "MODEL_CARD.md").mkdir()
    assert "Is a directory" in refusal(tiny_bundle)


def test_another_class_order_is_noticed(tiny_bundle: Path) -> None:
    rewrite(tiny_bundle, lambda document: document["classes"].sort(), reseal=False)
    assert "was altered after it was published" in refusal(tiny_bundle)


@pytest.mark.parametrize(
    "classes",
    [
        ["nv", "mel", "vasc", "bkl", "akiec", "df", "df"],
        ["nv", "mel", "vasc", "bkl", "akiec", "df"],
        ["nv", "mel", "vasc", "bkl", "akiec", "df", "scc"],
        ["NV", "MEL", "VASC", "BKL", "AKIEC", "DF", "BCC"],
        [],
        "nv",
    ],
)
def test_impossible_classes_are_refused_though_sealed(tiny_bundle: Path, classes: object) -> None:
    rewrite(tiny_bundle, lambda document: document.update(classes=classes))
    assert "classes must be each of" in refusal(tiny_bundle)


def put(*keys: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            put("schema", value=1),
            "has schema 1, this version reads 2. Install a bundle and a kiosk of the same version",
        ),
        (put("schema", value=None), "has schema None"),
        (lambda document: document.pop("model_id"), "lacks 'model_id'"),
        (lambda document: document.pop("licence"), "lacks 'licence'"),
        (lambda document: document.pop("files"), "lacks 'files'"),
        (put("files", value=[]), "manifest.json"),
        (put("classes", value=7), "manifest.json"),
        (put("input_size_px", value=32), "a positive whole number for each of 2 members"),
        (put("input_size_px", value=[32]), "a positive whole number for each of 2 members"),
        (put("input_size_px", value=[32, 0]), "a positive whole number for each of 2 members"),
        (put("input_size_px", value=[32, True]), "a positive whole number for each of 2 members"),
        (put("members", value=[]), "at least one member"),
        (put("members", value=["tiny_a_int8.tflite"] * 2), "no member twice"),
        (put("members", value=["tiny_a_int8.tflite", "absent.tflite"]), "names absent.tflite but has no hash"),
        (put("views", value=[]), "one view"),
        (put("views", value=[{"zoom": 0.5}]), "zoom must be 1 or more"),
        (put("views", value=[{"zoom": 10**400}]), "manifest.json"),
        (put("views", value=[{"turns": 1}]), "has no turns"),
        (put("calibration", "temperature", value=0), "temperature must be a number from"),
        (put("calibration", "temperature", value=float("nan")), "temperature must be a number from"),
        (put("calibration", "class_bias", value=[0.0] * 6), "class_bias must be a list of 7"),
        (put("calibration", "class_bias", value=[float("inf")] * 7), "class_bias must be a number"),
        (put("calibration", "class_bias", value=[10**400] * 7), "class_bias must be a number"),
        (put("calibration", "prevalence", value=[0.2] * 7), "prevalence must be positive and sum to 1"),
        (put("calibration", "prevalence", value=[1.0] + [0.0] * 6), "prevalence must be positive"),
        (put("calibration", "prevalence", value=["1"] * 7), "prevalence must be a number"),
        (put("decision", "picture", "urgent", value=1.5), "urgent must be a number from 0 to 1"),
        (put("decision", "picture", "conformal", value=-0.1), "conformal must be a number from 0 to 1"),
        (put("decision", "picture", "naming", "mel", value=float("nan")), "naming mel must be a number from 0 to 1"),
        (put("decision", "picture", "naming", "nv", value=0.1), "naming must hold akiec, bcc, mel, no other class"),
        (put("decision", "picture", "naming", value={"mel": 0.1}), "naming must hold akiec, bcc, mel"),
        (put("decision", "picture", "naming", value=[0.1] * 3), "naming must hold akiec, bcc, mel"),
        (lambda document: document["decision"].pop("picture"), "lacks 'picture'"),
        (put("decision", "unsure_set_size", value=1), "unsure_set_size must be a whole number from 2 to 7"),
        (put("decision", "unsure_set_size", value=5.0), "unsure_set_size must be a whole number from 2 to 7"),
        (put("decision", "conformal_coverage", value="most"), "conformal_coverage must be a number"),
        (put("decision", value=None), "manifest.json"),
        (put("familiarity", "threshold", value=0.0), "familiarity threshold must be a number"),
        (put("familiarity", "file", value="other.npz"), "names other.npz but has no hash"),
    ],
)
def test_impossible_manifests_are_refused_though_sealed(
    tiny_bundle: Path, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    rewrite(tiny_bundle, change)
    assert says in refusal(tiny_bundle)


def test_tables_of_context_need_thresholds_of_their_own(make_bundle: Make, tiny_document: dict[str, Any]) -> None:
    tables = {"age_edges_years": [50.0], "age": [[0.0] * 7, [0.5] * 7], "sex": {}, "site": {}}
    both = tiny_document["decision"]
    decision = bundles.load(make_bundle({"context": tables})).manifest.decision
    assert decision.to_json() == both
    assert decision.thresholds(context_used=True).to_json() == both["with_context"]
    assert decision.thresholds(context_used=False).to_json() == both["picture"]
    picture_alone = {key: value for key, value in both.items() if key != "with_context"}
    with pytest.raises(BundleError, match="lacks 'with_context'"):
        make_bundle({"context": tables, "decision": picture_alone})


@pytest.mark.parametrize("name", ["../outside.tflite", "/etc/hostname", "sub/inside.tflite", "..", ".", "", "a\0b"])
def test_names_that_leave_the_folder_are_refused(tiny_bundle: Path, name: str) -> None:
    (tiny_bundle.parent / "outside.tflite").write_bytes(b"")
    rewrite(tiny_bundle, lambda document: document["files"].update({name: "0" * 64}))
    line = refusal(tiny_bundle)
    assert "which is not a file of" in line or "cannot be read" in line


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b"9" * 5000])
def test_what_is_no_manifest(tiny_bundle: Path, content: bytes) -> None:
    (tiny_bundle / "manifest.json").write_bytes(content)
    assert "is not" in refusal(tiny_bundle)


def replaced(folder: Path, name: str) -> Path:
    """The place of a file that is about to be something else."""
    (folder / name).unlink()
    return folder / name


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_regular_file_is_neither_waited_for_nor_read(tiny_bundle: Path, name: str) -> None:
    os.mkfifo(replaced(tiny_bundle, name))
    assert f"{name} cannot be read (not a regular file)" in refusal(tiny_bundle)
    replaced(tiny_bundle, name).symlink_to("/dev/zero")
    assert f"{name} leads out of the bundle" in refusal(tiny_bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_link_that_leaves_the_bundle_is_refused(
    tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    outside = tmp_path_factory.mktemp("outside") / name
    outside.write_bytes((tiny_bundle / name).read_bytes())
    replaced(tiny_bundle, name).symlink_to(outside)
    assert f"{name} leads out of the bundle" in refusal(tiny_bundle)
    replaced(tiny_bundle, name).symlink_to(name)
    assert f"{name} cannot be read" in refusal(tiny_bundle), "a link in a ring"


def test_a_link_within_the_bundle_is_followed(tiny_bundle: Path) -> None:
    (tiny_bundle / "MODEL_CARD.md").rename(tiny_bundle / "card")
    (tiny_bundle / "MODEL_CARD.md").symlink_to("card")
    assert bundles.load(tiny_bundle).manifest.model_id == "tiny-untrained"


def test_sizes_are_bounded(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_file, "BUNDLE_BYTES", (tiny_bundle / "tiny_a_int8.tflite").stat().st_size)
    assert "has more than" in refusal(tiny_bundle)
    monkeypatch.setattr(bundle_file, "FILE_BYTES", 100)
    assert "has more than 100 bytes" in refusal(tiny_bundle)
    with (tiny_bundle / "manifest.json").open("ab") as manifest:
        manifest.truncate(1 << 40)  # a sparse file
    assert "manifest.json has more than 1048576 bytes" in refusal(tiny_bundle)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("views", [{}] * 16_000, "16000 views, at most 64"),
        ("views", "x" * 100_000, "100000 views"),
        ("members", [f"{number}.tflite" for number in range(1000)], "1000 members, at most 8"),
        ("files", {f"{number}": "" for number in range(1000)}, "1000 files, at most 32"),
        ("folded", {f"{number}": "akiec" for number in range(1000)}, "1000 folded findings"),
        ("input_size_px", [100_000, 224], "at most 1024"),
        ("members", ["x" * 100_000, "y"], "but has no hash of it"),
        ("members", ["a\nb\u202e", [{}] * 20_000], "but has no hash of it"),
        ("files", {"x" * 100_000: ""}, "which is not a file of"),
        ("files", {"a\nb": ""}, "which is not a file of"),
    ],
)
def test_counts_are_bounded_and_said_in_a_short_line(tiny_bundle: Path, key: str, value: object, said: str) -> None:
    rewrite(tiny_bundle, put(key, value=value))
    line = refusal(tiny_bundle)
    assert said in line
    assert len(line) < 1000


def test_sealing_what_would_not_load_leaves_no_manifest(tiny_bundle: Path, tiny_document: dict[str, Any]) -> None:
    tiny_document["classes"][0] = "mel"
    with pytest.raises(BundleError, match="classes must be each of"):
        bundles.seal(tiny_bundle, tiny_document)
    assert not (tiny_bundle / "manifest.json").exists()


def test_the_default_is_the_only_bundle_there(
    make_bundle: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "BUNDLES", tmp_path)
    with pytest.raises(BundleError, match=r"found: none\. Name the one to use"):
        bundles.default_bundle()
    only = make_bundle()
    assert bundles.default_bundle() == only
    make_bundle().rename(tmp_path / shipping.FAST)
    assert bundles.default_bundle() == only, "the fast bundle is no default"
    other = make_bundle()
    with pytest.raises(BundleError, match=f"found: {only.name}, {other.name}"):
        bundles.default_bundle()


share = st.floats(0.0, 1.0)
thresholds = st.builds(
    Thresholds, naming=st.fixed_dictionaries(dict.fromkeys(MALIGNANT, share)), urgent=share, conformal=share
)
views = st.builds(
    View,
    zoom=st.floats(1.0, 8.0),
    dx=st.floats(-1.0, 1.0),
    dy=st.floats(-1.0, 1.0),
    quarter_turns=st.integers(0, 3),
    flip=st.booleans(),
)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-.", min_size=1, max_size=20).map(lambda text: f"m{text}.tflite")


@given(
    members=st.dictionaries(names, st.binary(max_size=50), min_size=1, max_size=3),
    text=st.text(max_size=30),
    views=st.lists(views, min_size=1, max_size=4),
    order=st.permutations([lesion.code for lesion in LesionClass]),
    temperature=st.floats(0.01, 100.0),
    bias=st.lists(st.floats(-20.0, 20.0), min_size=7, max_size=7),
    weights=st.lists(st.floats(0.01, 1.0), min_size=7, max_size=7),
    decision=st.builds(Decision, thresholds, st.none(), st.floats(0.5, 1.0), st.integers(2, 7)),
    sizes=st.lists(st.integers(1, 999), min_size=3, max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_load_gives_back_what_seal_was_given(
    members: dict[str, bytes],
    text: str,
    views: list[View],
    order: list[str],
    temperature: float,
    bias: list[float],
    weights: list[float],
    decision: Decision,
    sizes: list[int],
) -> None:
    prevalence = [weight / sum(weights) for weight in weights]
    document = {
        "model_id": text,
        **dict.fromkeys(bundles.TEXT_KEYS, text),
        "classes": order,
        "input_size_px": sizes[: len(members)],
        "members": list(members),
        "views": [view.to_json() for view in views],
        "calibration": {"temperature": temperature, "class_bias": bias, "prevalence": prevalence},
        "decision": decision.to_json(),
        "familiarity": {"file": "f.npz", "threshold": 2.5},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in {**members, "f.npz": b"parameters"}.items():
            (folder / file).write_bytes(content)
        bundles.seal(folder, document)
        bundle = bundles.load(folder)
    manifest = bundle.manifest
    assert manifest.model_id == manifest.texts["created"] == text
    assert list(manifest.views) == views
    assert manifest.input_sizes_px == tuple(sizes[: len(members)])
    assert [lesion.code for lesion in manifest.classes] == order
    assert manifest.calibration == bundles.Calibration(temperature, tuple(bias), tuple(prevalence))
    assert manifest.decision == decision
    assert dict(zip(manifest.members, bundle.member_bytes, strict=True)) == members
    assert bundle.familiarity_bytes == b"parameters"
