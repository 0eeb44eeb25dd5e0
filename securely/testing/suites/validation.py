"""What every PresenceVerifier must do.

Subclass the suite in a test module, and give it a way to store rows, and your verifier:

    class TestMyVerifier(PresenceVerifierSuite):
        @pytest.fixture
        def store(self) -> Store: ...

        @pytest.fixture
        def verifier(self) -> PresenceVerifier: ...
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from typing import Any, TypeAlias, cast

import pytest

from securely.validation.contracts import PresenceVerifier
from securely.validation.rules.stored import Conditions, Where

__all__ = ["PresenceVerifierSuite", "Store"]

Store: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], None]
"""Stores rows in the collection `users`, with the columns id, email, team and deleted_at."""

_ROWS: tuple[dict[str, Any], ...] = (
    {"id": 1, "email": "ann@x.org", "team": "red", "deleted_at": None},
    {"id": 2, "email": "bob@x.org", "team": "blue", "deleted_at": "2026-01-01"},
    {"id": 3, "email": "cat@x.org", "team": None, "deleted_at": None},
)
_EMAILS = tuple(row["email"] for row in _ROWS)


class PresenceVerifierSuite:
    """What every presence verifier must do."""

    @pytest.fixture
    def store(self) -> Store:
        """Give a function that stores rows of users where the verifier looks."""
        raise NotImplementedError("Say how rows are stored.")

    @pytest.fixture
    def verifier(self) -> PresenceVerifier:
        """Give the verifier under test."""
        raise NotImplementedError("Give the verifier under test.")

    @pytest.fixture(autouse=True)
    def rows(self, store: Store) -> None:
        """Store the rows that the tests speak of."""
        store(_ROWS)

    @staticmethod
    def ask(
        verifier: PresenceVerifier,
        values: Sequence[Any],
        *wheres: Where,
        ignored: tuple[str, Any] | None = None,
        column: str = "email",
    ) -> list[Any]:
        """Return what the verifier says, in the colour in which an async validation asks."""
        method = getattr(verifier, "apresent", verifier.present)

        async def asked() -> list[Any]:
            made = method("users", column, values, Conditions(wheres, ignored))
            return [*(await cast("Awaitable[Any]", made) if isawaitable(made) else made)]

        return asyncio.run(asked())

    def test_values_that_are_stored_are_returned(self, verifier: PresenceVerifier) -> None:
        """Those that are not are left out."""
        assert self.ask(verifier, ["ann@x.org", "eve@x.org"]) == ["ann@x.org"]

    def test_no_value_asked_for_is_none_returned(self, verifier: PresenceVerifier) -> None:
        """An empty question has an empty answer."""
        assert self.ask(verifier, []) == []

    def test_thousands_of_values_are_one_question(self, verifier: PresenceVerifier) -> None:
        """However many there are, all are looked for."""
        many = [f"user{number}@x.org" for number in range(3_000)]

        assert self.ask(verifier, [*many, "cat@x.org"]) == ["cat@x.org"]

    def test_a_number_is_found_by_its_digits(self, verifier: PresenceVerifier) -> None:
        """Forms send text, and what was asked for comes back."""
        assert self.ask(verifier, ["1", 2, "9"], column="id") == ["1", 2]

    def test_null_is_no_value(self, verifier: PresenceVerifier) -> None:
        """A column without a value holds neither text nor the word null."""
        assert self.ask(verifier, ["", "NULL", "None"], column="team") == []

    def test_conditions_have_to_hold(self, verifier: PresenceVerifier) -> None:
        """Of a value alone, of one that is not, of several."""
        assert self.ask(verifier, _EMAILS, ("team", "=", "red")) == ["ann@x.org"]
        assert self.ask(verifier, _EMAILS, ("team", "!=", "red")) == ["bob@x.org"]
        assert self.ask(verifier, _EMAILS, ("id", "in", (1, 3))) == ["ann@x.org", "cat@x.org"]
        assert self.ask(verifier, _EMAILS, ("id", "not in", (1, 3))) == ["bob@x.org"]

    def test_all_conditions_have_to_hold_together(self, verifier: PresenceVerifier) -> None:
        """One that fails is enough."""
        both: tuple[Where, ...] = (("team", "=", "red"), ("id", "=", 2))

        assert self.ask(verifier, _EMAILS, *both) == []

    def test_conditions_on_nothing_hold_where_nothing_is(self, verifier: PresenceVerifier) -> None:
        """And those on something where something is."""
        found = self.ask(verifier, _EMAILS, ("deleted_at", "null", None))
        deleted = self.ask(verifier, _EMAILS, ("deleted_at", "not null", None))

        assert found == ["ann@x.org", "cat@x.org"]
        assert deleted == ["bob@x.org"]

    def test_none_of_no_values_holds_for_all(self, verifier: PresenceVerifier) -> None:
        """And one of no values for none."""
        assert self.ask(verifier, _EMAILS, ("team", "in", ())) == []
        assert self.ask(verifier, _EMAILS, ("team", "not in", ())) == [*_EMAILS]

    def test_the_ignored_row_is_left_out(self, verifier: PresenceVerifier) -> None:
        """All others still count."""
        found = self.ask(verifier, _EMAILS, ignored=("id", 1))

        assert found == ["bob@x.org", "cat@x.org"]

    def test_hostile_values_are_values(self, verifier: PresenceVerifier) -> None:
        """Quotes end nothing, no number is too long, half a character is not stored."""
        hostile = ["' OR '1'='1", '"; DROP TABLE users; --', 10**4_000, -(2**80), "\ud800", "a\0b"]

        assert self.ask(verifier, hostile) == []
        assert self.ask(verifier, _EMAILS) == [*_EMAILS]

    def test_an_unknown_collection_is_an_error(self, verifier: PresenceVerifier) -> None:
        """A name that is misspelt must not make all values unique."""
        with pytest.raises(Exception, match="userz"):
            asyncio.run(self._of(verifier, "userz"))

    @staticmethod
    async def _of(verifier: PresenceVerifier, collection: str) -> None:
        method = getattr(verifier, "apresent", verifier.present)
        made = method(collection, "email", ["ann@x.org"], Conditions())
        if isawaitable(made):
            await made
