"""What the screen's script may use: set once by the server, read by every browser session."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from edge_models.bundle import Manifest
from edge_models.plots import Plots
from kiosk.capture.station import Station
from kiosk.ui.config import PathwayConfig, ScreenConfig
from kiosk.ui.tokens import Tokens
from kiosk.ui.windows import Windows
from kiosk.workflow.archive import Archive
from kiosk.workflow.attention import Attention
from kiosk.workflow.backing_up import BackingUp
from kiosk.workflow.desk import Desk
from kiosk.workflow.office import Office


@dataclass(frozen=True)
class Device:
    """The parts of the process that the screens are views of.

    Attributes:
        attention: when the screen was touched last.
        screen: how the screen speaks, looks and waits.
        pathway: what the clinic does next.
        plots: what the model's makers measured of it, where its bundle says so.
        field_of_view_mm: how much skin the width of a picture shows; None where nobody measured it.
        desk: the records, and who has logged in.
        boot: a name of this run of the program.
        windows: which of the browser's windows has the screen.
    """

    station: Station
    manifest: Manifest
    tokens: Tokens
    attention: Attention
    screen: ScreenConfig
    field_of_view_mm: float | None
    desk: Desk
    pathway: PathwayConfig = field(default_factory=PathwayConfig)
    plots: Plots | None = None
    boot: str = field(default_factory=lambda: secrets.token_hex(8))
    windows: Windows = field(default_factory=Windows)
    archive: Archive = field(init=False)
    office: Office = field(init=False)
    backing_up: BackingUp = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "archive", Archive(self.desk))
        object.__setattr__(self, "office", Office(self.desk))
        object.__setattr__(self, "backing_up", BackingUp(self.desk))

    def records_seen(self) -> str:
        """How the records and their backup stand, for the page's heartbeat: it is drawn again where that changes."""
        return f"{self.desk.seen}-{self.backing_up.now().progress}"


_device: list[Device] = []


def provide(device: Device) -> None:
    """Let `current` return `device` from now on; Streamlit runs its script afresh and can be handed nothing."""
    _device[:] = [device]


def current() -> Device:
    """The process's device.

    Raises:
        RuntimeError: the script was started without its server.
    """
    if not _device:
        raise RuntimeError("the screen runs inside its server only: start it with `dermakiosk run`")
    return _device[0]
