"""An Edge TPU that may be pulled out at any time.

Its library aborts or hangs the process that uses it when the stick is lost, so it lives in a child process
(`edge_models.edgetpu_child`). A call that the child does not answer in time is answered by the CPU, and so are the
later ones until a new child runs.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import numpy as np

from edge_models.bundle import Bundle
from edge_models.engine import Batches, Interpreter, Outputs
from edge_models.errors import BundleError, EdgeModelError, EngineError, EngineFailed, EngineUnavailable
from edge_models.framing import receive, send
from edge_models.prediction import Engine

FAILURES_ALLOWED = 3
FAILURE_WINDOW_S = 600.0
"""After so many failures within this time the Edge TPU is left alone until the first of them is older."""

_LOG = logging.getLogger(__name__)
_USB_IDS = {("1a6e", "089a"), ("18d1", "9302")}  # before and after the library has loaded its firmware
_REPLUG = "Unplug the Edge TPU, plug it in again through a powered hub, or set engine to auto"


@dataclass(frozen=True)
class Device:
    """Where the Edge TPU is, and how long it may take.

    Attributes:
        library: the delegate, by name or path.
        usb_devices: where the kernel lists what is plugged in.
        start_timeout_s: for a process to start, load the networks and run them once.
        call_timeout_s: for one picture's batch; after it there must be time left for the CPU.
        retry_interval_s: between looking whether a lost device can be used again.
    """

    library: str = "libedgetpu.so.1"
    usb_devices: Path = Path("/sys/bus/usb/devices")
    start_timeout_s: float = 15.0
    call_timeout_s: float = 1.0
    retry_interval_s: float = 5.0

    def plugged_in(self) -> bool:
        """Whether the kernel sees an Edge TPU on USB; nothing is opened."""
        for vendor_file in self.usb_devices.glob("*/idVendor"):
            try:
                vendor = vendor_file.read_text().strip()
                product = vendor_file.with_name("idProduct").read_text().strip()
            except OSError:  # unplugged just now
                continue
            if (vendor, product) in _USB_IDS:
                return True
        return False


DEVICE = Device()


class EdgeTpuInterpreter:
    """All members on the Edge TPU, or on the CPU while that is lost; `describe` says which it was."""

    def __init__(
        self,
        bundle: Bundle,
        cpu: Interpreter,
        device: Device = DEVICE,
        *,
        required: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Start the child process and run it once.

        Args:
            bundle: what to run, compiled for the Edge TPU.
            cpu: an open engine for the same bundle; closing this one closes it.
            device: where the Edge TPU is.
            required: whether an Edge TPU that cannot be used is an error; else the CPU stands in from the start.
            clock: seconds, never going back.

        Raises:
            BundleError: the networks for the Edge TPU are not what the manifest says.
            EngineUnavailable: `required`, and the library or the device is not there or does not start.
        """
        self.input_quantisation = cpu.input_quantisation
        self.output_shapes = cpu.output_shapes
        self._bundle, self._cpu, self._device, self._clock = bundle, cpu, device, clock
        self._failures: deque[float] = deque(maxlen=FAILURES_ALLOWED)
        self._changing = threading.Lock()
        self._closed = threading.Event()
        self._child: _Child | None = None
        self._why = ""
        self._regainer: threading.Thread | None = None
        try:
            self._child = _Child(bundle, cpu, device)
        except EngineError as error:
            if required:
                raise
            self._lose(error)
        self._last = self._describe_child() if self._child else self._describe_cpu()

    def invoke(self, batches: Batches) -> Outputs:
        """See `Interpreter.invoke`."""
        child = self._child
        if child is not None:
            try:
                outputs = child.invoke(batches, self._device.call_timeout_s)
            except EngineFailed as error:
                self._lose(error, child)
            else:
                self._last = self._describe_child()
                return outputs
        outputs = self._cpu.invoke(batches)
        self._last = self._describe_cpu()
        return outputs

    def describe(self) -> Engine:
        """See `Interpreter.describe`."""
        return self._last

    def close(self) -> None:
        """See `Interpreter.close`."""
        with self._changing:
            self._closed.set()
            child, self._child = self._child, None
        if child is not None:
            child.close()
        if self._regainer is not None:
            self._regainer.join(timeout=1.0)  # it may be starting a process: that one is closed when it has come up
        self._cpu.close()

    def _describe_child(self) -> Engine:
        return Engine(runtime=self._cpu.describe().runtime, device="edgetpu", threads=0)

    def _describe_cpu(self) -> Engine:
        return replace(self._cpu.describe(), note=f"{self._why}: ran on the CPU")

    def _lose(self, error: EngineError, child: _Child | None = None) -> None:
        """Go on without a child, and try to get another one behind the scenes."""
        self._child = None
        self._why = "Edge TPU lost" if child else error.what
        self._count_failure(error)
        self._regainer = threading.Thread(target=self._regain, args=(child,), name="edgetpu-regain", daemon=True)
        self._regainer.start()

    def _count_failure(self, error: EdgeModelError) -> None:
        self._failures.append(self._clock())
        _LOG.warning("Edge TPU: %s", error)
        if self._locked_out():
            self._why = f"Edge TPU failed {FAILURES_ALLOWED} times in {FAILURE_WINDOW_S / 60:.0f} minutes"
            _LOG.warning("%s: it is left alone for now", self._why)

    def _locked_out(self) -> bool:
        return len(self._failures) == FAILURES_ALLOWED and self._clock() - self._failures[0] < FAILURE_WINDOW_S

    def _regain(self, lost: _Child | None) -> None:
        if lost is not None:
            lost.close()
        while not self._closed.wait(self._device.retry_interval_s):
            if self._locked_out() or not self._device.plugged_in():
                continue
            try:
                child = _Child(self._bundle, self._cpu, self._device)
            except (EngineError, BundleError) as error:
                self._count_failure(error)
                continue
            with self._changing:
                if not self._closed.is_set():
                    _LOG.info("Edge TPU: in use again")
                    self._child = child
                    return
            child.close()


