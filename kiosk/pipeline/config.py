"""The configuration's section [model]: what classifies pictures. `systemd/kiosk.toml` documents every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_models.engine import ENGINES
from edge_models.shipped import BUNDLES, FAST
from kiosk import checks


@dataclass(frozen=True)
class ModelConfig:
    """What classifies pictures.

    Attributes:
        bundle: folder of the model bundle; None: the main one that ships.
        engine: one of `edge_models.engine.ENGINES`.
        threads: CPU threads; None: as many as there are cores.
        use_context: whether age, sex and body site count beside the picture.
    """

    bundle: Path | None = None
    engine: str = "auto"
    threads: int | None = None
    use_context: bool = True


def _bundle(value: object, base: Path) -> Path:
    """The word for the fast bundle that ships, or a path."""
    return BUNDLES / FAST if value == FAST else checks.path(value, base)


CHECKS: Mapping[str, checks.Check] = {
    "bundle": _bundle,
    "engine": checks.one_of(ENGINES),
    "threads": checks.whole(1, 64),
    "use_context": checks.switch,
}
