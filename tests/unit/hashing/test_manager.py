"""The HashManager: named drivers, hashes of others, and what the application adds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping

import pytest

from securely.exceptions import MissingExtra
from securely.hashing import Hasher, HashInfo, HashManager, PasswordTooLong, WrongAlgorithm
from securely.hashing.drivers.pbkdf2 import Pbkdf2Algorithm
from securely.hashing.options import HashingOptions, Pbkdf2Options, driver_options
from securely.support.manager import UndefinedInstance
from securely.support.options import InvalidOptions

CHEAP: Mapping[str, object] = {
    "argon2i": {"driver": "argon2i", "memory": 8, "time": 1},
    "argon2id": {"driver": "argon2id", "memory": 8, "time": 1},
    "bcrypt": {"driver": "bcrypt", "rounds": 4},
    "pbkdf2": {"driver": "pbkdf2", "rounds": 1_000},
    "scrypt": {"driver": "scrypt", "cost": 2},
}


def manager(default: str = "argon2id", verify: bool = False, **more: object) -> HashManager:
    data = {"default": default, "verify": verify, "drivers": {**CHEAP, **more}}
    options = HashingOptions.parse(data, key="hashing")
    return HashManager(options.default, options.drivers, verify=options.verify)


class Reversing:
    """An algorithm of an application; not one to use."""

    name = "reversing"

    def make(self, password: bytes, options: Mapping[str, int]) -> str:
        return f"$reversed${password[::-1].hex()}"

    def check(self, password: bytes, hashed: str) -> bool:
        return hashed == self.make(password, {})

    def read(self, hashed: str) -> Mapping[str, int] | None:
        return {} if hashed.startswith("$reversed$") else None

    def configured(self, options: Mapping[str, int]) -> Mapping[str, int]:
        return {}


@pytest.mark.parametrize("name", sorted(CHEAP))
def test_driver_when_named_then_it_hashes_by_its_algorithm(name: str) -> None:
    hashes = manager()
    hashed = hashes.driver(name).make("secret")

    assert hashes.info(hashed).algorithm == name
    assert hashes.check("secret", hashed)
    assert not hashes.check("other", hashed)
    assert hashes.needs_rehash(hashed) == (name != "argon2id")
    assert not hashes.driver(name).needs_rehash(hashed)
    # Any driver checks what any other has made.
    assert all(hashes.driver(each).check("secret", hashed) for each in CHEAP)


def test_check_when_verify_is_on_then_only_the_own_algorithm_is_checked() -> None:
    hashes = manager(verify=True)
    hashed = hashes.driver("scrypt").make("secret")

    with pytest.raises(WrongAlgorithm):
        hashes.check("secret", hashed)
    with pytest.raises(WrongAlgorithm):
        hashes.check("secret", "foo")
    assert hashes.driver("scrypt").check("secret", hashed)
    assert not hashes.check("secret", None)


def test_check_and_rehash_when_it_comes_from_laravel_then_it_is_renewed() -> None:
    hashes = manager()
    laravels = "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi"

    is_right, renewed = hashes.check_and_rehash("password", laravels)

    assert is_right
    assert renewed is not None
    assert hashes.info(renewed) == HashInfo("argon2id", hashes.algorithm.configured({}))


def test_extend_when_an_application_adds_one_then_it_hashes_and_checks() -> None:
    hashes = manager()
    hashes.extend("reversing", lambda name, definition: Reversing())

    hashed = hashes.driver("reversing").make("secret")

    assert hashed == "$reversed$746572636573"
    assert hashes.check("secret", hashed)
    assert hashes.info(hashed).algorithm == "reversing"
    assert hashes.is_hashed(hashed)


def test_extend_when_it_stands_in_the_configuration_then_it_is_given_what_is_said_there() -> None:
    seen: list[tuple[str, object]] = []
    hashes = manager("mine", mine={"driver": "reversing", "colour": "red"})

    def factory(name: str, definition: object) -> Reversing:
        seen.append((name, getattr(definition, "colour", None)))
        return Reversing()

    hashes.extend("reversing", factory)

    assert hashes.make("ab").startswith("$reversed$")
    assert seen == [("mine", "red")]


def test_driver_when_it_is_left_out_of_the_configuration_then_it_has_its_defaults() -> None:
    hashes = HashManager("argon2id")

    assert hashes.driver("pbkdf2").algorithm.configured({}) == {"rounds": 600_000, "length": 32}
    assert hashes.algorithm.configured({}) == {
        "memory": 19_456,
        "time": 2,
        "threads": 1,
        "length": 32,
    }


class _Peppered(Hasher):
    """Hashes with something that is not in the database."""

    def make(self, password: str, **options: int) -> str:
        return super().make(f"{password} and pepper", **options)

    def check(self, password: str, hashed: str | None) -> bool:
        return super().check(f"{password} and pepper", hashed)


def test_extend_when_it_makes_a_hasher_of_its_own_then_the_manager_does_what_that_does() -> None:
    options = Pbkdf2Options(driver="pbkdf2", rounds=1_000)
    hashes = HashManager("own")
    hashes.extend(
        "own",
        lambda name, definition: _Peppered(
            Pbkdf2Algorithm(options), password_bytes_max=40, verify=True
        ),
    )

    hashed = hashes.make("secret")

    assert hashes.check("secret", hashed)
    assert hashes.driver("own").check("secret", hashed)
    assert not Hasher(Pbkdf2Algorithm(options)).check("secret", hashed)
    assert hashes.check_and_rehash("secret", hashed) == (True, None)
    assert asyncio.run(hashes.acheck("secret", hashed))
    with pytest.raises(PasswordTooLong):
        hashes.make("x" * 40)
    with pytest.raises(WrongAlgorithm):
        hashes.check("secret", HashManager("scrypt").make("secret", cost=2))


def test_driver_when_there_is_none_then_the_nearest_is_named() -> None:
    with pytest.raises(UndefinedInstance, match='"argonid" is not defined'):
        manager().driver("argonid")


def test_options_when_the_default_is_misspelt_then_the_nearest_is_named() -> None:
    with pytest.raises(InvalidOptions, match=r'hashing\.default.*did you mean "argon2id"'):
        HashingOptions.parse({"default": "argon2d"}, key="hashing")


@pytest.mark.parametrize(
    ("driver", "wrong"),
    [
        ("argon2id", {"memory": 7}),
        ("argon2id", {"memory": 8, "threads": 2}),
        ("argon2id", {"time": 0}),
        ("argon2id", {"length": 15}),
        ("bcrypt", {"rounds": 3}),
        ("bcrypt", {"rounds": 32}),
        ("bcrypt", {"limit": 73}),
        ("pbkdf2", {"rounds": 999}),
        ("scrypt", {"cost": 21}),
        ("scrypt", {"cost": 20, "block_size": 32}),
        # What OpenSSL refuses: one byte too much, and a block too small for the cost.
        ("scrypt", {"cost": 20, "block_size": 16}),
        ("scrypt", {"cost": 16, "block_size": 1}),
        # What would take many minutes.
        ("scrypt", {"cost": 20, "block_size": 15, "parallelism": 3}),
        ("argon2id", {"memory": 2_097_152, "time": 5}),
        ("scrypt", {"colour": 1}),
    ],
)
def test_options_when_out_of_range_then_the_key_is_named(
    driver: str, wrong: Mapping[str, int]
) -> None:
    data = {"drivers": {driver: {"driver": driver, **wrong}}}

    with pytest.raises(InvalidOptions, match=rf"hashing\.drivers\.{driver}"):
        HashingOptions.parse(data, key="hashing")


def test_bcrypt_when_it_is_not_installed_then_the_error_says_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    hashes = manager()
    hashed = "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi"

    # What it is can be told without it.
    assert hashes.info(hashed) == HashInfo("bcrypt", {"rounds": 10})
    with pytest.raises(MissingExtra, match=r'pip install "securely\[bcrypt\]"'):
        hashes.check("password", hashed)
    assert hashes.check("secret", hashes.make("secret"))


def test_what_is_shown_of_a_manager_has_no_secret_in_it() -> None:
    hashes = manager()
    hashes.make("secret")

    assert repr(hashes) == "<HashManager 'argon2id'>"
    assert driver_options("argon2id").driver == "argon2id"
