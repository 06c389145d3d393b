"""One inference engine in a process of its own: `python -m benchmarks.peer JOB`, JOB being a JSON object.

Started by `benchmarks.peers`, also in environments that hold little more than NumPy and one engine. It says one JSON
line when the network is loaded; then, for every line on its input, it runs all pictures once and says what came out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

# the engines' own chatter: what this process says is read by a program
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SCALINGS = ("signed", "unit", "byte", "imagenet")
"""How pixels become real inputs: [-1, 1], [0, 1], [0, 255], or by ImageNet's mean and deviation of each colour."""
_IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


@dataclass(frozen=True)
class Job:
    """What one process is to run.

    Attributes:
        engine: one of `ENGINES`.
        model: the network's file.
        pictures: a file of uint8[count, size, size, 3].
        threads: of the engine, within one inference.
        output_count: scores of a picture, those of folded findings (`edge_models.folding`) among them.
        scaling: one of `SCALINGS`.
        input_scale, input_zero_point: of an int8 ONNX file; the other formats say it themselves. 0 for float32.
    """

    engine: str
    model: str
    pictures: str
    count: int
    size: int
    threads: int
    output_count: int
    scaling: str = "signed"
    input_scale: float = 0.0
    input_zero_point: int = 0


@dataclass(frozen=True)
class Opened:
    """A loaded network.

    Attributes:
        prepare: uint8[size, size, 3] → what `run` takes; not timed.
        run: that → the network's outputs, as the engine gives them.
        finish: those → float scores [output_count]; not timed.
        packages: distributions that the engine is made of.
        delegate: what a TensorFlow Lite runtime hands the network to by itself; "none", or "–" for other engines.
    """

    prepare: Callable[[NDArray[np.uint8]], Any]
    run: Callable[[Any], Any]
    finish: Callable[[Any], NDArray[Any]]
    packages: tuple[str, ...]
    delegate: str = "–"


def scaled(rgb: NDArray[np.uint8], scaling: str) -> NDArray[np.float32]:
    """Pixels as one of `SCALINGS` makes them, float32 of the same shape."""
    real = rgb.astype(np.float32)
    if scaling == "signed":
        return np.asarray(real / 127.5 - 1.0, np.float32)
    if scaling == "unit":
        return np.asarray(real / 255.0, np.float32)
    if scaling == "imagenet":
        return np.asarray((real / 255.0 - _IMAGENET_MEAN) / _IMAGENET_DEVIATION, np.float32)
    return real


def quantised(real: NDArray[np.float32], scale: float, zero_point: int, dtype: type[np.integer[Any]]) -> NDArray[Any]:
    """Real numbers as a tensor's integers; halves round up as in `edge_models.preprocess`."""
    limits = np.iinfo(dtype)
    levels = np.floor(real.astype(np.float64) / scale + 0.5 + 1e-4) + zero_point
    return np.asarray(np.clip(levels, limits.min, limits.max), dtype)


def _tflite(interpreter: Any, job: Job, packages: tuple[str, ...]) -> Opened:
    interpreter.allocate_tensors()
    tensor = interpreter.get_input_details()[0]
    wanted = (1, job.size, job.size, 3)
    if tuple(tensor["shape"]) != wanted:
        raise RuntimeError(f"{job.model} takes {[int(n) for n in tensor['shape']]}, not {list(wanted)}")
    outputs = interpreter.get_output_details()
    scores = next((each for each in outputs if tuple(each["shape"]) == (1, job.output_count)), None)
    if scores is None:
        raise RuntimeError(f"{job.model} has no output of {job.output_count} scores")
    scale, zero_point = tensor["quantization"]

    def prepare(rgb: NDArray[np.uint8]) -> NDArray[Any]:
        real = scaled(rgb, job.scaling)[np.newaxis]
        return quantised(real, scale, zero_point, tensor["dtype"]) if scale else real.astype(tensor["dtype"])

    def run(values: NDArray[Any]) -> Any:
        interpreter.set_tensor(tensor["index"], values)
        interpreter.invoke()
        return interpreter.get_tensor(scores["index"])

    def finish(stored: NDArray[Any]) -> NDArray[Any]:
        step, zero = scores["quantization"]
        return np.asarray((stored[0].astype(np.float64) - zero) * step if step else stored[0])

    # no delegate is asked for, so that one which has taken operations is the runtime's own: XNNPACK
    taken = any(each["op_name"] == "DELEGATE" for each in interpreter._get_ops_details())
    return Opened(prepare, run, finish, packages, "XNNPACK" if taken else "none")


def _litert(job: Job) -> Opened:
    from ai_edge_litert.interpreter import Interpreter

    return _tflite(Interpreter(model_path=job.model, num_threads=job.threads), job, ("ai-edge-litert",))


def _tflite_runtime(job: Job) -> Opened:
    from tflite_runtime.interpreter import Interpreter

    return _tflite(Interpreter(model_path=job.model, num_threads=job.threads), job, ("tflite-runtime",))


def _channels_first(job: Job) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    def prepare(rgb: NDArray[np.uint8]) -> NDArray[Any]:
        real: NDArray[Any] = scaled(rgb, job.scaling)
        if job.input_scale:
            real = quantised(real, job.input_scale, job.input_zero_point, np.int8)
        return np.ascontiguousarray(real.transpose(2, 0, 1)[np.newaxis])

    return prepare


def _scores(job: Job) -> Callable[[Any], NDArray[Any]]:
    def finish(outputs: Any) -> NDArray[Any]:
        return next(np.asarray(each)[0] for each in outputs if np.shape(each) == (1, job.output_count))

    return finish


