"""Desk: what somebody who has logged in may do beside examining, chosen by role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edge_models.errors import DermakioskError
from kiosk.clinical.operator import Operator
from kiosk.text.catalogue import Catalogue
from kiosk.ui import faults
from kiosk.ui.device import Device
from kiosk.ui.seat import Place, Seat
from kiosk.ui.widgets.component import Tap, mount
from kiosk.workflow.archive import Listed
from kiosk.workflow.backing_up import Backing, Progress
from kiosk.workflow.office import PERMISSIONS, Permission

ITEMS: Mapping[str, tuple[str, Permission | None]] = {
    "archive": ("person", Permission.SEE_RECORDS),
    "referrals": ("warn", Permission.SEE_RECORDS),
    "office": ("wrench", Permission.MANAGE_OPERATORS),
    "backup": ("windows", Permission.BACK_UP),
    "pin": ("chip", None),
    "hand_over": ("again", None),
    "lock": ("stop", None),
}
"""What there is to do: its sign, and the permission that it needs; None: none."""


def draw(words: Catalogue, device: Device, seat: Seat, operator: Operator) -> None:
    """Draw the screen."""
    may = PERMISSIONS[operator.role]
    there = [name for name in ITEMS if name != "backup" or device.backing_up.offered]
    offered = [name for name in there if ITEMS[name][1] is None or ITEMS[name][1] in may]
    examines = Permission.EXAMINE in may

    def on_tap(tap: Tap) -> None:
        name = tap.get("to")
        if name == "examine" and examines:
            seat.place = Place.VISIT
        elif name in offered:
            go(device, seat, str(name))

    mount(
        "desk",
        {
            "title": words.text("status.records"),
            "who": words.text("desk.detail", name=operator.name, role=words.text(f"role.{operator.role}")),
            "notice": " ".join(_notices(words, device, seat, backs_up="backup" in offered)),
            "items": [_item(words, name, ITEMS[name][0]) for name in offered],
            "dock": [_item(words, "examine", "camera")] if examines else [],
        },
        on_tap,
    )


def _notices(words: Catalogue, device: Device, seat: Seat, *, backs_up: bool) -> Iterator[str]:
    """What somebody should know: what went wrong, how the backup stands for whoever makes them, that space runs out."""
    if seat.trouble:
        yield words.fault(seat.trouble)
    backing = device.backing_up.now() if backs_up else Backing()
    match backing.progress:
        case Progress.RUNNING:
            yield words.text("desk.backing_up")
        case Progress.DONE:
            yield words.count("desk.backed_up", backing.examinations, count=words.number(backing.examinations))
        case Progress.FAILED:
            yield words.fault(backing.code)
    if device.desk.space_is_low():
        yield words.fault(faults.RECORDS_NEARLY_FULL)


def go(device: Device, seat: Seat, name: str) -> None:
    """Follow a tap to what was chosen."""
    seat.settled()
    match name:
        case "archive" | "referrals":
            seat.place = Place.ARCHIVE
            seat.look_for(Listed(referrals=name == "referrals"))
        case "office":
            seat.place = Place.OFFICE
        case "backup":
            try:
                device.backing_up.begin(seat.number)
            except DermakioskError as error:
                seat.failed(error)
        case "pin":
            seat.place = Place.PIN
        case "hand_over":
            seat.place = Place.UNLOCK
        case "lock":
            device.desk.lock()
            seat.leave()


def _item(words: Catalogue, name: str, symbol: str) -> dict[str, str]:
    return {"name": name, "label": words.text(f"desk.{name}"), "symbol": symbol}
