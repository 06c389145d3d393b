"""Keys and slots: what opens them, what does not, and what rotating leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kiosk.errors import KeyRefused, StoreDamaged, StoreMissing, StoreNewer
from kiosk.records import keys
from kiosk.records.files import write_document
from kiosk.records.keys import RFC_9106_SECOND_CHOICE, DataKey, DeviceSecret, Kdf, Purpose
from kiosk.records.slots import FILE, RECOVERY, Slots, operator_slot, recovery_slot
from tests.kiosk.records.samples import PIN, WEAK

STORE_ID = "0" * 32
ANNA, BEN = "a" * 16, "b" * 16
WORDS = keys.words_of(bytes(range(32)))
DEVICE = DeviceSecret(bytes(31) + b"\1")


def new_slots(key: DataKey, device: DeviceSecret | None = None) -> Slots:
    slots = [
        operator_slot(STORE_ID, ANNA, "Anna", PIN, WEAK, device, [key]),
        operator_slot(STORE_ID, BEN, "Ben", "31415926", WEAK, device, [key]),
        recovery_slot(STORE_ID, WORDS, [key]),
    ]
    return Slots.made(STORE_ID, slots, [key])


def test_argon2id_is_the_reference_s() -> None:
    # RFC 9106 itself tests with a secret and associated data; this is argon2-cffi's own command line, 25.1.0:
    # hash_secret_raw(b"password", b"somesalt", 2, 65536, 1, 32, Type.ID), as in the reference C code's test.c
    from argon2.low_level import Type, hash_secret_raw

    raw = hash_secret_raw(b"password", b"somesalt", 2, 65536, 1, 32, Type.ID)
    assert raw.hex() == "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
    assert Kdf(65536, 2, 1).key("password", b"somesalt") == keys.derive(raw, "pin wrap")


def test_calibration_never_goes_below_rfc_9106_s_second_choice_and_counts_the_quickest_try() -> None:
    def clock_of(*tries_s: float) -> Callable[[], float]:
        times = iter([time for took in tries_s for time in (0.0, took)])
        return lambda: next(times)

    assert keys.calibrate(clock_of(9.0, 8.0, 9.0)) == RFC_9106_SECOND_CHOICE == Kdf(65536, 3, 4)
    assert keys.calibrate(clock_of(0.9, 0.1, 0.9)) == Kdf(65536, 8, 4)


@pytest.mark.parametrize("numbers", [(1 << 21, 3, 4), (65536, 65, 4), (65536, 3, 17), (8, 1, 2), (65536, 0, 1)])
def test_a_slot_may_not_ask_for_any_amount_of_memory_or_time(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="argon2id"):
        Kdf(*numbers)


def test_a_key_is_named_and_never_shown() -> None:
    key = DataKey.new()
    assert key.secret.hex() not in repr(key) + str(key)
    assert repr(key.secret) not in repr(key)
    assert key.name not in key.secret.hex()
    assert len({key.subkey(purpose) for purpose in Purpose} | {key.secret}) == len(Purpose) + 1
    assert DeviceSecret(key.secret).name != key.name


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_recovery_words_hold_every_key(entropy: bytes) -> None:
    words = keys.words_of(entropy)
    assert len(words.split()) == 24
    assert keys.entropy_of(f"  {words.upper()} ".replace(" ", "\n ")) == entropy


def test_bip39_s_own_vector() -> None:
    # trezor/python-mnemonic, vectors.json: the last of English
    entropy = bytes.fromhex("f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f")
    words = (
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group "
        "space point ten exist slush involve unfold"
    )
    assert keys.words_of(entropy) == words
    assert keys.entropy_of(words) == entropy


def test_wrong_recovery_words_are_told_apart() -> None:
    said = WORDS.split()
    for words, complaint in (
        (" ".join([*said[:4], "dermatoscope", *said[5:]]), "Word 5"),
        (" ".join(said[:-1]), "24 recovery words, not 23"),
        (" ".join([said[1], said[0], *said[2:]]), "do not fit together"),
        ("", "not 0"),
    ):
        with pytest.raises(KeyRefused, match=complaint):
            keys.entropy_of(words)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=64), st.binary(max_size=20), st.data())
def test_what_is_wrapped_or_sealed_opens_for_its_key_alone(secret: bytes, about: bytes, data: st.DataObject) -> None:
    private, public = keys.new_pair()
    ways: list[tuple[bytes, Callable[[bytes, bytes], bytes]]] = [
        (keys.wrap(bytes(32), secret, about), lambda blob, about: keys.unwrap(bytes(32), blob, about)),
        (keys.seal_to(public, secret, about), lambda blob, about: keys.unseal(private, blob, about)),
    ]
    for closed, opening in ways:
        assert opening(closed, about) == secret
        place = data.draw(st.integers(0, len(closed) - 1))
        changed = bytes([*closed[:place], closed[place] ^ 1, *closed[place + 1 :]])
        for blob, other in ((changed, about), (closed, about + b"!"), (closed[:-1], about), (b"", about)):
            with pytest.raises(KeyRefused):
                opening(blob, other)


def test_a_slot_opens_with_its_pin_and_with_nothing_else(tmp_path: Path) -> None:
    key = DataKey.new()
    new_slots(key).write(tmp_path)
    slots = Slots.read(tmp_path)
    assert slots.unlock(ANNA, PIN, None) == slots.unlock(RECOVERY, WORDS, None) == (key,)
    for who, secret in ((ANNA, "31415926"), (BEN, PIN), ("c" * 16, PIN), (RECOVERY, keys.words_of(bytes(32)))):
        with pytest.raises(KeyRefused):
            slots.unlock(who, secret, None)
    assert key.secret.hex() not in (tmp_path / FILE).read_text()
    assert PIN not in (tmp_path / FILE).read_text()


def test_a_stolen_card_has_nothing_to_try_pins_on_without_the_stick() -> None:
    key = DataKey.new()
    slots = new_slots(key, DEVICE)
    assert slots.unlock(ANNA, PIN, DEVICE) == (key,)
    assert slots.unlock(RECOVERY, WORDS, None) == (key,), "a lost stick loses no data"
    with pytest.raises(KeyRefused, match="stick is needed"):
        slots.unlock(ANNA, PIN, None)
    with pytest.raises(KeyRefused, match="another kiosk"):
        slots.unlock(ANNA, PIN, DeviceSecret(bytes(32)))


def test_the_device_secret_is_rotated_without_anybody_s_pin() -> None:
    key, new = DataKey.new(), DeviceSecret(b"n" * 32)
    slots = new_slots(key, DEVICE).with_device(DEVICE, new, [key])
    assert slots.unlock(BEN, "31415926", new) == (key,)
    assert slots.with_device(new, None, [key]).unlock(BEN, "31415926", None) == (key,)
    with pytest.raises(KeyRefused):
        slots.unlock(BEN, "31415926", DEVICE)
    with pytest.raises(KeyRefused):
        slots.with_device(DEVICE, None, [key])


def test_the_data_key_is_changed_without_anybody_s_pin() -> None:
    old, new = DataKey.new(), DataKey.new()
    between = new_slots(old).holding([old, new])
    assert between.unlock(ANNA, PIN, None) == (old, new)
    after = between.holding([new])
    assert after.unlock(BEN, "31415926", None) == after.unlock(RECOVERY, WORDS, None) == (new,)


def test_a_new_pin_leaves_the_other_slots_alone() -> None:
    key = DataKey.new()
    before = new_slots(key)
    after = before.with_slot(operator_slot(STORE_ID, ANNA, "Anna", "16180339", WEAK, None, [key]), [key])
    assert after.slots[1:] == before.slots[1:]
    assert after.unlock(ANNA, "16180339", None) == (key,)
    with pytest.raises(KeyRefused):
        after.unlock(ANNA, PIN, None)
    assert [slot.id for slot in after.without(BEN, [key]).slots] == [ANNA, RECOVERY]


def test_a_slot_that_somebody_planted_is_found_at_the_next_unlocking() -> None:
    key, theirs = DataKey.new(), DataKey.new()
    slots = new_slots(key)
    planted = operator_slot(STORE_ID, "e" * 16, "Eve", "99999999", WEAK, None, [theirs])
    forged = Slots(STORE_ID, (*slots.slots, planted), slots.macs)
    with pytest.raises(StoreDamaged, match="somebody else"):
        forged.unlock(ANNA, PIN, None)
    swapped = Slots(STORE_ID, (slots.slots[1], slots.slots[0], slots.slots[2]), slots.macs)
    with pytest.raises(StoreDamaged):
        swapped.unlock(ANNA, PIN, None)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_flipped_bit_in_the_slots_is_named(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("slots")
    new_slots(DataKey.new()).write(folder)
    original = (folder / FILE).read_bytes()
    content = bytearray(original)
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (folder / FILE).write_bytes(content)
    assume(content.split() != original.split())  # white space between values is no content
    with pytest.raises(StoreDamaged, match=FILE):
        Slots.read(folder)


def test_slots_that_are_gone_or_of_a_later_version_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="backup"):
        Slots.read(tmp_path)
    write_document(tmp_path / FILE, {"version": 2, "slots": "whatever"})
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(StoreNewer, match="nothing was changed"):
        Slots.read(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before
    write_document(tmp_path / FILE, {"version": 1, "slots": [7], "store_id": "x", "macs": {}})
    with pytest.raises(StoreDamaged):
        Slots.read(tmp_path)
