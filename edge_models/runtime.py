"""The inference libraries: LiteRT (`ai-edge-litert`), else the older `tflite-runtime`. Nothing else imports them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from edge_models.errors import EngineUnavailable

_CHATTER = b"INFO: "
_stderr_lock = threading.Lock()


@dataclass(frozen=True)
class Runtime:
    """An inference library.

    Attributes:
        module: with `Interpreter` and `load_delegate`.
        name: of its package.
    """

    module: Any
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@cache
def runtime() -> Runtime:
    """The library in use, imported at first use: reading a bundle or decoding an image needs none.

    Raises:
        EngineUnavailable: none is installed.
    """
    try:
        import ai_edge_litert
        import ai_edge_litert.interpreter

        return Runtime(ai_edge_litert.interpreter, "ai-edge-litert", ai_edge_litert.__version__)
    except ImportError as error:
        first = error
    try:
        import tflite_runtime
        import tflite_runtime.interpreter

        return Runtime(tflite_runtime.interpreter, "tflite-runtime", tflite_runtime.__version__)
    except ImportError:
        raise EngineUnavailable(
            f"no inference runtime can be loaded ({first_line(first)})", "Run `pip install ai-edge-litert`"
        ) from first


def load_delegate(library: str) -> Any:
    """A delegate of the library in use.

    Raises:
        EngineUnavailable: the shared library cannot be loaded, or finds no device.
    """
    try:
        return runtime().module.load_delegate(library)
    except OSError as error:
        raise EngineUnavailable(
            f"{library} cannot be loaded ({first_line(error)})",
            "Install libedgetpu for this system, or set engine to auto",
        ) from error
    except ValueError as error:
        raise EngineUnavailable(
            f"{library} finds no Edge TPU",
            "Plug it in, through a powered hub, and check that its udev rule is installed, or set engine to auto",
        ) from error


def first_line(error: Exception) -> str:
    """The first line of a foreign error."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Keep the runtimes' INFO lines off the terminal; anything else written meanwhile follows at the end.

    Neither runtime's log level can be set from Python, so this holds back file descriptor 2 itself.
    """
    with _stderr_lock, os.fdopen(os.memfd_create("stderr"), "w+b") as held:
        original = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)
            held.seek(0)
            for line in held:
                if not line.startswith(_CHATTER):
                    os.write(2, line)
