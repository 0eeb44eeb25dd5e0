"""ValidationFactory: makes validators; keeps plans, rules of one's own, and who answers rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, Final, cast

from securely.strings import Str
from securely.support.suggest import did_you_mean
from securely.validation.contracts import Lines
from securely.validation.exceptions import RulesError
from securely.validation.messages.wording import Wording
from securely.validation.plan.parsing import Written
from securely.validation.plan.plan import Extension, Plan, Registry, compile_plan
from securely.validation.plan.run import Limits, Run
from securely.validation.plan.unrolling import is_dynamic, overlap, unrolled
from securely.validation.rules.table import SPECS
from securely.validation.validator import Validator

__all__ = ["ValidationFactory"]

# An application has some hundred sets of rules; those made of data must not fill the memory.
_PLANS_MAX: Final = 512


# What rules may ask for, and the method that is asked.
_SERVICES: Final = {
    "presence": "present",
    "breaches": "is_breached",
    "resolver": "lookup",
    "can": "allows",
    "password": "is_current_password",
    "timezone": "utcoffset",
}


class ValidationFactory:
    """Makes validators.

    Args:
        lines: Where messages come from.
        expanded_max: So many fields at most may stand for one name with stars.
        errors_max: So many messages are made of one validation at most.

    Example:
        >>> factory = app.make(ValidationFactory)
        >>> factory.make({"name": ""}, {"name": "required"}).errors().all()
        ['The name field is required.']
    """

    def __init__(self, lines: Lines, expanded_max: int = 100_000, errors_max: int = 1_000) -> None:
        self._lines = lines
        self._limits = Limits(expanded_max, errors_max)
        self._registry = Registry(SPECS)
        self._replacers: dict[str, Callable[..., str]] = {}
        self._plans: dict[object, Plan] = {}
        self._lock = Lock()
        self._keeps_unknown = False
        self._refuses_unknown = False

    def make(
        self,
        data: Any,
        rules: Mapping[str, object] | type,
        messages: Mapping[str, Any] | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> Validator:
        """Make a validator.

        Args:
            data: What is validated: a dict, as a form or JSON gives it.
            rules: The rules by field: text with bars, a list, or objects. Or a class of data: a
                pydantic model, a dataclass, a typed dict.
            messages: Messages of one's own: by rule, by field, by both, with stars.
            attributes: What fields are called in messages.

        Raises:
            InvalidRule: A rule is unknown, or its parameters are wrong.
        """
        if isinstance(rules, type):
            return self._of_model(data, rules, messages or {}, attributes or {})
        _check_kinds(data, rules)
        if messages or attributes:
            _check_words(messages, attributes)
        return Validator(
            self,
            data,
            rules,
            messages or {},
            attributes or {},
            keeps_unknown=self._keeps_unknown,
            refuses_unknown=self._refuses_unknown,
        )

    def validate(
        self,
        data: Any,
        rules: Mapping[str, object],
        messages: Mapping[str, Any] | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the validated data; as :meth:`make` otherwise.

        Raises:
            ValidationError: The data breaks a rule.
            InvalidRule: A rule is unknown, or its parameters are wrong.
        """
        return self.make(data, rules, messages, attributes).validate()

    async def avalidate(
        self,
        data: Any,
        rules: Mapping[str, object],
        messages: Mapping[str, Any] | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Async twin of :meth:`validate`."""
        return await self.make(data, rules, messages, attributes).avalidate()

    # Rules of one's own.

    def extend(self, name: str, check: Callable[..., Any], message: str | None = None) -> None:
        """Add the rule *name*.

        Args:
            name: What it is called in rules.
            check: A function of (attribute, value, parameters, validator), in either colour, that
                tells whether the value keeps it.
            message: What is said where it is broken; by default the line `validation.<name>`.
        """
        self._extend(name, Extension(check, message))

    def extend_implicit(
        self, name: str, check: Callable[..., Any], message: str | None = None
    ) -> None:
        """Add a rule that is asked of absent and blank values too; as :meth:`extend` otherwise."""
        self._extend(name, Extension(check, message, implicit=True))

    def extend_dependent(
        self, name: str, check: Callable[..., Any], message: str | None = None
    ) -> None:
        """Add a rule whose parameters name other fields; as :meth:`extend` otherwise."""
        self._extend(name, Extension(check, message, dependent=True))

    def replacer(self, name: str, replace: Callable[..., str]) -> None:
        """Let *replace*, a function of (message, attribute, rule, parameters), finish messages."""
        self._replacers[Str.snake(name)] = replace

    def answer_with(self, service: str, answerer: Any) -> None:
        """Let *answerer* answer the rules that ask for *service*.

        Args:
            service: What is asked: presence, breaches, resolver, can, password or timezone.
            answerer: Who answers; the contract of each service is in the docs.

        Raises:
            RulesError: There is no such service, or *answerer* lacks the method that is asked.
        """
        asked = _SERVICES.get(service)
        if asked is None:
            near = did_you_mean(service, _SERVICES)
            hint = f' Did you mean "{near}"?' if near else ""
            raise RulesError(
                f'No rule asks for "{service}": there are {", ".join(_SERVICES)}.{hint}'
            )
        if not callable(getattr(answerer, asked, None)):
            raise RulesError(
                f'Who answers for "{service}" has a method {asked}(); {answerer!r:.100} has none.'
            )
        self._registry.services[service] = answerer
        self._plans.clear()

    def answerer(self, service: str) -> Any:
        """Return who answers the rules that ask for *service*, or None."""
        return self._registry.services.get(service)

    def include_unvalidated_array_keys(self, include: bool = True) -> None:
        """Take fields with the rule `array` whole, also where fields within have rules."""
        self._keeps_unknown = include

    def exclude_unvalidated_array_keys(self) -> None:
        """Take of fields with the rule `array` what has rules, where something within has."""
        self._keeps_unknown = False

    def fail_on_unknown_fields(self, refuse: bool = True) -> None:
        """Refuse fields that have no rules, in all validators made from now on."""
        self._refuses_unknown = refuse

    def rule_names(self) -> list[str]:
        """Return the names of all rules."""
        return self._registry.names()

    # What validators ask of it.

    def plan(
        self,
        rules: Mapping[str, object],
        data: object,
        later: Sequence[tuple[str, object, Callable[..., object]]] = (),
    ) -> Plan:
        """Return the plan of *rules*, kept from last time if they are the same.

        Raises:
            InvalidRule: A rule is unknown, or its parameters are wrong.
        """
        if later:
            return unrolled(rules, data, self._registry, later, self._limits.expanded)
        # Nearly all rules are text: those are looked up as they are, in half the time.
        key: object = tuple(rules.items())
        try:
            known = self._plans.get(key)
        except TypeError:  # lists have no hash; the text in them has
            known = self._plans.get(key := _hashable(rules))
        if known is not None:
            return known
        if any(map(is_dynamic, rules.values())):
            return unrolled(rules, data, self._registry, (), self._limits.expanded)
        plan = compile_plan(rules, self._registry)
        if overlap(plan.fields):
            return unrolled(rules, data, self._registry, (), self._limits.expanded)
        # Objects may be changed after they were given: what has some is compiled anew.
        return self._keep(_hashable(rules), plan)

    def start(self, plan: Plan, validator: Validator) -> Run:
        """Return a run of *plan* that has not begun."""
        return Run(
            plan, validator.data, validator.wording, self._limits, validator, stops=validator.stops
        )

    def word(self, messages: Mapping[str, Any], attributes: Mapping[str, str]) -> Wording:
        """Return the words of one validator."""
        lacking = {
            name: extension.message
            for name, extension in self._registry.extensions.items()
            if extension.message
        }
        return Wording(self._lines, messages, attributes, {}, lacking, self._replacers)

    def _of_model(
        self,
        data: Any,
        model: type[Any],
        messages: Mapping[str, Any],
        attributes: Mapping[str, str],
    ) -> Validator:
        # Here, because pydantic takes as long to import as the console takes to start.
        from securely.validation.models import ModelValidator, is_model

        if not is_model(model):
            raise RulesError(
                f"{model.__qualname__} is no class of data: rules are a dict by field, a pydantic "
                "model, a dataclass or a typed dict."
            )
        return ModelValidator(self, data, {}, messages, attributes).of(model)

    def _extend(self, name: str, extension: Extension) -> None:
        self._registry.extensions[Str.snake(name)] = extension
        self._plans.clear()

    def _keep(self, key: object, plan: Plan) -> Plan:
        if key is not None:
            with self._lock:  # who looks for the oldest must not find others adding meanwhile
                if len(self._plans) >= _PLANS_MAX:
                    # The oldest: rules that are made anew each time must not push out all others.
                    self._plans.pop(next(iter(self._plans)), None)
                self._plans[key] = plan
        return plan


def _check_kinds(data: object, rules: object) -> None:
    if data.__class__ is dict and rules.__class__ is dict:
        return  # nearly always: to ask for mappings takes ten times as long
    if not isinstance(rules, Mapping):
        raise RulesError(
            f'Rules are a dict by field, as {{"name": "required"}}, or a class of data, not '
            f"{rules!r:.100}."
        )
    if not isinstance(data, (Mapping, list, tuple)):
        # Not its value: it may be what somebody has typed.
        raise TypeError(
            f"What is validated is a dict, or a list, not {type(data).__name__}: parse it first."
        )


def _check_words(messages: object, attributes: object) -> None:
    for given, what in ((messages, "Messages"), (attributes, "Names of attributes")):
        if given is not None and not isinstance(given, Mapping):
            raise RulesError(f"{what} are a dict, not {given!r:.100}.")


def _hashable(rules: Mapping[str, object]) -> object:
    """Return *rules* as what has a hash; None where something in them is an object."""
    found: list[tuple[str, object]] = []
    for name, rule in rules.items():
        written = rule if isinstance(rule, str) else _texts(rule)
        if written is None:
            return None
        found.append((name, written))
    return tuple(found)


def _texts(rule: object) -> tuple[object, ...] | None:
    """Return rules in a list, or of a builder, as texts; None where one is something else."""
    built = isinstance(rule, Written)
    if isinstance(rule, Written):
        rule = rule.as_rules()
    if not isinstance(rule, (list, tuple)):
        return None
    # A list in a list is a rule and its parameters, what is built several rules; and a list of one
    # text is not that text, because bars in it are no bars.
    found: list[object] = [built]
    for each in cast("Sequence[object]", rule):
        text = each if isinstance(each, str) else _texts(each)
        if text is None:
            return None
        found.append(text)
    return tuple(found)
