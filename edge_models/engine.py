"""What every inference engine takes and gives; `edge_models.interpreter` opens one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_models.prediction import Engine

ENGINES = ("auto", "cpu", "edgetpu")
"""What a configuration may ask for."""


@dataclass(frozen=True)
class Quantisation:
    """How an integer tensor stands for real numbers: `real = (stored - zero_point) * scale`."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class OutputShapes:
    """The shape of each output for one member and one view."""

    logits: tuple[int, ...]
    activation_map: tuple[int, ...]
    embedding: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the networks say of every view, dequantised.

    Attributes:
        logits: float32[members, views, C].
        activation_maps: of every member float32[views, rows, columns, C], the logits before averaging over the picture.
        embedding: float32[members, views, D].
        inference_ms: float32[members, views], how long each inference took; those of several threads ran at once.
    """

    logits: NDArray[np.float32]
    activation_maps: tuple[NDArray[np.float32], ...]
    embedding: NDArray[np.float32]
    inference_ms: NDArray[np.float32]

    @classmethod
    def empty(cls, shapes: Sequence[OutputShapes], views: int) -> Outputs:
        """Arrays to be filled, of members with these shapes."""
        members, first = len(shapes), shapes[0]
        return cls(
            logits=np.empty((members, views, *first.logits), np.float32),
            activation_maps=tuple(np.empty((views, *each.activation_map), np.float32) for each in shapes),
            embedding=np.empty((members, views, *first.embedding), np.float32),
            inference_ms=np.empty((members, views), np.float32),
        )

    def parts(self) -> tuple[NDArray[np.float32], ...]:
        """All arrays in the order of the attributes."""
        return self.logits, *self.activation_maps, self.embedding, self.inference_ms

    def to_bytes(self) -> bytes:
        """All values in the order of the attributes, what `from_bytes` reads."""
        return b"".join(part.tobytes() for part in self.parts())

    @classmethod
    def from_bytes(cls, content: bytes, shapes: Sequence[OutputShapes], views: int) -> Outputs:
        """Read what `to_bytes` wrote on the same machine.

        Raises:
            ValueError: not as many bytes as the shapes ask for.
        """
        outputs = cls.empty(shapes, views)
        if len(content) != sum(part.nbytes for part in outputs.parts()):
            raise ValueError(f"{len(content)} bytes are not the outputs for {len(shapes)} members and {views} views")
        start = 0
        for part in outputs.parts():
            part[...] = np.frombuffer(content, np.float32, part.size, start).reshape(part.shape)
            start += part.nbytes
        return outputs


Batches = Sequence[NDArray[np.int8]]
"""What every member takes: int8[views, size, size, 3] in C order; one array for all members of that size."""


class Interpreter(Protocol):
    """Runs all members of one bundle; one thread at a time may use it."""

    @property
    def input_quantisation(self) -> Quantisation:
        """What `invoke` expects its batch to be quantised with."""

    @property
    def output_shapes(self) -> Sequence[OutputShapes]:
        """What `invoke` gives for one view, by member; only the activation maps' sides may differ."""

    def invoke(self, batches: Batches) -> Outputs:
        """Run every member on every view of its batch.

        Raises:
            EngineFailed: the engine stopped answering, or is closed.
        """

    def describe(self) -> Engine:
        """What ran the last `invoke`, or would run the first."""

    def close(self) -> None:
        """Give everything back; may be called again."""
