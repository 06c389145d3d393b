"""The errors of training.

TrainingError
├── ConfigError    a run's TOML file is wrong
├── DatasetError   the data are not what they should be
└── RunError       a run's folder lacks what a step needs
"""

from __future__ import annotations


class TrainingError(Exception):
    """Base of this package's errors; the message says what to do."""


class ConfigError(TrainingError):
    """A run's TOML file is wrong."""


class DatasetError(TrainingError):
    """The data are not what they should be."""


class RunError(TrainingError):
    """A run's folder lacks what a step needs."""
