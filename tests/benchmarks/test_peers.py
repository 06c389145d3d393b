"""The peers' comparison on a tiny network: the other engines are given the same network, and say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks import peer_pictures, peers
from benchmarks.__main__ import main
from benchmarks.peer import SCALINGS, Job, keras_network, onnx_session, quantised, scaled
from benchmarks.peers_plot import svg
from benchmarks.tflite_network import padding, read_network
from edge_models import bundle as bundles
from edge_models.image_file import read_rgb
from edge_models.labels import LesionClass
from edge_models.preprocess import View, model_input, quantise

litert = pytest.importorskip("ai_edge_litert.interpreter", reason="the reference is LiteRT")
TINY = Path(__file__).parents[1] / "data" / "tiny_a_int8.tflite"


@pytest.fixture(params=["tiny", "shipped"])
def content(request: pytest.FixtureRequest) -> bytes:
    if request.param == "tiny":
        return TINY.read_bytes()
    return bundles.load(bundles.default_bundle()).member_bytes[0]


def run_litert(content: bytes, values: NDArray[Any]) -> list[NDArray[np.float32]]:
    interpreter = litert.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    outputs = []
    for each in interpreter.get_output_details():
        scale, zero_point = each["quantization"]
        outputs.append((interpreter.get_tensor(each["index"]).astype(np.float32) - zero_point) * np.float32(scale))
    return outputs


def inputs(content: bytes, picture: NDArray[np.uint8]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The same view as int8 and as real numbers, channels last."""
    network = read_network(content)
    tensor = network.tensors[network.input]
    stored = model_input(picture, (View(),), tensor.shape[1], float(tensor.scale[0]), tensor.zero_point)
    return stored, (stored.astype(np.float32) - tensor.zero_point) * tensor.scale[0]


def test_the_integer_onnx_network_is_the_released_one(content: bytes, picture: NDArray[np.uint8]) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from benchmarks.onnx_network import INPUT, to_onnx

    network = read_network(content)
    stored, _ = inputs(content, picture)
    session = onnx_session(to_onnx(network, integer=True))
    found = session.run(None, {INPUT: stored.transpose(0, 3, 1, 2)})
    for number, left, right in zip(network.outputs, run_litert(content, stored), found, strict=True):
        right = right.transpose(0, 2, 3, 1) if right.ndim == 4 else right
        # kernels round differently, which adds up over fifty layers to a few steps
        steps = np.abs(left - right) / network.tensors[number].scale[0]
        assert np.median(steps) <= 1
        assert steps.max() <= 6


