"""Rule, Fail, Lines; and who answers rules that ask: PresenceVerifier, BreachCheck; File."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

__all__ = [
    "Authorizer",
    "BreachCheck",
    "Fail",
    "File",
    "Lines",
    "PasswordKeeper",
    "PresenceVerifier",
    "Query",
    "Rule",
    "Said",
]


class Said(Protocol):
    """A message that was said, and may still be put in another language."""

    def translate(self, replace: Mapping[str, object] | None = None) -> None:
        """Take the message for the key of a line, and say that line instead."""
        ...


class Fail(Protocol):
    """What a rule calls to say that a value breaks it."""

    def __call__(self, message: str, /) -> Said:
        """Say *message*; its placeholders are filled in, such as `:attribute`."""
        ...


class Rule:
    """What is a rule itself: the base of those with builders, and of `securely.validation.Rule`.

    A subclass that declares `data` gets all that is validated, one that declares `validator` the
    running validator. One object may serve many validations at once: each gets a copy of it.

    Example:
        >>> class Uppercase(Rule):
        ...     def validate(self, attribute, value, fail):
        ...         if value != value.upper():
        ...             fail("The :attribute field must be uppercase.")
    """

    implicit: ClassVar[bool] = False
    """Whether it is asked of absent and blank values too."""

    def validate(self, attribute: str, value: Any, fail: Fail) -> Awaitable[None] | None:
        """Call *fail* with a message where *value* breaks the rule; sync or async."""
        raise NotImplementedError(f"{type(self).__qualname__} has no method validate().")


class Lines(Protocol):
    """Where messages come from: the translator."""

    def get(
        self,
        key: str,
        replace: Mapping[str, Any] = ...,
        locale: str | None = ...,
    ) -> Any:
        """Return the line of *key*, or *key* itself."""
        ...

    def choice(self, key: str, number: Any, replace: Mapping[str, Any] = ...) -> str:
        """Return the form of the line of *key* that goes with *number*."""
        ...


class PresenceVerifier(Protocol):
    """Tells which values are stored; an application implements it over its own database.

    `present` may be async. A verifier that is sync and waits long may have an async twin
    `apresent`, which async validations ask instead.
    """

    def present(
        self, collection: str, column: str, values: Sequence[Any], query: Query, /
    ) -> Awaitable[Sequence[Any]] | Sequence[Any]:
        """Return those of *values* that stand in *column* of a row that fits *query*.

        One question is for all places of a field, so there may be thousands of values. What is
        returned are the values that were asked for, not those that are stored: a column that
        ignores case may hold another spelling.
        """
        ...


class Query(Protocol):
    """What else is asked of stored rows."""

    @property
    def wheres(self) -> Sequence[tuple[str, str, Any]]:
        """Conditions: column, operator (=, !=, in, not in, null, not null), value."""
        ...

    @property
    def ignored(self) -> tuple[str, Any] | None:
        """A column and a value: the row that is left out, for it is the one being changed."""
        ...


class BreachCheck(Protocol):
    """Tells whether a password is known from a breach of somebody's data.

    `is_breached` may be async. A check that is sync may have an async twin `ais_breached`, which
    async validations ask instead.
    """

    def is_breached(self, password: str, threshold: int, /) -> Awaitable[bool] | bool:
        """Return whether *password* was seen more than *threshold* times."""
        ...


class Authorizer(Protocol):
    """Tells who may do what; `allows` may be async."""

    def allows(self, ability: str, arguments: Sequence[Any], /) -> Awaitable[bool] | bool:
        """Return whether whoever is logged in may do *ability* with *arguments*."""
        ...


class PasswordKeeper(Protocol):
    """Tells whose password is whose; `is_current_password` may be async."""

    def is_current_password(self, password: str, guard: str | None, /) -> Awaitable[bool] | bool:
        """Return whether *password* is that of whoever is logged in, by *guard* if it is named."""
        ...


class File(Protocol):
    """A file, uploaded or on the disk.

    Uploads of Starlette, paths and open binary files need not have it: they are taken as they are.
    """

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        ...

    @property
    def filename(self) -> str:
        """The name it was sent with; nobody's word but the sender's."""
        ...

    @property
    def is_valid(self) -> bool:
        """Whether it arrived whole, and can be read."""
        ...

    def read_at(self, offset: int, size: int, /) -> bytes:
        """Return up to *size* bytes from *offset* on; whoever else reads it does not notice."""
        ...
