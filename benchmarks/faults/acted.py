"""`dermakiosk run` on a phantom camera that is stalled, unplugged, out of memory and restored from outside.

Usage: python -m benchmarks.faults.acted FILE ARGUMENTS; FILE holds "stall", "unplug", "exhaust" or "restore" and may
change at any time; ARGUMENTS are those of `dermakiosk`. An Edge TPU counts as plugged in.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from edge_models.edgetpu import Device
from kiosk import cli
from kiosk.camera.phantom import RATE_HZ
from kiosk.camera.simulation import Lease, SimulatedDevice, shared_device
from kiosk.errors import CameraOutOfMemory

POLL_S = 0.05


class _Memory:
    """Stands before a simulated sensor's exposures; without memory there are none."""

    def __init__(self) -> None:
        self.left = True
        self._expose = SimulatedDevice.expose

    def expose(self, device: SimulatedDevice, lease: Lease) -> None:
        """As `SimulatedDevice.expose`; raises CameraOutOfMemory while nothing is left."""
        if not self.left:
            raise CameraOutOfMemory("The camera gets no memory", "Give it more")
        self._expose(device, lease)


def _act(file: Path, memory: _Memory) -> None:
    device = shared_device("phantom camera", RATE_HZ)
    now = "restore"
    while True:
        wanted = file.read_text(encoding="ascii").strip()
        memory.left = wanted != "exhaust"
        if wanted != now and wanted in ("stall", "unplug", "restore"):
            getattr(device, wanted)()
        now = wanted
        time.sleep(POLL_S)


if __name__ == "__main__":
    lasting = _Memory()
    setattr(SimulatedDevice, "expose", lambda device, lease: lasting.expose(device, lease))  # noqa: B010 - mypy
    setattr(Device, "plugged_in", lambda _: True)  # noqa: B010 - mypy
    threading.Thread(target=_act, args=(Path(sys.argv[1]), lasting), daemon=True).start()
    sys.exit(cli.main(sys.argv[2:]))
