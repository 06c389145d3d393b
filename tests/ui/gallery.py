"""Pictures of every state in every size, language and theme, and contact sheets of them: `make screenshots`.

Usage: python -m tests.ui.gallery [--languages de,fr] [--sizes 800x480] [--themes dark] [--states result_]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import catalogue
from tests.ui.conftest import ROOT, SIZES, Screen, acting, launch
from tests.ui.records_states import configuration, walk_records
from tests.ui.states import walk

if TYPE_CHECKING:
    from playwright.sync_api import BrowserType

OUT = ROOT / "artifacts" / "gallery"
SHEET_PX = (2400, 1800)
"""Width, and height at most, of a contact sheet."""
THUMBNAIL_PX = 470
LABEL_PX = 22
THEMES = ("light", "dark")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--themes", default=",".join(THEMES))
    parser.add_argument("--states", default="", help="only those whose name begins so")
    options = parser.parse_args(arguments)
    sizes, themes = options.sizes.split(","), options.themes.split(",")
    with sync_playwright() as playwright:
        for language in options.languages.split(","):
            for screen, state in states(playwright.chromium, language):
                if state.startswith(options.states):
                    photograph(screen, state, language, sizes, themes)
    for language in options.languages.split(","):
        for theme in themes:
            for size in sizes:
                contact_sheets(language, theme, size)
    return 0


def states(chromium: BrowserType, language: str) -> Iterator[tuple[Screen, str]]:
    """Every state's name, while a page is in it: without records, and from their first set-up on."""
    for way in (walk, walk_records):
        with tempfile.TemporaryDirectory() as folder:
            config = configuration(Path(folder), language) if way is walk_records else ""
            with (
                acting(Path(folder), "urgent", config=config) as stage,
                launch(chromium) as browser,
                browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True) as context,
            ):
                screen = Screen(context.new_page(), "1280x800")
                screen.page.goto(stage.server.url)
                for state in way(screen, stage, catalogue(language)):
                    yield screen, state


def photograph(screen: Screen, state: str, language: str, sizes: Sequence[str], themes: Sequence[str]) -> None:
    for theme in themes:
        screen.wear(theme)
        for size in sizes:
            screen.resize(size)
            place = OUT / language / theme / size
            place.mkdir(parents=True, exist_ok=True)
            screen.page.screenshot(path=str(place / f"{state}.png"))
    screen.wear("light")
    screen.resize("1280x800")


def contact_sheets(language: str, theme: str, size: str) -> None:
    """Lay all pictures of one language, theme and size on sheets of `SHEET_PX`."""
    paths = sorted((OUT / language / theme / size).glob("*.png"))
    width, height = SIZES[size]
    across = SHEET_PX[0] // THUMBNAIL_PX if width > height else SHEET_PX[0] // (THUMBNAIL_PX * 2 // 3)
    side = SHEET_PX[0] // across
    tall = round(side * height / width) + LABEL_PX
    down = max(1, SHEET_PX[1] // tall)
    for number, first in enumerate(range(0, len(paths), across * down), start=1):
        chosen = paths[first : first + across * down]
        rows = -(-len(chosen) // across)
        sheet = np.full((rows * tall, across * side, 3), 120, np.uint8)
        for index, path in enumerate(chosen):
            x, y = index % across * side, index // across * tall
            picture = cv2.imread(str(path))
            assert picture is not None, path
            small = cv2.resize(picture, (side - 6, tall - LABEL_PX - 6), interpolation=cv2.INTER_AREA)
            sheet[y + LABEL_PX : y + tall - 6, x : x + side - 6] = small
            place = (x + 4, y + LABEL_PX - 6)
            cv2.putText(sheet, path.stem, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
        cv2.imwrite(str(OUT / f"{language}_{theme}_{size}_{number}.png"), sheet)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
