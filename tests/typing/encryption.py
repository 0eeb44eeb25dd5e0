"""What both type checkers must say of encrypted fields and of hashing. Never executed."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import assert_type

from pydantic import BaseModel

from securely.encryption import Encrypted
from securely.facades import Crypt, Hash
from securely.hashing import Hasher, HashInfo


class User(BaseModel):
    """A model with secrets."""

    token: Encrypted[str]
    limits: Encrypted[dict[str, int]] | None = None


def what_is_right(user: User) -> None:
    """Values have the types that the fields say."""
    assert_type(user.token.value, str)
    assert_type(Encrypted(5).value, int)
    assert_type(user.token.payload, str)
    if user.limits is not None:
        assert_type(user.limits.value, dict[str, int])
    User(token=Encrypted("secret"), limits=Encrypted({"day": 5}))
    assert_type(Crypt.encrypt_file("a", "b"), int)


async def what_hashing_gives() -> None:
    """The facade has the types of the manager, the twins included."""
    assert_type(Hash.make("secret", memory=64), str)
    assert_type(await Hash.acheck("secret", None), bool)
    assert_type(Hash.check_and_rehash("secret", "hash"), tuple[bool, str | None])
    assert_type(Hash.driver("scrypt"), Hasher)
    assert_type(Hash.info("hash"), HashInfo)


def what_is_wrong() -> None:
    """A plain value, an option that is no number, and bytes are errors."""
    User(token="payload")  # type: ignore[arg-type]  # noqa: S106
    User(token=Encrypted(5))  # type: ignore[arg-type]
    Hash.make("secret", memory="64")  # type: ignore[arg-type]
    Hash.make(b"secret")  # type: ignore[arg-type]
