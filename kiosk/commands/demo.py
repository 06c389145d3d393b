"""`dermakiosk demo`: the kiosk with records to try things with; nothing of it survives its end."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from os import getpid
from pathlib import Path

from kiosk.commands import demo_store
from kiosk.commands.run import configured, opened_classifier, serve_with
from kiosk.upkeep import log
from kiosk.workflow.desk import Desk

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
_PREFIX = "dermakiosk-demo-"


def run(options: argparse.Namespace) -> int:
    """Serve the screen until the process is told to stop.

    Args:
        options: `config`, `camera` (None: as `demo`), `port`, and `patients`, how many made-up ones there are.
    """
    config = configured(options, camera="demo")
    log.configure()
    with _folder() as folder, opened_classifier(config) as classifier:
        demo_store.make(folder)
        if options.patients:
            count = demo_store.fill(folder, classifier, options.patients, datetime.now(UTC))
            sys.stderr.write(f"{options.patients} made-up patients with {count} examinations\n")
        records = replace(config.records, folder=folder, device_secret="none", retention_days=None)  # noqa: S106 - a word of the configuration
        serve_with(config, classifier, Desk(records, pins=demo_store.PINS))
    return 0


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder in memory where there is that: a power cut leaves nothing; what a killed one left goes later."""
    parent = MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(left, ignore_errors=True)
    with suppress(FileNotFoundError), tempfile.TemporaryDirectory(dir=parent, prefix=f"{_PREFIX}{getpid()}-") as name:
        yield Path(name) / "records"
