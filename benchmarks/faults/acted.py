"""`dermakiosk run` on a phantom camera that is stalled, unplugged and restored from outside.

Usage: python -m benchmarks.faults.acted FILE ARGUMENTS; FILE holds "stall", "unplug" or "restore" and may change at any
time; ARGUMENTS are those of `dermakiosk`.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from kiosk import cli
from kiosk.camera.phantom import RATE_HZ
from kiosk.camera.simulation import shared_device

POLL_S = 0.05


def _act(file: Path) -> None:
    device = shared_device("phantom camera", RATE_HZ)
    now = "restore"
    while True:
        wanted = file.read_text(encoding="ascii").strip()
        if wanted != now and wanted in ("stall", "unplug", "restore"):
            getattr(device, wanted)()
            now = wanted
        time.sleep(POLL_S)


if __name__ == "__main__":
    threading.Thread(target=_act, args=(Path(sys.argv[1]),), daemon=True).start()
    sys.exit(cli.main(sys.argv[2:]))
