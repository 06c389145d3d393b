"""Checks every image, draws a split over one source or several, and looks for the same picture in two parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.dataset import OUTPUTS, Sample, check_readable
from training.duplicates import across_parts, within
from training.sources import (
    by_source,
    has_official_validation,
    read_official_validation,
    read_sources,
    read_training_images,
)
from training.split import Part, assign, extend, read_split, write_split


def prepare(
    folder: Path, split: Path, held_out: float, seed: int, by: str, extends: Path | None, sources: Sequence[str]
) -> None:
    """Write a split and say what is in it.

    Args:
        folder: the data folder.
        split: the file to write.
        held_out: share of the lesions for validation, and again for calibration.
        seed: of the draw.
        by: "lesion" or "image"; the latter leaks.
        extends: an earlier split of HAM10000, whose lesions stay where it has them; None: none.
        sources: the sets that are added to it.

    Raises:
        DatasetError: an image or a table cannot be used.
    """
    samples, missing = read_training_images(folder)
    leaky = by == "image"
    if extends is None:
        drawn = assign(samples, held_out, seed, leaky)
    else:
        samples, drawn = _extended(folder, samples, held_out, seed, extends, sources)
    check_readable(samples)
    write_split(split, samples, drawn, leaky)
    print(f"{len(samples)} images, missing: {', '.join(missing) or 'none'}")
    parts = read_split(split, samples)
    for part, members in parts.items():
        for source, some in by_source(members).items():
            found = [OUTPUTS[sample.output] for sample in some]
            counts = (f"{code} {found.count(code)}" for code in OUTPUTS if code in found)
            print(f"{part:12} {source:10} {len(some):6}  {', '.join(counts)}")
    if leaky:
        known = {sample.lesion_id for sample in parts[Part.TRAIN]}
        shared = sum(sample.lesion_id in known for sample in parts[Part.VALIDATION])
        total = len(parts[Part.VALIDATION])
        print(f"this split leaks: the lesions of {shared} of {total} validation images are trained on")
        return
    compared: dict[str, Sequence[Sample]] = {str(part): some for part, some in parts.items()}
    if has_official_validation(folder):
        compared["official validation"] = read_official_validation(folder)
    for one, another, where, likeness in across_parts(compared):
        print(f"{one.image_id} ({where[0]}) and {another.image_id} ({where[1]}) are alike ({likeness:.3f})")


def _extended(
    folder: Path, known: Sequence[Sample], held_out: float, seed: int, extends: Path, sources: Sequence[str]
) -> tuple[list[Sample], dict[str, Part]]:
    """All sources' samples, and their parts: new lesions whose pictures are alike stay together."""
    samples = [*known, *read_sources(folder, sources)]
    home = {sample.lesion_id: part for part, some in read_split(extends, known).items() for sample in some}
    new = [sample for sample in samples if sample.lesion_id not in home]
    twins = [*within(new), *across_parts({"earlier split": known, "new": new})]
    for one, another, where, likeness in twins:
        print(f"{one.image_id} ({where[0]}) and {another.image_id} ({where[1]}) stay together ({likeness:.3f})")
    pairs = [(one.lesion_id, another.lesion_id) for one, another, _, _ in twins]
    return samples, extend(home, samples, held_out, seed, pairs)
