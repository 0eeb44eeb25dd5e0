"""Hash in an application: configured, by facade and by injection, and quiet about passwords."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from securely import Application
from securely.facades import Config, Hash, Log
from securely.hashing import Hasher, HashingError, HashManager
from securely.hashing.provider import HashingProvider
from securely.support.options import InvalidOptions

SECRET = "correct horse battery staple"  # noqa: S105  # a word of the tests


@pytest.fixture(autouse=True)
def cheap(app: Application) -> None:
    Config.set("hashing.drivers.argon2id.memory", 64)
    Config.set("hashing.drivers.argon2id.time", 1)


def test_hash_makes_and_checks_as_it_is_configured(app: Application) -> None:
    hashed = Hash.make(SECRET)

    assert Hash.info(hashed).options == {"memory": 64, "time": 1, "threads": 1, "length": 32}
    assert Hash.check(SECRET, hashed)
    assert not Hash.needs_rehash(hashed)
    assert app.make(HashManager) is app.make("hash")
    assert isinstance(app.make(Hasher), HashManager)
    assert Hash.driver("pbkdf2").check(SECRET, hashed)


def test_hash_when_awaited_then_does_the_same() -> None:
    async def work() -> None:
        hashed = await Hash.amake(SECRET)
        assert await Hash.acheck(SECRET, hashed)
        assert await Hash.acheck_and_rehash(SECRET, hashed) == (True, None)

    asyncio.run(work())


def test_hash_when_the_driver_is_changed_then_old_hashes_are_due(app: Application) -> None:
    hashed = Hash.make(SECRET)
    Config.set("hashing.default", "pbkdf2")
    Config.set("hashing.drivers.pbkdf2.rounds", 1_000)
    # As after a restart.
    changed = app.call(HashingProvider(app).manager)

    is_right, renewed = changed.check_and_rehash(SECRET, hashed)

    assert is_right
    assert renewed is not None
    assert renewed.startswith("$pbkdf2-sha256$i=1000$")


def test_hash_when_the_configuration_is_wrong_then_the_key_is_named(app: Application) -> None:
    Config.set("hashing.drivers.argon2id.memory", "much")

    with pytest.raises(InvalidOptions, match=r"hashing\.drivers\.argon2id\.memory"):
        Hash.make(SECRET)


def test_a_password_is_in_no_line_of_the_log(app: Application, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    log = Log.build({"driver": "single", "path": str(file)})
    for password in (SECRET * 200, f"{SECRET}\ud800"):
        try:
            Hash.make(password)
        except HashingError:
            log.exception("it failed")

    text = file.read_text(encoding="utf-8")
    assert "PasswordTooLong" in text
    assert "InvalidPassword" in text
    assert SECRET not in text
