"""The CPU engine on real (untrained) networks."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_models import bundle as bundles
from edge_models import interpreter as module
from edge_models import runtime as runtimes
from edge_models.bundle import Bundle
from edge_models.engine import Outputs, Quantisation
from edge_models.errors import BundleError, EngineFailed, EngineUnavailable
from edge_models.interpreter import CpuInterpreter, open_interpreter

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bundle(tiny_bundle: Path) -> Bundle:
    return bundles.load(tiny_bundle)


@pytest.fixture
def batches() -> list[Any]:
    """int8[9, 32, 32, 3] and int8[9, 48, 48, 3] of coarse patches, as the networks were quantised on."""
    rng = np.random.default_rng(3)
    coarse = [rng.integers(-128, 128, (9, side, side, 3), dtype=np.int8) for side in (4, 6)]
    return [np.kron(each, np.ones((1, 8, 8, 1), np.int8)) for each in coarse]


def same(left: Outputs, right: Outputs) -> bool:
    arrays = zip(left.parts()[:-1], right.parts()[:-1], strict=True)  # all but the times
    return all(np.array_equal(one, other) for one, other in arrays)


def test_outputs_have_the_shapes_and_relations_of_the_network(bundle: Bundle, batches: list[Any]) -> None:
    interpreter = open_interpreter(bundle, "cpu")
    assert interpreter.input_quantisation.zero_point == -1
    assert interpreter.input_quantisation.scale == pytest.approx(2 / 255)
    outputs = interpreter.invoke(batches)
    assert outputs.logits.shape == (2, 9, 7)
    assert [maps.shape for maps in outputs.activation_maps] == [(9, 4, 4, 7), (9, 6, 6, 7)]
    assert outputs.embedding.shape == (2, 9, 12)
    assert {each.dtype for each in outputs.parts()} == {np.dtype("f4")}
    # the tiny networks average their map into the logits: dequantised right, both agree but for rounding and a few
    # logits at the end of int8
    apart = np.abs(np.stack([maps.mean(axis=(1, 2)) for maps in outputs.activation_maps]) - outputs.logits)
    assert np.quantile(apart, 0.95) < 0.03
    assert outputs.embedding.min() >= 0.0  # averages of relu6
    assert np.ptp(outputs.logits[0] - outputs.logits[1]) > 0.1, "two members, not one twice"
    interpreter.close()


@pytest.mark.parametrize("threads", [2, 3, 64])
def test_results_do_not_depend_on_the_number_of_threads(bundle: Bundle, batches: list[Any], threads: int) -> None:
    one, many = CpuInterpreter(bundle, 1), CpuInterpreter(bundle, threads)
    assert one.describe().threads == 1
    assert many.describe().threads == min(threads, 8)  # 2 members x 4 views
    for _ in range(5):
        assert same(one.invoke(batches), many.invoke(batches))
    one.close()
    many.close()


def test_every_view_is_computed_alone(bundle: Bundle, batches: list[Any]) -> None:
    interpreter = CpuInterpreter(bundle)
    whole = interpreter.invoke(batches)
    for index in range(len(batches[0])):
        single = interpreter.invoke([batch[index : index + 1] for batch in batches])
        assert np.array_equal(single.logits[:, 0], whole.logits[:, index])
        assert np.array_equal(single.embedding[:, 0], whole.embedding[:, index])
        for alone, among in zip(single.activation_maps, whole.activation_maps, strict=True):
            assert np.array_equal(alone[0], among[index])
    interpreter.close()


def test_members_keep_the_manifests_order(bundle: Bundle, batches: list[Any]) -> None:
    manifest = dataclasses.replace(bundle.manifest, input_sizes_px=bundle.manifest.input_sizes_px[::-1])
    turned = dataclasses.replace(bundle, manifest=manifest, member_bytes=bundle.member_bytes[::-1])
    left, right = CpuInterpreter(bundle), CpuInterpreter(turned)
    assert np.array_equal(left.invoke(batches).logits, right.invoke(batches[::-1]).logits[::-1])
    left.close()
    right.close()


def test_a_closed_engine_says_so(bundle: Bundle, batches: list[Any]) -> None:
    interpreter = open_interpreter(bundle, "cpu", threads=2)
    interpreter.close()
    interpreter.close()
    with pytest.raises(EngineFailed, match="closed"):
        interpreter.invoke(batches)


def test_the_runtime_says_nothing_on_the_terminal(tiny_bundle: Path) -> None:
    # in a process of its own: LiteRT announces its XNNPACK delegate once in each
    program = (
        "import os, sys; from pathlib import Path; from edge_models import bundle, interpreter as i;"
        "opened = i.open_interpreter(bundle.load(Path(sys.argv[1])), 'cpu');"
        "os.write(2, b'stderr still works'); opened.close()"
    )
    done = subprocess.run([sys.executable, "-c", program, tiny_bundle], check=True, capture_output=True, cwd=ROOT)
    assert done.stdout == b""
    assert done.stderr == b"stderr still works"


def test_what_others_write_meanwhile_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    with runtimes.without_chatter():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nERROR: disk full\n")
    assert capfd.readouterr().err == "ERROR: disk full\n"


def test_it_names_the_runtime_that_ran(bundle: Bundle) -> None:
    with closing(open_interpreter(bundle, "cpu")) as interpreter:
        engine = interpreter.describe()
    assert engine.device == "cpu"
    assert engine.runtime.startswith(("ai-edge-litert 2.", "tflite-runtime 2."))
    assert engine.note == ""


def test_engine_and_threads_are_checked(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="engine must be one of auto, cpu, edgetpu"):
        open_interpreter(bundle, "gpu")
    with pytest.raises(ValueError, match="at least one thread"):
        open_interpreter(bundle, "cpu", threads=0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"input_size_px": [224, 48]}, r"tiny_a_int8.tflite takes \[1, 32, 32, 3\], the manifest says \[1, 224"),
        ({"input_size_px": [32, 224]}, r"tiny_b_int8.tflite takes \[1, 48, 48, 3\], the manifest says \[1, 224"),
        ({"input_size_px": [32], "members": ["MODEL_CARD.md"]}, "not a network"),
        ({"input_size_px": [32], "members": ["empty.tflite"]}, "not a network"),
    ],
)
def test_networks_that_do_not_fit_the_manifest_are_refused(
    make_bundle: Callable[..., Path], changes: dict[str, Any], says: str
) -> None:
    bundle = bundles.load(make_bundle(changes, {"empty.tflite": b""}))
    with pytest.raises(BundleError, match=says):
        CpuInterpreter(bundle, 1)


def test_a_network_with_other_outputs_is_refused(bundle: Bundle) -> None:
    fewer = dataclasses.replace(bundle.manifest, classes=bundle.manifest.classes[:5])
    with pytest.raises(BundleError, match=r"gives .* not logits \[1, 5\]"):
        CpuInterpreter(dataclasses.replace(bundle, manifest=fewer), 1)


def test_members_that_quantise_their_input_differently_are_refused(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no second quantisation is at hand, so the second network is told to have another
    class Other(module.Network):
        def __init__(self, name: str, *rest: Any) -> None:
            super().__init__(name, *rest)
            if name == "tiny_b_int8.tflite":
                self.input_quantisation = Quantisation(0.01, 0)

    monkeypatch.setattr(module, "Network", Other)
    with pytest.raises(BundleError, match=r"tiny_b_int8.tflite quantises its input otherwise than tiny_a_int8.tflite"):
        CpuInterpreter(bundle, 1)


def test_without_a_runtime_it_says_what_to_install(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)  # what import then refuses
    monkeypatch.setitem(sys.modules, "tflite_runtime", None)
    runtimes.runtime.cache_clear()
    with pytest.raises(EngineUnavailable, match="pip install ai-edge-litert"):
        CpuInterpreter(bundle, 1)
    runtimes.runtime.cache_clear()
