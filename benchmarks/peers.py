"""The same pictures through every engine that could run the released network, in one run.

Each engine is a process of its own (`benchmarks.peer`); all are loaded first, then they run all pictures in turns, so
that whatever else the machine does meets them alike. One network (the bundle's first member), one view, and the time of
the inference alone: from the tensor in hand to the scores. What is not installed is named and left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks import kinds
from benchmarks.machine import this_machine
from benchmarks.peer import Job
from benchmarks.peer_pictures import Pictures
from benchmarks.statistics import summary_ms
from benchmarks.tflite_network import Network, read_network
from edge_models import bundle as bundles
from edge_models.classifier import calibrate, equal_priors, mean_log_softmax
from edge_models.folding import fold
from edge_models.labels import LesionClass
from edge_models.recall import balanced_accuracy

_ROOT = Path(__file__).parents[1]
_OLDER_PYTHON = _ROOT / ".venv-tflite-runtime" / "bin" / "python"
_REFERENCE = "LiteRT int8"
_OLDER = "tflite-runtime int8"


@dataclass(frozen=True)
class ThirdParty:
    """Another classifier to run beside the released one.

    Attributes:
        size: side of its square input in pixels.
        scaling: one of `benchmarks.peer.SCALINGS`.
        classes: its class order.
    """

    file: Path
    size: int
    scaling: str
    classes: tuple[LesionClass, ...]

    @classmethod
    def from_options(cls, file: Path, size: int, scaling: str, codes: str | None) -> ThirdParty:
        """What the command line says; without `codes` its class order is that of the bundle that ships.

        Raises:
            RuntimeError: there is no such file, or a class is unknown, missing or named twice.
        """
        if not file.is_file():
            raise RuntimeError(f"{file} is not there")
        if codes is None:
            return cls(file, size, scaling, bundles.load(bundles.default_bundle()).manifest.classes)
        try:
            classes = tuple(LesionClass.from_code(code.strip()) for code in codes.split(","))
        except ValueError as error:
            raise RuntimeError(f"--classes: {error}") from error
        if sorted(each.code for each in classes) != sorted(each.code for each in LesionClass):
            raise RuntimeError(f"--classes must name each of {', '.join(each.code for each in LesionClass)} once")
        return cls(file, size, scaling, classes)


@dataclass(frozen=True)
class _Peer:
    """One row: who runs what."""

    name: str
    python: Path
    job: Job
    classes: tuple[LesionClass, ...]
    released: bool = True


def measure(
    bundle_folder: Path | None, pictures: Pictures, third_party: ThirdParty | None, *, threads: int, rounds: int
) -> dict[str, Any]:
    """Run every engine that is there.

    Args:
        bundle_folder: of the released network; None for the one that ships.
        pictures: what to run, with labels where there are any.
        third_party: a network of somebody else to run beside the released one; None for none.
        threads: of each engine within one inference.
        rounds: how often each engine runs all pictures, in turns with the others.

    Returns:
        A JSON document: machine, bundle, and for each peer raw samples, sizes, memory and agreement.

    Raises:
        RuntimeError: the released network cannot be run at all.
    """
    bundle = bundles.load(bundle_folder or bundles.default_bundle())
    manifest = bundle.manifest
    with TemporaryDirectory() as folder, ExitStack() as stack:
        peers, left_out = _prepare(Path(folder), bundle, pictures, third_party, threads)
        running: list[tuple[_Peer, _Process]] = []
        for peer in peers:
            process = stack.enter_context(_Process(peer))
            if process.error:
                left_out.append({"name": peer.name, "why": process.error})
            else:
                running.append((peer, process))
        passes: dict[str, list[dict[str, Any]]] = {peer.name: [] for peer, _ in running}
        for _ in range(rounds):
            for peer, process in running:
                passes[peer.name].append(process.run())
        rows = [_row(peer, process, passes[peer.name]) for peer, process in running]
    if not rows or rows[0]["name"] != _REFERENCE:
        raise RuntimeError(f"the released network does not run: {left_out[0]['why']}")
    predicted = {row["name"]: _probabilities(row, peer, bundle) for row, (peer, _) in zip(rows, running, strict=True)}
    for row in rows:
        _compare(row, predicted[row["name"]], predicted[_REFERENCE], pictures, manifest.classes)
    return {
        "kind": kinds.PEERS,
        "machine": this_machine().to_json(),
        "bundle": manifest.model_id,
        "member": manifest.members[0],
        "members": len(manifest.members),
        "input_size_px": manifest.input_sizes_px[0],
        "pictures": {"source": pictures.source, "count": len(pictures.rgb), "labelled": pictures.labelled},
        "threads": threads,
        "rounds": rounds,
        "peers": rows,
        "left_out": left_out,
    }


def _prepare(
    folder: Path, bundle: bundles.Bundle, pictures: Pictures, third_party: ThirdParty | None, threads: int
) -> tuple[list[_Peer], list[dict[str, str]]]:
    """Write the networks' and pictures' files; say who can run and who cannot, and why."""
    manifest, content = bundle.manifest, bundle.member_bytes[0]
    here, left_out = Path(sys.executable), []

    def job(engine: str, model: Path) -> Job:
        return Job(
            engine,
            str(model),
            str(pictures.write(folder, manifest.input_sizes_px[0], manifest.views[0])),
            len(pictures.rgb),
            manifest.input_sizes_px[0],
            threads,
            len(manifest.classes) + len(manifest.counts_as),
        )

    tflite = folder / "released_int8.tflite"
    tflite.write_bytes(content)
    peers = [_Peer(_REFERENCE, here, job("litert", tflite), manifest.classes)]
    if _OLDER_PYTHON.exists():
        peers.append(_Peer(_OLDER, _OLDER_PYTHON, job("tflite-runtime", tflite), manifest.classes))
    else:
        left_out.append({"name": _OLDER, "why": "no .venv-tflite-runtime: run `make tflite-runtime-env`"})
    network = read_network(content)
    if find_spec("onnx"):
        from benchmarks.onnx_network import to_onnx

        exact, real = folder / "released_int8.onnx", folder / "released_float32.onnx"
        exact.write_bytes(to_onnx(network, integer=True))
        real.write_bytes(to_onnx(network, integer=False))
        tensor = network.tensors[network.input]
        for engine, name in (("onnxruntime", "ONNX Runtime"), ("opencv", "OpenCV DNN")):
            integer = replace(
                job(engine, exact), input_scale=float(tensor.scale[0]), input_zero_point=tensor.zero_point
            )
            peers.append(_Peer(f"{name} int8", here, integer, manifest.classes))
            peers.append(_Peer(f"{name} float32", here, job(engine, real), manifest.classes))
    else:
        left_out.append({"name": "ONNX Runtime, OpenCV DNN", "why": "no onnx: run `pip install onnx onnxruntime`"})
    weights = folder / "released_float32.npz"
    np.savez(weights, **dict(_convolutions(network)))
    peers.append(_Peer("TensorFlow float32", here, job("tensorflow", weights), manifest.classes))
    if third_party:
        other = replace(
            job("litert", third_party.file),
            pictures=str(pictures.write(folder, third_party.size, manifest.views[0])),
            size=third_party.size,
            scaling=third_party.scaling,
            output_count=len(third_party.classes),
        )
        peers.append(_Peer(f"{third_party.file.name} (LiteRT)", here, other, third_party.classes, released=False))
    return peers, left_out


def _convolutions(network: Network) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Kernels as Keras keeps them (rows, columns, inputs, outputs) and biases, dequantised, in order of execution."""
    steps = [each for each in network.operations if each.kind in ("CONV_2D", "DEPTHWISE_CONV_2D")]
    for index, step in enumerate(steps):
        kernel, bias = (network.tensors[each] for each in step.inputs[1:])
        yield f"kernel_{index}", kernel.real(3 if step.kind == "DEPTHWISE_CONV_2D" else 0).transpose(1, 2, 3, 0)
        yield f"bias_{index}", bias.real(0)


