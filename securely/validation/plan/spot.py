"""Spot: one field of a running validation, as rules see it. Refusal: what a rule says of it."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from inspect import get_annotations, isawaitable, iscoroutine
from itertools import islice, takewhile
from typing import Any

from securely.support.missing import MISSING
from securely.validation.contracts import Rule
from securely.validation.messages.wording import Wording
from securely.validation.plan.paths import Keys, Path, expand, join
from securely.validation.plan.plan import Field, Step
from securely.validation.rules.loose import is_filled
from securely.validation.rules.spec import Facts

__all__ = ["Refusal", "Spot"]


class Spot:
    """One field of a running validation.

    Args:
        run: The validation.
        field: The rules of the field.
        keys: What the stars of its path stand for here.
    """

    __slots__ = ("_path", "field", "keys", "run")

    def __init__(self, run: Any, field: Field, keys: Keys) -> None:
        self.run: Any = run
        self.field: Field = field
        self.keys: Keys = keys
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The path of the field here, without stars."""
        if self._path is None:
            left = iter(self.keys)
            pattern = self.field.path
            self._path = (
                tuple(next(left) if part == "*" else part for part in pattern)
                if self.field.is_wild
                else pattern
            )
        return self._path

    @property
    def attribute(self) -> str:
        """The dotted name of the field here."""
        return join(self.path)

    @property
    def data(self) -> object:
        """All that is validated."""
        return self.run.data

    @property
    def memory(self) -> dict[object, Any]:
        """What checks keep until this validation ends."""
        memory: dict[object, Any] = self.run.memory
        return memory

    @property
    def awaits(self) -> bool:
        """Whether this validation is an async one, in which checks may return awaitables."""
        awaits: bool = self.run.awaits
        return awaits

    @property
    def validator(self) -> Any:
        """The running validator."""
        return self.run.validator

    def facts_of(self, path: Path) -> Facts | None:
        """Return what the rules of the field at *path* say of it."""
        facts: Facts | None = self.run.facts_of(path)
        return facts

    def has_errors(self) -> bool:
        """Tell whether something was found wrong with the field already."""
        return bool(self.run.bag.has(self.attribute))

    def peers(self, check: Callable[..., object]) -> Iterator[object]:
        """Yield the values that *check*, a rule of this field, is asked of in all its places.

        Those that break a rule before it are left out, as far as that can be told without waiting:
        who asks a database for all of them at once does not ask for text in a column of numbers.
        """
        field = self.field
        path = field.primary or field.path
        if "*" not in path:
            return
        pattern = field if field.is_wild else Field(join(path), path, field.steps, field.facts)
        before = [*takewhile(lambda step: step.check is not check, field.steps)]
        for keys, value in islice(expand(self.data, path), self.run.expanded_max):
            if value is MISSING or not is_filled(value):
                continue
            place = Spot(self.run, pattern, keys)
            if all(step.waits or step.check(value, place) for step in before):
                yield value

    def parameters_of(self, step: Step) -> tuple[Any, ...]:
        """Return the parameters of *step*, with the keys of this spot for stars in names."""
        if not step.dependent:
            return step.parameters
        keys = self.keys
        return tuple(_named(each, keys) for each in step.parameters)

    def ask(self, step: Step, value: object) -> object:
        """Ask a rule that is an object or a function; return True, a Refusal, or what to await."""
        refusal = Refusal(self.run.wording)
        rule = step.rule
        if isinstance(rule, Rule):
            made = self._prepared(rule).validate(self.attribute, value, refusal)
        else:
            made = rule(self.attribute, value, refusal)
        if isawaitable(made):
            return _Answer(made, refusal)
        if made is False:
            raise TypeError(
                f'The rule "{step.name}" returned False: a rule says what is wrong by calling '
                "fail(message)."
            )
        return refusal if refusal.messages else True

    def _prepared(self, rule: Rule) -> Rule:
        """Return *rule*, or a copy of it that has what it has asked for."""
        asked = _declared(type(rule))
        if not asked:
            return rule
        prepared = copy.copy(rule)
        for name in asked:
            setattr(prepared, name, self.run.data if name == "data" else self.run.validator)
        return prepared


class Refusal:
    """What a rule says against a value; it is false, as the answer of a check.

    Args:
        wording: Where lines come from that a message names.
    """

    __slots__ = ("_wording", "messages")

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self.messages: list[str] = []

    def __bool__(self) -> bool:
        return False

    def __call__(self, message: str, /) -> _Said:
        """Say *message*."""
        self.messages.append(message)
        return _Said(self, len(self.messages) - 1)

    def line(self, index: int, replace: Mapping[str, object] | None) -> None:
        """Put the line in whose key was said."""
        self.messages[index] = self._wording.translated(self.messages[index], replace or {})


class _Said:
    """A message that a rule has said."""

    __slots__ = ("_index", "_refusal")

    def __init__(self, refusal: Refusal, index: int) -> None:
        self._refusal, self._index = refusal, index

    def translate(self, replace: Mapping[str, object] | None = None) -> None:
        """Take the message for the key of a line, and say that line instead."""
        self._refusal.line(self._index, replace)


class _Answer:
    """What an async rule will say, once it is awaited."""

    __slots__ = ("_made", "_refusal")

    def __init__(self, made: Awaitable[Any], refusal: Refusal) -> None:
        self._made, self._refusal = made, refusal

    def __await__(self) -> Generator[Any, Any, object]:
        yield from self._made.__await__()
        return self._refusal if self._refusal.messages else True

    def close(self) -> None:
        """Say that nobody will await it, or Python warns of it, somewhere else."""
        if iscoroutine(self._made):
            self._made.close()


def _named(parameter: Any, keys: Sequence[str]) -> Any:
    if not isinstance(parameter, str):
        return parameter
    named = parameter.replace("\\.", ".")
    if "*" not in named:
        return named
    for key in keys:
        named = named.replace("*", key, 1)
    return named


def _declared(cls: type) -> tuple[str, ...]:
    """Return which of `data` and `validator` a class of rules declares."""
    names = {name for each in cls.__mro__ for name in get_annotations(each)}
    return tuple(name for name in ("data", "validator") if name in names)
