"""The Hasher: what it refuses, what it checks, and what it never tells."""

from __future__ import annotations

import asyncio
import hmac
import threading
import traceback
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securely.hashing import (
    Hasher,
    HashInfo,
    HashManager,
    HashTooCostly,
    InvalidPassword,
    PasswordTooLong,
    WrongAlgorithm,
)
from securely.hashing.drivers.argon2id import Argon2idAlgorithm
from securely.hashing.drivers.bcrypt import BcryptAlgorithm
from securely.hashing.drivers.pbkdf2 import Pbkdf2Algorithm
from securely.hashing.options import Argon2Options, BcryptOptions, Pbkdf2Options
from securely.support.options import InvalidOptions

SECRET = "correct horse battery staple"  # noqa: S105  # a word of the tests


def argon(**costs: int) -> Argon2Options:
    return Argon2Options.model_validate({"driver": "argon2id", "memory": 8, "time": 1, **costs})


def hasher(**more: int) -> Hasher:
    return Hasher(Argon2idAlgorithm(argon()), **more)


def bcrypt(limit: int | None = 72) -> Hasher:
    return Hasher(BcryptAlgorithm(BcryptOptions(driver="bcrypt", rounds=4, limit=limit)))


@pytest.mark.parametrize("hashed", [None, "", "foo", "$argon2id$", SECRET])
def test_check_when_there_is_no_hash_then_every_password_is_wrong(hashed: str | None) -> None:
    assert not hasher().check(SECRET, hashed)
    assert hasher().check_and_rehash(SECRET, hashed) == (False, None)


def test_make_when_options_are_given_then_they_count_for_this_call() -> None:
    one = hasher()

    assert one.info(one.make(SECRET, memory=16, threads=2)).options == {
        "memory": 16,
        "time": 1,
        "threads": 2,
        "length": 32,
    }
    assert one.info(one.make(SECRET)).options["memory"] == 8


def test_make_when_options_do_not_go_together_then_says_so_without_the_password() -> None:
    with pytest.raises(InvalidOptions, match="2 threads need memory of at least 16 KiB") as caught:
        hasher().make(SECRET, threads=2)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_make_when_the_password_is_too_long_then_it_is_refused_before_it_is_hashed() -> None:
    one = hasher(password_bytes_max=100)

    assert one.check("x" * 100, one.make("x" * 100))
    with pytest.raises(PasswordTooLong, match="101 bytes, and at most 100"):
        one.make("x" * 101)
    # Bytes count, not letters.
    with pytest.raises(PasswordTooLong):
        one.make("é" * 51)
    assert not one.check("x" * 101, one.make("x"))


def test_bcrypt_when_the_password_has_more_bytes_than_it_reads_then_it_is_refused() -> None:
    one = bcrypt()
    hashed = one.make("x" * 72)

    with pytest.raises(PasswordTooLong, match=r"73 bytes.*hashing\.drivers\.bcrypt\.limit"):
        one.make("x" * 73)
    assert one.check("x" * 72, hashed)
    assert not one.check("x" * 73, hashed)


def test_bcrypt_when_there_is_no_limit_then_it_reads_72_bytes_as_php_does() -> None:
    one = bcrypt(limit=None)

    assert one.check("x" * 80, one.make("x" * 90))
    assert not one.check("x" * 71, one.make("x" * 90))


def test_bcrypt_when_there_is_a_nul_then_it_is_refused() -> None:
    with pytest.raises(InvalidPassword, match="NUL"):
        bcrypt().make("a\0b")
    assert not bcrypt().check("a\0b", bcrypt().make("a"))


def test_make_when_it_is_no_text_then_the_error_has_no_password_in_it() -> None:
    password = f"{SECRET}\ud800"
    with pytest.raises(InvalidPassword) as caught:
        hasher().make(password)

    # The error of Python has the password in its arguments: nothing leads to it.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert not hasher().check(password, hasher().make("x"))


def test_check_when_another_algorithm_made_it_then_verify_forbids_it() -> None:
    foreign = Pbkdf2Algorithm(Pbkdf2Options(driver="pbkdf2", rounds=1_000)).make(b"x", {})
    strict = Hasher(Argon2idAlgorithm(argon()), verify=True)

    with pytest.raises(WrongAlgorithm, match="not made by argon2id") as caught:
        strict.check("x", foreign)
    assert foreign not in str(caught.value)
    assert strict.check("x", strict.make("x"))
    # A hasher by itself knows its own algorithm only.
    assert not hasher().check("x", foreign)


@pytest.mark.parametrize(
    "hashed",
    [
        "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=8,t=9999,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$scrypt$ln=31,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$pbkdf2-sha256$i=4000000000$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$2y$31$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi",
        # Each number may be, and all of them together would take many minutes.
        "$argon2id$v=19$m=2097152,t=64,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$scrypt$ln=20,r=15,p=16$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$scrypt$ln=20,r=32,p=16$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
    ],
)
def test_check_when_a_hash_wants_too_much_then_nothing_is_hashed(hashed: str) -> None:
    with pytest.raises(HashTooCostly, match="at most") as caught:
        HashManager("argon2id").check("x", hashed)

    assert hashed not in str(caught.value)


@pytest.mark.parametrize(
    "hashed",
    [
        # Numbers that do not go together, and a salt that is too short: libraries raise.
        "$argon2id$v=19$m=8,t=1,p=8$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=8,t=1,p=1$YWI$" + "A" * 43,
        "$argon2id$v=19$m=8,t=0,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$scrypt$ln=0,r=0,p=0$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$scrypt$ln=20,r=16,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$scrypt$ln=17,r=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        # Bits of the salt that stand for nothing.
        "$2y$04$JGngXnzAPqOJQBZQA99uIfCHzldoNL.JGAYjU3mqIWdnHHI4c65wy",
        "$pbkdf2-sha256$i=0$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AA",
    ],
)
def test_check_when_a_hash_cannot_have_been_made_then_the_password_is_wrong(hashed: str) -> None:
    assert not HashManager("argon2id").check("x", hashed)


