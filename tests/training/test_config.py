from __future__ import annotations

from pathlib import Path

import pytest

from training.config import Phase, changes, load_config
from training.errors import ConfigError

CONFIGS = sorted((Path(__file__).parents[2] / "training" / "configs").rglob("*.toml"))
SMALLEST = 'split = "s"\n[train]\nseed = 1\nbatch_size = 2\nlearning_rate = 1\nphases = [{ size_px = 64, steps = 3 }]\n'


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_committed_configuration_loads_and_is_like_itself(path: Path) -> None:
    assert load_config(path).train.steps > 0
    assert changes(load_config(path), load_config(path)) == {}


def test_phases_and_sources_that_differ_are_named(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(SMALLEST + 'sources = [{ name = "a", share = 0.5 }, { name = "b", share = 1 }]\n')
    before = load_config(path)
    path.write_text(path.read_text().replace("0.5", "0.25").replace("steps = 3", "steps = 4"))
    assert changes(before, load_config(path)) == {
        "train.phases": "3 at 64 px → 4 at 64 px",
        "train.sources": "0.5 a + 1.0 b → 0.25 a + 1.0 b",
    }


def test_the_smallest_configuration(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(SMALLEST)
    config = load_config(path)
    assert config.train.phases == (Phase(64, 3),)
    assert config.train.learning_rate == 1.0
    assert config.model.alpha == 1.0


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("[model]\nwidth = 1\n", "unknown key model.width"),
        ('[model]\nalpha = "1"\n', "model.alpha must be float, not '1'"),
        ("[model]\npretrained = 1\n", "model.pretrained must be bool, not 1"),
        ("[augment]\nside = 0.5\n", "augment.side must be a list"),
        ("[augment", "Expected"),
        ("model = 1\n", "model must be a table"),
    ],
)
def test_a_wrong_key_or_value_is_an_error_that_names_it(tmp_path: Path, extra: str, message: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(extra + SMALLEST if extra.startswith("model =") else SMALLEST + extra)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 1\n", "", "missing 1 required positional argument: 'seed'"),
        ("size_px = 64", "size_px = 65", "divisible by 32"),
        ('split = "s"\n', "", "missing 1 required positional argument: 'split'"),
    ],
)
def test_what_is_missing_or_impossible_is_an_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(SMALLEST.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "none.toml")
