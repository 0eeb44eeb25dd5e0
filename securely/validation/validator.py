"""Validator: data and its rules, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import isawaitable
from typing import Any, Final, NoReturn, Protocol, Self, TypeAlias, TypeVar, cast

from securely.strings import Str
from securely.support.missing import MISSING
from securely.support.steps import Steps, arun, call, run
from securely.validation.exceptions import ValidationError
from securely.validation.messages.bag import MessageBag
from securely.validation.messages.wording import Wording
from securely.validation.plan.paths import Path, find, split
from securely.validation.plan.plan import Field, Plan, Step
from securely.validation.plan.run import Run
from securely.validation.plan.spot import Spot
from securely.validation.rules.spec import Facts
from securely.validation.safe import SafeInput

__all__ = ["After", "AfterHook", "Validator"]

T = TypeVar("T")

After: TypeAlias = Callable[["Validator"], Any]
"""A hook that runs when all rules have been asked; in either colour."""


class AfterHook(Protocol):
    """An object that runs when all rules have been asked."""

    def after(self, validator: Any, /) -> Any:
        """Look at *validator*, and add to its errors; sync or async."""
        ...


class _Maker(Protocol):
    """What made a validator, and plans its rules."""

    def plan(
        self,
        rules: Mapping[str, object],
        data: object,
        later: Sequence[tuple[str, object, Callable[..., object]]],
    ) -> Plan:
        """Return the plan of *rules* for *data*."""
        ...

    def start(self, plan: Plan, validator: Validator) -> Run:
        """Return a run of *plan* that has not begun."""
        ...

    def word(self, messages: Mapping[str, Any], attributes: Mapping[str, str]) -> Wording:
        """Return the words for what breaks."""
        ...


class _Named(type):
    """Tells who mistakes the class for the facade of its name."""

    def __getattr__(cls, name: str) -> NoReturn:
        raise AttributeError(
            f"{cls.__name__}.{name} is not of this class, which data and rules are made into. "
            "The facade of that name makes them: from securely.facades import Validator."
        )


class Validator(metaclass=_Named):
    """Data and its rules.

    Made by the factory: `Validator.make(data, rules)`. It asks the rules when it is first asked
    for what became of them, and once.

    Args:
        maker: The factory it comes from.
        data: What is validated; it is not changed.
        rules: The rules by field.
        messages: Messages of one's own: by rule, by field, by both, with stars.
        attributes: What fields are called in messages.
        keeps_unknown: Whether a field with the rule `array` is taken whole although fields within
            it have rules of their own.
        refuses_unknown: Whether fields without rules are refused.

    Example:
        >>> factory = app.make("validator")
        >>> validator = factory.make({"age": "7"}, {"age": "required|integer|min:18"})
        >>> validator.fails()
        True
        >>> validator.errors().first("age")
        'The age field must be at least 18.'

    Source: Laravel 13, Validation\\Validator.
    """

    # What is seldom asked for has its value from the class: a validator is made in half the time.
    stops: bool = False
    _hooks: Sequence[After] = ()
    _later: Sequence[tuple[str, object, Callable[..., object]]] = ()
    _kept: Plan | None = None
    _run: Run | None = None
    _running: Run | None = None
    _wording: Wording | None = None
    _error_bag: str = "default"

    def __init__(
        self,
        maker: _Maker,
        data: object,
        rules: Mapping[str, object],
        messages: Mapping[str, Any],
        attributes: Mapping[str, str],
        *,
        keeps_unknown: bool = False,
        refuses_unknown: bool = False,
    ) -> None:
        self._maker, self._data, self._rules = maker, data, rules
        self._messages, self._attributes = messages, attributes
        self.keeps_unknown: bool = keeps_unknown
        self.refuses_unknown: bool = refuses_unknown

    # What became of the rules.

    def passes(self) -> bool:
        """Ask the rules again, and tell whether the data keeps all of them."""
        plan = self._plan()
        if self._keeps(plan):
            return True
        started = self._start(plan)
        started.follow()
        if self.refuses_unknown:
            started.refuse_unknown()
        if self._hooks:
            run(self._hook(started))
        return self._end(started)

    async def apasses(self) -> bool:
        """Async twin of :meth:`passes`."""
        plan = self._plan()
        if self._keeps(plan):
            return True
        started = self._start(plan)
        await started.afollow()
        if self.refuses_unknown:
            started.refuse_unknown()
        if self._hooks:
            await arun(self._hook(started))
        return self._end(started)

    def fails(self) -> bool:
        """Ask the rules again, and tell whether the data breaks one."""
        return not self.passes()

    async def afails(self) -> bool:
        """Async twin of :meth:`fails`."""
        return not await self.apasses()

    def validate(self) -> dict[str, Any]:
        """Return the validated data.

        Raises:
            ValidationError: The data breaks a rule.
        """
        if not self.passes():
            raise self._error()
        return self.validated()

    async def avalidate(self) -> dict[str, Any]:
        """Async twin of :meth:`validate`."""
        if not await self.apasses():
            raise self._error()
        return self.validated()

    def validate_with_bag(self, name: str) -> dict[str, Any]:
        """Return the validated data; errors are shown under *name*.

        Raises:
            ValidationError: The data breaks a rule.
        """
        self._error_bag = name
        return self.validate()

    async def avalidate_with_bag(self, name: str) -> dict[str, Any]:
        """Async twin of :meth:`validate_with_bag`."""
        self._error_bag = name
        return await self.avalidate()

    def validated(self) -> dict[str, Any]:
        """Return the data that has rules, and nothing else of it.

        Raises:
            ValidationError: The data breaks a rule.
        """
        if self._kept is not None:
            return self._kept.taken(self._data)
        done = self._done()
        if done.bag:
            raise self._error()
        return done.validated(keeps_unknown=self.keeps_unknown)

    def safe(self, fields: Iterable[str] | None = None) -> Any:
        """Return the validated data to take from; *fields* of it alone, as a dict, if given.

        Raises:
            ValidationError: The data breaks a rule.
        """
        taken = SafeInput(self.validated())
        return taken if fields is None else taken.only(*fields)

    def typed(self, model: type[T]) -> T:
        """Return the validated data as an object of *model*, a class of data.

        Raises:
            ValidationError: The data breaks a rule, or what has rules does not fit the model.

        Example:
            >>> from dataclasses import dataclass
            >>> factory = app.make("validator")
            >>> @dataclass
            ... class Age:
            ...     years: int
            >>> factory.make({"years": "7"}, {"years": "integer"}).typed(Age)
            Age(years=7)
        """
        # Here, because pydantic takes as long to import as the console takes to start.
        from securely.validation.models import typed

        return cast("T", typed(model, self.validated(), self))

    def errors(self) -> MessageBag:
        """Return what is wrong, by field."""
        return (self._running or self._done()).bag

    def messages(self) -> MessageBag:
        """Return what is wrong, by field."""
        return self.errors()

    def failed(self) -> dict[str, dict[str, list[Any]]]:
        """Return which rules were broken, by field, with their parameters."""
        return self._done().failed

    def valid(self) -> dict[str, Any]:
        """Return the fields of the data with which nothing is wrong."""
        done = self._done()
        wrong = {name.partition(".")[0] for name in done.bag.messages()}
        return {name: value for name, value in _items(done.left()) if name not in wrong}

    def invalid(self) -> dict[str, Any]:
        """Return the fields of the data that break a rule."""
        done = self._done()
        found = SafeInput(dict(_items(done.data)))
        return found.only(*(name for name in done.failed if "*" not in name))

    def when_passes(self, then: After, otherwise: After | None = None) -> Any:
        """Call *then* if the data keeps all rules, else *otherwise*; return what that returns."""
        return self._when(then if self.passes() else otherwise)

    def when_fails(self, then: After, otherwise: After | None = None) -> Any:
        """Call *then* if the data breaks a rule, else *otherwise*; return what that returns."""
        return self._when(then if self.fails() else otherwise)

    # What is asked for beside the rules.

    def after(self, *hooks: After | AfterHook | Iterable[After | AfterHook]) -> Self:
        """Call *hooks* with this validator when all rules have been asked, broken ones too.

        A hook is a function in either colour, or an object with a method `after`.
        """
        for hook in hooks:
            several = cast("Iterable[Any]", hook) if isinstance(hook, (list, tuple)) else [hook]
            self._hooks = (*self._hooks, *(_hook(each) for each in several))
        self._forget()
        return self

    def sometimes(
        self,
        fields: str | Iterable[str],
        rules: object,
        condition: Callable[[Any, Any], object],
    ) -> Self:
        """Add *rules* to *fields* where *condition* holds.

        Args:
            fields: A field or several; stars stand for all of a list.
            rules: The rules that are added.
            condition: A function of the data and, for a field within others, of what it lies in.
        """
        for name in [fields] if isinstance(fields, str) else fields:
            self._later = (*self._later, (name, rules, condition))
        self._forget()
        return self

    def stop_on_first_failure(self, stop: bool = True) -> Self:
        """Ask no more rules once a field has broken one."""
        self.stops = stop
        return self

    def fail_on_unknown_fields(self, refuse: bool = True) -> Self:
        """Refuse fields that have no rules."""
        self.refuses_unknown = refuse
        self._forget()
        return self

    def add_rules(self, rules: Mapping[str, object]) -> Self:
        """Add *rules* to those there are."""
        for name, rule in rules.items():
            self._later = (*self._later, (name, rule, _always))
        self._forget()
        return self

    def with_messages(self, messages: Mapping[str, Any]) -> Self:
        """Add messages of one's own."""
        self.wording.messages = {**self.wording.messages, **messages}
        return self

    def with_attributes(self, names: Mapping[str, str]) -> Self:
        """Add what fields are called."""
        self.wording.attributes = {**self.wording.attributes, **names}
        return self

    def with_values(self, values: Mapping[str, Mapping[Any, str]]) -> Self:
        """Add what values are called, by field."""
        self.wording.values = {**self.wording.values, **values}
        return self

    def format_implicit_attributes_using(self, formatter: Callable[[str], str] | None) -> Self:
        """Let *formatter* make the names of fields that stars stand for."""
        self.wording.formatter = formatter
        return self

    # What rules and hooks ask.

    @property
    def wording(self) -> Wording:
        """The words for what breaks."""
        if self._wording is None:
            self._wording = self._maker.word(self._messages, self._attributes)
        return self._wording

    @property
    def data(self) -> Any:
        """What is validated; without fields that rules have taken out."""
        current = self._running or self._run
        return self._data if current is None else current.data

    @property
    def awaits(self) -> bool:
        """Whether it asks its rules in the async colour just now."""
        return self._running is not None and self._running.awaits

    @property
    def maker(self) -> Any:
        """The factory it comes from."""
        return self._maker

    def value(self, field: str, default: Any = None) -> Any:
        """Return what stands in *field*, by its dotted name, or *default*."""
        found = find(self.data, split(field))
        return default if found is MISSING else found

    def rules(self) -> Mapping[str, object]:
        """Return the rules by field, as they were given."""
        return self._rules

    def has_rule(self, field: str, *names: str) -> bool:
        """Tell whether *field* has one of the rules *names*."""
        facts = self.facts_of(split(field))
        return facts is not None and not facts.names.isdisjoint(names)

    def facts_of(self, path: Path) -> Facts | None:
        """Return what the rules of the field at *path* say of it."""
        current = self._running or self._run
        if current is None:
            field = self._plan().field_at(path)
            return None if field is None else field.facts
        return current.facts_of(path)

    def add_failure(
        self, field: str, rule: str, parameters: Sequence[Any] = (), kind: str | None = None
    ) -> Self:
        """Say that *field* breaks *rule*, in the words of that rule.

        Args:
            field: Its dotted name.
            rule: The rule, in snake_case.
            parameters: What would stand behind its colon.
            kind: What was measured, for a rule of sizes: numeric, array, file or string; by
                default what the value is.
        """
        current = self._running or self._done()
        path = split(field)
        known = current.plan.field_at(path)
        facts = Facts(frozenset(), frozenset(), (), path) if known is None else known.facts
        sized = rule in _SIZED
        step = Step(rule, _studly(rule), tuple(parameters), lambda value, at: False, sized=sized)
        spot = Spot(current, Field(field, path, (), facts), ("*",) * path.count("*"))
        current.fail(spot, step, self.value(field), kind)
        return self

    # How it comes about.

    def _plan(self) -> Plan:
        return self._maker.plan(self._rules, self._data, self._later)

    def _keeps(self, plan: Plan) -> bool:
        """Tell, of most data in little time, that it keeps all rules."""
        if self._hooks or self.refuses_unknown or not plan.keeps(self._data):
            return False
        self._kept, self._run = plan, None
        return True

    def _start(self, plan: Plan) -> Run:
        # Without what was asked before: it may have taken out fields, and would pass then.
        self._kept = self._run = None
        self._running = self._maker.start(plan, self)
        return self._running

    def _forget(self) -> None:
        self._run = self._kept = None

    def _hook(self, started: Run) -> Steps[None]:
        del started
        for hook in self._hooks:
            yield from call(self._call, self._acall, hook)

    def _call(self, hook: After) -> None:
        made = hook(self)
        if isawaitable(made):
            getattr(made, "close", lambda: None)()
            raise TypeError("A hook of after() is async: await validator.avalidate().")

    async def _acall(self, hook: After) -> None:
        made = hook(self)
        if isawaitable(made):
            await made

    def _end(self, started: Run) -> bool:
        self._run, self._running = started, None
        return not started.bag

    def _done(self) -> Run:
        if self._run is None and (self._kept is not None or self.passes()) and self._kept:
            self._run = self._maker.start(self._kept, self)
        return cast("Run", self._run)

    def _error(self) -> ValidationError:
        return ValidationError(
            self.errors().messages(), self.wording.summary(self.errors().all()), self._error_bag
        )

    def _when(self, then: After | None) -> Any:
        made = None if then is None else then(self)
        return self if made is None else made


_SIZED: Final = frozenset({"size", "between", "min", "max", "gt", "gte", "lt", "lte"})


def _always(data: object, item: object) -> bool:
    del data, item
    return True


def _hook(hook: Any) -> After:
    method = getattr(hook, "after", None)
    return cast("After", method if callable(method) else hook)


def _items(data: object) -> Iterable[tuple[str, Any]]:
    return cast("Mapping[str, Any]", data).items() if isinstance(data, Mapping) else ()


def _studly(rule: str) -> str:
    return Str.studly(rule) if "." not in rule else rule
