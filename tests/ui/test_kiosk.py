"""The whole kiosk as it ships, `dermakiosk run`, with its released model: from Start to Result in a real browser."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_models.bundle import default_bundle, load
from edge_models.classifier import Classifier
from edge_models.image_file import read_rgb
from edge_models.labels import LesionClass
from kiosk.clinical.frame import Frame
from kiosk.pipeline.assess import assess
from kiosk.pipeline.cores import Cores

if TYPE_CHECKING:
    from tests.ui.conftest import OpenScreen, Server, StartServer

pytestmark = pytest.mark.browser

SIZES = ("1280x800", "800x480", "720x1280")
PICTURES = 5


@pytest.fixture
def real_pictures(tmp_path: Path) -> str:
    data = os.environ.get("DERMAKIOSK_DATA")
    if not data:
        pytest.skip("needs real dermatoscopic images: set DERMAKIOSK_DATA")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for path in sorted((Path(data) / "isic2018_task3_val" / "images").glob("*.jpg"))[:PICTURES]:
        shutil.copy(path, folder)
    return f"replay:{folder}"


@pytest.fixture(params=["phantom", "replay"])
def source(request: pytest.FixtureRequest) -> str:
    return "phantom" if request.param == "phantom" else str(request.getfixturevalue("real_pictures"))


@pytest.fixture
def kiosk(source: str, start_server: StartServer) -> Iterator[Server]:
    command = [sys.executable, "-m", "kiosk", "run", "--camera", source, "--port"]
    with start_server(lambda port: [*command, str(port)]) as server:
        yield server


@pytest.fixture
def outcomes(source: str) -> list[set[str]]:
    """What may be shown of each picture: of a file what the pipeline says of it here, of the phantom anything.

    The phantom's noise depends on how long somebody looked: what it comes to is tried with a fixed picture
    (tests/kiosk/pipeline/test_golden.py).
    """
    if source == "phantom":
        return [{"result", "retake", "no_result"}] * len(SIZES)
    now = datetime.now(UTC)
    files = sorted(Path(source.removeprefix("replay:")).iterdir())[: len(SIZES)]
    with Classifier.open(engine="cpu") as classifier, Cores() as cores:
        return [{assess(Frame(read_rgb(path), now, "file"), classifier, cores, now=now).outcome} for path in files]


def test_from_start_to_result(kiosk: Server, source: str, outcomes: list[set[str]], open_screen: OpenScreen) -> None:
    kind = source.partition(":")[0]
    for size, expected in zip(SIZES, outcomes, strict=True):
        screen = open_screen(kiosk, size)
        screen.see(".start")
        screen.keep(f"kiosk_{kind}_start")
        screen.to_capture()
        screen.keep(f"kiosk_{kind}_capture")
        screen.to_result()
        screen.keep(f"kiosk_{kind}_result")
        outcome = screen.page.locator(".result").get_attribute("data-outcome")
        everything = screen.page.locator(".result").inner_text()
        named = [lesion for lesion in LesionClass if lesion.full_name in everything]
        assert outcome in expected
        if outcome == "result":
            assert len(named) >= 3
            assert load(default_bundle()).manifest.model_id in everything
        else:
            assert named == []
        screen.done()
        screen.page.close()  # one window has the screen at a time
