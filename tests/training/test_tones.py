"""Colour maps carry one picture's colours to another's, and back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.labels import LesionClass
from training.dataset import Sample
from training.tones import carried, opposite, tone_maps, toned


@pytest.fixture
def skin() -> NDArray[np.uint8]:
    rng = np.random.default_rng(4)
    coarse = rng.normal([180, 140, 130], [25, 18, 15], (12, 16, 3)).clip(60, 230).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_LINEAR), np.uint8)


def test_the_map_between_a_picture_and_its_own_tinted_copy_is_the_tint(skin: NDArray[np.uint8]) -> None:
    darker = np.round(skin * np.array([0.8, 0.9, 0.7])).astype(np.uint8)
    tone = carried(skin, darker)
    np.testing.assert_allclose(toned(skin, tone, 1.0), darker, atol=4)
    np.testing.assert_array_equal(toned(skin, tone, 0.0), skin)
    half = toned(skin, tone, 0.5).astype(float)
    np.testing.assert_allclose(half, (skin.astype(float) + darker) / 2.0, atol=4)


def test_there_and_back_is_where_it_was(skin: NDArray[np.uint8]) -> None:
    tone = carried(skin, np.round(skin * np.array([0.8, 0.9, 0.7]) + 10).astype(np.uint8))
    (back,) = opposite(tone[np.newaxis])
    np.testing.assert_allclose(toned(toned(skin, tone, 1.0), back, 1.0), skin, atol=2)


def test_maps_are_measured_on_pairs_of_one_lesion_only(tmp_path: Path, skin: NDArray[np.uint8]) -> None:
    def sample(name: str, lesion: str, source: str, gain: float) -> Sample:
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.round(skin * gain).astype(np.uint8)[:, :, ::-1])
        return Sample(name, lesion, LesionClass.NV, tmp_path / f"{name}.png", source=source)

    samples = [
        sample("H1", "HAM_1", "ham10000", 1.0),
        sample("H2", "HAM_1", "ham10000", 0.5),
        sample("M1", "HAM_1", "milk10k", 0.8),
        sample("M2", "IL_2", "milk10k", 0.6),
    ]
    (tone,) = tone_maps(samples, "milk10k")
    np.testing.assert_allclose(tone[:, :3], 0.8 * np.eye(3), atol=0.12)
    assert tone_maps(samples, "isic2017").shape == (0, 3, 4)
