"""The configuration: one TOML file, checked key by key, as frozen dataclasses with a default for everything.

Every room owns its section, its defaults and its checks; this file composes them. `systemd/kiosk.toml` documents every
key.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kiosk.camera import config as camera
from kiosk.camera.config import CameraConfig
from kiosk.checks import Check
from kiosk.errors import ConfigError
from kiosk.pipeline import config as model
from kiosk.pipeline.config import ModelConfig
from kiosk.records import config as records
from kiosk.records.config import RecordsConfig
from kiosk.ui import config as ui
from kiosk.ui.config import PathwayConfig, ScreenConfig, ServerConfig

DEFAULT_PATH = Path("/etc/dermakiosk/kiosk.toml")
"""Read when no file is named and it is there."""

SECTIONS: Mapping[str, Mapping[str, Check]] = {
    "camera": camera.CHECKS,
    "model": model.CHECKS,
    "server": ui.CHECKS,
    "screen": ui.SCREEN_CHECKS,
    "pathway": ui.PATHWAY_CHECKS,
    "records": records.CHECKS,
}
"""Every section of the file, and the check of every key in it."""

_MAX_FILE_BYTES = 1 << 20


@dataclass(frozen=True)
class Config:
    """All of it, checked; one field for each section of the file."""

    camera: CameraConfig = field(default_factory=CameraConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    server: ServerConfig = field(default_factory=ServerConfig)
    screen: ScreenConfig = field(default_factory=ScreenConfig)
    pathway: PathwayConfig = field(default_factory=PathwayConfig)
    records: RecordsConfig = field(default_factory=RecordsConfig)


def load(path: Path | None = None) -> Config:
    """Read a configuration file.

    Args:
        path: the file; None for `DEFAULT_PATH` if it is there, else the defaults. Paths in it that are not absolute
            start from its folder.

    Raises:
        ConfigError: it cannot be read, or an unknown key, a wrong type or a value out of range; names file and line.
    """
    if path is None:
        path = DEFAULT_PATH
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return Config()
        except OSError:
            pass  # it is there in some way: reading it says what is wrong
    return parse(_read(path), path)


def parse(text: str, path: Path) -> Config:
    """Check the text of a configuration file.

    Args:
        text: TOML.
        path: where it comes from, for messages and for paths that are not absolute.

    Raises:
        ConfigError: as `load`.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number with too many digits
        raise ConfigError(_syntax(error, text, path), "Correct it; systemd/kiosk.toml is an example") from error
    config = Config()
    for section, values in document.items():
        if section not in SECTIONS:
            where = _where(path, text, section, None)
            raise ConfigError(f"{where}: there is no section {section!r}", _choose(section, list(SECTIONS)))
        if not isinstance(values, dict):
            where = _where(path, text, section, None)
            raise ConfigError(f"{where}: {section} is a section, not a value", f"Write [{section}] and its keys below")
        for key, value in values.items():
            where = _where(path, text, section, key)
            config = _with(config, section, key, value, where, path.parent)
    return config


def override(config: Config, section: str, key: str, value: object, option: str) -> Config:
    """The configuration with one value from the command line, checked as one in the file is.

    Args:
        config: stays as it is.
        section: a key of `SECTIONS`.
        key: one of that section.
        value: as argparse gives it.
        option: as the operator wrote it ("--port"), for the message.

    Raises:
        ConfigError: a wrong value.
    """
    return _with(config, section, key, value, option, Path())


def _with(config: Config, section: str, key: str, value: object, where: str, base: Path) -> Config:
    checks = SECTIONS[section]
    if key not in checks:
        raise ConfigError(f"{where}: [{section}] has no key {key!r}", _choose(key, list(checks)))
    try:
        checked = checks[key](value, base)
    except ValueError as error:
        raise ConfigError(f"{where}: {key} must be {error}, not {_shown(value)}", "Correct it") from error
    return replace(config, **{section: replace(getattr(config, section), **{key: checked})})


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})", "Name another with --config") from error
    if len(content) > _MAX_FILE_BYTES:
        raise ConfigError(f"{path} is too large for a configuration", "Name another with --config")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text", "Save it as UTF-8") from error


def _syntax(error: Exception, text: str, path: Path) -> str:
    detail = " ".join(str(error).split())
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", detail)
    if place is None:
        return f"{path} is not valid TOML: {detail}"
    line = place[1] or len(text.splitlines())
    return f"{path}, line {line}: not valid TOML: {detail[: place.start()]}"


def _where(path: Path, text: str, section: str, key: str | None) -> str:
    """File and line of a section or of a key in it (tomllib does not tell); the file alone where it hides well."""
    wanted = [section] if key is None else [section, key]
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        name = re.sub(r"[\s\"']", "", line.partition("=")[0].partition("#")[0])
        if name.startswith("["):
            table = name.strip("[]").split(".")
            found = table if len(table) >= len(wanted) else []
        else:
            found = [*table, *name.split(".")] if "=" in line and name else []
        common = min(len(found), len(wanted))
        if common and found[:common] == wanted[:common]:
            return f"{path}, line {number}"
    return str(path)


def _choose(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"Perhaps {close[0]} was meant" if close else f"There is {', '.join(known)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
