"""One TOML file: what is right is read, what is wrong is named with its line."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_models.shipped import BUNDLES, FAST
from kiosk import config
from kiosk.camera.config import CameraConfig
from kiosk.camera.source import Source
from kiosk.clinical.frame import CameraSettings
from kiosk.commands.lock_camera import toml_lines
from kiosk.config import Config, load, override, parse
from kiosk.errors import ConfigError
from kiosk.pipeline.config import ModelConfig
from kiosk.ui.config import PathwayConfig, ScreenConfig, ServerConfig

EXAMPLE = Path(__file__).parents[2] / "systemd/kiosk.toml"
FILE = Path("/somewhere/kiosk.toml")


def test_the_example_is_the_defaults() -> None:
    assert load(EXAMPLE) == Config()


def test_the_example_documents_every_key() -> None:
    """Optional keys stand there as comments: switched on, each of them is a valid value too."""
    text = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    everything = parse(text, EXAMPLE)
    for section, keys in config.SECTIONS.items():
        for key in keys:
            assert re.search(rf"^{key} = ", text, re.MULTILINE), f"[{section}] {key} is not documented"
            assert getattr(getattr(everything, section), key) is not None


def test_every_field_can_be_set() -> None:
    assert {f.name for f in dataclasses.fields(Config)} == set(config.SECTIONS)
    for section, keys in config.SECTIONS.items():
        assert {f.name for f in dataclasses.fields(getattr(Config(), section))} == set(keys)


def test_values_arrive() -> None:
    read = parse(
        '[camera]\nsource = "usb:2"\nlens_position_dioptre = 12\nfield_of_view_mm = 18.5\n'
        '[model]\nbundle = "/opt/bundle"\nengine = "cpu"\nthreads = 3\nuse_context = false\n[server]\nport = 9000\n'
        '[screen]\nlanguage = "fr"\ntheme = "clock"\ndark_hours = [18, 6]\ntext = "large"\n'
        "cover_after_s = 60\nend_after_s = 0\nsounds = true\n"
        '[pathway]\nurgent_referral = "Call ext. 4711"\nroutine = ""\n',
        FILE,
    )
    assert read == Config(
        CameraConfig(Source.parse("usb:2"), lens_position_dioptre=12.0, field_of_view_mm=18.5),
        ModelConfig(Path("/opt/bundle"), "cpu", 3, use_context=False),
        ServerConfig(9000),
        ScreenConfig("fr", "clock", (18, 6), "large", cover_after_s=60, end_after_s=0, sounds=True),
        PathwayConfig("Call ext. 4711"),
    )
    assert isinstance(read.camera.lens_position_dioptre, float)


def test_what_lock_camera_prints_is_what_the_configuration_reads() -> None:
    locked = CameraSettings(exposure_us=8333, gain=1.5, colour_gains=(2.125, 1.5), lens_position_dioptre=12.25)
    text = EXAMPLE.read_text(encoding="utf-8")
    before, here = text[: text.index("# exposure_us = ")], text[text.index("# exposure_us = ") :]
    read = parse(before + toml_lines(locked) + here, FILE).camera  # where the file says that it belongs
    assert (read.exposure_us, read.gain, read.colour_gains) == (8333, 1.5, (2.125, 1.5))
    assert read.lens_position_dioptre == 12.25
    assert parse(before + toml_lines(CameraSettings()) + here, FILE) == Config()


@pytest.mark.parametrize("gains", ["2.0", "[1.0]", "[1.0, -1]", "[1.0, 2.0, 3.0]", '["a", 1]'])
def test_wrong_colour_gains_are_named(gains: str) -> None:
    with pytest.raises(ConfigError, match=r"line 2: colour_gains must be"):
        parse(f"[camera]\ncolour_gains = {gains}\n", FILE)


def test_paths_start_from_the_files_folder() -> None:
    read = parse('[camera]\nsource = "replay:pictures"\n[model]\nbundle = "mine"\n', FILE)
    assert str(read.camera.source) == "replay:/somewhere/pictures"
    assert read.model.bundle == Path("/somewhere/mine")


def test_a_word_stands_for_the_fast_bundle_that_ships() -> None:
    assert parse('[model]\nbundle = "fast"\n', FILE).model.bundle == BUNDLES / FAST
    assert parse('[model]\nbundle = "./fast"\n', FILE).model.bundle == Path("/somewhere/fast")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[server]\n# a port\nport = "x"', 3, "port must be a whole number from 1 to 65535, not 'x'"),
        ("[server]\nport = true", 2, "not True"),
        ("[server]\nport = 0", 2, "not 0"),
        ("[server]\nport = 65536", 2, "not 65536"),
        ("[server]\nport = 8501.0", 2, "not 8501.0"),
        ("[camera]\n\n[server]\nprot = 1", 4, "[server] has no key 'prot'. Perhaps port was meant."),
        ("server.prot = 1", 1, "no key 'prot'"),
        ("server = { port = -1 }", 1, "not -1"),
        ('[camera]\n"source" = "webcam"', 2, "one of auto, picamera2, usb"),
        ('[camera]\nsource = "replay:"', 2, "one of auto"),
        ("[camera]\nfield_of_view_mm = nan", 2, "a number from 1 to 500, not nan"),
        ("[camera]\nlens_position_dioptre = -1", 2, "a number from 0 to 40"),
        ('[model]\nengine = "gpu"', 2, "one of auto, cpu, edgetpu, not 'gpu'"),
        ('[screen]\ntheme = "grey"', 2, "one of light, dark, clock, not 'grey'"),
        ("[screen]\ndark_hours = [20, 24]", 2, "a whole number from 0 to 23"),
        ("[screen]\ndark_hours = [20]", 2, "two hours like [20, 7]"),
        ("[screen]\nend_after_s = -1", 2, "a whole number from 0 to 86400"),
        (f'[pathway]\nroutine = "{"x" * 301}"', 2, "plain text of at most 300 characters"),
        ('[pathway]\nroutine = "\\u0007"', 2, "plain text of at most 300 characters"),
        ('[screen]\nlanguage = "it"', 2, "one of en, de, fr, es, not 'it'"),
        ("[model]\nengine = []", 2, "one of auto, cpu, edgetpu"),
        ("[model]\nbundle = 1", 2, "a path in quotes"),
        ("[model]\nuse_context = 1", 2, "use_context must be true or false, not 1"),
        ("[model]\nthreads = 0", 2, "a whole number from 1 to 64"),
        ("# nothing\n[modle]\n", 2, "there is no section 'modle'. Perhaps model was meant."),
        ("port = 1", 1, "there is no section 'port'"),
        ("server = 3", 1, "server is a section"),
        ("[[server]]\nport = 1", 1, "server is a section"),
        ("[server]\nport = 1\nport = 2", 3, "not valid TOML"),
        ("[server]\nport = ", 2, "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, FILE)
    message = str(caught.value)
    assert message.startswith(str(FILE))
    assert f"line {line}" in message
    assert said in message
    assert caught.value.remedy


def test_the_command_line_is_checked_alike() -> None:
    assert override(Config(), "server", "port", 80, "--port").server.port == 80
    with pytest.raises(ConfigError, match="--port: port must be a whole number"):
        override(Config(), "server", "port", "80", "--port")


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "DEFAULT_PATH", tmp_path / "kiosk.toml")
    assert load(None) == Config()
    (tmp_path / "kiosk.toml").write_text("[server]\nport = 81\n", encoding="utf-8")
    assert load(None).server.port == 81


@pytest.mark.parametrize("kind", ["missing", "folder", "latin-1", "huge"])
def test_a_file_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "kiosk.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "latin-1":
        path.write_bytes("[model]\nbundle = '\xe4'".encode("latin-1"))
    elif kind == "huge":
        path.write_bytes(b"#" * (2 << 20))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert ("line 2" in str(caught.value)) == (kind == "latin-1")


def refusal(text: str) -> str:
    """What `parse` says against a text; empty when it is taken."""
    try:
        parse(text, FILE)
    except ConfigError as error:
        return str(error)
    return ""


@settings(deadline=None)
@given(st.text())
@example("x = " + "9" * 5000)
@example("x = " + "[" * 5000)
@example("[server]\rport = 1")
@example("\0")
@example('"a\\nb" = 1')
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    assert len(refusal(text).splitlines()) <= 1


@settings(deadline=None)
@given(
    st.sampled_from([(section, key) for section, keys in config.SECTIONS.items() for key in keys]),
    st.one_of(
        st.integers(), st.floats().map(repr), st.booleans().map(lambda b: str(b).lower()), st.just('"?"'), st.just("[]")
    ),
    st.integers(0, 5),
)
def test_any_value_is_taken_or_named_with_its_line(where: tuple[str, str], value: object, comments: int) -> None:
    section, key = where
    said = refusal(f"[{section}]\n" + "# what it means\n" * comments + f"{key} = {value}\n")
    assert not said or said.startswith(f"{FILE}, line {comments + 2}: {key} must be ")
