"""Run by test_tflite_runtime.py in the other environment: `classify_arrays.py BUNDLE PICTURES.npz RESULTS.npz`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_models.classifier import Classifier


def main(bundle: Path, pictures: Path, results: Path) -> None:
    arrays: dict[str, NDArray[Any]] = {}
    with np.load(pictures) as loaded, Classifier.open(bundle, "cpu") as classifier:
        manifest = classifier.bundle.manifest
        for name in loaded.files:
            batches = classifier.prepare(loaded[name])
            outputs = classifier.interpreter.invoke(batches)
            prediction = classifier.classify(loaded[name])
            arrays |= {f"{name}/batch/{member}": batch for member, batch in enumerate(batches)}
            arrays[f"{name}/logits"] = outputs.logits
            arrays[f"{name}/activation_map"] = outputs.activation_maps[0][np.newaxis]
            arrays[f"{name}/embedding"] = outputs.embedding
            arrays[f"{name}/probabilities"] = np.array([prediction.probabilities[each] for each in manifest.classes])
            arrays[f"{name}/unfamiliarity"] = np.array(prediction.unfamiliarity)
        arrays["runtime"] = np.array(classifier.interpreter.describe().runtime)
    np.savez(results, **arrays)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
