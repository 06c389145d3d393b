"""The configuration: one TOML file, checked key by key, as frozen dataclasses with a default for everything.

`systemd/kiosk.toml` documents every key.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from edge_models.interpreter import ENGINES
from kiosk.camera.choose import SOURCES
from kiosk.errors import ConfigError

DEFAULT_PATH = Path("/etc/dermakiosk/kiosk.toml")
"""Read when no file is named and it is there."""

_SOURCE = re.compile(r"auto|picamera2|usb(:[0-9]{1,3})?|replay:.+|phantom")
_MAX_FILE_BYTES = 1 << 20


@dataclass(frozen=True)
class CameraConfig:
    """Where pictures come from.

    Attributes:
        source: one of `kiosk.camera.choose.SOURCES`.
        exposure_us: fixed exposure time of a camera module; None: automatic, like the three that follow.
        gain: its fixed analogue gain.
        colour_gains: its fixed white balance, red and blue against green.
        lens_position_dioptre: 1 / focus distance in metres, for a camera module with a motorised lens.
        field_of_view_mm: how much skin the width of a picture shows, for the scale bar; None: no scale bar.
    """

    source: str = "auto"
    exposure_us: int | None = None
    gain: float | None = None
    colour_gains: tuple[float, float] | None = None
    lens_position_dioptre: float | None = None
    field_of_view_mm: float | None = None


@dataclass(frozen=True)
class ModelConfig:
    """What classifies them.

    Attributes:
        bundle: folder of the model bundle; None: the one that ships.
        engine: one of `edge_models.interpreter.ENGINES`.
        threads: CPU threads; None: as many as there are cores.
        use_context: whether age, sex and body site count beside the picture.
    """

    bundle: Path | None = None
    engine: str = "auto"
    threads: int | None = None
    use_context: bool = True


@dataclass(frozen=True)
class ServerConfig:
    """Where the screen is served, on this device only.

    Attributes:
        port: 1 … 65535.
    """

    port: int = 8501


@dataclass(frozen=True)
class Config:
    """All of it, checked; one field for each section of the file."""

    camera: CameraConfig = field(default_factory=CameraConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    server: ServerConfig = field(default_factory=ServerConfig)


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
        if section not in _READERS:
            where = _where(path, text, section, None)
            raise ConfigError(f"{where}: there is no section {section!r}", _choose(section, list(_READERS)))
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
        option: as the operator wrote it ("--port"), for the message.

    Raises:
        ConfigError: a wrong value.
    """
    return _with(config, section, key, value, option, Path())


def _with(config: Config, section: str, key: str, value: object, where: str, base: Path) -> Config:
    readers = _READERS[section]
    if key not in readers:
        raise ConfigError(f"{where}: [{section}] has no key {key!r}", _choose(key, list(readers)))
    try:
        checked = readers[key](value, base)
    except ValueError as error:
        raise ConfigError(f"{where}: {key} must be {error}, not {_shown(value)}", "Correct it") from error
    return replace(config, **{section: replace(getattr(config, section), **{key: checked})})


def _source(value: object, base: Path) -> str:
    if not isinstance(value, str) or not _SOURCE.fullmatch(value):
        raise ValueError(f"one of {SOURCES}")
    kind, _, folder = value.partition(":")
    return f"replay:{_path(folder, base)}" if kind == "replay" else value


def _path(value: object, base: Path) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("a path in quotes")
    try:
        return base / Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("a path whose ~ is a known user's home") from error


def _engine(value: object, _base: Path) -> str:
    if value not in ENGINES or not isinstance(value, str):
        raise ValueError(f"one of {', '.join(ENGINES)}")
    return value


def _number(low: float, high: float) -> Callable[[object, Path], float]:
    def read(value: object, _base: Path) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return float(value)

    return read


def _colour_gains(value: object, base: Path) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("two numbers, [red, blue]")
    red, blue = (_number(0, 32)(gain, base) for gain in value)
    return red, blue


def _whole(low: int, high: int) -> Callable[[object, Path], int]:
    def read(value: object, _base: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return read


def _switch(value: object, _base: Path) -> bool:
    if value is not True and value is not False:
        raise ValueError("true or false")
    return value


_READERS: Mapping[str, Mapping[str, Callable[[object, Path], Any]]] = {
    "camera": {
        "source": _source,
        "exposure_us": _whole(1, 1_000_000),
        "gain": _number(1, 64),
        "colour_gains": _colour_gains,
        "lens_position_dioptre": _number(0, 40),
        "field_of_view_mm": _number(1, 500),
    },
    "model": {"bundle": _path, "engine": _engine, "threads": _whole(1, 64), "use_context": _switch},
    "server": {"port": _whole(1, 65535)},
}
KEYS = {section.name: tuple(_READERS[section.name]) for section in fields(Config)}
"""Every section and its keys."""


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
