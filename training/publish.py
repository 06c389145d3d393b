"""A sealed bundle with its model card: what is installed, and what people may know of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from edge_models import bundle as bundles
from training.draft import read_document
from training.evaluate import Figures
from training.model_card import model_card

CARD = "MODEL_CARD.md"


def publish(draft: Path, figures: Mapping[str, Figures], folder: Path) -> Path:
    """Copy a draft bundle's files to `folder`, write its model card and seal it.

    Args:
        draft: folder of a sealed draft, what `write_draft` made.
        figures: what `evaluate` measured of the draft.
        folder: of the published bundle; what is in it is replaced.

    Returns:
        The manifest's path.

    Raises:
        BundleError: the draft was altered.
    """
    manifest = bundles.load(draft).manifest
    document = {**read_document(draft), "figures": figures}
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name in (*manifest.members, manifest.familiarity.file):
        shutil.copyfile(draft / name, folder / name)
    (folder / CARD).write_text(model_card(document), encoding="utf-8")
    return bundles.seal(folder, document)
