"""Run: one validation: a plan is followed over data, and what breaks is kept in order."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Collection, Iterator
from inspect import isawaitable
from typing import Any, Final, cast

from securely.support.missing import MISSING
from securely.validation.messages.bag import MessageBag
from securely.validation.messages.wording import Wording
from securely.validation.plan.paths import (
    Keys,
    Path,
    closed,
    expand,
    find,
    join,
    leaves,
    split,
    without,
)
from securely.validation.plan.plan import Field, Plan, Step
from securely.validation.plan.spot import Refusal, Spot
from securely.validation.rules.loose import is_numeric
from securely.validation.rules.sizes import kind_of
from securely.validation.rules.spec import Facts
from securely.validation.rules.uploads import is_broken

__all__ = ["Limits", "Run", "filled_in"]

# So many fields wait at once: a database has no more connections to spare for one form.
_AT_ONCE_MAX: Final = 10
# A file that did not arrive breaks this rule, whichever was asked.
_UPLOADED: Final = Step("uploaded", "Uploaded", (), lambda value, at: False)


class Limits:
    """How much of hostile data is looked at.

    Args:
        expanded: So many fields at most may stand for one name with stars.
        errors: So many messages are made at most; the rest of the data is not looked at.
    """

    __slots__ = ("errors", "expanded")

    def __init__(self, expanded: int, errors: int) -> None:
        self.expanded: int = expanded
        self.errors: int = errors


class Run:
    """One validation.

    Args:
        plan: The rules.
        data: What is validated; it is not changed.
        wording: The words for what breaks.
        limits: How much of the data is looked at.
        validator: Who is handed to rules that ask for it.
        stops: Whether the first field that breaks a rule ends it.
    """

    __slots__ = (
        "_doomed",
        "_excluded",
        "_limits",
        "_removed",
        "_said",
        "_stops",
        "_whole",
        "awaits",
        "bag",
        "data",
        "failed",
        "memory",
        "plan",
        "validator",
        "wording",
    )

    def __init__(
        self,
        plan: Plan,
        data: object,
        wording: Wording,
        limits: Limits,
        validator: Any,
        *,
        stops: bool,
    ) -> None:
        self.plan: Plan = plan
        self.data: object = data
        self._whole: object = data
        self.wording: Wording = wording
        self.validator: Any = validator
        self.bag: MessageBag = MessageBag()
        self.failed: dict[str, dict[str, list[Any]]] = {}
        self.memory: dict[object, Any] = {}
        self.awaits: bool = False
        self._limits, self._stops = limits, stops
        self._excluded: dict[Path, None] = {}
        self._removed: set[Path] = set()
        self._doomed: list[Path] = []
        self._said = 0

    # Following the plan, in two colours.

    def follow(self) -> None:
        """Check every field; a rule that has to be awaited is refused."""
        for field in self.plan.fields:
            if self._is_over():
                break
            if field.is_wild and field.quick is not None and not self._excluded:
                self._check_all(field)
                continue
            for spot, value in self._spots(field):
                if self._excluded and _lies_in(spot.path, self._excluded):
                    self._remove(spot)
                elif self._is_over():
                    break
                else:
                    self._check(field, spot, value)
            self._take_out()
        self._leave_out()

    async def afollow(self) -> None:
        """Async twin of :meth:`follow`; fields whose rules wait do so at once, ten at most."""
        self.awaits = True
        waiting: list[tuple[Field, Spot, object]] = []
        for field in self.plan.fields:
            if field.waits and not self._stops:
                waiting.extend((field, spot, value) for spot, value in self._spots(field))
                continue
            await self._await(waiting)
            for spot, value in self._spots(field):
                if self._is_over():
                    break
                await self._acheck(field, spot, value)
            self._take_out()
        await self._await(waiting)
        self._leave_out()

    def _spots(self, field: Field) -> Iterator[tuple[Spot, object]]:
        if not field.is_wild:
            path = field.path
            data = self.data
            # The common case by hand: a key of a dict costs a third of a walk.
            if len(path) == 1 and data.__class__ is dict:
                value = cast("dict[str, object]", data).get(path[0], MISSING)
            else:
                value = find(data, path)
            if value is MISSING and len(path) == 1:
                value = find(data, path)
            yield Spot(self, field, field.keys), value
            return
        for count, (keys, value) in enumerate(expand(self.data, field.path)):
            if count >= self._limits.expanded:
                self._refuse_size(field)
                return
            yield Spot(self, field, keys), value

    def _check_all(self, field: Field) -> None:
        """Check all that stars stand for; a place is made only where something may be wrong."""
        quick = cast("Callable[[object, object], bool]", field.quick)
        data, most = self.data, self._limits.expanded
        for count, (keys, value) in enumerate(expand(data, field.path)):
            if count >= most:
                self._refuse_size(field)
                return
            if not quick(value, data):
                self._check(field, Spot(self, field, keys), value)
                if self._is_over():
                    return

    def _check(self, field: Field, spot: Spot, value: Any) -> None:
        """Check one value, by the rules that are asked of such a value."""
        steps, value = field.steps_for(value), None if value is MISSING else value
        for step in steps:
            verdict = step.check(value, spot)
            if verdict:
                if verdict is True or not isawaitable(verdict):
                    continue
                self._no_await(step, verdict)
            if self._breaks(field, spot, step, value, verdict):
                return

    async def _acheck(self, field: Field, spot: Spot, value: object) -> None:
        if self._excluded and _lies_in(spot.path, self._excluded):
            self._remove(spot)
            return
        if not field.waits:
            self._check(field, spot, value)
            return
        steps, value = field.steps_for(value), None if value is MISSING else value
        for step in steps:
            verdict = step.check(value, spot)
            if isawaitable(verdict):
                verdict = await verdict
            if not verdict and self._breaks(field, spot, step, value, verdict):
                return

    async def _await(self, waiting: list[tuple[Field, Spot, object]]) -> None:
        """Check fields whose rules wait; what they say keeps the order of the fields."""
        todo, waiting[:] = [*waiting], []
        if not todo:
            return
        gate = asyncio.Semaphore(_AT_ONCE_MAX)
        bag, failed = self.bag, self.failed
        said = [self._said]

        async def alone(part: Run, field: Field, spot: Spot, value: object) -> None:
            async with gate:
                if said[0] < self._limits.errors:
                    await part._acheck(field, spot, value)
                    said[0] += part._said

        parts = [self._part() for _ in todo]
        for part, (_, spot, _) in zip(parts, todo, strict=True):
            spot.run = part
        try:
            async with asyncio.TaskGroup() as group:
                for part, (field, spot, value) in zip(parts, todo, strict=True):
                    group.create_task(alone(part, field, spot, value))
        except BaseExceptionGroup as several:
            # What a rule raises comes out as it is, as in a sync validation.
            raise several.exceptions[0] from None
        for part, (_, spot, _) in zip(parts, todo, strict=True):
            if self._is_over():
                break
            # What a field before it has excluded by now has not been asked.
            if self._excluded and _lies_in(spot.path, self._excluded):
                self._remove(spot)
                continue
            bag.merge(part.bag)
            failed.update(part.failed)
            self._excluded |= part._excluded
            self._said += part._said
        self._take_out()

    def _part(self) -> Run:
        """Return a run of one field: it sees the same data, and keeps what it finds apart."""
        part = copy.copy(self)
        part.bag, part.failed, part._excluded, part._said = MessageBag(), {}, {}, 0
        return part

    # What breaks.

    def _breaks(self, field: Field, spot: Spot, step: Step, value: object, verdict: object) -> bool:
        """Keep that a rule was broken; return whether the field's other rules are not asked."""
        if step.excludes:
            self._excluded[spot.path] = None
            return True
        if isinstance(verdict, Refusal):
            self._refused(spot, step, verdict)
        elif is_broken(value):
            self.fail(spot, _UPLOADED, value)
            return True
        else:
            self.fail(spot, step, value)
        return field.bails or (step.implicit and not isinstance(verdict, Refusal))

    def fail(self, spot: Spot, step: Step, value: object, kind: str | None = None) -> None:
        """Say that the rule *step* is broken where *spot* is."""
        facts = spot.field.facts
        numeric = facts.is_numeric or (step.dependent and step.sized and is_numeric(value))
        kind = kind or kind_of(value, is_numeric_field=numeric, is_array_field=facts.is_array)
        name = spot.attribute
        parameters = spot.parameters_of(step)
        message = self.wording.message(name, step, kind)
        self._add(name, self.wording.filled(message, name, step.name, parameters, self))
        self.failed.setdefault(name, {})[step.label] = [*parameters]

    def _refused(self, spot: Spot, step: Step, refusal: Refusal) -> None:
        """Say what a rule of somebody's own has said."""
        name = spot.attribute
        self.failed.setdefault(name, {})[step.label] = []
        own = self.wording.own(name, step.label)
        messages = [own] if isinstance(own, str) else refusal.messages
        for message in messages:
            self._add(name, self.wording.filled(message, name, step.label, (), self))

    def _add(self, name: str, message: str) -> None:
        self._said += 1
        self.bag.add(name, message)

    def _refuse_size(self, field: Field) -> None:
        """Say that a list is longer than is looked at."""
        star = field.path.index("*")
        name = join(field.path[:star]) or "*"
        message = self.wording.line("max.array") or "The :attribute field has too many items."
        filled = self.wording.filled(message, name, "max", (str(self._limits.expanded),), self)
        self.bag.add(name, filled)
        self.failed.setdefault(name, {})["Max"] = [str(self._limits.expanded)]
        self._said = self._limits.errors

    def _no_await(self, step: Step, made: Awaitable[Any]) -> None:
        getattr(made, "close", int)()
        raise TypeError(
            f'The rule "{step.name}" is async, and nothing awaits it here: await '
            "validator.avalidate(), which takes rules of both colours."
        )

    def _is_over(self) -> bool:
        return (self._stops and bool(self.bag)) or self._said >= self._limits.errors

    # What is left out.

    def _remove(self, spot: Spot) -> None:
        self._removed.add(spot.path)
        self._doomed.append(spot.path)

    def _take_out(self) -> None:
        """Take out of the data what was removed; for a list at once, or it is copied for each."""
        if self._doomed:
            self.data = without(self.data, self._doomed)
            self._doomed = []

    def _leave_out(self) -> None:
        self._removed.update(self._excluded)
        self._doomed.extend(self._excluded)
        self._take_out()

    def refuse_unknown(self) -> None:
        """Say of each field without rules that it is prohibited."""
        prohibited = Step("prohibited", "Prohibited", (), _refused)
        for path, value in leaves(self.data):
            if self._is_over():
                return
            if path and not self._is_known(path):
                field = Field(join(path), path, (), Facts(frozenset(), frozenset(), (), path))
                # A star in it is a key of the data, and stands for itself.
                self.fail(Spot(self, field, ("*",) * path.count("*")), prohibited, value)

    def _is_known(self, path: Path) -> bool:
        for depth in range(len(path), 0, -1):
            field = self.plan.field_at(path[:depth])
            if field is not None:
                # What holds others is known whole where no rules tell what may lie in it.
                return depth == len(path) or not any(self.plan.below(field))
        confirmed = path[-1].removesuffix("_confirmation")
        field = self.plan.field_at((*path[:-1], confirmed))
        return field is not None and "confirmed" in field.facts.names

    # What rules and messages ask of it.

    @property
    def expanded_max(self) -> int:
        """So many fields at most may stand for one name with stars."""
        return self._limits.expanded

    def facts_of(self, path: Path) -> Facts | None:
        """Return what the rules of the field at *path* say of it."""
        field = self.plan.field_at(path)
        return None if field is None else field.facts

    def value_of(self, name: str) -> object:
        """Return what stands in the field *name*, or None."""
        value = find(self.data, split(name))
        return None if value is MISSING else value

    def primary_of(self, name: str) -> Path | None:
        """Return the path with stars that the field *name* came from, or None."""
        field = self.plan.field_at(split(name))
        if field is None:
            return None
        return field.path if field.is_wild else field.primary

    def left(self) -> object:
        """Return the data without what was removed; lists have no holes where that was."""
        if not self._removed:
            return self.data
        # Copied once more, for in the data that rules have seen items keep their places.
        return closed(without(self._whole, self._removed), self._removed)

    def validated(self, *, keeps_unknown: bool = False) -> dict[str, Any]:
        """Return the data that rules were followed for, as it lies in the data.

        Args:
            keeps_unknown: Whether a field with the rule `array` is taken whole although fields
                within it have rules of their own.

        Source: Laravel 13, Validation\\Validator::validated.
        """
        if self.plan.is_flat and not self._removed and self.data.__class__ is dict:
            return self.plan.taken(self.data)
        taken = _Branch()
        told: frozenset[Path] = frozenset() if keeps_unknown else self._told()
        for field in self.plan.fields:
            for path, value in self._values(field):
                if value is MISSING or (self._removed and _lies_in(path, self._removed)):
                    continue
                if field.holds_others and value is not None and path in told:
                    continue
                _put(taken, self.data, path, value)
        return cast("dict[str, Any]", _plain(taken))

    def _values(self, field: Field) -> Iterator[tuple[Path, object]]:
        if not field.is_wild:
            yield field.path, find(self.data, field.path)
            return
        pattern = field.path
        for keys, value in expand(self.data, pattern):
            yield filled_in(pattern, keys), value

    def _told(self) -> frozenset[Path]:
        """Return the places within which fields have rules of their own.

        Of all arrays at once: to look below each item of a list takes the square of the time.
        """
        depths = {len(each.path) for each in self.plan.fields if each.holds_others}
        if not depths:
            return frozenset()
        least = min(depths)
        return frozenset(
            path[:depth]
            for field in self.plan.fields
            if len(field.path) > least
            for path, _ in self._values(field)
            if not (self._removed and _lies_in(path, self._removed))
            for depth in depths
            if depth < len(path)
        )


