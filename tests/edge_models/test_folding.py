"""Outputs beyond the classes count as one of them, wherever they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_models import bundle as bundles
from edge_models.classifier import softmax
from edge_models.engine import Outputs
from edge_models.errors import BundleError
from edge_models.folding import fold
from edge_models.interpreter import Network
from edge_models.labels import LesionClass


def test_probabilities_of_what_counts_as_one_are_added() -> None:
    logits = np.random.default_rng(1).normal(0.0, 3.0, (5, 4)).astype(np.float32)
    every, folded = softmax(logits.astype(np.float64)), softmax(fold(logits, (1,)).astype(np.float64))
    np.testing.assert_allclose(folded[:, [0, 2]], every[:, [0, 2]], atol=1e-6)
    np.testing.assert_allclose(folded[:, 1], every[:, 1] + every[:, 3], atol=1e-6)


def test_nothing_beyond_the_classes_changes_nothing() -> None:
    logits = np.random.default_rng(1).normal(0.0, 3.0, (5, 7)).astype(np.float32)
    np.testing.assert_array_equal(fold(logits, ()), logits)


def test_a_network_with_more_outputs_than_classes_is_read_folded(tiny_bundle: Path) -> None:
    content = bundles.load(tiny_bundle).member_bytes[0]
    plain, wide = Network("plain", content, 32, 7), Network("wide", content, 32, 6, folded=(2,))
    view = np.random.default_rng(2).integers(-128, 128, (32, 32, 3), dtype=np.int8)
    seven, six = (Outputs.empty([network.output_shapes], 1) for network in (plain, wide))
    plain.run(view, seven, (0, 0))
    wide.run(view, six, (0, 0))
    assert six.logits.shape == (1, 1, 6)
    np.testing.assert_array_equal(six.logits, fold(seven.logits, (2,)))
    np.testing.assert_array_equal(six.activation_maps[0], fold(seven.activation_maps[0], (2,)))


def test_more_outputs_than_the_manifest_explains_are_refused(tiny_bundle: Path) -> None:
    content = bundles.load(tiny_bundle).member_bytes[0]
    with pytest.raises(BundleError, match=r"not logits \[1, 5\]"):
        Network("wide", content, 32, 5, folded=(2,))


def test_a_manifest_says_what_counts_as_what(make_bundle: Callable[..., Path]) -> None:
    manifest = bundles.load(make_bundle({"folded": {"scc": "akiec"}})).manifest
    assert manifest.folded == {"scc": LesionClass.AKIEC}
    assert manifest.counts_as == (manifest.classes.index(LesionClass.AKIEC),)


def test_an_unknown_class_to_count_as_is_refused(make_bundle: Callable[..., Path]) -> None:
    with pytest.raises(BundleError, match="'wart' is not a lesion class"):
        make_bundle({"folded": {"scc": "wart"}})
