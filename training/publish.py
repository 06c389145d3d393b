"""A sealed bundle with its model card: what is installed, and what people may know of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from edge_models import bundle as bundles
from edge_models import shipped
from edge_models.plots import FILE, Plots, to_json
from training.draft import read_document
from training.evaluate import Figures
from training.model_card import model_card
from training.operators import check_operators, compile_for_edgetpu

CARD = "MODEL_CARD.md"
REPORTS = Path(__file__).parents[1] / "docs" / "model"
"""Where `report` puts what it says of a bundle."""


def publish(draft: Path, figures: Mapping[str, Figures], folder: Path, plots: Plots | None = None) -> Path:
    """Copy a draft bundle's files to `folder`, compile for the Edge TPU where that can be done, write the card, seal.

    Args:
        draft: folder of a sealed draft, what `write_draft` made.
        figures: what `evaluate` measured of the draft.
        folder: of the published bundle; what is in it is replaced.
        plots: what the kiosk draws of it; None: nothing.

    Returns:
        The manifest's path.

    Raises:
        BundleError: the draft was altered.
        TrainingError: a network is not for an Edge TPU.
    """
    manifest = bundles.load(draft).manifest
    document = {**read_document(draft), "figures": figures}
    reported = (REPORTS / manifest.model_id / "report.md").is_file()
    card = model_card(document, reported=reported)  # before anything is replaced, as what follows
    compiled: dict[str, bytes] = {}
    for name in manifest.members:
        check_operators((draft / name).read_bytes())
        content, message = compile_for_edgetpu(draft / name)
        print(message)
        if content is not None:
            compiled[f"{Path(name).stem}_edgetpu.tflite"] = content
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name in (*manifest.members, manifest.familiarity.file):
        shutil.copyfile(draft / name, folder / name)
    for name, content in compiled.items():
        (folder / name).write_bytes(content)
    (folder / CARD).write_text(card, encoding="utf-8")
    if plots is not None:
        (folder / FILE).write_bytes(to_json(plots))
    return bundles.seal(folder, document)


def add_plots(folder: Path, plots: Plots) -> Path:
    """Give a published bundle its plots and seal it again; its networks and its rule stay as they are.

    Returns:
        The manifest's path.
    """
    bundles.load(folder)  # nothing that was altered is sealed anew
    document = read_document(folder)
    (folder / FILE).write_bytes(to_json(plots))
    return bundles.seal(folder, document)


def retire_others(folder: Path) -> list[Path]:
    """Remove the bundles that lie beside a published one: one main bundle ships, and one fast one.

    Returns:
        The folders that are gone.
    """
    if folder.name == shipped.FAST:
        return []
    beside = sorted(path.parent for path in folder.parent.glob("*/manifest.json"))
    others = [other for other in beside if other != folder and other.name != shipped.FAST]
    for other in others:
        shutil.rmtree(other)
    return others
