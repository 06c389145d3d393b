"""Who works at the kiosk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_NAME_CHARACTERS = 40
_ID = re.compile(r"[0-9a-f]{16}")


class Role(StrEnum):
    """What an operator is there for; `kiosk.access.policy` says what each may do."""

    SCREENER = "screener"
    CLINICIAN = "clinician"
    ADMINISTRATOR = "administrator"
    ENGINEER = "engineer"


@dataclass(frozen=True)
class Operator:
    """A person with a PIN.

    Attributes:
        id: 16 hexadecimal digits; never given to another operator.
        name: as colleagues know them; printable, up to 40 characters.
        active: an operator who has left stays in the records, and can no longer log in.

    Raises:
        ValueError: an id or a name that cannot be.
    """

    id: str
    name: str
    role: Role
    active: bool = True

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("an operator's id is 16 hexadecimal digits")
        if not self.name.strip() or len(self.name) > MAX_NAME_CHARACTERS or not self.name.isprintable():
            raise ValueError(f"an operator's name is 1 to {MAX_NAME_CHARACTERS} printable characters")
