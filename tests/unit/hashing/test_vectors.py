"""Hashes that others have made: the texts that define the algorithms, PHP and Laravel."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2i, Argon2id

from securely.hashing import HashInfo, HashManager

HASHES = HashManager("argon2id")

# The manual of PHP, password_verify(); php-src, ext/standard/tests/password; Laravel's
# UserFactory; the reference implementation of Argon2, src/test.c.
FOREIGN = [
    ("password", "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi"),
    ("rasmuslerdorf", "$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi"),
    (
        "rasmuslerdorf",
        (
            "$argon2i$v=19$m=1024,t=2,p=2$YzJBSzV4TUhkMzc3d3laeg"
            "$zqU/1IN0/AogfP4cmSJI1vc8lpXRW9/S0sYY2i2jHT0"
        ),
    ),
    (
        "test",
        (
            "$argon2i$v=19$m=65536,t=3,p=1$OEVjWWs2Z3YvWlNZQ0ZmNw"
            "$JKin7ahjmh8JYvMyFcXri0Ss/Uvd3uYpD7MG6C/5Cy0"
        ),
    ),
    (
        "password",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ),
    (
        "password",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    ),
]


def text(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(("password", "hashed"), FOREIGN, ids=[each[:18] for _, each in FOREIGN])
def test_check_when_another_has_hashed_it_then_it_is_checked(password: str, hashed: str) -> None:
    assert HASHES.check(password, hashed)
    assert not HASHES.check(password + "x", hashed)
    assert HASHES.is_hashed(hashed)
    assert HASHES.needs_rehash(hashed)


def test_info_when_php_has_made_it_then_says_what_password_get_info_says() -> None:
    bcrypt, argon = FOREIGN[0][1], FOREIGN[2][1]

    assert HASHES.info(bcrypt) == HashInfo("bcrypt", {"rounds": 10})
    assert HASHES.info(argon).algorithm == "argon2i"
    assert HASHES.info(argon).options == {"memory": 1024, "time": 2, "threads": 2, "length": 32}


def test_argon2_rests_on_what_rfc_9106_says() -> None:
    inputs = {
        "salt": b"\x02" * 16,
        "length": 32,
        "iterations": 3,
        "lanes": 4,
        "memory_cost": 32,
        "ad": b"\x04" * 12,
        "secret": b"\x03" * 8,
    }

    # Sections 5.2 and 5.3.
    assert Argon2i(**inputs).derive(b"\x01" * 32).hex() == (  # type: ignore[arg-type]  # one dict
        "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"
    )
    assert Argon2id(**inputs).derive(b"\x01" * 32).hex() == (  # type: ignore[arg-type]  # one dict
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    )


@pytest.mark.parametrize(
    ("password", "salt", "costs", "digest"),
    [
        (
            "password",
            b"NaCl",
            "ln=10,r=8,p=16",
            (
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
            ),
        ),
        (
            "pleaseletmein",
            b"SodiumChloride",
            "ln=14,r=8,p=1",
            (
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            ),
        ),
    ],
)
def test_scrypt_when_rfc_7914_has_hashed_it_then_it_is_checked(
    password: str, salt: bytes, costs: str, digest: str
) -> None:
    # Section 12.
    hashed = f"$scrypt${costs}${text(salt)}${text(bytes.fromhex(digest))}"

    assert HASHES.check(password, hashed)
    assert not HASHES.check(password.upper(), hashed)


@pytest.mark.parametrize(
    ("password", "salt", "rounds", "digest"),
    [
        (
            "passwd",
            b"salt",
            1,
            (
                "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
            ),
        ),
        (
            "Password",
            b"NaCl",
            80_000,
            (
                "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
            ),
        ),
    ],
)
def test_pbkdf2_when_rfc_7914_has_hashed_it_then_it_is_checked(
    password: str, salt: bytes, rounds: int, digest: str
) -> None:
    # Section 11: RFC 8018 has no vectors of its own for SHA-256.
    hashed = f"$pbkdf2-sha256$i={rounds}${text(salt)}${text(bytes.fromhex(digest))}"

    assert HASHES.check(password, hashed)
    assert not HASHES.check(password.upper(), hashed)