def test_the_float_onnx_network_is_tensorflows_own(picture: NDArray[np.uint8], tmp_path: Path) -> None:
    """Two independent ways from the released integers to real numbers: ONNX Runtime's and Keras' own MobileNetV2."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    pytest.importorskip("keras")
    from benchmarks.onnx_network import INPUT, to_onnx

    bundle = bundles.load(bundles.default_bundle())
    content = bundle.member_bytes[0]
    network = read_network(content)
    _, real = inputs(content, picture)
    outputs = len(bundle.manifest.classes) + len(bundle.manifest.counts_as)
    np.savez(tmp_path / "weights.npz", **dict(peers._convolutions(network)))
    expected = keras_network(tmp_path / "weights.npz", real.shape[1], outputs)(real, training=False).numpy()
    session = onnx_session(to_onnx(network, integer=False))
    given = session.run(None, {INPUT: real.transpose(0, 3, 1, 2)})
    found = next(each for each in given if each.shape == expected.shape)
    assert found == pytest.approx(expected, abs=1e-3)


def test_an_unknown_operation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.tflite_network.KINDS", ("CONV_2D",))
    with pytest.raises(RuntimeError, match="has a MEAN"):
        read_network(TINY.read_bytes())


@given(st.integers(1, 300), st.integers(1, 7), st.integers(1, 4))
def test_same_padding_gives_one_output_a_stride(side: int, kernel: int, stride: int) -> None:
    before, after = padding(side, kernel, stride, same=True)
    if side >= kernel or before + after:
        assert (side + before + after - kernel) // stride + 1 == -(-side // stride)
    assert 0 <= after - before <= 1


def test_pixels_are_quantised_as_the_kiosk_does() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    for scale, zero_point in ((1 / 127.5, -1), (0.0078, 0)):
        assert np.array_equal(
            quantised(scaled(pixels, "signed"), scale, zero_point, np.int8), quantise(pixels, scale, zero_point)
        )


def test_scalings_cover_their_ranges() -> None:
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    found = {name: scaled(ends, name) for name in SCALINGS}
    assert (found["signed"].min(), found["signed"].max()) == (-1, 1)
    assert (found["unit"].min(), found["unit"].max()) == (0, 1)
    assert (found["byte"].min(), found["byte"].max()) == (0, 255)
    assert found["imagenet"][0, 1] == pytest.approx([2.2489, 2.4286, 2.64], abs=1e-3)


def test_a_peer_is_judged_on_the_pictures_whose_class_is_known() -> None:
    classes = nv, mel, _ = (LesionClass.NV, LesionClass.MEL, LesionClass.DF)
    found = np.eye(3)[[0, 0, 0, 1, 2]]
    blank = (np.zeros((1, 1, 3), np.uint8),) * 5
    row: dict[str, Any] = {}
    peers._compare(row, found, found, peer_pictures.Pictures(blank, (nv, nv, mel, mel, None), "test"), classes)
    assert row == {"agreement": 1.0, "largest_difference": 0.0, "balanced_accuracy": 0.75}
    peers._compare(row, found, found, peer_pictures.Pictures(blank, (None,) * 5, "test"), classes)
    assert row["balanced_accuracy"] is None


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    from PIL import Image

    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for index in range(3):
        coarse = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        Image.fromarray(np.kron(coarse, np.ones((10, 10, 1), np.uint8))).save(folder / f"p{index}.png")
    return folder


def test_peers_from_the_command_line(
    tiny_bundle: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("image_id,dx\np0,nv\np1,mel\n", encoding="utf-8")
    options = ["--bundle", tiny_bundle, "--images", pictures, "--labels", labels, "--rounds", 2]
    other = ["--third-party", TINY, "--size", 32, "--classes", "nv,mel,vasc,bkl,akiec,df,bcc"]
    files = ["--json", tmp_path / "peers.json", "--svg", tmp_path / "peers.svg"]
    assert main(["peers", *map(str, (*options, *other, *files))]) == 0
    shown = capsys.readouterr().out
    document = json.loads((tmp_path / "peers.json").read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in document["peers"]}
    reference = rows["LiteRT int8"]
    assert len(reference["latency_ms"]["samples"]) == 2 * 3
    assert reference["agreement"] == 1
    naevus, melanoma = (int(np.argmax(scores)) for scores in reference["scores"][:2])
    assert reference["balanced_accuracy"] == ((naevus == 0) + (melanoma == 1)) / 2
    assert reference["resident_mib"] > reference["bare_mib"] > 0
    # a bundle of two members: one of them is compared, on one image, and the table says so
    assert (document["members"], document["input_size_px"]) == (2, 32)
    assert "one of the bundle's 2 members, 32 x 32 pixels" in shown.replace("), ", ", ")
    assert {row["threads"] for row in document["peers"]} == {1}
    assert reference["delegate"] == "XNNPACK"
    missing = {each["name"] for each in document["left_out"]}
    assert ("tflite-runtime int8" in rows) != ("tflite-runtime int8" in missing), "it runs here, or is named as missing"
    if "tflite-runtime int8" in rows:
        assert rows["tflite-runtime int8"]["delegate"] == "none"
        ratio = peers.older_over_litert(document)
        assert f"tflite-runtime takes {ratio:.1f} times as long as LiteRT" in shown
    # the very same file as a third party's: same scores
    assert rows["tiny_a_int8.tflite (LiteRT)"]["scores"] == reference["scores"]
    # the tiny network is no MobileNetV2, so TensorFlow's own cannot run it: named, not faked
    assert "TensorFlow float32" in missing
    assert "left out: TensorFlow float32" in shown
    for row in rows.values():
        assert row["name"] in shown
    ElementTree.parse(tmp_path / "peers.svg")  # noqa: S314 - our own file


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--images", "nowhere"], "nowhere"),
        (["--third-party", "nowhere.tflite"], "nowhere.tflite is not there"),
        (["--third-party", str(TINY), "--classes", "nv,mole"], "mole"),
        (["--third-party", str(TINY), "--classes", "nv,mel"], "each of"),
    ],
)
def test_bad_input_is_one_line(
    options: list[str], message: str, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given_images = [] if "--images" in options else ["--images", str(pictures)]
    assert main(["peers", *options, *given_images]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.strip().splitlines()) == 1


def test_labels_without_the_columns_are_refused(pictures: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("name,class\np0,nv\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="columns image, dx"):
        peer_pictures.from_folder(pictures, labels, None)


def test_thinning_keeps_the_span(pictures: Path) -> None:
    thinned = peer_pictures.from_folder(pictures, None, 2)
    assert len(thinned.rgb) == 2
    assert np.array_equal(thinned.rgb[0], read_rgb(pictures / "p0.png"))


def test_the_plot_shows_names_as_they_are_and_what_each_peer_costs() -> None:
    row = {
        "name": "<odd & name>",
        "latency_ms": {"p50": 2.0, "p95": 30.0},
        "resident_mib": 50.0,
        "runtime_mib": 5.0,
        "balanced_accuracy": None,
    }
    document = {
        "peers": [row, {**row, "name": "other", "balanced_accuracy": 0.87}],
        "member": "a.tflite",
        "threads": 1,
        "pictures": {"count": 3},
        "machine": {"model": "A&B"},
    }
    tree = ElementTree.fromstring(svg(document))  # noqa: S314 - our own text
    texts = [each.text for each in tree.iter() if each.text]
    assert {"<odd & name>", "2.0 ms", "50 MiB, 5 MiB", "50 MiB, 5 MiB, 0.870"} <= set(texts)


def test_a_job_travels_as_json(make_bundle: Callable[..., Path]) -> None:
    job = Job("litert", "m.tflite", "p.u8", 1, 32, 1, 7)
    assert Job(**json.loads(json.dumps(asdict(job)))) == job