class _Child:
    """A running `edge_models.edgetpu_child`, with the networks loaded and tried."""

    def __init__(self, bundle: Bundle, cpu: Interpreter, device: Device) -> None:
        """Start it.

        Raises:
            BundleError: the networks are not what the manifest says.
            EngineUnavailable: it does not start.
        """
        manifest = bundle.manifest
        self._shapes, self._sizes = cpu.output_shapes, manifest.input_sizes_px
        self._said = os.fdopen(os.memfd_create("edgetpu-stderr"), "r+b")
        self._connection, theirs = socket.socketpair()
        package_root = str(Path(__file__).parents[1])
        search_path = os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH"))))
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "edge_models.edgetpu_child"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env={**os.environ, "PYTHONPATH": search_path},
                start_new_session=True,  # Ctrl-C in a terminal is for the parent, which ends the child in its own time
            )
        try:
            self._start(bundle, device)
            # the first run is the slow one (networks go to the device), and the one that fails if any does
            blank = [np.zeros((len(manifest.views), size, size, 3), np.int8) for size in self._sizes]
            self.invoke(blank, device.start_timeout_s)
        except EngineFailed as error:
            self.close()
            raise EngineUnavailable(error.what, _REPLUG) from error
        except BaseException:
            self.close()
            raise

    def _start(self, bundle: Bundle, device: Device) -> None:
        deadline = monotonic() + device.start_timeout_s
        manifest = bundle.manifest
        order = {
            "members": manifest.members,
            "input_sizes": manifest.input_sizes_px,
            "class_count": len(manifest.classes),
            "folded": manifest.counts_as,
            "library": device.library,
        }
        try:
            send(self._connection, json.dumps(order).encode(), deadline)
            for content in bundle.edgetpu_bytes:
                send(self._connection, content, deadline)
            answer = json.loads(receive(self._connection, deadline))
        except OSError as error:
            raise self._failed(error) from error
        if answer:
            kind = BundleError if answer["error"] == BundleError.__name__ else EngineUnavailable
            raise kind(answer["what"], answer["remedy"])

    def invoke(self, batches: Batches, timeout_s: float) -> Outputs:
        """Run one picture's batches.

        Raises:
            EngineFailed: no answer in time, or the process is gone; either way it is of no more use.
        """
        deadline = monotonic() + timeout_s
        try:
            for batch in dict(zip(self._sizes, batches, strict=True)).values():
                send(self._connection, np.ascontiguousarray(batch).data.cast("B"), deadline)
            content = receive(self._connection, deadline)
        except OSError as error:
            raise self._failed(error) from error
        return Outputs.from_bytes(content, self._shapes, len(batches[0]))

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._connection.close()
        self._process.kill()
        with suppress(
            subprocess.TimeoutExpired
        ):  # stuck in the kernel until the stick is pulled: not worth waiting for
            self._process.wait(2.0)
        self._said.close()

    def _failed(self, error: OSError) -> EngineFailed:
        if isinstance(error, TimeoutError):
            return EngineFailed("the Edge TPU does not answer", _REPLUG)
        try:
            status = self._process.wait(0.1)
        except subprocess.TimeoutExpired:  # its files are closed, so it is about to go
            how = "not gone yet"
        else:
            how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        self._said.seek(0)
        last = self._said.read().decode(errors="replace").strip().rpartition("\n")[2]
        detail = f"{how}: {last}" if last else how
        return EngineFailed(f"the process that uses the Edge TPU ended ({detail})", _REPLUG)
