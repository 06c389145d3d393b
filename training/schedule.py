"""What every optimisation here shares: the learning rate's course, and what a run writes of itself."""

from __future__ import annotations

import csv
import json
import math
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.config import RunConfig


def learning_rate(config: RunConfig, step: int) -> float:
    """Linear warm-up, then a cosine to 1 % of the peak (Loshchilov, Hutter 2017, arXiv:1608.03983)."""
    peak, warmup, total = config.train.learning_rate, config.train.warmup_steps, config.train.steps
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / max(1, total - warmup)
    return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * progress)))


def forget_after(path: Path, step: int) -> None:
    """Drop a table's rows of later steps than the one that a run goes on from: it writes them anew."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [row for row in lines[1:] if int(row.split(",")[0]) <= step]
    path.write_text("".join(lines[:1] + kept), encoding="utf-8")


def append(path: Path, row: dict[str, Any]) -> None:
    """Add a row to a table, with a head where it is new."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def record_environment(run: Path, backend: str) -> None:
    """Write environment.json: versions of what trains, and the kind of machine."""
    versions = {"python": platform.python_version(), "keras": version("keras"), backend: version(backend)}
    versions |= {"numpy": np.__version__, "opencv": cv2.__version__, "machine": platform.machine()}
    (run / "environment.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")
