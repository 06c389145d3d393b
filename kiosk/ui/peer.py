"""Whose program is at the other end of a connection: the kernel's own list of sockets tells.

Every account of the box can reach its loopback address, and anybody can send any header. What nobody can forge is the
account that opened the socket (`/proc/net/tcp`, proc(5)).
"""

from __future__ import annotations

import os
import pwd
import struct
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path

TABLE = Path("/proc/net/tcp")
SCREEN_USER = "dermakiosk-screen"
"""The account that the installed browser runs as (`systemd/dermakiosk-screen.service`)."""

_ESTABLISHED = "01"
_ROOT = 0


def peer_uid(host: str, port: int, server_port: int, table: Path = TABLE) -> int | None:
    """The user id that opened a connection to us; None where the kernel does not list it as established.

    A socket that its program has closed belongs to nobody and is listed under user 0: only established ones count.

    Args:
        host: the other end's IPv4 address.
        port: the other end's port.
        server_port: our own.
        table: where the kernel lists IPv4 connections.
    """
    here, there = _as_listed(host, port), f":{server_port:04X}"
    with table.open(encoding="ascii") as lines:
        for line in lines:
            fields = line.split()
            if fields[1] == here and fields[2].endswith(there) and fields[3] == _ESTABLISHED:
                return int(fields[7])
    return None


def allowed_uids() -> frozenset[int]:
    """Who may use the screen: whoever started the kiosk, the installed browser's account, and root, who may anyway."""
    allowed = {_ROOT, os.geteuid()}
    with suppress(KeyError):  # not an installed box
        allowed.add(pwd.getpwnam(SCREEN_USER).pw_uid)
    return frozenset(allowed)


def _as_listed(host: str, port: int) -> str:
    """An address as the kernel writes it: the four bytes as one number of this machine, in hexadecimal digits."""
    (number,) = struct.unpack("=I", IPv4Address(host).packed)
    return f"{number:08X}:{port:04X}"
