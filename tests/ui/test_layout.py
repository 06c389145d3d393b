"""Every state in a real browser: nothing is lost at any size, all of it can be read, and axe-core finds nothing.

One walk through the states a language. The longest language is looked at in every size, with text of 100 and 125 %
each, the others where it is tight; contrast and axe-core's rules depend on the state and the theme alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from kiosk.text import LANGUAGES
from kiosk.text.catalogue import catalogue
from tests.ui.conftest import ROOT, SIZES, Screen
from tests.ui.states import STATES, walk

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.ui.conftest import Stage

pytestmark = pytest.mark.browser

LONGEST, READ = "de", "en"
"""The languages whose walk tries every size, and reads every theme."""
TIGHT = ("800x480", "480x800")
CONTRAST = (ROOT / "tests" / "ui" / "contrast.js").read_text(encoding="utf-8")
AXE = "(options) => axe.run(document, options)"
THEMES: Mapping[str, Mapping[str, object]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
"""The themes, and what of axe-core's options each needs: they differ in colours and in nothing else."""

Found = dict[str, list[str]]
"""What is wrong, and where."""


@dataclass
class Walked:
    states: list[str] = field(default_factory=list)
    lost: Found = field(default_factory=lambda: defaultdict(list))
    faint: Found = field(default_factory=lambda: defaultdict(list))
    violations: Found = field(default_factory=lambda: defaultdict(list))
    said: dict[str, str] = field(default_factory=dict)

    def resize(self, screen: Screen, state: str, sizes: Sequence[str]) -> None:
        for size in sizes:
            screen.resize(size)
            for text in ("normal", "large"):
                for fault in screen.faults(text):
                    self.lost[fault].append(f"{state} {size} {text}")
        screen.resize("1280x800")

    def read(self, screen: Screen, state: str) -> None:
        if not screen.page.evaluate("'axe' in window"):  # the second window's page has none yet
            screen.page.evaluate(AXE_SCRIPT)
        for theme, rules in THEMES.items():
            screen.wear(theme)
            for fault in screen.page.evaluate(CONTRAST):
                self.faint[fault].append(f"{state} {theme}")
            for violation in screen.page.evaluate(AXE, {"resultTypes": ["violations"], **rules})["violations"]:
                for node in violation["nodes"]:
                    self.violations[f"{violation['id']}: {node['html']}"].append(f"{state} {theme}")
        screen.wear("light")


@pytest.fixture(scope="module")
def walked(shared_stage: Stage, chromium: Browser) -> Mapping[str, Walked]:
    """What was seen in each language; walked when it is first asked for."""
    return Walks(shared_stage, chromium)


class Walks(dict[str, Walked]):
    def __init__(self, stage: Stage, chromium: Browser) -> None:
        super().__init__()
        self._stage = stage
        self._chromium = chromium

    def __missing__(self, language: str) -> Walked:
        seen = self[language] = Walked()
        self._stage.act("urgent")
        with self._chromium.new_context(viewport={"width": 1280, "height": 800}, has_touch=True) as context:
            screen = Screen(context.new_page(), "1280x800")
            screen.page.goto(self._stage.server.url)
            for state in walk(screen, self._stage, catalogue(language)):
                seen.states.append(state)
                seen.said[state] = "\n".join(screen.page.locator(".screen, .dialog:visible").all_inner_texts())
                seen.resize(screen, state, list(SIZES) if language == LONGEST else TIGHT)
                if language == READ:
                    seen.read(screen, state)
        return seen


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_lost_covered_or_cut_off_at_any_size(walked: Mapping[str, Walked], language: str) -> None:
    assert walked[language].states == list(STATES)
    assert walked[language].lost == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_walk_speaks_one_language(walked: Mapping[str, Walked], language: str) -> None:
    words, said = catalogue(language), walked[language].said
    assert words.fault("C4") in said["capture_fault"]
    assert words.text("result.disclaimer") in said["result_routine"]
    assert words.text("advice.routine.detail") in said["result_routine"]
    assert words.text("result.model_view_legend") in said["result_looking"]
    assert (words.text("about.in_english") in said["about"]) == (language != "en")


def test_contrast_is_aa_in_both_themes(walked: Mapping[str, Walked]) -> None:
    assert walked[READ].faint == {}


def test_axe_finds_nothing_in_both_themes(walked: Mapping[str, Walked]) -> None:
    assert walked[READ].violations == {}
