"""The engines that run a bundle's networks: all members on the CPU, or on an Edge TPU with the CPU behind it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge_models import edgetpu
from edge_models.bundle import Bundle
from edge_models.engine import ENGINES, Batches, Interpreter, Outputs, OutputShapes, Quantisation
from edge_models.errors import BundleError, EngineFailed, EngineUnavailable
from edge_models.folding import fold
from edge_models.prediction import Engine
from edge_models.runtime import first_line, load_delegate, runtime, without_chatter

_REMEDY = "Publish the bundle again with `python -m training publish`"


def open_interpreter(
    bundle: Bundle, engine: str = "auto", threads: int | None = None, device: edgetpu.Device = edgetpu.DEVICE
) -> Interpreter:
    """Open an engine for a verified bundle.

    Args:
        bundle: what `edge_models.bundle.load` gave.
        engine: "auto" (an Edge TPU where one is plugged in and the bundle compiled for it, else the CPU), "cpu" or
            "edgetpu".
        threads: CPU threads; None for as many as there are cores.
        device: where the Edge TPU is.

    Raises:
        BundleError: a network is not what the manifest says.
        EngineUnavailable: no runtime is installed, the engine named is not there, or the bundle is not compiled for it.
        ValueError: no such engine, or less than one thread.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {engine!r}")
    if engine == "edgetpu" and not bundle.compiled_for_edgetpu:
        raise EngineUnavailable(
            "the bundle holds no network compiled for the Edge TPU",
            "Publish it where edgetpu_compiler is installed, or set engine to auto",
        )
    # opened even for an Edge TPU: when that is lost, the result is due within seconds
    cpu = CpuInterpreter(bundle, threads)
    if engine == "cpu" or (engine == "auto" and not (bundle.compiled_for_edgetpu and device.plugged_in())):
        return cpu
    try:
        return edgetpu.EdgeTpuInterpreter(bundle, cpu, device, required=engine == "edgetpu")
    except BaseException:
        cpu.close()
        raise


class Network:
    """One member network, loaded into a runtime interpreter of its own."""

    def __init__(
        self,
        name: str,
        content: bytes,
        input_size: int,
        class_count: int,
        library: str = "",
        folded: Sequence[int] = (),
    ) -> None:
        """Load and check a network; it computes in one thread, so that its results cannot depend on their number.

        Args:
            name: for error messages.
            content: a .tflite file's bytes, full int8, batch 1.
            input_size: side of the square input that the manifest states.
            class_count: C.
            library: of a delegate to run it on; empty for the CPU.
            folded: which class each output beyond the C counts as (`edge_models.folding`); a network may do without.

        Raises:
            BundleError: it is something else.
            EngineUnavailable: no runtime is installed, or the delegate's library or device is not there.
        """
        library_in_use = runtime()
        try:
            # a process that uses a delegate may abort: what it writes last must not be held back
            with nullcontext() if library else without_chatter():
                self._interpreter = library_in_use.module.Interpreter(
                    model_content=content,
                    num_threads=1,
                    experimental_delegates=[load_delegate(library)] if library else None,
                )
                self._interpreter.allocate_tensors()
        except SystemError as error:  # how tflite-runtime 2.14 shows that it was built for numpy 1
            raise EngineUnavailable(
                f"{library_in_use} does not work with numpy {np.__version__}", "Install numpy<2"
            ) from error
        except (ValueError, RuntimeError) as error:
            found = f"{name} is not a network that {library_in_use} can run ({first_line(error)})"
            raise BundleError(found, _REMEDY) from error
        inputs = [_Tensor.of(name, each) for each in self._interpreter.get_input_details()]
        if [each.shape for each in inputs] != [(1, input_size, input_size, 3)]:
            raise BundleError(
                f"{name} takes {_shapes(inputs)}, the manifest says [1, {input_size}, {input_size}, 3]", _REMEDY
            )
        outputs = [_Tensor.of(name, each) for each in self._interpreter.get_output_details()]
        # told apart by shape: names and order are the converter's affair
        widths = {each.shape[3] for each in outputs if len(each.shape) == 4} & {class_count, class_count + len(folded)}
        width = next(iter(widths), class_count)
        maps = [each for each in outputs if len(each.shape) == 4 and each.shape[3] == width]
        logits = [each for each in outputs if each.shape == (1, width)]
        embeddings = [each for each in outputs if len(each.shape) == 2 and each.shape[1] > width]
        if not (len(outputs) == 3 and maps and logits and embeddings):
            raise BundleError(
                f"{name} gives {_shapes(outputs)}, not logits [1, {class_count}], an activation map "
                f"[1, rows, columns, {class_count}] and a longer embedding [1, D]",
                _REMEDY,
            )
        self._input = inputs[0]
        self._logits, self._activation_map, self._embedding = logits[0], maps[0], embeddings[0]
        self._folded = tuple(folded) if width > class_count else ()
        self.input_quantisation = self._input.quantisation
        self.output_shapes = OutputShapes(
            logits=(class_count,),
            activation_map=(*self._activation_map.shape[1:3], class_count),
            embedding=self._embedding.shape[1:],
        )

    def run(self, view: NDArray[np.int8], outputs: Outputs, place: tuple[int, int]) -> None:
        """Run on one view int8[size, size, 3]; the results go to `place` (member, view) of `outputs`.

        Raises:
            EngineFailed: the runtime gave up.
        """
        started = perf_counter()
        try:
            self._interpreter.set_tensor(self._input.index, view[np.newaxis])
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise EngineFailed(f"inference failed ({first_line(error)})", "Start the program again") from error
        outputs.logits[place] = fold(self._real(self._logits), self._folded)
        outputs.activation_maps[place[0]][place[1]] = fold(self._real(self._activation_map), self._folded)
        outputs.embedding[place] = self._real(self._embedding)
        outputs.inference_ms[place] = (perf_counter() - started) * 1e3

    def _real(self, tensor: _Tensor) -> NDArray[np.float32]:
        """What an output stands for, float32 of its shape."""
        stored = self._interpreter.get_tensor(tensor.index)[0]
        real = np.subtract(stored, np.float32(tensor.quantisation.zero_point), dtype=np.float32)
        real *= np.float32(tensor.quantisation.scale)
        return np.asarray(real, np.float32)


