"""Training on PyTorch: the same network as Keras', and a run that may be interrupted. PyTorch is not in the locks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_models.labels import LesionClass
from training import member_weights
from training.config import AugmentConfig, DistillConfig, ModelConfig, Phase, RunConfig, SourceConfig, TrainConfig
from training.dataset import OUTPUTS, Sample
from training.errors import RunError
from training.mixture import MixedBatch
from training.model import build_model

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def arrays() -> dict[str, NDArray[np.float32]]:
    """Weights as BatchNorm may leave them after training."""
    rng = np.random.default_rng(6)
    kept = member_weights.of_model(build_model(ModelConfig(pretrained=False), None, len(OUTPUTS)))
    for key, values in kept.items():
        if "bn" in key.lower():
            spread = rng.uniform(0.7, 1.3, values.shape) if key[-1] in "03" else rng.normal(0, 0.2, values.shape)
            kept[key] = spread.astype(np.float32)
    return kept


def test_it_says_what_keras_says(arrays: dict[str, NDArray[np.float32]]) -> None:
    from training.backends import network_input
    from training.torch_network import TorchNetwork
    from training.torch_train import network_input as torch_input

    pictures = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    model = build_model(ModelConfig(pretrained=False), None, len(OUTPUTS))
    member_weights.into_model(model, arrays)
    network = TorchNetwork(arrays, "block_3_expand", 0.3).eval()
    with torch.inference_mode():
        said = network(torch_input(pictures)).numpy()
    np.testing.assert_allclose(said, model.predict_on_batch(network_input(pictures)), rtol=1e-3, atol=1e-4)
    assert np.ptp(said) > 0.01
    for key, values in network.arrays().items():
        np.testing.assert_allclose(values, arrays[key], rtol=1e-4, atol=1e-6)


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    found = []
    for number in range(12):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.full((40, 50, 3), 15 * number + 20, np.uint8))
        source = "milk10k" if number % 2 else "ham10000"
        label = LesionClass.MEL if number < 6 else LesionClass.NV
        found.append(Sample(str(number), str(number), label, path, source=source))
    return found


def config(frozen_before: str = "block_3_expand") -> RunConfig:
    train = TrainConfig(
        seed=3,
        batch_size=4,
        phases=(Phase(32, 4),),
        learning_rate=1e-3,
        warmup_steps=1,
        evaluate_every=2,
        checkpoint_every=2,
        sources=(SourceConfig("ham10000", 0.5), SourceConfig("milk10k", 0.5)),
        negatives=2,
    )
    model = ModelConfig(size_px=32, pretrained=False, start="old", frozen_before=frozen_before, dropout=0.0)
    return RunConfig("none", train, model, AugmentConfig(cutout_probability=0.0))


def test_an_interrupted_run_comes_to_the_same_end_and_keeps_what_is_frozen(
    tmp_path: Path, samples: list[Sample], arrays: dict[str, NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import torch_train
    from training.torch_train import train_run

    monkeypatch.setattr(torch_train, "fastest", lambda *_: torch.float32)  # which it is decides the last digits
    member_weights.save(tmp_path / "old", arrays, 9)
    seen = {"ham10000": samples}
    others = [samples[0].path]
    train_run(config(), tmp_path / "whole", samples, seen, others)

    class Killed(Exception):
        pass

    judge, looks = torch_train.judge, []

    def kill_at_the_second(*given: object) -> dict[str, float]:
        looks.append(1)
        if len(looks) == 2:
            raise Killed
        return judge(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(torch_train, "judge", kill_at_the_second)
        with pytest.raises(Killed):
            train_run(config(), tmp_path / "parts", samples, seen, others)
    assert not (tmp_path / "parts" / member_weights.FILE).exists()
    train_run(config(), tmp_path / "parts", samples, seen, others)
    whole, parts = (member_weights.load(tmp_path / name)[0] for name in ("whole", "parts"))
    for key, values in whole.items():
        np.testing.assert_allclose(parts[key], values, atol=2e-3, err_msg=key)
    old = member_weights.load(tmp_path / "old")[0]
    np.testing.assert_array_equal(whole["block_2_project/0"], old["block_2_project/0"])
    assert np.abs(whole["block_9_project/0"] - old["block_9_project/0"]).max() > 1e-5
    for name in ("whole", "parts"):
        rows = (tmp_path / name / "validation.csv").read_text().splitlines()
        assert [row.split(",")[0] for row in rows] == ["step", "2", "4"]


def test_the_speed_is_measured_and_nothing_is_learnt_by_it(
    arrays: dict[str, NDArray[np.float32]], capsys: pytest.CaptureFixture[str]
) -> None:
    from training.torch_network import TorchNetwork
    from training.torch_train import fastest

    network = TorchNetwork(arrays, "block_3_expand", 0.0)
    before = network.arrays()
    assert fastest(network, config()) in (torch.float32, torch.bfloat16)
    assert all(np.array_equal(values, before[key]) for key, values in network.arrays().items())
    assert all(values.grad is None for values in network.parameters())
    assert "bfloat16: " in capsys.readouterr().out


def test_a_start_that_is_nowhere_is_named(tmp_path: Path, samples: list[Sample]) -> None:
    from training.torch_train import train_run

    with pytest.raises(RunError, match="the weights of old"):
        train_run(config(), tmp_path / "runs" / "new", samples, {})


def test_teachers_soften_labels_by_what_they_say_of_the_very_pictures(arrays: dict[str, NDArray[np.float32]]) -> None:
    from training import torch_train
    from training.distill import pooled_opinion
    from training.torch_network import TorchNetwork
    from training.torch_train import network_input

    one, other = TorchNetwork(arrays, "", 0.0).eval(), TorchNetwork(arrays, "", 0.0).eval()
    with torch.no_grad():
        other.head.bias[2] += 3.0
    pictures = np.random.default_rng(5).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    prior = np.log(np.tile(np.linspace(1, 8, 8, dtype=np.float32) / 36.0, (4, 1)))
    batch = MixedBatch(pictures, np.eye(8, dtype=np.float32)[:4], prior, np.ones(4, np.bool_))
    assert torch_train._taught(batch, [], 0.6) is batch
    labels = torch_train._taught(batch, [one, other], 0.6).labels
    with torch.inference_mode():
        said = [network(network_input(pictures[:4])).numpy() for network in (one, other)]
    np.testing.assert_allclose(labels, 0.4 * batch.labels + 0.6 * pooled_opinion(said, prior), atol=1e-5)
    np.testing.assert_allclose(labels.sum(axis=1), 1.0, atol=1e-5)
    assert (labels[:, 2] > torch_train._taught(batch, [one], 0.6).labels[:, 2]).all()


def test_a_teacher_that_is_nowhere_is_named(
    tmp_path: Path, samples: list[Sample], arrays: dict[str, NDArray[np.float32]]
) -> None:
    from training.torch_train import train_run

    member_weights.save(tmp_path / "old", arrays, 9)
    taught = replace(config(), distill=DistillConfig(("nobody",)))
    with pytest.raises(RunError, match="the weights of nobody"):
        train_run(taught, tmp_path / "new", samples, {})


def test_telling_pictures_of_no_lesion_apart_is_a_part_of_the_loss(arrays: dict[str, NDArray[np.float32]]) -> None:
    """Undecided at first, it costs half of log 2; it moves the features, and no class of a lesion's picture."""
    from training import torch_train
    from training.torch_network import TorchNetwork

    network = TorchNetwork(arrays, "", 0.0)
    pictures = np.random.default_rng(4).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    labels, nothing = np.eye(8, dtype=np.float32)[:4], np.zeros((4, 8), np.float32)
    lesions = MixedBatch(pictures[:4], labels, nothing, np.ones(4, np.bool_))
    telling = torch_train._telling_layer(network)
    plain = torch_train._loss(network, telling, lesions)
    told = torch_train._loss(network, telling, lesions._replace(pictures=pictures))
    assert told.item() - plain.item() == pytest.approx(0.5 * np.log(2.0), abs=1e-3)
    with torch.no_grad():
        telling.weight += 0.01
    moved = torch.autograd.grad(
        torch_train._loss(network, telling, lesions._replace(pictures=pictures)), network.layers[-1].gamma
    )[0]
    still = torch.autograd.grad(torch_train._loss(network, telling, lesions), network.layers[-1].gamma)[0]
    assert (moved - still).abs().max() > 1e-4
