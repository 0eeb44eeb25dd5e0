"""The Encrypter: round trips, tampering, rotation, purposes."""

from __future__ import annotations

import base64
import copy
import hmac
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securely.encryption import CIPHERS, DecryptFailed, Encrypter, EncryptFailed, InvalidKey
from securely.support.serializer import Serializer, Unserializable

_ALL = sorted(CIPHERS)


def _encrypter(cipher: str, *previous: bytes) -> Encrypter:
    return Encrypter(bytes(range(CIPHERS[cipher].key_bytes)), cipher, previous)


def _fields(payload: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(base64.b64decode(payload, validate=True))
    return fields


def _packed(fields: object) -> str:
    return base64.b64encode(json.dumps(fields).encode()).decode()


@pytest.mark.parametrize("cipher", _ALL)
@pytest.mark.parametrize("text", ["", "secret", "é\x00日本", "x" * 1_000])
def test_decrypt_when_encrypted_before_then_gives_it_back(cipher: str, text: str) -> None:
    encrypter = _encrypter(cipher)

    assert encrypter.decrypt_string(encrypter.encrypt_string(text)) == text
    assert encrypter.decrypt_bytes(encrypter.encrypt_bytes(text.encode())) == text.encode()
    value = {"text": text, "pair": (1, b"\xff"), "none": None}
    assert encrypter.decrypt(encrypter.encrypt(value)) == value


@pytest.mark.parametrize("cipher", _ALL)
def test_encrypt_when_called_twice_then_gives_two_payloads(cipher: str) -> None:
    encrypter = _encrypter(cipher)

    assert encrypter.encrypt_string("x") != encrypter.encrypt_string("x")


@pytest.mark.parametrize("cipher", _ALL)
def test_decrypt_when_one_bit_of_any_field_is_flipped_then_fails(cipher: str) -> None:
    encrypter = _encrypter(cipher)
    fields = _fields(encrypter.encrypt_string("secret"))
    for name in ("iv", "value", "tag"):
        raw = bytearray(base64.b64decode(fields[name]))
        for position in range(len(raw)):
            flipped = raw.copy()
            flipped[position] ^= 1
            changed = {**fields, name: base64.b64encode(flipped).decode()}
            with pytest.raises(DecryptFailed):
                encrypter.decrypt_string(_packed(changed))


@pytest.mark.parametrize("cipher", _ALL)
@pytest.mark.parametrize("name", ["iv", "value", "mac", "tag"])
@pytest.mark.parametrize("bad", [None, 5, [], {}, True, "é", "\ud800", "0", "***"])
def test_decrypt_when_a_field_is_not_what_it_should_be_then_fails_or_reads_the_same(
    cipher: str, name: str, bad: object
) -> None:
    encrypter = _encrypter(cipher)
    changed = {**_fields(encrypter.encrypt_string("secret")), name: bad}
    unused = "mac" if CIPHERS[cipher].aead else "tag"
    if name == unused and (isinstance(bad, str) or bad is None):
        if name == "mac" and bad is not None:
            assert encrypter.decrypt_string(_packed(changed)) == "secret"
            return
        if name == "tag" and bad in (None, "0"):
            assert encrypter.decrypt_string(_packed(changed)) == "secret"
            return

    with pytest.raises(DecryptFailed):
        encrypter.decrypt_string(_packed(changed))


@pytest.mark.parametrize(
    "payload", ["", "hello", "é", "\ud800", "eyJ", "W10=", "[" * 100_000, None, 5, b"x", ["x"]]
)
def test_decrypt_when_the_payload_is_anything_else_then_raises_decrypt_failed_only(
    payload: Any,
) -> None:
    with pytest.raises(DecryptFailed, match=r"The payload is invalid\.") as caught:
        _encrypter("aes-256-cbc").decrypt(payload)

    assert str(copy.copy(caught.value)) == str(caught.value)


def test_decrypt_when_the_nested_json_is_too_deep_then_fails() -> None:
    deep = base64.b64encode(b"[" * 200_000 + b"]" * 200_000).decode()

    with pytest.raises(DecryptFailed):
        _encrypter("aes-256-cbc").decrypt_string(deep)
    assert not Encrypter.appears_encrypted(deep)


def test_decrypt_when_the_bytes_are_no_text_or_no_value_then_fails_without_showing_them() -> None:
    encrypter = _encrypter("aes-256-gcm")

    with pytest.raises(DecryptFailed, match="not text") as caught:
        encrypter.decrypt_string(encrypter.encrypt_bytes(b"\xffhunter2"))
    # The error of Python has the decrypted bytes in its arguments: nothing leads to it.
    assert caught.value.__context__ is None
    with pytest.raises(DecryptFailed, match="Could not decrypt the data"):
        encrypter.decrypt(encrypter.encrypt_string("i:5;"))


@pytest.mark.parametrize(
    "data", [b'"hunter2\xff"', b'{"$datetime":"hunter2"}', b'["hunter2"', b"[" * 100_000]
)
def test_decrypt_when_the_value_is_none_then_nothing_that_led_to_it_is_kept(data: bytes) -> None:
    encrypter = _encrypter("aes-256-gcm")

    with pytest.raises(DecryptFailed, match="Serialized data cannot be read") as caught:
        encrypter.decrypt(encrypter.encrypt_bytes(data))

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_encrypt_string_when_it_is_no_text_then_fails_without_showing_it() -> None:
    with pytest.raises(EncryptFailed, match=r"half a surrogate pair.*encrypt_bytes\(\)") as caught:
        _encrypter("aes-256-cbc").encrypt_string("hunter2\ud800")

    assert caught.value.__context__ is None
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_encrypt_when_the_serializer_refuses_then_its_error_arrives() -> None:
    encrypter = Encrypter(bytes(32), serializer=Serializer())

    with pytest.raises(Unserializable):
        encrypter.encrypt(object())


@pytest.mark.parametrize("cipher", _ALL)
def test_rotation_when_a_payload_is_of_an_earlier_key_then_it_reads_and_is_told(
    cipher: str,
) -> None:
    old, older = Encrypter.generate_key(cipher), Encrypter.generate_key(cipher)
    encrypter = _encrypter(cipher, old, older)
    payload = Encrypter(older, cipher).encrypt_string("secret")

    assert encrypter.decrypt_string(payload) == "secret"
    assert encrypter.needs_reencrypt(payload)
    again = encrypter.reencrypt(payload)
    assert not encrypter.needs_reencrypt(again)
    assert _encrypter(cipher).decrypt_string(again) == "secret"
    with pytest.raises(DecryptFailed):
        _encrypter(cipher, old).decrypt_string(payload)


@pytest.mark.parametrize("cipher", _ALL)
def test_purposes_when_they_differ_then_cannot_read_each_other(cipher: str) -> None:
    old = Encrypter.generate_key(cipher)
    encrypter = _encrypter(cipher, old)
    cookies = encrypter.for_purpose("cookies")

    payload = cookies.encrypt_string("secret")

    assert encrypter.for_purpose("cookies") is cookies
    assert cookies.decrypt_string(payload) == "secret"
    for other in (encrypter, encrypter.for_purpose("sessions")):
        with pytest.raises(DecryptFailed):
            other.decrypt_string(payload)
    earlier = Encrypter(old, cipher).for_purpose("cookies").encrypt_string("old")
    assert cookies.decrypt_string(earlier) == "old"


def test_keys_when_their_length_is_wrong_then_are_named_and_not_shown() -> None:
    with pytest.raises(InvalidKey, match=r"Unsupported cipher.*has 7 bytes.*app\.key") as caught:
        Encrypter(b"hunter2")
    assert "hunter2" not in str(caught.value)
    assert str(copy.copy(caught.value)) == str(caught.value)
    with pytest.raises(InvalidKey, match=r"app\.previous_keys\.1") as caught:
        Encrypter(bytes(32), previous_keys=[bytes(32), b"hunter2"])
    assert "hunter2" not in str(caught.value)
    with pytest.raises(InvalidKey, match='"foo"'):
        Encrypter(bytes(32), "foo")


def test_properties_when_asked_then_tell_cipher_and_keys_and_repr_hides_them() -> None:
    encrypter = Encrypter(b"k" * 32, "AES-256-GCM", [b"p" * 32])

    assert encrypter.cipher == "aes-256-gcm"
    assert encrypter.key == b"k" * 32
    assert encrypter.previous_keys == (b"p" * 32,)
    assert encrypter.all_keys == (b"k" * 32, b"p" * 32)
    assert repr(encrypter) == "Encrypter('aes-256-gcm')"
    assert len(Encrypter.generate_key("nope")) == 32


@pytest.mark.parametrize("cipher", _ALL)
def test_decrypt_when_it_is_bound_to_something_then_only_with_that(cipher: str) -> None:
    encrypter = _encrypter(cipher)
    payload = encrypter.encrypt_string("secret", aad=b"users.5.token")

    assert encrypter.decrypt_string(payload, aad=b"users.5.token") == "secret"
    assert encrypter.reencrypt(payload, aad=b"users.5.token") != payload
    assert not encrypter.needs_reencrypt(payload, aad=b"users.5.token")
    for other in (b"", b"users.6.token", b"users.5.toke", b"users.5.token\0"):
        with pytest.raises(DecryptFailed):
            encrypter.decrypt_string(payload, aad=other)
    with pytest.raises(DecryptFailed):
        encrypter.decrypt_string(encrypter.encrypt_string("secret"), aad=b"users.5.token")


@pytest.mark.parametrize("cipher", _ALL)
def test_decrypt_when_a_letter_moves_between_what_is_bound_and_the_value_then_fails(
    cipher: str,
) -> None:
    encrypter = _encrypter(cipher)
    fields = _fields(encrypter.encrypt_string("secret", aad=b"AAAA"))

    moved = _packed({**fields, "value": fields["value"] + "AAAA"})

    with pytest.raises(DecryptFailed):
        encrypter.decrypt_string(moved)


def test_decrypt_when_other_ciphers_are_read_besides_then_their_payloads_open() -> None:
    key, short = bytes(range(32)), bytes(range(16))
    ciphers = sorted(CIPHERS)
    for cipher in ("aes-256-cbc", "aes-256-gcm"):
        encrypter = Encrypter(key, cipher, [short], decrypt_ciphers=ciphers)
        for other in ciphers:
            theirs = Encrypter(key if "256" in other else short, other)
            payload = theirs.encrypt_string(other)
            assert encrypter.decrypt_string(payload) == other
            assert encrypter.needs_reencrypt(payload) == (other != cipher)
            assert Encrypter(key, cipher).decrypt_string(encrypter.reencrypt(payload)) == other
            # Laid out otherwise than we do it: by way of the JSON.
            assert encrypter.decrypt_string(_packed(_fields(payload))) == other
            purpose = theirs.for_purpose("cookies").encrypt_string(other)
            assert encrypter.for_purpose("cookies").decrypt_string(purpose) == other


def test_decrypt_when_a_cipher_is_not_read_then_its_payloads_do_not_open() -> None:
    key = bytes(range(32))
    for own, other in (("aes-256-cbc", "aes-256-gcm"), ("aes-256-gcm", "aes-256-cbc")):
        with pytest.raises(DecryptFailed):
            Encrypter(key, own).decrypt_string(Encrypter(key, other).encrypt_string("x"))


def test_encrypter_when_a_cipher_to_read_is_unknown_then_says_which() -> None:
    with pytest.raises(InvalidKey, match=r'"aes-256-ctr" is unknown.*app\.decrypt_ciphers'):
        Encrypter(bytes(32), decrypt_ciphers=["aes-256-ctr"])
    with pytest.raises(InvalidKey, match=r"app\.previous_keys\.0"):
        Encrypter(bytes(32), previous_keys=[bytes(16)], decrypt_ciphers=["aes-256-gcm"])


@given(
    cipher=st.sampled_from(_ALL),
    data=st.binary(max_size=40),
    at=st.integers(0, 400),
    letter=st.sampled_from('"\\{}:,=+/ Aé'),
    insert=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_decrypt_when_an_envelope_is_changed_then_the_short_way_says_what_the_long_one_says(
    cipher: str, data: bytes, at: int, letter: str, insert: bool
) -> None:
    # The short way knows envelopes as we write them; the long one reads JSON, as Laravel does.
    encrypter = _encrypter(cipher)
    raw = base64.b64decode(encrypter.encrypt_bytes(data)).decode()
    changed = raw[:at] + letter + raw[at + (0 if insert else 1) :]
    payload = base64.b64encode(changed.encode()).decode()

    try:
        expected: object = encrypter._opened(payload, b"")[0]
    except DecryptFailed as error:
        expected = str(error)
    try:
        answer: object = encrypter.decrypt_bytes(payload)
    except DecryptFailed as error:
        answer = str(error)

    assert answer == expected


def test_decrypt_compares_macs_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # What compares is the standard library's, over the whole mac, whether it is right or wrong in
    # its first letter or its last.
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def watch(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watch)
    encrypter = _encrypter("aes-256-cbc")
    payload = encrypter.encrypt_string("secret")
    mac = _fields(payload)["mac"]

    encrypter.decrypt_string(payload)
    assert [len(each) for pair in compared for each in pair] == [64, 64]

    for wrong in ("x" + mac[1:], mac[:-1] + "x"):
        compared.clear()
        changed = json.dumps({**_fields(payload), "mac": wrong}, separators=(",", ":"))
        with pytest.raises(DecryptFailed, match="MAC is invalid"):
            encrypter.decrypt_string(base64.b64encode(changed.encode()).decode())
        assert compared
        assert all(len(a) == len(b) == 64 for a, b in compared)