class _Process:
    """A running `benchmarks.peer`; `error` says why it is not one."""

    def __init__(self, peer: _Peer) -> None:
        self._process = subprocess.Popen(
            [peer.python, "-m", "benchmarks.peer", json.dumps(asdict(peer.job))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ROOT), "CUDA_VISIBLE_DEVICES": "-1"},
        )
        self.ready = self._answer()
        self.error = str(self.ready.get("error", ""))

    def run(self) -> dict[str, Any]:
        """All pictures once.

        Raises:
            RuntimeError: the engine died.
        """
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise RuntimeError(f"an engine ended while it ran: {answer['error']}")
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            return {"error": f"its process ended with code {self._process.wait()}"}
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _row(peer: _Peer, process: _Process, passes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    samples = [sample for each in passes for sample in each["ms"]]
    return {
        "name": peer.name,
        "engine": process.ready["version"],
        "threads": peer.job.threads,
        "delegate": process.ready["delegate"],
        "latency_ms": summary_ms(samples) | {"samples": samples},
        "load_ms": process.ready["load_ms"],
        "first_ms": process.ready["first_ms"],
        "model_mib": Path(peer.job.model).stat().st_size / 2**20,
        "runtime_mib": process.ready["runtime_mib"],
        "resident_mib": passes[-1]["resident_mib"],
        "bare_mib": process.ready["bare_mib"],
        "scores": passes[0]["scores"],
    }


def _probabilities(row: Mapping[str, Any], peer: _Peer, bundle: bundles.Bundle) -> NDArray[np.float64]:
    """float64[pictures, the bundle's classes]; the released network's are calibrated as the kiosk does it."""
    manifest = bundle.manifest
    scores = np.asarray(row["scores"], np.float64)
    if peer.released:
        logits = fold(scores.astype(np.float32), manifest.counts_as)
        pooled = np.stack([mean_log_softmax(each[np.newaxis, np.newaxis]) for each in logits])
        return equal_priors(calibrate(pooled, manifest.calibration), manifest.calibration)
    places = [peer.classes.index(each) for each in manifest.classes]
    return np.asarray(scores[:, places])


def _compare(
    row: dict[str, Any],
    found: NDArray[np.float64],
    reference: NDArray[np.float64],
    pictures: Pictures,
    classes: Sequence[LesionClass],
) -> None:
    """Add agreement with the reference and, where there are labels, balanced accuracy."""
    likeliest = found.argmax(axis=1)
    row["agreement"] = float((likeliest == reference.argmax(axis=1)).mean())
    row["largest_difference"] = float(np.abs(found - reference).max())
    known = {place: classes.index(label) for place, label in enumerate(pictures.labels) if label is not None}
    target = np.fromiter(known.values(), np.int64)
    row["balanced_accuracy"] = balanced_accuracy(likeliest[list(known)], target) if known else None


def older_over_litert(document: Mapping[str, Any]) -> float | None:
    """How many times as long tflite-runtime takes for one image (p50) as LiteRT; None where it did not run."""
    p50 = {row["name"]: row["latency_ms"]["p50"] for row in document["peers"]}
    return float(p50[_OLDER] / p50[_REFERENCE]) if _OLDER in p50 else None


def conditions(document: Mapping[str, Any]) -> str:
    """On what and how the peers were measured, in one line."""
    size = document["input_size_px"]
    of = f" (one of the bundle's {document['members']} members)" if document["members"] > 1 else ""
    return (
        f"{document['pictures']['count']} pictures ({document['pictures']['source']}), one view of "
        f"{document['member']}{of}, {size} x {size} pixels; {document['threads']} thread(s) each, "
        f"{document['rounds']} rounds in turns; {document['machine']['model']}, {document['machine']['cores']} cores"
    )


def table(document: Mapping[str, Any]) -> str:
    """One line a peer."""
    fastest = document["peers"][0]["latency_ms"]["p50"]
    lines = [
        conditions(document),
        f"{'peer':<26} {'engine':<30} {'threads':>7} {'delegate':>8} {'p50 ms':>8} {'p95 ms':>8} {'× LiteRT':>8} "
        f"{'file MiB':>8} {'engine MiB':>10} {'in RAM MiB':>10} {'agrees':>7} {'max Δp':>7} {'bal. acc.':>9}",
    ]
    for row in document["peers"]:
        latency, accuracy = row["latency_ms"], row["balanced_accuracy"]
        lines.append(
            f"{row['name']:<26} {row['engine']:<30} {row['threads']:>7} {row['delegate']:>8} {latency['p50']:>8.2f} "
            f"{latency['p95']:>8.2f} {latency['p50'] / fastest:>8.1f} {row['model_mib']:>8.1f} "
            f"{row['runtime_mib']:>10.0f} {row['resident_mib']:>10.0f} {row['agreement']:>7.1%} "
            f"{row['largest_difference']:>7.3f} {'–' if accuracy is None else f'{accuracy:.3f}':>9}"
        )
    bare = document["peers"][0]["bare_mib"]
    lines.append(f"in RAM: the whole process that runs this engine alone; Python and NumPy are {bare:.0f} MiB of it")
    ratio = older_over_litert(document)
    if ratio:
        lines.append(f"one int8 image: tflite-runtime takes {ratio:.1f} times as long as LiteRT, each as it comes")
    lines += [f"left out: {each['name']} – {each['why']}" for each in document["left_out"]]
    return "\n".join(lines)
