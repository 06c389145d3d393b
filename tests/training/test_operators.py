"""The networks of `tests/data` are taken; each change that an Edge TPU would not take is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_models import bundle as bundles
from training.errors import TrainingError
from training.operators import MAX_BYTES, check_operators, compile_for_edgetpu

pytest.importorskip("tensorflow", reason="the training extra is not installed")
TINY = Path(__file__).parents[1] / "data" / "tiny_a_int8.tflite"


def altered(change: Callable[[Any, Any], None]) -> bytes:
    """The tiny network after `change(model, schema)`."""
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(TINY.read_bytes(), 0)
    change(model, schema)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_every_published_network_is_taken() -> None:
    members = bundles.load(bundles.default_bundle()).member_bytes
    for content in (TINY.read_bytes(), *members):
        found = check_operators(content)
        assert found["MEAN v2"] == 2
        assert sum(found.values()) >= 5


def to_float(model: Any, schema: Any) -> None:
    model.subgraphs[0].tensors[0].type = schema.TensorType.FLOAT32


def open_batch(model: Any, schema: Any) -> None:
    model.subgraphs[0].tensors[0].shapeSignature = [-1, 32, 32, 3]


def foreign(model: Any, schema: Any) -> None:
    model.operatorCodes[0].builtinCode = schema.BuiltinOperator.CUMSUM


def too_new(model: Any, schema: Any) -> None:
    model.operatorCodes[0].version = 6


def uneven_dilation(model: Any, schema: Any) -> None:
    model.subgraphs[0].operators[0].builtinOptions.dilationWFactor = 2


def over_the_batch(model: Any, schema: Any) -> None:
    (axes,) = {int(operator.inputs[1]) for operator in model.subgraphs[0].operators if len(operator.inputs) == 2}
    tensor = model.subgraphs[0].tensors[axes]
    model.buffers[tensor.buffer].data = list((0).to_bytes(4, "little") + (1).to_bytes(4, "little"))


def two_graphs(model: Any, schema: Any) -> None:
    model.subgraphs = model.subgraphs * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (to_float, "is not an integer"),
        (open_batch, "has no constant shape"),
        (foreign, "uses CUMSUM"),
        (too_new, "CONV_2D has version 6, edgetpu_compiler reads up to 5"),
        (uneven_dilation, r"CONV_2D \(.+\): dilation 2 in x and 1 in y"),
        (over_the_batch, r"MEAN \(.+\): reduces over the batch"),
        (two_graphs, "2 subgraphs"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_an_edge_tpu_does_not_take_is_named(change: Callable[[Any, Any], None], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        check_operators(altered(change))


def test_a_large_network_is_refused_before_it_is_read() -> None:
    with pytest.raises(TrainingError, match="bytes, more than"):
        check_operators(b"\0" * (MAX_BYTES + 1))


def install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in the compiler's place; it is called as the real one is."""
    program = folder / "edgetpu_compiler"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_without_the_compiler_a_message_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    content, message = compile_for_edgetpu(TINY)
    assert content is None
    assert "edgetpu_compiler is not installed: tiny_a_int8.tflite was checked" in message


def test_the_compiler_is_run_and_its_file_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, 'echo compiled > "$3/tiny_a_int8_edgetpu.tflite"; test "$4" = ' + f'"{TINY}"', monkeypatch)
    content, message = compile_for_edgetpu(TINY)
    assert content == b"compiled\n"
    assert "9 bytes" in message


@pytest.mark.parametrize("script", ["echo Invalid model: tiny; exit 1", "echo Invalid model: silent failure"])
def test_the_compilers_refusal_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    install(tmp_path, script, monkeypatch)
    with pytest.raises(TrainingError, match=r"refuses tiny_a_int8\.tflite: Invalid model"):
        compile_for_edgetpu(TINY)
