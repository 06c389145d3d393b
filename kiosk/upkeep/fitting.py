"""Which of the two bundles that ship fits the board: projected from how long a picture took with the one in use."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge_models import bundle as bundles
from edge_models import shipped
from edge_models.bundle import Manifest
from edge_models.errors import BundleError

QUICK_MS = 1000.0
"""An operator who waits longer for the networks alone is better served by the fast bundle."""


class Fitting(NamedTuple):
    """What a check may add.

    Attributes:
        found: what the bundle that is not in use would take; empty where there is no other.
        remedy: what to set, empty where the bundle in use fits.
    """

    found: str = ""
    remedy: str = ""


def judge(folder: Path, manifest: Manifest, elapsed_ms: float) -> Fitting:
    """Whether the bundle in use fits the board.

    Args:
        folder: of the bundle in use.
        manifest: of that bundle.
        elapsed_ms: what it took for a picture.
    """
    fast = shipped.BUNDLES / shipped.FAST
    try:
        other = bundles.load(bundles.default_bundle() if folder == fast else fast).manifest
    except BundleError:
        return Fitting()
    projected_ms = elapsed_ms * _work(other) / _work(manifest)
    name = "main" if folder == fast else "fast"
    slow = folder != fast and projected_ms < elapsed_ms and elapsed_ms > QUICK_MS
    return Fitting(
        found=f"the {name} model would take about {projected_ms:.0f} ms",
        remedy='The fast model fits this board better: set [model] bundle = "fast"' if slow else "",
    )


def _work(manifest: Manifest) -> int:
    """Pixels that the networks see of a picture, what their time is proportional to."""
    return len(manifest.views) * sum(size * size for size in manifest.input_sizes_px)
