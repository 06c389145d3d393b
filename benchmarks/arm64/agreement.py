"""`python -m benchmarks.arm64.agreement HERE.jsonl THERE.jsonl`: are two machines' predictions the same?

The files are what `dermakiosk classify --no-gate --format json` wrote on each.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def compare(here: Sequence[str], there: Sequence[str]) -> dict[str, Any]:
    """Compare two runs over the same images.

    Args:
        here: JSON lines, one an image.
        there: the other machine's; matched by the images' file names.

    Returns:
        How many images, the share with the same outcome and likeliest class, the share with the very same
        probabilities, and the largest difference of any probability, with its image.

    Raises:
        ValueError: they are not runs of one model over the same images.
    """
    left, right = _by_name(here), _by_name(there)
    if left.keys() != right.keys() or not left:
        raise ValueError("the two runs are not over the same images")
    models = {row["model_id"] for row in (*left.values(), *right.values())}
    if len(models) != 1:
        raise ValueError(f"the two runs are of {', '.join(sorted(models))}")
    differences = {name: _difference(left[name], right[name]) for name in left}
    worst = max(differences, key=lambda name: differences[name])
    return {
        "model_id": models.pop(),
        "engines": [next(iter(rows.values()))["engine"] for rows in (left, right)],
        "images": len(left),
        "same_outcome": sum(left[name]["outcome"] == right[name]["outcome"] for name in left) / len(left),
        "same_class": sum(left[name]["top3"][:1] == right[name]["top3"][:1] for name in left) / len(left),
        "identical": sum(difference == 0.0 for difference in differences.values()) / len(left),
        "largest_difference": differences[worst],
        "largest_difference_image": worst,
        "differences": differences,
    }


def _by_name(lines: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in lines]
    return {Path(row["image"]).name: row for row in rows}


def _difference(left: dict[str, Any], right: dict[str, Any]) -> float:
    pairs = [(left["probabilities"][code], right["probabilities"][code]) for code in left["probabilities"]]
    return float(max(abs(a - b) for a, b in pairs))


def main() -> None:
    """Compare two files of `classify --format json` and print how far they agree."""
    parser = argparse.ArgumentParser()
    parser.add_argument("here", type=Path)
    parser.add_argument("there", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = compare(*(path.read_text(encoding="utf-8").splitlines() for path in (options.here, options.there)))
    print(
        f"{result['images']} images, {' / '.join(result['engines'])}: same outcome {result['same_outcome']:.1%}, same "
        f"likeliest class {result['same_class']:.1%}, identical to the last bit {result['identical']:.1%}, largest "
        f"difference of a probability {result['largest_difference']:.2g} ({result['largest_difference_image']})"
    )
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
