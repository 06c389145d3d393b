"""Slots: the data key, sealed once for every operator and for the recovery words, in one file beside the database.

A slot has a key pair (X25519). The data key is sealed to its public key, so the data key can be changed without
anybody's PIN. The private key is wrapped by the PIN's key and, around that, by the device secret's. So the device
secret can be changed without anybody's PIN too, and without it there is nothing to try PINs on.
The whole file is authenticated under the data key: a slot that somebody planted is found at the next unlocking.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from edge_models.frozen import frozen
from kiosk.errors import KeyRefused, StoreDamaged, StoreMissing, StoreNewer
from kiosk.records.files import canonical, read_document, write_document
from kiosk.records.keys import (
    DataKey,
    DeviceSecret,
    Kdf,
    Purpose,
    derive,
    entropy_of,
    new_pair,
    public_of,
    seal_to,
    unseal,
    unwrap,
    wrap,
)

FILE = "slots.json"
VERSION = 1
RECOVERY = "recovery"
"""The id of the recovery slot; no operator has it."""
_SALT_BYTES = 16


class SlotKind(StrEnum):
    """What opens a slot."""

    OPERATOR = "operator"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class Slot:
    """One way to the data key.

    Attributes:
        id: the operator's, or `RECOVERY`.
        name: what the log-in screen shows: readable on a stolen card.
        kdf: how the PIN is hashed; None for the recovery words, which need no stretching.
        salt: of that hash.
        device: the name of the device secret that is needed too; empty: none.
        public: the slot's public key.
        private: its private key, wrapped.
        sealed: by data key's name, that key sealed to `public`; two while the data key is being changed.
    """

    kind: SlotKind
    id: str
    name: str
    kdf: Kdf | None
    salt: bytes
    device: str
    public: bytes
    private: bytes
    sealed: Mapping[str, bytes]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sealed", frozen(self.sealed))

    def to_json(self) -> dict[str, Any]:
        """The slot as the file holds it."""
        kdf = None if self.kdf is None else [self.kdf.memory_kib, self.kdf.passes, self.kdf.lanes]
        return {
            "kind": self.kind.value,
            "id": self.id,
            "name": self.name,
            "argon2id": kdf,
            "salt": self.salt.hex(),
            "device": self.device,
            "public": self.public.hex(),
            "private": self.private.hex(),
            "sealed": {name: sealed.hex() for name, sealed in self.sealed.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Slot:
        """Read what `to_json` wrote.

        Raises:
            KeyError: something is missing.
            TypeError: a value of another type.
            ValueError: a value that cannot be.
        """
        kdf = document["argon2id"]
        return cls(
            kind=SlotKind(document["kind"]),
            id=str(document["id"]),
            name=str(document["name"]),
            kdf=None if kdf is None else Kdf(*map(int, kdf)),
            salt=bytes.fromhex(document["salt"]),
            device=str(document["device"]),
            public=bytes.fromhex(document["public"]),
            private=bytes.fromhex(document["private"]),
            sealed={str(name): bytes.fromhex(sealed) for name, sealed in document["sealed"].items()},
        )


@dataclass(frozen=True)
class Slots:
    """All slots of a store.

    Attributes:
        store_id: 32 hexadecimal digits; no two stores share them.
        slots: in the order of the log-in screen.
        macs: by data key's name, what authenticates the rest under it.
    """

    store_id: str
    slots: tuple[Slot, ...]
    macs: Mapping[str, str]

    @classmethod
    def made(cls, store_id: str, slots: Sequence[Slot], keys: Sequence[DataKey]) -> Slots:
        """Slots that hold `keys`, authenticated under each of them."""
        bare = cls(store_id, tuple(slots), {})
        return replace(bare, macs=frozen({key.name: bare.mac(key) for key in keys}))

    @classmethod
    def read(cls, folder: Path) -> Slots:
        """The slots of the store in a folder.

        Raises:
            StoreMissing: there are none.
            StoreDamaged: the file is not what was written.
            StoreNewer: a later version of the kiosk wrote it.
        """
        path = folder / FILE
        try:
            document = read_document(path)
        except StoreMissing as error:
            raise StoreMissing(
                f"{path} is not there: nothing opens the store without it", "Put back the last backup's copy of it"
            ) from error
        if document.get("version") != VERSION:
            raise StoreNewer(f"{path} is of version {document.get('version')}", "Update the kiosk; nothing was changed")
        try:
            slots = tuple(map(Slot.from_json, document["slots"]))
            return cls(str(document["store_id"]), slots, frozen({str(k): str(v) for k, v in document["macs"].items()}))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreDamaged(f"{path} is damaged", "Put back the last backup's copy of it") from error

    def write(self, folder: Path) -> None:
        """Replace the file of a store, atomically.

        Raises:
            StoreFull: no space is left.
            StoreUnwritable: the disk refuses.
        """
        write_document(folder / FILE, {**self._body(), "macs": dict(self.macs)})

    def mac(self, key: DataKey) -> str:
        """What authenticates the slots under a data key."""
        return hmac.digest(key.subkey(Purpose.SLOTS), canonical(self._body()), "sha256").hex()

    def _body(self) -> dict[str, Any]:
        slots = [slot.to_json() for slot in self.slots]
        return {"version": VERSION, "store_id": self.store_id, "slots": slots}

    def slot(self, slot_id: str) -> Slot:
        """One of them.

        Raises:
            KeyRefused: there is no such slot.
        """
        for slot in self.slots:
            if slot.id == slot_id:
                return slot
        raise KeyRefused("There is no such operator", "Choose one of the list")

    def unlock(self, slot_id: str, secret: str, device: DeviceSecret | None) -> tuple[DataKey, ...]:
        """The data keys behind a slot: one, or two after a change that was cut short.

        Args:
            slot_id: the operator's id, or `RECOVERY`.
            secret: the operator's PIN, or the recovery words.
            device: the device secret, where there is one.

        Raises:
            KeyRefused: the secret does not open the slot, or the slot needs another device secret.
            StoreDamaged: the slots are not those that the data key authenticates.
        """
        slot = self.slot(slot_id)
        private = _open_private(self.store_id, slot, secret, device)
        keys = tuple(
            DataKey(unseal(private, sealed, _about(self.store_id, slot.id, name)))
            for name, sealed in slot.sealed.items()
        )
        if public_of(private) != slot.public or not any(
            hmac.compare_digest(self.macs.get(key.name, ""), self.mac(key)) for key in keys
        ):
            raise StoreDamaged(f"{FILE} was changed by somebody else", "Put back the last backup's copy of it")
        return keys

    def with_slot(self, slot: Slot, keys: Sequence[DataKey]) -> Slots:
        """The same with a slot added, or put in the place of the one with its id."""
        known = any(each.id == slot.id for each in self.slots)
        slots = [slot if each.id == slot.id else each for each in self.slots] + ([] if known else [slot])
        return Slots.made(self.store_id, slots, keys)

    def without(self, slot_id: str, keys: Sequence[DataKey]) -> Slots:
        """The same without one slot."""
        return Slots.made(self.store_id, [slot for slot in self.slots if slot.id != slot_id], keys)

    def holding(self, keys: Sequence[DataKey]) -> Slots:
        """The same slots, with other data keys in them."""
        slots = [replace(slot, sealed=_sealed(self.store_id, slot.id, slot.public, keys)) for slot in self.slots]
        return Slots.made(self.store_id, slots, keys)

    def with_device(self, old: DeviceSecret | None, new: DeviceSecret | None, keys: Sequence[DataKey]) -> Slots:
        """The same operators' slots under another device secret, or under none.

        Raises:
            KeyRefused: `old` is not the one that they need now.
        """
        slots = []
        for slot in self.slots:
            if slot.kind is SlotKind.RECOVERY:
                slots.append(slot)
                continue
            inner = _without_device(self.store_id, slot, old)
            private = inner if new is None else wrap(new.key(), inner, _about(self.store_id, slot.id, "device"))
            slots.append(replace(slot, device="" if new is None else new.name, private=private))
        return Slots.made(self.store_id, slots, keys)


def operator_slot(
    store_id: str, operator_id: str, name: str, pin: str, kdf: Kdf, device: DeviceSecret | None, keys: Sequence[DataKey]
) -> Slot:
    """A new slot for an operator's PIN."""
    salt = os.urandom(_SALT_BYTES)
    private, public = new_pair()
    wrapped = wrap(kdf.key(pin, salt), private, _about(store_id, operator_id, "pin"))
    if device is not None:
        wrapped = wrap(device.key(), wrapped, _about(store_id, operator_id, "device"))
    return Slot(
        kind=SlotKind.OPERATOR,
        id=operator_id,
        name=name,
        kdf=kdf,
        salt=salt,
        device="" if device is None else device.name,
        public=public,
        private=wrapped,
        sealed=_sealed(store_id, operator_id, public, keys),
    )


