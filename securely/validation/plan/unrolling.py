"""Unrolling: rules that depend on the data become rules without conditions and without stars.

That is `Rule.when`, `Rule.for_each`, rules added by `sometimes()`, and fields that have rules from
two names. All other rules are followed as they are, which takes less time and memory.
Source: Laravel 13, Validation\\ValidationRuleParser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
) -> Plan:
    """Return the plan of *rules* for *data*: a field for every place that they name.

    Args:
        rules: The rules by field.
        data: What is validated.
        registry: The rules there are.
        later: Fields, their rules, and the condition under which these are added.
    """
    unroller = _Unroller(data, registry)
    unroller.add_all({name: _settled(rule, data) for name, rule in rules.items()})
    for name, rule, condition in later:
        unroller.add_where(name, rule, condition)
    return Plan(unroller.fields())


class _Unroller:
    def __init__(self, data: object, registry: Registry) -> None:
        self._data, self._registry = data, registry
        self._entries: dict[str, list[Entry]] = {}
        self._origins: dict[str, tuple[Path, Keys]] = {}
        self._compiled: dict[tuple[object, ...], Field] = {}

    def add_all(self, rules: Mapping[str, object]) -> None:
        # Named fields keep their places; those that stars stand for come after all of them.
        for name in rules:
            if "*" not in split(name):
                self._entries[name] = []
        for name, rule in rules.items():
            if "*" in split(name):
                self._add_wild(name, rule)
            else:
                self._entries[name] = []
                self._add(name, rule, None)

    def add_where(self, name: str, rule: object, condition: Callable[..., object]) -> None:
        """Add rules of the fields for which *condition* holds of the data and of what is around."""
        path = split(name)
        spots = (
            [(filled_in(path, keys), keys) for keys, _ in expand(self._data, path)]
            if "*" in path
            else [(path, ())]
        )
        for where, keys in spots:
            around = where if path[-1] == "*" or len(where) == 1 else where[:-1]
            item = find(self._data, around)
            if condition(self._data, None if item is MISSING else item):
                origin = (path, keys) if "*" in path else None
                self._add(_escaped(where), rule, origin)

    def fields(self) -> list[Field]:
        """Return the fields; those with the same rules share what was compiled of them."""
        return [self._field(name, written) for name, written in self._entries.items()]

    def _add_wild(self, name: str, rule: object, depth: int = 0) -> None:
        path = split(name)
        read: list[Entry] | None = None if is_dynamic(rule) else [*entries(rule, name)]
        for keys, value in expand(self._data, path):
            where = _escaped(filled_in(path, keys))
            if read is not None:
                self._origins.setdefault(where, (path, keys))
                self._entries.setdefault(where, []).extend(read)
            else:
                self._add(where, rule, (path, keys), value, depth)

    def _add(
        self,
        name: str,
        rule: object,
        origin: tuple[Path, Keys] | None,
        value: object = MISSING,
        depth: int = 0,
    ) -> None:
        if origin is not None:
            self._origins.setdefault(name, origin)
        kept = self._entries.setdefault(name, [])
        # Text in a list is one rule, and text alone may be several.
        several = cast("Sequence[object]", rule) if isinstance(rule, (list, tuple)) else None
        for each in cast("Sequence[object]", [rule] if several is None else several):
            if isinstance(each, Each):
                self._add_each(name, each, origin, value, depth)
            else:
                kept.extend(entries(each if several is None else [each], name))

    def _add_each(
        self,
        name: str,
        each: Each,
        origin: tuple[Path, Keys] | None,
        value: object,
        depth: int,
    ) -> None:
        if depth > _DEPTH_MAX:
            raise RulesError(f'The rules of "{name}" are made by for_each more than 32 deep.')
        if value is MISSING:
            value = find(self._data, split(name))
        made = each.rules_of(None if value is MISSING else value, join(split(name)), self._data)
        if not isinstance(made, Mapping):
            self._add(name, _settled(made, self._data), origin, value, depth + 1)
            return
        for key, rule in cast("Mapping[str, object]", made).items():
            below = f"{name}.{key}"
            settled = _settled(rule, self._data)
            if "*" in split(below):
                self._add_wild(below, settled, depth + 1)
            else:
                self._add(below, settled, origin and _deeper(origin, key), MISSING, depth + 1)

    def _field(self, name: str, written: list[Entry]) -> Field:
        origin = self._origins.get(name)
        if origin is None:
            return compile_field(name, written, self._registry)
        shape = (
            origin[0],
            *((entry.name, repr(entry.parameters)) for entry in written),
            *(id(entry.written) for entry in written if not entry.name),
        )
        known = self._compiled.get(shape)
        if known is None:
            known = compile_field(_escaped(origin[0]), written, self._registry)
            self._compiled[shape] = known
        return known.at(name, split(name), *origin)


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


def _deeper(origin: tuple[Path, Keys], key: str) -> tuple[Path, Keys]:
    return (*origin[0], *split(key)), origin[1]


def _escaped(path: Path) -> str:
    return ".".join(part.replace(".", "\\.") for part in path)
