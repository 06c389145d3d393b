"""What training measured of accuracy by the number of inferences: `docs/model/<model_id>/accuracy.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_models import bundle as bundles
from edge_models import shipped

DOCUMENTS = Path(__file__).parents[1] / "docs" / "model"


@dataclass(frozen=True)
class Choice:
    """One choice of members and views, and how well it does.

    Attributes:
        members: names of the networks.
        crops: by name (zoom, light); every member sees each in every orientation.
        orientations: turns and flips of each crop.
        inferences: members x crops x orientations.
        balanced_accuracy: mean recall of the classes, 0 … 1.
        split: what it was measured on.
    """

    members: tuple[str, ...]
    crops: tuple[str, ...]
    orientations: int
    inferences: int
    balanced_accuracy: float
    split: str

    @property
    def views(self) -> int:
        """What each member sees of one picture."""
        return len(self.crops) * self.orientations


def choices(rows: Sequence[Any]) -> list[Choice]:
    """The rows of an accuracy table, checked.

    Args:
        rows: objects with `members`, `crops`, `orientations`, `inferences`, `balanced_accuracy` and `split`.

    Raises:
        ValueError: one of them is something else; the message names its place.
    """
    found = []
    for number, row in enumerate(rows):
        try:
            found.append(_choice(row))
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f"row {number + 1} of the accuracy table is not as expected ({error!r})") from error
    return found


def _choice(row: Mapping[str, Any]) -> Choice:
    choice = Choice(
        members=tuple(str(name) for name in row["members"]),
        crops=tuple(str(name) for name in row["crops"]),
        orientations=int(row["orientations"]),
        inferences=int(row["inferences"]),
        balanced_accuracy=float(row["balanced_accuracy"]),
        split=str(row["split"]),
    )
    if not 0.0 <= choice.balanced_accuracy <= 1.0 or choice.inferences < 1:
        raise ValueError("balanced_accuracy must be 0 … 1, inferences at least 1")
    if choice.inferences != len(choice.members) * len(choice.crops) * choice.orientations:
        raise ValueError("inferences must be members x crops x orientations")
    return choice


def file_of(model_id: str) -> Path | None:
    """The accuracy table of a bundle, where it has one."""
    path = DOCUMENTS / model_id / "accuracy.json"
    return path if model_id and path.is_file() else None


def shipped_choice(model_id: str, rows: Sequence[Choice]) -> Choice | None:
    """What of an accuracy table a bundle that ships with the package runs; None for another bundle.

    Raises:
        BundleError: the bundle was altered.
    """
    folder = shipped.BUNDLES / model_id
    if not model_id or not folder.is_dir():
        return None
    manifest = bundles.load(folder).manifest
    # as `training.views.crop_name` writes them
    crops = {f"{view.zoom:g}{':neutral' if view.neutral else ''}" for view in manifest.views}
    wanted = set(manifest.members), crops, len(manifest.views)
    return next((row for row in rows if (set(row.members), set(row.crops), row.views) == wanted), None)
