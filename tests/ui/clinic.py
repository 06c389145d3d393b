"""A kiosk with records, `dermakiosk run` as it ships, and the fingers of those who work at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.clinical.operator import Operator, Role
from kiosk.records.opening import open_store, set_up
from kiosk.records.slots import RECOVERY, Slots, operator_slot
from kiosk.records.store import Store
from tests.kiosk.records.samples import WEAK

if TYPE_CHECKING:
    from tests.ui.conftest import Screen, Server, StartServer

ANNA = Operator("00000000000000aa", "Anna", Role.ADMINISTRATOR)
BEN = Operator("00000000000000bb", "Ben", Role.SCREENER)
CLARA = Operator("00000000000000cc", "Clara", Role.CLINICIAN)
PINS = {ANNA.id: "27182818", BEN.id: "31415926", CLARA.id: "40917362"}


@dataclass
class Clinic:
    """A kiosk that runs, and the key to its store."""

    server: Server
    folder: Path
    words: str

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store as another program opens it: the kiosk must have it locked, or be gone."""
        keys = Slots.read(self.folder).unlock(RECOVERY, self.words, None)
        store, _ = open_store(self.folder, keys)
        try:
            yield store
        finally:
            store.close()


def build(folder: Path) -> str:
    """A store with somebody of three roles; its recovery words."""
    words = set_up(folder, ANNA, PINS[ANNA.id], WEAK)
    slots = Slots.read(folder)
    store, key = open_store(folder, slots.unlock(RECOVERY, words, None))
    for operator in (BEN, CLARA):
        store.put_operator(operator, ANNA.id)
        slot = operator_slot(slots.store_id, operator.id, operator.name, PINS[operator.id], WEAK, None, [key])
        slots = slots.with_slot(slot, [key])
    slots.write(folder)
    store.close()
    return words


@contextmanager
def opened(start_server: StartServer, folder: Path, bundle: Path, more: str = "") -> Iterator[Clinic]:
    """A kiosk on simulated skin with a store in `folder`/records; `more` are further lines of [records]."""
    words = build(folder / "records")
    config = folder / "kiosk.toml"
    config.write_text(
        f'[camera]\nsource = "phantom"\n[model]\nbundle = "{bundle}"\nengine = "cpu"\n'
        f'[records]\nfolder = "{folder / "records"}"\n{more}',
        encoding="utf-8",
    )
    command: Callable[[int], list[str]] = lambda port: [  # noqa: E731 - handed on as it is
        sys.executable, "-m", "kiosk", "run", "--config", str(config), "--port", str(port),
    ]  # fmt: skip
    with start_server(command) as server:
        yield Clinic(server, folder / "records", words)


def enter(screen: Screen, pin: str) -> None:
    """Type a PIN on the keys that are on the screen."""
    for digit in pin:
        screen.tap(f'.pad:visible .key[aria-label="{digit}"]')
    screen.tap(".pad:visible .enter")


def log_in(screen: Screen, who: Operator, pin: str | None = None) -> None:
    """Log in, from the screen that asks for it."""
    screen.see(".unlock:not([inert])")
    screen.tap(f'.person[data-id="{who.id}"]')
    enter(screen, PINS[who.id] if pin is None else pin)


def go(screen: Screen, item: str) -> None:
    """To something of the desk's menu, from wherever the bar is."""
    screen.tap(".bar .records")
    screen.see(".desk:not([inert])")
    screen.tap(f".desk .{item}")