def load_networks(
    members: Mapping[str, bytes],
    input_sizes: Sequence[int],
    class_count: int,
    library: str = "",
    folded: Sequence[int] = (),
) -> list[Network]:
    """All members of a bundle, checked to go together.

    Args:
        members: a .tflite file's bytes by name, in the manifest's order.
        input_sizes: one a member, as `Network`.
        class_count: as `Network`.
        library: as `Network`.
        folded: as `Network`.

    Raises:
        BundleError: a network is not what the manifest says, or the members do not go together.
        EngineUnavailable: as `Network`.
    """
    networks = [
        Network(name, content, size, class_count, library, folded)
        for (name, content), size in zip(members.items(), input_sizes, strict=True)
    ]
    first = next(iter(members))
    embedding = networks[0].output_shapes.embedding
    for name, network in zip(members, networks, strict=True):
        if network.input_quantisation != networks[0].input_quantisation:
            raise BundleError(f"{name} quantises its input otherwise than {first}", _REMEDY)
        if network.output_shapes.embedding != embedding:
            raise BundleError(f"{name} has an embedding of another length than {first}", _REMEDY)
    return networks


class CpuInterpreter:
    """All members on the CPU: views are spread over threads, each with interpreters of its own.

    One thread per interpreter takes a quarter less CPU time than one interpreter with two threads (MobileNetV2 int8 on
    LiteRT with XNNPACK), and every result is computed by one thread. The runtime lets go of the GIL while it computes.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        """Load every member for every thread.

        Raises:
            BundleError: a network is not what the manifest says, or the members do not go together.
            EngineUnavailable: no runtime is installed.
            ValueError: less than one thread.
        """
        wanted = len(os.sched_getaffinity(0)) if threads is None else threads
        if wanted < 1:
            raise ValueError(f"at least one thread is needed, not {wanted}")
        manifest = bundle.manifest
        members = dict(zip(manifest.members, bundle.member_bytes, strict=True))
        self.threads = min(wanted, len(members) * len(manifest.views))
        self._networks = [
            load_networks(members, manifest.input_sizes_px, len(manifest.classes), folded=manifest.counts_as)
            for _ in range(self.threads)
        ]
        self.input_quantisation = self._networks[0][0].input_quantisation
        self.output_shapes = [network.output_shapes for network in self._networks[0]]
        # the calling thread works too; a pool starts a thread when it first needs one
        self._pool = ThreadPoolExecutor(max(1, self.threads - 1), "inference")

    def invoke(self, batches: Batches) -> Outputs:
        """See `Interpreter.invoke`."""
        if not self._networks:
            raise EngineFailed("the engine is closed", "Open it again")
        views = len(batches[0])
        outputs = Outputs.empty(self.output_shapes, views)
        work = deque((member, view) for member in range(len(batches)) for view in range(views))
        helpers = [self._pool.submit(_run_all, networks, batches, outputs, work) for networks in self._networks[1:]]
        try:
            _run_all(self._networks[0], batches, outputs, work)
        finally:
            for helper in helpers:
                helper.exception()  # no interpreter may still be in use when this returns or raises
        for helper in helpers:
            helper.result()
        return outputs

    def describe(self) -> Engine:
        """See `Interpreter.describe`."""
        return Engine(runtime=str(runtime()), device="cpu", threads=self.threads)

    def close(self) -> None:
        """See `Interpreter.close`."""
        self._pool.shutdown()
        self._networks = []


def _run_all(networks: Sequence[Network], batches: Batches, outputs: Outputs, work: deque[tuple[int, int]]) -> None:
    """Take (member, view) from `work` until nothing is left."""
    while True:
        try:
            member, view = work.popleft()
        except IndexError:
            return
        networks[member].run(batches[member][view], outputs, (member, view))


@dataclass(frozen=True)
class _Tensor:
    """An input or output of a network."""

    index: int
    shape: tuple[int, ...]
    quantisation: Quantisation

    @classmethod
    def of(cls, network: str, details: Mapping[str, Any]) -> Self:
        scales = details["quantization_parameters"]["scales"]
        zero_points = details["quantization_parameters"]["zero_points"]
        if details["dtype"] is not np.int8 or len(scales) != 1 or not scales[0] > 0:
            raise BundleError(f"{network} is not quantised to int8 throughout ({details['name']})", _REMEDY)
        return cls(
            index=int(details["index"]),
            shape=tuple(int(side) for side in details["shape"]),
            quantisation=Quantisation(float(scales[0]), int(zero_points[0])),
        )


def _shapes(tensors: Sequence[_Tensor]) -> str:
    return ", ".join(str(list(tensor.shape)) for tensor in tensors)
