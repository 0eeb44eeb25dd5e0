"""Plan: the rules of all fields, read and bound once; it holds no data, so threads may share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isclass, signature
from typing import Any, Final, cast

from securely.strings import Str
from securely.support.missing import MISSING
from securely.validation.contracts import Rule
from securely.validation.exceptions import InvalidRule
from securely.validation.plan.parsing import Entry, entries
from securely.validation.plan.paths import Keys, Path, join, split
from securely.validation.rules.loose import BLANKS
from securely.validation.rules.spec import SLOW, Args, Check, Facts, Quick, Slow, Spec

__all__ = [
    "Extension",
    "Field",
    "Plan",
    "Registry",
    "Step",
    "compile_field",
    "compile_plan",
    "overlap",
]

_MARKS: Final = frozenset({"bail", "nullable", "sometimes"})


@dataclass(frozen=True, slots=True)
class Extension:
    """A rule that an application has added by name.

    Args:
        check: A function of (attribute, value, parameters, validator), in either colour.
        message: What is said where it is broken; by default the line `validation.<name>`.
        implicit: Whether it is asked of absent and blank values too.
        dependent: Whether its parameters name other fields.
    """

    check: Callable[..., Any]
    message: str | None = None
    implicit: bool = False
    dependent: bool = False


@dataclass(frozen=True, slots=True)
class Registry:
    """All rules there are, and what answers those that ask the application."""

    specs: Mapping[str, Spec]
    extensions: dict[str, Extension] = field(default_factory=dict[str, Extension])
    services: dict[str, Any] = field(default_factory=dict[str, Any])

    def names(self) -> list[str]:
        """Return the names of all rules."""
        return [*self.specs, *self.extensions]


@dataclass(frozen=True, slots=True)
class Step:
    """One rule of one field, ready to run.

    Args:
        name: The rule's name in snake_case; for an object, its class.
        label: The name under which `failed()` tells of it.
        parameters: What stood behind its colon.
        check: Tells whether a value keeps it; None for an object, which is asked itself.
        rule: The object or the function that is the rule.
        implicit: Whether it is asked of absent and blank values too.
        excludes: Whether breaking it takes the field out.
        dependent: Whether its parameters name other fields.
        sized: Whether its message depends on what is measured.
        waits: Whether it may have to wait for others.
        quick: The check of text that is not blank; None where all such text keeps the rule.
        pure: Whether its check looks at the value alone.
    """

    name: str
    label: str
    parameters: tuple[Any, ...]
    check: Check
    rule: Any = None
    implicit: bool = False
    excludes: bool = False
    dependent: bool = False
    sized: bool = False
    waits: bool = False
    quick: Quick | Slow | None = SLOW
    pure: bool = False


class Field:
    """The rules of one field, or of all fields that a path with stars names.

    Args:
        name: Its dotted name, as the rules name it.
        path: The parts of its name.
        steps: Its rules in order.
        facts: What they say of it together.
        primary: The path with stars that it came from, where it is one field of those.
        keys: What the stars of that path stood for.
    """

    __slots__ = (
        "absent",
        "bails",
        "blank",
        "facts",
        "holds_others",
        "is_wild",
        "keys",
        "name",
        "nullable",
        "path",
        "primary",
        "quick",
        "sometimes",
        "steps",
        "waits",
    )

    def __init__(
        self,
        name: str,
        path: Path,
        steps: tuple[Step, ...],
        facts: Facts,
        primary: Path | None = None,
        keys: Keys = (),
    ) -> None:
        self.name: str = name
        self.path: Path = path
        self.steps: tuple[Step, ...] = steps
        self.facts: Facts = facts
        self.primary: Path | None = primary
        self.keys: Keys = keys
        self.is_wild: bool = "*" in path
        self.blank: tuple[Step, ...] = tuple(
            step for step in steps if step.implicit or step.excludes
        )
        self.absent: tuple[Step, ...] = tuple(step for step in steps if step.excludes)
        names = facts.names
        self.bails: bool = "bail" in names
        self.nullable: bool = "nullable" in names
        self.sometimes: bool = "sometimes" in names
        self.waits: bool = any(step.waits for step in steps)
        self.quick: Callable[[object, Any], bool] | None = _quickly(self)
        self.holds_others: bool = not facts.literals.isdisjoint({"array", "list"})

    def steps_for(self, value: object) -> tuple[Step, ...]:
        """Return the rules that are asked of *value*: of what is absent or blank not all are."""
        if value is MISSING:
            return self.absent if self.sometimes else self.blank
        if (value is None and self.nullable) or (
            isinstance(value, str) and not value.strip(BLANKS)
        ):
            return self.blank
        return self.steps

    def at(self, name: str, path: Path, primary: Path, keys: Keys) -> Field:
        """Return this field as one of those that its path with stars names."""
        made = Field.__new__(Field)
        # There may be one for each item of a list, and all share what follows from their rules.
        for shared in _OF_RULES:
            setattr(made, shared, getattr(self, shared))
        made.name, made.path, made.primary, made.keys = name, path, primary, keys
        made.is_wild = "*" in path
        return made


_OF_RULES: Final = tuple(
    each for each in Field.__slots__ if each not in {"name", "path", "primary", "keys", "is_wild"}
)


class Plan:
    """The rules of all fields in the order in which they are followed.

    Args:
        fields: The fields.
    """

    __slots__ = ("_by_path", "_quick", "_wild", "fields", "is_flat", "waits")

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields: tuple[Field, ...] = tuple(fields)
        self._by_path = {each.path: each for each in fields}
        self._wild = [each for each in fields if each.is_wild]
        self.waits: bool = any(each.waits for each in fields)
        self.is_flat: bool = all(len(each.path) == 1 and not each.is_wild for each in fields)
        quick = tuple((each.path[0], each.quick) for each in fields if each.quick is not None)
        self._quick = quick if self.is_flat and len(quick) == len(self.fields) else None

    def keeps(self, data: object) -> bool:
        """Tell of most data, in little time, that it keeps all rules; False says nothing."""
        if self._quick is None or data.__class__ is not dict:
            return False
        value_of = cast("dict[str, object]", data).get
        for name, quick in self._quick:  # noqa: SIM110  # as in _all
            if not quick(value_of(name, MISSING), data):
                return False
        return True

    def taken(self, data: object) -> dict[str, Any]:
        """Return the fields that have rules, of *data* without fields in fields."""
        found = cast("dict[str, Any]", data)
        return {each.path[0]: found[each.path[0]] for each in self.fields if each.path[0] in found}

    def field_at(self, path: Path) -> Field | None:
        """Return the field whose rules hold at *path*."""
        found = self._by_path.get(path)
        if found is None:
            found = next((each for each in self._wild if _covers(each.path, path)), None)
        return found

    def below(self, parent: Field) -> Iterator[Field]:
        """Yield the fields that lie within *parent*."""
        depth = len(parent.path)
        for each in self.fields:
            if len(each.path) > depth and _meet(each.path[:depth], parent.path):
                yield each


def _quickly(field: Field) -> Callable[[object, Any], bool] | None:
    """Return what tells, without a place, of most values that they keep all rules of *field*.

    Where it does not tell that, the rules are asked one by one.
    """
    texts = tuple(step.quick for step in field.steps if step.quick is not None)
    if SLOW in texts:
        return None
    pure = all(step.pure for step in field.steps)
    others = tuple(step.check for step in field.steps) if pure else (_refuse,)
    may_lack = not field.blank
    may_be_none = may_lack and field.nullable

    def quick(value: Any, data: Any) -> bool:
        if value.__class__ is str:
            # What begins with a letter is not blank; what does not is looked at more closely.
            return value[:1] > " " and _all(cast("tuple[Quick, ...]", texts), value, data)
        if value is MISSING or (value is None and field.nullable):
            return may_lack if value is MISSING else may_be_none
        return _all(others, value, None)

    return quick


def _all(checks: tuple[Callable[[Any, Any], object], ...], value: Any, around: Any) -> bool:
    for check in checks:  # noqa: SIM110  # all() over a generator takes three times as long
        if not check(value, around):
            return False
    return True


def _refuse(value: object, at: object) -> bool:
    del value, at
    return False


def compile_plan(rules: Mapping[str, object], registry: Registry) -> Plan:
    """Read *rules* and bind them; fields that are named come before those that stars stand for.

    Raises:
        InvalidRule: A rule is unknown, or its parameters are wrong.
    """
    fields = [compile_field(name, [*entries(rule, name)], registry) for name, rule in rules.items()]
    return Plan(
        [each for each in fields if not each.is_wild] + [each for each in fields if each.is_wild]
    )


def compile_field(
    name: str, written: Sequence[Entry], registry: Registry, path: Path | None = None
) -> Field:
    """Bind the rules of one field.

    Args:
        name: Its dotted name.
        written: Its rules.
        registry: The rules there are.
        path: The parts of its name, where its dots do not tell them.

    Raises:
        InvalidRule: A rule is unknown, or its parameters are wrong.
    """
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
        raise InvalidRule(repr(name), "", "belongs to a field whose name is no text.")
    path = split(name) if path is None else path
    facts = _facts(path, written)
    steps = tuple(
        _step(entry, facts, registry)
        for entry in written
        if entry.name or entry.parameters or entry.written
    )
    return Field(name, path, tuple(step for step in steps if step.name not in _MARKS), facts)


def overlap(fields: Sequence[Field]) -> bool:
    """Tell whether one field may have rules from two names, because stars stand for it."""
    by_length: dict[int, list[Field]] = {}
    for each in fields:
        by_length.setdefault(len(each.path), []).append(each)
    for each in fields:
        if not each.is_wild:
            continue
        if any(
            other is not each and _meet(each.path, other.path)
            for other in by_length[len(each.path)]
        ):
            return True
    return False


def _meet(one: Path, other: Path) -> bool:
    """Tell whether two paths of one length may name the same field."""
    return all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=True))


def _covers(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and all(
        a in ("*", b) for a, b in zip(pattern, path, strict=True)
    )


def _facts(path: Path, written: Sequence[Entry]) -> Facts:
    layouts = tuple(
        str(entry.parameters[0])
        for entry in written
        if entry.name == "date_format" and entry.parameters
    )
    return Facts(
        frozenset(entry.name for entry in written),
        frozenset(entry.name for entry in written if not entry.parameters),
        layouts,
        path,
    )


def _step(entry: Entry, facts: Facts, registry: Registry) -> Step:
    if not entry.name:
        return _object_step(entry, facts)
    spec = registry.specs.get(entry.name)
    extension = registry.extensions.get(entry.name)
    if extension is not None:
        return _extension_step(entry, extension)
    if spec is None:
        raise InvalidRule.unknown(join(facts.path), str(entry.written), registry.names())
    args = Args(spec.name, entry.parameters, facts, str(entry.written), registry.services)
    _count(args, spec)
    return Step(
        spec.name,
        Str.studly(spec.name),
        entry.parameters,
        spec.build(args),
        implicit=spec.implicit,
        excludes=spec.excludes,
        dependent=spec.dependent,
        sized=spec.sized,
        waits=spec.waits,
        quick=SLOW if spec.quick is None else spec.quick(args),
        pure=spec.pure,
    )


def _count(args: Args, spec: Spec) -> None:
    """Refuse too few parameters, and too many."""
    given = len(args.parameters)
    if given < spec.least or (spec.least and args.parameters[0] is None):
        sample = _SAMPLES.get(spec.name, "…")
        args.fault(f"needs {_so_many(spec.least)}, as in {spec.name}:{sample}.")
    if spec.most is not None and given > spec.most:
        args.fault(f"takes {_so_many(spec.most)}, not {given}.")


_SAMPLES: Final = {
    "min": "3", "max": "255", "size": "10", "between": "1,10", "digits": "4",
    "digits_between": "4,6", "decimal": "0,2", "same": "other_field",
    "required_if": "other_field,value", "required_with": "other_field", "date_format": "Y-m-d",
    "after": "today", "before": "tomorrow", "regex": "/^[a-z]+$/",
    "multiple_of": "5", "gt": "other_field", "starts_with": "a,b",
}  # fmt: skip


def _so_many(count: int) -> str:
    if not count:
        return "no parameters"
    return "one parameter" if count == 1 else f"{count} parameters"


def _extension_step(entry: Entry, extension: Extension) -> Step:
    def check(value: object, at: Any) -> object:
        return extension.check(at.attribute, value, at.parameters_of(step), at.validator)

    step = Step(
        entry.name,
        Str.studly(entry.name),
        entry.parameters,
        check,
        rule=extension,
        implicit=extension.implicit,
        dependent=extension.dependent,
        waits=True,
    )
    return step


def _made(rule: Any, field: str) -> object:
    """Return *rule*, or an object of it where it is a class of rules.

    Raises:
        InvalidRule: It can not be a rule.
    """
    if not isclass(rule):
        _check_callable(rule, field)
        return rule
    name = f"{rule.__module__}.{rule.__qualname__}"
    if not issubclass(rule, Rule):
        raise InvalidRule(
            field,
            name,
            "is a class, and no rule. A class of data stands alone, in the place of all rules; "
            "a field has rules such as integer, string or array.",
        )
    try:
        return rule()
    except TypeError as error:
        raise InvalidRule(
            field, name, f"wants arguments: give an object of it ({error})."
        ) from None


def _check_callable(rule: Any, field: str) -> None:
    """Refuse what is neither an object with `validate` nor a function of three."""
    asked = getattr(rule, "validate", rule)
    if not callable(asked):
        several = rule.__class__ in {set, frozenset}
        hint = "Write several rules as a list. " if several else ""
        raise InvalidRule(
            field,
            repr(rule),
            f"is no rule. {hint}A rule has a method validate(attribute, value, fail), or is such "
            "a function.",
        )
    try:
        signature(asked).bind("", None, None)
    except TypeError:
        name = getattr(rule, "__qualname__", type(rule).__qualname__)
        hint = f" Call it: {name}()." if name.startswith("Rule.") else ""
        raise InvalidRule(
            field, name, f"is a function, but not of (attribute, value, fail).{hint}"
        ) from None
    except ValueError:  # a function that does not tell what it takes
        return


def _object_step(entry: Entry, facts: Facts) -> Step:
    rule = _made(entry.written, join(facts.path))

    def check(value: object, at: Any) -> object:
        return at.ask(step, value)

    named: Any = rule if hasattr(rule, "__qualname__") else type(rule)
    label = f"{named.__module__}.{named.__qualname__}"
    step = Step(
        label,
        label,
        (),
        check,
        rule=rule,
        implicit=bool(getattr(rule, "implicit", False)),
        waits=True,
    )
    return step
