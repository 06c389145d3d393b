"""The one grammar of camera sources: what is written is read, and what is read can be written again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera.source import SOURCES, Source, SourceKind

FOLDERS = st.text(st.characters(exclude_characters="\0\n", exclude_categories=["Cs"]), min_size=1).map(Path)
NAMED = st.one_of(
    st.sampled_from([SourceKind.AUTO, SourceKind.PICAMERA2, SourceKind.USB, SourceKind.PHANTOM, SourceKind.DEMO]).map(
        Source
    ),
    st.integers(0, 999).map(lambda number: Source(SourceKind.USB, number)),
    st.from_regex(r"/dev/v4l/by-(id|path)/usb-[A-Za-z0-9_.:-]{1,60}", fullmatch=True).map(
        lambda link: Source(SourceKind.USB, link=Path(link))
    ),
    FOLDERS.map(lambda folder: Source(SourceKind.REPLAY, folder=folder)),
)


@given(NAMED)
def test_what_is_written_is_read(source: Source) -> None:
    assert Source.parse(str(source)) == source


@pytest.mark.parametrize(
    "text",
    [
        "",
        "webcam",
        "usb:",
        "usb:x",
        "usb:-1",
        "usb:1000",
        "usb:/dev/video0",
        "usb:/dev/v4l/by-id/..",
        "usb:/dev/v4l/by-id/a/b",
        "replay:",
        "replay:\0",
        "phantom:1",
        "Phantom",
        "auto ",
    ],
)
def test_what_is_no_source_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match="replay:DIR"):
        Source.parse(text)


def test_every_kind_is_named_in_the_help() -> None:
    assert all(kind in SOURCES for kind in SourceKind)


def test_a_folder_starts_from_the_place_that_names_it() -> None:
    assert Source.parse("replay:pictures").below(Path("/etc")) == Source.parse("replay:/etc/pictures")
    assert Source.parse("replay:/media/x").below(Path("/etc")) == Source.parse("replay:/media/x")
    assert Source.parse("replay:~/x").below(Path("/etc")).folder == Path.home() / "x"
    assert Source.parse("usb:2").below(Path("/etc")) == Source(SourceKind.USB, 2)
