"""Keys: the data key and what is derived from it, PIN hashing, wrapping, and the words of the recovery slot.

Primitives: argon2id (RFC 9106), HKDF-SHA256 (RFC 5869), ChaCha20-Poly1305 (RFC 8439), X25519 (RFC 7748), BIP39's words.
Python cannot wipe memory: a key that was in use may stay in it until the process ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from mnemonic import Mnemonic

from kiosk.errors import KeyRefused

KEY_BYTES = 32
NONCE_BYTES = 12
LEAST_PIN_MS = 250.0
RECOVERY_WORDS = 24
_MAX_MEMORY_KIB = 1 << 20
_MAX_PASSES = 64
_MAX_LANES = 16


class Purpose(StrEnum):
    """What a subkey of the data key is for."""

    DATABASE = "database"
    SLOTS = "slots"
    MANIFEST = "backup manifest"


@dataclass(frozen=True)
class Secret:
    """256 random bits that can be named without being told.

    Attributes:
        secret: never shown, logged or written in the clear.

    Raises:
        ValueError: not 32 bytes.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(self.secret)}")

    @property
    def name(self) -> str:
        """16 hexadecimal digits that tell this key from others."""
        return derive(self.secret, f"{type(self).__name__} name")[:8].hex()


class DeviceSecret(Secret):
    """What a stolen card lacks: it lies on a key stick or in the board's one-time memory."""

    def key(self) -> bytes:
        """The key of a slot's outer wrap."""
        return derive(self.secret, "device wrap")


class DataKey(Secret):
    """What opens the store; it lies on the disk only sealed to slots."""

    @classmethod
    def new(cls, random_bytes: Callable[[int], bytes] = os.urandom) -> DataKey:
        """A fresh one."""
        return cls(random_bytes(KEY_BYTES))

    def subkey(self, purpose: Purpose) -> bytes:
        """32 bytes for one purpose; no subkey tells another."""
        return derive(self.secret, purpose)


@dataclass(frozen=True)
class Kdf:
    """Parameters of argon2id.

    Attributes:
        memory_kib: memory in KiB.
        passes: how often it is gone over.
        lanes: how many threads may share the work.

    Raises:
        ValueError: out of what a slot may ask of this machine.
    """

    memory_kib: int
    passes: int
    lanes: int

    def __post_init__(self) -> None:
        if not (8 * self.lanes <= self.memory_kib <= _MAX_MEMORY_KIB):
            raise ValueError(f"argon2id's memory is at most {_MAX_MEMORY_KIB} KiB, not {self.memory_kib}")
        if not (1 <= self.passes <= _MAX_PASSES and 1 <= self.lanes <= _MAX_LANES):
            raise ValueError(f"argon2id has 1 to {_MAX_PASSES} passes and 1 to {_MAX_LANES} lanes")

    def key(self, pin: str, salt: bytes) -> bytes:
        """The key that a PIN gives: 32 bytes."""
        raw = hash_secret_raw(
            pin.encode(), salt, self.passes, self.memory_kib, self.lanes, KEY_BYTES, Type.ID
        )  # fmt: skip
        return derive(raw, "pin wrap")


RFC_9106_SECOND_CHOICE = Kdf(memory_kib=64 * 1024, passes=3, lanes=4)
"""RFC 9106, section 4, for machines with little memory."""


def calibrate(clock: Callable[[], float] = perf_counter, least_ms: float = LEAST_PIN_MS) -> Kdf:
    """Parameters under which one try takes at least `least_ms` on this machine, never below RFC 9106's second choice.

    The quickest of three tries counts, so that a busy moment does not pass for a slow machine.
    """
    start = RFC_9106_SECOND_CHOICE
    quickest_ms = min(_one_try_ms(start, clock) for _ in range(3))
    passes = start.passes
    while quickest_ms * passes / start.passes < least_ms and passes < _MAX_PASSES:
        passes += 1
    return Kdf(start.memory_kib, passes, start.lanes)


def _one_try_ms(kdf: Kdf, clock: Callable[[], float]) -> float:
    started = clock()
    kdf.key("00000000", bytes(16))
    return (clock() - started) * 1e3


def derive(secret: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """HKDF-SHA256: 32 bytes for one purpose."""
    return HKDF(SHA256(), KEY_BYTES, salt or None, f"dermakiosk 1 {purpose}".encode()).derive(secret)


def wrap(key: bytes, secret: bytes, about: bytes) -> bytes:
    """Encrypt a secret: a fresh nonce, then ChaCha20-Poly1305 with `about` as associated data."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, secret, about)


def unwrap(key: bytes, wrapped: bytes, about: bytes) -> bytes:
    """Undo `wrap`.

    Raises:
        KeyRefused: another key, other associated data, or a changed byte.
    """
    try:
        return ChaCha20Poly1305(key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], about)
    except (InvalidTag, ValueError) as error:
        raise KeyRefused("The key does not open this", "Enter it again") from error


def new_pair() -> tuple[bytes, bytes]:
    """An X25519 private key and its public key, 32 bytes each."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_of(private: bytes) -> bytes:
    """The public key of a private one."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal_to(public: bytes, secret: bytes, about: bytes) -> bytes:
    """Encrypt a secret to whoever has the private key: X25519, then ChaCha20-Poly1305."""
    fresh = X25519PrivateKey.generate()
    mine = fresh.public_key().public_bytes_raw()
    shared = fresh.exchange(X25519PublicKey.from_public_bytes(public))
    return mine + wrap(derive(shared, "seal", mine + public), secret, about)


def unseal(private: bytes, sealed: bytes, about: bytes) -> bytes:
    """Undo `seal_to`.

    Raises:
        KeyRefused: another private key, other associated data, or a changed byte.
    """
    theirs, wrapped = sealed[:KEY_BYTES], sealed[KEY_BYTES:]
    try:
        shared = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError as error:
        raise KeyRefused("The key does not open this", "Enter it again") from error
    return unwrap(derive(shared, "seal", theirs + public_of(private)), wrapped, about)


def words_of(entropy: bytes) -> str:
    """32 bytes as 24 English words of BIP39, the last of which holds a checksum."""
    return Mnemonic("english").to_mnemonic(entropy)


def entropy_of(words: str) -> bytes:
    """The 32 bytes behind 24 words, in any case and spacing.

    Raises:
        KeyRefused: not 24 of the words, or a mistake that the checksum shows; names the first unknown word's place.
    """
    list_of_words = Mnemonic("english")
    said = words.lower().split()
    for place, word in enumerate(said, start=1):
        if word not in list_of_words.wordlist:
            raise KeyRefused(f"Word {place} is not one of the recovery words", "Compare it with the printed sheet")
    if len(said) != RECOVERY_WORDS:
        raise KeyRefused(f"There are {RECOVERY_WORDS} recovery words, not {len(said)}", "Enter all of them in order")
    if not list_of_words.check(" ".join(said)):
        raise KeyRefused("The recovery words do not fit together", "Compare order and spelling with the printed sheet")
    return bytes(list_of_words.to_entropy(said))