def onnx_session(model: bytes | str, threads: int = 1) -> Any:
    """A session of ONNX Runtime that computes with integers as they are.

    Processors without VNNI add products of int8 and uint8 in 16 bits, which saturate, unless the session asks for
    precision (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html).
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _onnxruntime(job: Job) -> Opened:
    session = onnx_session(job.model, job.threads)
    name = session.get_inputs()[0].name
    return Opened(
        _channels_first(job), lambda values: session.run(None, {name: values}), _scores(job), ("onnxruntime",)
    )


def _opencv(job: Job) -> Opened:
    import cv2

    cv2.setNumThreads(job.threads)
    network = cv2.dnn.readNetFromONNX(job.model)
    names = network.getUnconnectedOutLayersNames()

    def run(values: NDArray[Any]) -> Any:
        network.setInput(values)
        return network.forward(names)

    return Opened(_channels_first(job), run, _scores(job), ("opencv-python-headless",))


def _tensorflow(job: Job) -> Opened:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(job.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = keras_network(Path(job.model), job.size, job.output_count)
    infer = tf.function(
        lambda values: model(values, training=False),
        input_signature=[tf.TensorSpec((1, job.size, job.size, 3), tf.float32)],
    )
    return Opened(
        lambda rgb: scaled(rgb, job.scaling)[np.newaxis],
        lambda values: infer(values).numpy(),
        lambda outputs: np.asarray(outputs[0]),
        ("tensorflow", "keras"),
    )


def keras_network(weights: Path, size: int, output_count: int) -> Any:
    """TensorFlow's own MobileNetV2 (`keras.applications`, BatchNorms and all) with the released weights.

    Args:
        weights: an npz file of the convolutions' kernels and biases in order of execution, the last being the head.
        size: side of the input in pixels.
        output_count: outputs of the head.

    Raises:
        RuntimeError: the weights are another network's.
    """
    import keras

    backbone = keras.applications.MobileNetV2(input_shape=(size, size, 3), include_top=False, weights=None)
    pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
    model = keras.Model(backbone.input, keras.layers.Dense(output_count)(pooled))
    with np.load(weights) as arrays:
        kernels = [arrays[f"kernel_{index}"] for index in range(len(arrays.files) // 2)]
        biases = [arrays[f"bias_{index}"] for index in range(len(kernels))]
    holders = [layer for layer in model.layers if "kernel" in "".join(each.name for each in layer.weights)]
    if [layer.kernel.shape for layer in holders[:-1]] != [kernel.shape for kernel in kernels[:-1]]:
        raise RuntimeError("the bundle's network is not MobileNetV2 1.0")
    for layer, kernel in zip(holders[:-1], kernels, strict=False):
        layer.set_weights([kernel])
    holders[-1].set_weights([kernels[-1].reshape(-1, output_count), biases[-1]])
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for norm, bias in zip(norms, biases, strict=False):
        # folded already: a norm that only adds the bias
        ones = np.ones_like(bias)
        norm.set_weights([ones, bias, np.zeros_like(bias), ones - norm.epsilon])
    return model


ENGINES: dict[str, Callable[[Job], Opened]] = {
    "litert": _litert,
    "tflite-runtime": _tflite_runtime,
    "onnxruntime": _onnxruntime,
    "opencv": _opencv,
    "tensorflow": _tensorflow,
}


def resident_mib() -> float:
    """Memory of this process that lies in RAM, now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _packages(names: tuple[str, ...]) -> tuple[str, float]:
    """Name and version of the first distribution, and what all of them take on disk in MiB."""
    from importlib.metadata import distribution

    total = 0
    for name in names:
        for file in distribution(name).files or ():
            path = Path(str(file.locate()))
            total += path.stat().st_size if path.is_file() else 0
    return f"{names[0]} {distribution(names[0]).version}", total / 2**20


def main(text: str) -> None:
    """Load the network of a `Job` in JSON, say so in one line, then run all pictures once for every line on stdin."""
    job = Job(**json.loads(text))
    say = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the engine prints goes elsewhere
    before = resident_mib()
    started = perf_counter()
    try:
        opened = ENGINES[job.engine](job)
        first = _pass(job, opened, 1)
    except (ImportError, RuntimeError, ValueError) as error:
        print(json.dumps({"error": next(iter(str(error).splitlines()), type(error).__name__)}), file=say, flush=True)
        return
    version, disk_mib = _packages(opened.packages)
    ready = {
        "version": version,
        "delegate": opened.delegate,
        "runtime_mib": disk_mib,
        "bare_mib": before,
        "load_ms": (perf_counter() - started) * 1e3,
    }
    print(json.dumps(ready | {"first_ms": first["ms"][0]}), file=say, flush=True)
    for _ in sys.stdin:
        print(json.dumps(_pass(job, opened, job.count)), file=say, flush=True)


def _pass(job: Job, opened: Opened, count: int) -> dict[str, Any]:
    milliseconds, scores = [], []
    length = job.size * job.size * 3
    for index in range(count):
        # one at a time, so that the pictures do not count as the engine's memory
        rgb = np.fromfile(job.pictures, np.uint8, length, offset=index * length).reshape(job.size, job.size, 3)
        values = opened.prepare(rgb)
        started = perf_counter()
        outputs = opened.run(values)
        milliseconds.append((perf_counter() - started) * 1e3)
        scores.append(opened.finish(outputs).astype(float).tolist())
    return {"ms": milliseconds, "scores": scores, "resident_mib": resident_mib()}


if __name__ == "__main__":
    main(sys.argv[1])