@pytest.mark.parametrize("driver", ["argon2id", "pbkdf2", "scrypt"])
@pytest.mark.parametrize("letters", [2, 3, 6, 19])
def test_check_when_the_digest_was_cut_off_then_it_is_no_hash(driver: str, letters: int) -> None:
    # By a column that is too narrow: of two letters, every 256th password would be right.
    cheap = {"argon2id": {"memory": 8}, "pbkdf2": {"rounds": 1_000}, "scrypt": {"cost": 2}}[driver]
    hashes = HashManager(driver)
    head, _, digest = hashes.make(SECRET, **cheap).rpartition("$")
    cut = f"{head}${digest[:letters]}"

    assert not hashes.check(SECRET, cut)
    assert not hashes.is_hashed(cut)
    assert hashes.needs_rehash(cut)


def test_make_when_a_call_names_another_driver_then_it_is_refused() -> None:
    with pytest.raises(InvalidOptions, match=r"cannot change the driver argon2id: use Hash.driver"):
        hasher().make(SECRET, driver="argon2i")


def test_needs_rehash_when_anything_differs_then_it_is_due() -> None:
    one = hasher()
    hashed = one.make(SECRET)

    assert not one.needs_rehash(hashed)
    assert one.needs_rehash(hashed, memory=16)
    assert one.needs_rehash(one.make(SECRET, time=2))
    assert one.needs_rehash(hashed.replace("argon2id", "argon2i"))
    assert one.needs_rehash("foo")


def test_verify_configuration_when_a_hash_costs_more_than_configured_then_it_does_not() -> None:
    one = Hasher(Argon2idAlgorithm(argon(memory=16)))

    assert one.verify_configuration(one.make(SECRET))
    assert one.verify_configuration(one.make(SECRET, memory=8))
    assert not one.verify_configuration(one.make(SECRET, memory=32))
    assert not one.verify_configuration("$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og")


def test_check_and_rehash_when_it_is_due_then_gives_a_new_hash() -> None:
    old, new = hasher(), Hasher(Argon2idAlgorithm(argon(memory=16)))
    hashed = old.make(SECRET)

    is_right, renewed = new.check_and_rehash(SECRET, hashed)

    assert is_right
    assert renewed is not None
    assert new.check(SECRET, renewed)
    assert not new.needs_rehash(renewed)
    assert new.check_and_rehash(SECRET, renewed) == (True, None)
    assert new.check_and_rehash("other", hashed) == (False, None)


def test_check_and_rehash_when_the_new_algorithm_refuses_the_password_then_the_old_hash_stays() -> (
    None
):
    hashes = HashManager(
        "bcrypt", {"argon2id": argon(), "bcrypt": BcryptOptions(driver="bcrypt", rounds=4)}
    )
    long = "x" * 73

    assert hashes.check_and_rehash(long, hashes.driver("argon2id").make(long)) == (True, None)


def test_info_when_it_is_no_hash_then_there_is_no_algorithm() -> None:
    assert hasher().info("foo") == HashInfo(None)
    assert not hasher().is_hashed("foo")
    assert not hasher().is_hashed(None)
    assert not hasher().is_hashed(b"$2y$")


def test_the_twins_hash_in_a_thread_of_their_own() -> None:
    threads: list[threading.Thread] = []

    class Watching(Pbkdf2Algorithm):
        def derive(self, password: bytes, salt: bytes, costs: Mapping[str, int]) -> bytes:
            threads.append(threading.current_thread())
            return super().derive(password, salt, costs)

    one = Hasher(Watching(Pbkdf2Options(driver="pbkdf2", rounds=1_000)))

    async def work() -> None:
        hashed = await one.amake(SECRET)
        assert await one.acheck(SECRET, hashed)
        assert await one.acheck_and_rehash(SECRET, hashed) == (True, None)
        assert not await one.acheck("other", hashed)

    asyncio.run(work())
    assert len(threads) == 4
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("make", [hasher, bcrypt], ids=["argon2id", "bcrypt"])
def test_check_compares_digests_in_constant_time(
    make: Callable[[], Hasher], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Looked at from outside: what compares is the standard library's, and once for each check.
    compared: list[tuple[int, int]] = []
    true_compare = hmac.compare_digest

    def watch(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return true_compare(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watch)
    one = make()
    hashed = one.make(SECRET)
    one.check(SECRET, hashed)
    one.check("wrong", hashed)

    assert len(compared) == 2
    assert all(a == b for a, b in compared)


@given(password=st.text(max_size=60), other=st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_check_gives_true_for_the_password_and_for_no_other(password: str, other: str) -> None:
    one = hasher()
    hashed = one.make(password)

    assert one.check(password, hashed)
    assert one.check(other, hashed) == (other == password)
    assert one.is_hashed(hashed)
    assert not one.needs_rehash(hashed)


@given(text=st.text() | st.from_regex(r"\$[a-z0-9-]+(\$v=[0-9]+)?\$[a-z0-9=,]+\$[A-Za-z0-9+/]+"))
@settings(max_examples=200, deadline=None)
def test_nothing_that_is_kept_in_place_of_a_hash_raises_anything_else(text: str) -> None:
    hashes = HashManager("argon2id", {"argon2id": argon()})

    hashes.info(text)
    hashes.needs_rehash(text)
    if not hashes.is_hashed(text):
        assert not hashes.check("x", text)
