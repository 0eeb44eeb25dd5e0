"""KeyRotation: in which order things happen, and what is left after each way to fail."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from securely.encryption import (
    DecryptFailed,
    Encrypter,
    Keeper,
    KeyRing,
    KeyRotation,
    NewKeys,
    RotationFailed,
    RotationUnfinished,
)

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
KEYS = NewKeys(KeyRing(NEW, [OLD]), Encrypter(NEW, previous_keys=[OLD]))


class Table:
    """Rows that are encrypted, with transactions that tell what they do."""

    def __init__(self, name: str, told: list[str], breaks: str = "") -> None:
        self.name = name
        self.told = told
        self.breaks = breaks
        self.rows = [Encrypter(OLD).encrypt_string(f"{name} {number}") for number in range(3)]

    @contextmanager
    def keeper(self, new: NewKeys) -> Iterator[int]:
        if self.breaks == "write":
            raise DecryptFailed("A row is of another key.")
        anew = [new.encrypter.reencrypt(row) for row in self.rows]
        self.told.append(f"{self.name} written")
        try:
            yield len(anew)
        except BaseException:
            self.told.append(f"{self.name} undone")
            raise
        if self.breaks == "commit":
            raise OSError(5, "The disk is gone")
        self.rows = anew
        self.told.append(f"{self.name} committed")

    def is_readable(self, encrypter: Encrypter) -> bool:
        texts = [encrypter.decrypt_string(row) for row in self.rows]
        return texts == [f"{self.name} {number}" for number in range(3)]


class Service:
    """A service that keeps something."""

    def __init__(self, keepers: Mapping[str, Keeper]) -> None:
        self._keepers = keepers

    def keepers(self) -> Mapping[str, Keeper]:
        return self._keepers


def rotation(*tables: Table) -> KeyRotation:
    made = KeyRotation(lambda: [Service({tables[0].name: tables[0].keeper})])
    for table in tables[1:]:
        made.keep(table.name, table.keeper)
    return made


def test_run_when_all_goes_well_then_all_is_written_before_the_key_and_committed_after() -> None:
    told: list[str] = []
    one, two = Table("one", told), Table("two", told)

    counts = rotation(one, two).run(KEYS, lambda: told.append("key changed"))

    assert counts == {"one": 3, "two": 3}
    assert told == ["one written", "two written", "key changed", "two committed", "one committed"]
    assert one.is_readable(Encrypter(NEW))
    assert two.is_readable(Encrypter(NEW))


def test_run_when_one_cannot_be_written_then_all_is_undone_and_the_key_stays() -> None:
    told: list[str] = []
    one, two = Table("one", told), Table("two", told, breaks="write")

    with pytest.raises(RotationFailed, match="two cannot be written anew: A row is of") as caught:
        rotation(one, two).run(KEYS, lambda: told.append("key changed"))

    assert isinstance(caught.value.__cause__, DecryptFailed)
    assert told == ["one written", "one undone"]
    assert one.is_readable(Encrypter(OLD))
    assert two.is_readable(Encrypter(OLD))


def test_run_when_one_raises_what_is_not_ours_then_is_named_without_what_that_says() -> None:
    told: list[str] = []
    one = Table("one", told)
    rotating = rotation(one)

    @contextmanager
    def broken(new: NewKeys) -> Iterator[int]:
        raise LookupError("no row with the token hunter2")
        yield 0

    rotating.keep("users.token", broken)
    with pytest.raises(
        RotationFailed, match=r"Nothing has changed, because users\.token"
    ) as caught:
        rotating.run(KEYS, lambda: told.append("key changed"))

    assert "It raised LookupError." in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value.__cause__, LookupError)
    assert told == ["one written", "one undone"]


def test_run_when_the_key_cannot_be_changed_then_all_is_undone() -> None:
    told: list[str] = []
    one, two = Table("one", told), Table("two", told)

    def change() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        rotation(one, two).run(KEYS, change)

    assert told == ["one written", "two written", "two undone", "one undone"]
    assert one.is_readable(Encrypter(OLD))
    assert two.is_readable(Encrypter(OLD))


def test_run_when_a_commit_fails_then_all_can_be_read_and_a_second_run_finishes_it() -> None:
    told: list[str] = []
    one, two = Table("one", told), Table("two", told, breaks="commit")

    with pytest.raises(
        RotationUnfinished, match=r"OSError: The disk is gone\..*key:rotate --keep"
    ) as caught:
        rotation(one, two).run(KEYS, lambda: told.append("key changed"))

    assert isinstance(caught.value.__cause__, OSError)
    assert str(copy.copy(caught.value)) == str(caught.value)

    # What was written and what was not: the keys that the application has now read both.
    assert "key changed" in told
    assert one.is_readable(KEYS.encrypter)
    assert two.is_readable(KEYS.encrypter)

    two.breaks = ""
    rotation(one, two).run(KEYS)
    assert one.is_readable(Encrypter(NEW))
    assert two.is_readable(Encrypter(NEW))


def test_run_when_nothing_is_kept_then_the_key_changes() -> None:
    told: list[str] = []

    assert KeyRotation().run(KEYS, lambda: told.append("key changed")) == {}
    assert told == ["key changed"]
