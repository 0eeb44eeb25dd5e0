"""UniqueRule and ExistsRule: what is stored already, and under which conditions it counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from securely.validation.builders.written import plain
from securely.validation.exceptions import RulesError
from securely.validation.rules.stored import Conditions, Where

__all__ = ["ExistsRule", "UniqueRule"]


class _StoredRule:
    """What `unique` and `exists` have in common.

    Args:
        rule: The rule.
        collection: Where values are stored: a table, say.
        column: In which part of it; by default the one that is called as the field is.
    """

    def __init__(self, rule: str, collection: str, column: str | None) -> None:
        self._rule, self._collection, self._column = rule, collection, column
        self._wheres: list[Where] = []
        self._ignored: tuple[str, object] | None = None

    def where(self, column: str, value: object) -> Self:
        """Count only what has *value* in *column*; one of a list; nothing, for None."""
        value = plain(value)
        if value is None:
            return self.where_null(column)
        if isinstance(value, (list, tuple, set, frozenset)):
            return self.where_in(column, value)  # pyright: ignore[reportUnknownArgumentType]  # values are anyone's
        return self._add(column, "=", value)

    def where_not(self, column: str, value: object) -> Self:
        """Count only what has something else than *value* in *column*, and than each of a list."""
        value = plain(value)
        if value is None:
            return self.where_not_null(column)
        if isinstance(value, (list, tuple, set, frozenset)):
            return self.where_not_in(column, value)  # pyright: ignore[reportUnknownArgumentType]  # values are anyone's
        return self._add(column, "!=", value)

    def where_null(self, column: str) -> Self:
        """Count only what has nothing in *column*."""
        return self._add(column, "null", None)

    def where_not_null(self, column: str) -> Self:
        """Count only what has something in *column*."""
        return self._add(column, "not null", None)

    def where_in(self, column: str, values: Iterable[object]) -> Self:
        """Count only what has one of *values* in *column*."""
        return self._add(column, "in", tuple(map(plain, values)))

    def where_not_in(self, column: str, values: Iterable[object]) -> Self:
        """Count only what has none of *values* in *column*."""
        return self._add(column, "not in", tuple(map(plain, values)))

    def without_trashed(self, column: str = "deleted_at") -> Self:
        """Count nothing that was deleted softly, which *column* tells."""
        return self.where_null(column)

    def only_trashed(self, column: str = "deleted_at") -> Self:
        """Count only what was deleted softly, which *column* tells."""
        return self.where_not_null(column)

    def as_rules(self) -> list[object]:
        """Return the rule it stands for."""
        conditions = Conditions(tuple(self._wheres), self._ignored)
        behind = [conditions] if conditions else []
        return [[self._rule, self._collection, self._column, *behind]]

    def _add(self, column: str, operator: str, value: object) -> Self:
        self._wheres.append((column, operator, value))
        return self


class UniqueRule(_StoredRule):
    """That a value is not stored yet; made by `Rule.unique()`.

    Example:
        >>> rule = UniqueRule("users", "email").ignore(5).without_trashed()

    Source: Laravel 13, Validation\\Rules\\Unique.
    """

    def __init__(self, collection: str, column: str | None = None) -> None:
        super().__init__("unique", collection, column)

    def ignore(self, id_: object, column: str = "id") -> Self:
        """Leave out what has *id_* in *column*: the row that is being changed; None for none.

        Give it what the application knows, never what the request says: who may choose it can take
        the address of another.

        Raises:
            RulesError: It is no single value.
        """
        id_ = plain(id_)
        if isinstance(id_, (list, tuple, dict, set)):
            raise RulesError(f"ignore() of Rule.unique() takes one id, not {id_!r:.100}.")
        self._ignored = None if id_ is None else (column, id_)
        return self


class ExistsRule(_StoredRule):
    """That a value is stored, or all of a list; made by `Rule.exists()`.

    Source: Laravel 13, Validation\\Rules\\Exists.
    """

    def __init__(self, collection: str, column: str | None = None) -> None:
        super().__init__("exists", collection, column)
