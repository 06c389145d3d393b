"""The three standard streams as a command finds them: closed, full, or a pipe that nobody reads any more."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from kiosk.errors import OutputFailed

INTERRUPTED = 130
"""As shells count a program that SIGINT ended."""
PIPE_CLOSED = 141
"""As shells count a program that SIGPIPE ended."""

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class Forgiving(io.TextIOBase):
    """A stream for remarks: where they cannot be written they are lost, and nothing else is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or do not."""
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or do not."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether somebody reads along."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """As the stream's own."""
        return self._stream.fileno()


def guarded(work: Callable[[], int]) -> int:
    """Run a command whose results go to standard output, and its remarks to standard error.

    Remarks that cannot be written never keep a result back. A result that cannot be written is an error.

    Returns:
        The command's exit code; `PIPE_CLOSED` where nobody reads on, `INTERRUPTED` after Ctrl-C.

    Raises:
        OutputFailed: standard output is closed, or cannot take what is written.
    """
    open_streams()
    try:
        try:
            code = work()
        except SystemExit as end:  # argparse: after --help, or after a wrong option
            code = end.code if isinstance(end.code, int) else 0
        _flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return PIPE_CLOSED
    return code


def open_streams() -> None:
    """Make the standard streams usable: a closed one must not become the next file that is opened."""
    for descriptor in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(descriptor)
        except OSError:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != descriptor:
                os.dup2(nothing, descriptor)
                os.close(nothing)
    remarks = sys.stderr if sys.stderr is not None else io.StringIO()
    for stream in (sys.stdout, remarks):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any file name can be shown
    if not isinstance(remarks, Forgiving):
        sys.stderr = Forgiving(remarks)


def put(line: str) -> None:
    """Write one line of a result, at once.

    Raises:
        OutputFailed: standard output is closed, or cannot take it.
        BrokenPipeError: nobody reads on.
    """
    if sys.stdout is None:
        raise OutputFailed("Standard output is closed", "Send the output to a file or a program")
    try:
        sys.stdout.write(line + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _not_written(error) from error
    _flush()


def _flush() -> None:
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _not_written(error) from error


def _not_written(error: OSError) -> OutputFailed:
    _discard_output()
    return OutputFailed(f"The output cannot be written ({error.strerror})", "Free space, or name another place for it")


def _discard_output() -> None:
    """What Python would still flush at its end goes nowhere."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, _STDOUT)
        os.close(nothing)
