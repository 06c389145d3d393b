"""Every state in a real browser: nothing is lost at any size, all of it can be read, and axe-core finds nothing.

Two walks a language: without records, and from their first set-up on. The longest language is looked at in every size,
with text of 100 and 125 % each, the others where it is tight; contrast and axe-core's rules depend on the state and the
theme alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import Catalogue, catalogue
from tests.ui.conftest import ROOT, SIZES, Screen, acting, launch
from tests.ui.records_states import RECORDS_STATES, configuration, walk_records
from tests.ui.states import STATES, walk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType

    from tests.ui.conftest import Stage

pytestmark = pytest.mark.browser

LONGEST, READ = "de", "en"
"""The languages whose walk tries every size, and reads every theme."""
TIGHT = ("800x480", "480x800")
CONTRAST = (ROOT / "tests" / "ui" / "contrast.js").read_text(encoding="utf-8")
AXE = "(options) => axe.run(document, options)"
THEMES = ("light", "dark")
TRIES = 3

Found = dict[str, list[str]]
"""What is wrong, and where."""


class StalledError(Exception):
    """The browser draws no frame, while the page's own timers run: nothing can be tapped in it any more."""


@dataclass
class Walked:
    states: list[str] = field(default_factory=list)
    lost: Found = field(default_factory=lambda: defaultdict(list))
    faint: Found = field(default_factory=lambda: defaultdict(list))
    violations: Found = field(default_factory=lambda: defaultdict(list))
    said: dict[str, str] = field(default_factory=dict)

    def add(self, other: Walked) -> None:
        """What another walk saw."""
        self.states += other.states
        self.said |= other.said
        for mine, theirs in ((self.lost, other.lost), (self.faint, other.faint), (self.violations, other.violations)):
            for fault, places in theirs.items():
                mine[fault] += places

    def resize(self, screen: Screen, state: str, sizes: Sequence[str]) -> None:
        for size in sizes:
            screen.resize(size)
            for text in ("normal", "large"):
                for fault in screen.faults(text):
                    self.lost[fault].append(f"{state} {size} {text}")
        screen.resize("1280x800")
        if not screen.draws():
            raise StalledError(f"Chromium draws no frame any more, in the state {state}")

    def read(self, screen: Screen, state: str) -> None:
        if not screen.page.evaluate("'axe' in window"):  # the second window's page has none yet
            screen.page.evaluate(AXE_SCRIPT)
        for theme in THEMES:
            screen.wear(theme)
            for fault in screen.page.evaluate(CONTRAST):
                self.faint[fault].append(f"{state} {theme}")
            for violation in screen.page.evaluate(AXE, {"resultTypes": ["violations"]})["violations"]:
                for node in violation["nodes"]:
                    self.violations[f"{violation['id']}: {node['html']}"].append(f"{state} {theme}")
        screen.wear("light")


@pytest.fixture(scope="module")
def walked(shared_stage: Stage, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Walked]:
    """What was seen in each language; walked when it is first asked for."""
    return Walks(shared_stage, chromium.browser_type, tmp_path_factory)


class Walks(dict[str, Walked]):
    """Each walk has a browser of its own: in one that was long in use, Chromium stopped drawing in mid-walk.

    Where that happens all the same, the walk begins anew; what the page itself does wrong shows in every try.
    """

    def __init__(self, stage: Stage, chromium: BrowserType, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self._stage = stage
        self._chromium = chromium
        self._folders = folders

    def __missing__(self, language: str) -> Walked:
        self[language] = Walked()
        for walk_once in (self._without_records, self._with_records):
            self[language].add(self._tried(language, walk_once))
        return self[language]

    def _tried(self, language: str, walk_once: Callable[[str], Walked]) -> Walked:
        for _ in range(TRIES - 1):
            try:
                return walk_once(language)
            except StalledError as error:
                print(f"{error}: a new browser")  # noqa: T201 - a finding about the machine, shown where a test fails
        return walk_once(language)

    def _without_records(self, language: str) -> Walked:
        self._stage.act("urgent")
        return self._walk(language, self._stage, walk)

    def _with_records(self, language: str) -> Walked:
        folder = self._folders.mktemp("records")
        with acting(folder, "urgent", config=configuration(folder, language)) as stage:
            return self._walk(language, stage, walk_records)

    def _walk(self, language: str, stage: Stage, way: Callable[[Screen, Stage, Catalogue], Iterator[str]]) -> Walked:
        seen = Walked()
        with (
            launch(self._chromium) as browser,
            browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True) as context,
        ):
            screen = Screen(context.new_page(), "1280x800")
            screen.page.goto(stage.server.url)
            for state in way(screen, stage, catalogue(language)):
                seen.states.append(state)
                seen.said[state] = "\n".join(screen.page.locator(".screen, .dialog:visible").all_inner_texts())
                seen.resize(screen, state, list(SIZES) if language == LONGEST else TIGHT)
                if language == READ:
                    seen.read(screen, state)
        return seen


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_lost_covered_or_cut_off_at_any_size(walked: Mapping[str, Walked], language: str) -> None:
    assert walked[language].states == [*STATES, *RECORDS_STATES]
    assert walked[language].lost == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_walk_speaks_one_language(walked: Mapping[str, Walked], language: str) -> None:
    words, said = catalogue(language), walked[language].said
    assert words.fault("C4") in said["capture_fault"]
    assert words.text("result.disclaimer") in said["result_routine"]
    assert words.text("advice.routine.detail") in said["result_routine"]
    assert words.text("result.model_view_legend") in said["result_looking"]
    assert (words.text("about.in_english") in said["about"]) == (language != "en")
    assert words.text("setup.words_detail") in said["setup_words"]
    assert words.text("unsaved.detail") in said["unsaved"]


def test_contrast_is_aa_in_both_themes(walked: Mapping[str, Walked]) -> None:
    assert walked[READ].faint == {}


def test_axe_finds_nothing_in_both_themes(walked: Mapping[str, Walked]) -> None:
    assert walked[READ].violations == {}
