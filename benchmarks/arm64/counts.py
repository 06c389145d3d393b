"""`python -m benchmarks.arm64.counts MARKS…`: instructions of each stage from what the counting plugin wrote down."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.arm64 import anchor
from edge_models import bundle

STAGES = ("reduce", "quality", "preprocess", "invoke", "classify", "frame_copy", "anchor")
"""In the order of the marks: classify holds preprocess and invoke and what follows them; anchor is one inference of the
network whose times are published."""


def stage_counts(lines: Sequence[str]) -> dict[str, int]:
    """Instructions by stage, from lines "mark instructions so far".

    Returns:
        `STAGES` less classify, and `calibrate`: what classify does besides preprocess and invoke.

    Raises:
        ValueError: marks are missing.
    """
    marks = {int(mark): int(count) for mark, count in (line.split() for line in lines)}
    if sorted(marks) != list(range(2 * len(STAGES))):
        raise ValueError(f"the marks are {sorted(marks)}: the program did not run to its end")
    counts = {stage: marks[2 * number + 1] - marks[2 * number] for number, stage in enumerate(STAGES)}
    rest = counts.pop("classify") - counts["preprocess"] - counts["invoke"]
    return counts | {"calibrate": max(rest, 0)}


def main() -> None:
    """Print the instructions of every stage and write them down, by processor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("marks", type=Path, nargs="+", help="files named marks-PROCESSOR")
    parser.add_argument("--commit", default="", help="what was counted")
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    manifest = bundle.load(bundle.default_bundle()).manifest
    processors = {
        path.name.partition("-")[2]: stage_counts(path.read_text(encoding="ascii").splitlines())
        for path in options.marks
    }
    for name, counts in processors.items():
        print(name, ", ".join(f"{stage} {count / 1e6:.1f} M" for stage, count in counts.items()))
    document = {
        "bundle": manifest.model_id,
        "members": len(manifest.members),
        "views": len(manifest.views),
        "input_sizes_px": list(manifest.input_sizes_px),
        "inferences": len(manifest.members) * len(manifest.views),
        "anchor": anchor.NAME,
        "frame": "12 megapixels of the phantom camera",
        "commit": options.commit,
        "instructions": processors,
    }
    options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