def _refused(value: object, at: object) -> bool:
    del value, at
    return False


def _lies_in(path: Path, places: Collection[Path]) -> bool:
    """Tell whether *path* is one of *places*, or lies within one."""
    return any(path[:depth] in places for depth in range(1, len(path) + 1))


def filled_in(pattern: Path, keys: Keys) -> Path:
    """Return *pattern* with *keys* for its stars."""
    left = iter(keys)
    return tuple(next(left) if part == "*" else part for part in pattern)


class _Branch(dict[Any, Any]):
    """A dict that is being taken out of the data; not one of the data's own."""


class _Items(_Branch):
    """A list that is being taken out, by its indexes."""


def _put(taken: _Branch, data: object, path: Path, value: object) -> None:
    """Place *value* at *path* in *taken*, with lists where *data* has lists."""
    node: _Branch = taken
    for part in path[:-1]:
        data = find(data, (part,))
        key = _key(node, part)
        below = node.get(key)
        if below is None:
            is_list = isinstance(data, (list, tuple))
            below = node[key] = _Items() if is_list else _Branch()
        elif not isinstance(below, _Branch):
            return  # the whole of it is taken already
        node = below
    node[_key(node, path[-1])] = value


def _key(node: _Branch, part: str) -> str | int:
    return int(part) if isinstance(node, _Items) and part.isdigit() else part


def _plain(node: _Branch) -> object:
    """Return *node* as the dict or the list that it is; a list closes where items are left out."""
    for key, value in node.items():
        if isinstance(value, _Branch):
            node[key] = _plain(value)
    if isinstance(node, _Items):
        return [node[index] for index in sorted(node)]
    return dict(node)
