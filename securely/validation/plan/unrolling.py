"""Unrolling: rules that depend on the data become rules without conditions and without stars.

That is `Rule.when`, `Rule.for_each`, rules added by `sometimes()`, and fields that have rules from
two names. All other rules are followed as they are, which takes less time and memory.
Source: Laravel 13, Validation\\ValidationRuleParser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, cast, runtime_checkable

from securely.support.missing import MISSING
from securely.validation.exceptions import RulesError
from securely.validation.plan.parsing import Entry, entries
from securely.validation.plan.paths import Keys, Path, expand, find, join, split
from securely.validation.plan.plan import Field, Plan, Registry, compile_field, overlap
from securely.validation.plan.run import filled_in

__all__ = ["Conditional", "Each", "is_dynamic", "overlap", "unrolled"]

# Rules that make rules for what lies in a value, again and again, are a mistake by then.
_DEPTH_MAX: Final = 32


@runtime_checkable
class Conditional(Protocol):
    """Rules that hold under a condition."""

    def rules_for(self, data: object) -> object:
        """Return the rules that hold for *data*."""
        ...


@runtime_checkable
class Each(Protocol):
    """Rules that are made for each value."""

    def rules_of(self, value: object, attribute: str, data: object) -> object:
        """Return the rules of one field; a dict holds those of fields within it."""
        ...


def is_dynamic(rules: object) -> bool:
    """Tell whether *rules* can only be known with the data."""
    if isinstance(rules, (Conditional, Each)):
        return True
    return isinstance(rules, (list, tuple)) and any(
        isinstance(rule, (Conditional, Each)) for rule in cast("Iterable[object]", rules)
    )


def unrolled(
    rules: Mapping[str, object],
    data: object,
    registry: Registry,
    later: Iterable[tuple[str, object, Callable[..., object]]] = (),
    expanded_max: int = 100_000,
) -> Plan:
    """Return the plan of *rules* for *data*: a field for every place that they name.

    Args:
        rules: The rules by field.
        data: What is validated.
        registry: The rules there are.
        later: Fields, their rules, and the condition under which these are added.
        expanded_max: So many fields at most may stand for one name with stars.
    """
    unroller = _Unroller(data, registry, expanded_max)
    unroller.add_all({name: _settled(rule, data) for name, rule in rules.items()})
    for name, rule, condition in later:
        unroller.add_where(name, rule, condition)
    return Plan(unroller.fields())


class _Unroller:
    # By path, not by name: a key of the data may hold dots and backslashes, and would be read as
    # another field's.

    def __init__(self, data: object, registry: Registry, expanded_max: int) -> None:
        self._data, self._registry, self._expanded_max = data, registry, expanded_max
        self._entries: dict[Path, list[Entry] | None] = {}
        self._origins: dict[Path, tuple[Path, Keys]] = {}
        self._compiled: dict[tuple[object, ...], Field] = {}
        self._too_long: list[Path] = []

    def add_all(self, rules: Mapping[str, object]) -> None:
        # Named fields keep their places; those that stars stand for come after all of them.
        paths = {name: split(name) for name in rules}
        for path in paths.values():
            if "*" not in path:
                self._entries[path] = None
        for name, rule in rules.items():
            path = paths[name]
            if "*" in path:
                self._add_wild((), path, rule)
            else:
                self._entries[path] = None
                self._add(path, rule, None)

    def add_where(self, name: str, rule: object, condition: Callable[..., object]) -> None:
        """Add rules of the fields for which *condition* holds of the data and of what is around."""
        path = split(name)
        spots = (
            [(where, keys) for where, keys, _ in self._places((), path)]
            if "*" in path
            else [(path, ())]
        )
        for where, keys in spots:
            around = where if path[-1] == "*" or len(where) == 1 else where[:-1]
            item = find(self._data, around)
            if condition(self._data, None if item is MISSING else item):
                origin = (path, keys) if "*" in path else None
                self._add(where, rule, origin)

    def fields(self) -> list[Field]:
        """Return the fields; those with the same rules share what was compiled of them."""
        # A list that is too long is followed by its stars, and refused by that.
        too_long = [self._compile(path, ()) for path in self._too_long]
        # What has rules only for fields within it is none: taken whole, it would bring all else.
        return too_long + [
            self._field(path, written)
            for path, written in self._entries.items()
            if written is not None
        ]

    def _rules_at(self, path: Path) -> list[Entry]:
        kept = self._entries.get(path)
        if kept is None:
            kept = self._entries[path] = []
        return kept

    def _places(self, around: Path, pattern: Path) -> Iterator[tuple[Path, Keys, object]]:
        """Yield the places that *pattern* names within *around*, and what stands there."""
        for count, (keys, value) in enumerate(expand(find(self._data, around), pattern)):
            if count >= self._expanded_max:
                self._too_long.append((*around, *pattern))
                return
            yield (*around, *filled_in(pattern, keys)), keys, value

    def _add_wild(self, around: Path, pattern: Path, rule: object, depth: int = 0) -> None:
        path = (*around, *pattern)
        read: list[Entry] | None = None if is_dynamic(rule) else [*entries(rule, join(path))]
        for where, keys, value in self._places(around, pattern):
            if read is not None:
                self._origins.setdefault(where, (path, keys))
                self._rules_at(where).extend(read)
            else:
                self._add(where, rule, (path, keys), value, depth)

    def _add(
        self,
        path: Path,
        rule: object,
        origin: tuple[Path, Keys] | None,
        value: object = MISSING,
        depth: int = 0,
    ) -> None:
        if origin is not None:
            self._origins.setdefault(path, origin)
        # Text in a list is one rule, and text alone may be several.
        several = cast("Sequence[object]", rule) if isinstance(rule, (list, tuple)) else None
        if several is not None and not several:
            self._rules_at(path)
        for each in cast("Sequence[object]", [rule] if several is None else several):
            if isinstance(each, Each):
                self._add_each(path, each, origin, value, depth)
            else:
                read = entries(each if several is None else [each], join(path))
                self._rules_at(path).extend(read)

    def _add_each(
        self,
        path: Path,
        each: Each,
        origin: tuple[Path, Keys] | None,
        value: object,
        depth: int,
    ) -> None:
        if depth > _DEPTH_MAX:
            raise RulesError(f'The rules of "{join(path)}" are made by for_each more than 32 deep.')
        if value is MISSING:
            value = find(self._data, path)
        made = each.rules_of(None if value is MISSING else value, join(path), self._data)
        if not isinstance(made, Mapping):
            self._add(path, _settled(made, self._data), origin, value, depth + 1)
            return
        for key, rule in cast("Mapping[str, object]", made).items():
            below = split(key)
            settled = _settled(rule, self._data)
            if "*" in below:
                self._add_wild(path, below, settled, depth + 1)
            else:
                deeper = origin and ((*origin[0], *below), origin[1])
                self._add((*path, *below), settled, deeper, MISSING, depth + 1)

    def _field(self, path: Path, written: list[Entry]) -> Field:
        origin = self._origins.get(path)
        if origin is None:
            return self._compile(path, written)
        shape = (
            origin[0],
            *((entry.name, repr(entry.parameters)) for entry in written),
            *(id(entry.written) for entry in written if not entry.name),
        )
        known = self._compiled.get(shape)
        if known is None:
            known = self._compiled[shape] = self._compile(origin[0], written)
        return known.at(join(path), path, *origin)

    def _compile(self, path: Path, written: Sequence[Entry]) -> Field:
        return compile_field(join(path), written, self._registry, path)


def _settled(rule: object, data: object) -> object:
    """Return *rule* with what holds for *data* in the place of conditions."""
    if isinstance(rule, Conditional):
        return _settled(rule.rules_for(data), data)
    if not isinstance(rule, (list, tuple)):
        return rule
    found: list[object] = []
    for each in cast("Iterable[object]", rule):
        if not isinstance(each, Conditional):
            found.append(each)
            continue
        settled = _settled(each.rules_for(data), data)
        if isinstance(settled, str):
            found.extend(settled.split("|"))
        elif isinstance(settled, (list, tuple)):
            found.extend(cast("Iterable[object]", settled))
        else:
            found.append(settled)
    return found