def recovery_slot(store_id: str, words: str, keys: Sequence[DataKey]) -> Slot:
    """A new slot for 24 words; it needs no device secret, so that a lost stick loses no data.

    Raises:
        KeyRefused: not 24 words that fit together.
    """
    salt = os.urandom(_SALT_BYTES)
    private, public = new_pair()
    return Slot(
        kind=SlotKind.RECOVERY,
        id=RECOVERY,
        name=RECOVERY,
        kdf=None,
        salt=salt,
        device="",
        public=public,
        private=wrap(_words_key(words, salt), private, _about(store_id, RECOVERY, "pin")),
        sealed=_sealed(store_id, RECOVERY, public, keys),
    )


def _open_private(store_id: str, slot: Slot, secret: str, device: DeviceSecret | None) -> bytes:
    wrapped = _without_device(store_id, slot, device)
    key = _words_key(secret, slot.salt) if slot.kdf is None else slot.kdf.key(secret, slot.salt)
    return unwrap(key, wrapped, _about(store_id, slot.id, "pin"))


def _without_device(store_id: str, slot: Slot, device: DeviceSecret | None) -> bytes:
    """A slot's private key with the PIN's wrap alone around it."""
    if not slot.device:
        return slot.private
    if device is None:
        raise KeyRefused("The key stick is needed too", "Plug it in")
    if device.name != slot.device:
        raise KeyRefused("This is the key stick of another kiosk, or an old one", "Plug in the right one")
    return unwrap(device.key(), slot.private, _about(store_id, slot.id, "device"))


def _words_key(words: str, salt: bytes) -> bytes:
    return derive(entropy_of(words), "recovery wrap", salt)


def _sealed(store_id: str, slot_id: str, public: bytes, keys: Sequence[DataKey]) -> dict[str, bytes]:
    return {key.name: seal_to(public, key.secret, _about(store_id, slot_id, key.name)) for key in keys}


def _about(store_id: str, slot_id: str, what: str) -> bytes:
    """Associated data: no wrap fits another slot, store or purpose."""
    return canonical({"store": store_id, "slot": slot_id, "what": what})
