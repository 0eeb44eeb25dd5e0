"""Keys and signatures: how keys are read, and what they prove."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from securely.encryption import InvalidKey, KeyRing, MissingAppKey, Signer
from securely.encryption.keys import derive_key, parse_key


def _text(key: bytes) -> str:
    return f"base64:{base64.b64encode(key).decode()}"


def test_parse_when_keys_are_written_as_base64_or_raw_then_reads_both() -> None:
    ring = KeyRing.parse(_text(b"k" * 32), ["r" * 16, "", _text(b"p" * 32)])

    assert ring.current == b"k" * 32
    assert ring.previous == (b"r" * 16, b"p" * 32)
    assert ring.all == (b"k" * 32, b"r" * 16, b"p" * 32)
    assert "kkk" not in repr(ring)
    assert KeyRing.parse("k" * 32, f"{'a' * 16}, {'b' * 16}").previous == (b"a" * 16, b"b" * 16)
    assert KeyRing.parse("k" * 32, None).previous == ()


@pytest.mark.parametrize("key", [None, ""])
def test_parse_when_there_is_no_key_then_tells_how_to_make_one(key: str | None) -> None:
    with pytest.raises(MissingAppKey, match=r"python artisan\.py key:generate") as caught:
        KeyRing.parse(key)

    assert str(copy.copy(caught.value)) == str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "base64:hunter2*",
        "base64:aHVudGVyMg==",
        "hunter2",
        # Errors of Python about these hold all of the text.
        "base64:hunter2é",
        "hunter2 and many more\udcff",
    ],
)
def test_parse_when_a_key_is_bad_then_names_it_and_never_shows_it(text: str) -> None:
    with pytest.raises(InvalidKey, match=r"app\.key") as caught:
        KeyRing.parse(text)
    assert text.removeprefix("base64:") not in str(caught.value)

    with pytest.raises(InvalidKey, match=r"app\.previous_keys\.1") as caught:
        KeyRing.parse("k" * 32, ["p" * 32, text])
    assert text.removeprefix("base64:") not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_derive_key_when_given_the_vectors_of_the_rfc_then_gives_theirs() -> None:
    """Source: RFC 5869, appendix A.3, has no salt and no info; ours always has an info."""

    key = b"\x0b" * 22
    secret = hmac.new(bytes(32), key, hashlib.sha256).digest()
    assert secret.hex() == "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04"
    first = hmac.new(secret, b"securely:sign:x\x01", hashlib.sha256).digest()
    second = hmac.new(secret, first + b"securely:sign:x\x02", hashlib.sha256).digest()

    assert derive_key(key, "sign:x", 40) == (first + second)[:40]
    assert derive_key(key, "sign:y", 40) != derive_key(key, "sign:x", 40)


def test_signer_when_data_mac_or_purpose_differ_then_refuses() -> None:
    ring = KeyRing(b"k" * 32)
    signer = ring.purpose("queue")
    mac = signer.sign(b"data")

    assert ring.purpose("queue") is signer
    assert signer.verify(b"data", mac)
    assert not signer.verify(b"date", mac)
    assert not signer.verify(b"data", mac[:-1])
    assert not signer.verify(b"data", b"")
    assert not ring.purpose("cache").verify(b"data", mac)
    assert not KeyRing(b"o" * 32).purpose("queue").verify(b"data", mac)


def test_signer_when_the_key_was_rotated_then_verifies_what_the_earlier_one_signed() -> None:
    mac = KeyRing(b"o" * 32).purpose("queue").sign(b"data")
    rotated = KeyRing(b"n" * 32, [b"x" * 32, b"o" * 32]).purpose("queue")

    assert rotated.verify(b"data", mac)
    assert rotated.sign(b"data") != mac
    assert repr(rotated) == "Signer(previous=2)"
    assert isinstance(rotated, Signer)


@pytest.mark.parametrize("key_bytes", [0, 16, 32, 63, 64, 65, 200])
@pytest.mark.parametrize("data_bytes", [0, 1, 55, 64, 5000])
def test_signer_when_it_signs_then_it_is_the_hmac_of_the_standard_library(
    key_bytes: int, data_bytes: int
) -> None:
    key, data = bytes(range(200))[:key_bytes], b"d" * data_bytes
    signer = Signer([key])

    assert signer.sign(data) == hmac.new(key, data, hashlib.sha256).digest()
    assert signer.sign(data) == signer.sign(data)  # what is prepared is not used up


def test_signer_when_threads_share_it_then_each_gets_its_own_proof() -> None:
    signer = Signer([b"k" * 32])
    many = [bytes([number]) * 3000 for number in range(256)]  # large enough to let go of the lock

    with ThreadPoolExecutor(8) as pool:
        proofs = list(pool.map(signer.sign, many * 4))

    assert proofs == [hmac.digest(b"k" * 32, data, "sha256") for data in many * 4]


def test_parse_key_when_it_is_raw_text_then_is_its_utf8() -> None:
    assert parse_key("é" * 16, "app.key") == "é".encode() * 16


def test_import_when_only_keys_are_wanted_then_cryptography_and_msgspec_are_not_loaded() -> None:
    code = (
        "import sys; from securely.encryption import KeyRing;"
        "KeyRing(b'k' * 32).purpose('x').sign(b'y');"
        "print([m for m in ('cryptography', 'msgspec', 'pydantic') if m in sys.modules])"
    )

    done = subprocess.run(  # our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
