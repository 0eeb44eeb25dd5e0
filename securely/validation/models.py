"""Models in the place of rules, pydantic's and other classes of data; and rules in models.

What pydantic finds wrong is said with the same keys and in the same words as what rules find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any, Final, cast

from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PydanticUserError,
    TypeAdapter,
)
from pydantic import ValidationError as ModelError
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from securely.container import current
from securely.support.missing import MISSING
from securely.validation.exceptions import RulesError, ValidationError
from securely.validation.plan.parsing import entries
from securely.validation.plan.paths import find
from securely.validation.rules.loose import is_numeric, number
from securely.validation.rules.numbers import within_exponents
from securely.validation.validator import Validator

__all__ = ["ModelValidator", "Rules", "RulesBroken", "dumped", "is_model", "say", "typed"]

_OWN: Final = "securely_rules"
_WHOLE: Final = "data"


def is_model(rules: type[Any]) -> bool:
    """Tell whether *rules* is a class of data: a pydantic model, a dataclass, a typed dict."""
    return (
        issubclass(rules, BaseModel) or is_dataclass(rules) or hasattr(rules, "__required_keys__")
    )


class Rules:
    """Rules of one field of a model, beside what its type says.

    Args:
        rules: The rules, as text or as a list. They look at the value alone: what depends on other
            fields stands in the model, or in a form request.

    Example:
        >>> from typing import Annotated
        >>> class CreateUser(BaseModel):
        ...     email: Annotated[str, Rules("email|max:255")]
    """

    def __init__(self, rules: object) -> None:
        self.rules = rules

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        written = [each for each in entries(self.rules, _WHOLE) if each.name]
        kind = described.get("type")
        if kind == "string" and any(each.name in _NUMERIC for each in written):
            kind = None  # its limits are those of the number it is written for: no words for that
        for each in written:
            described.update(_described(each.name, each.parameters, kind))
        return described

    def _checked(self, value: Any) -> Any:
        validator = _factory().make({_WHOLE: value}, {_WHOLE: self.rules})
        try:
            if validator.passes():
                return value
        except RulesError as error:
            # pydantic takes a ValueError for what is wrong with the data, and tells who sent it.
            raise RulesBroken(error) from error
        ((rule, parameters), *_) = validator.failed()[_WHOLE].items()
        raise PydanticCustomError(
            _OWN,
            "{said}",
            {"said": validator.errors().first(), "rule": rule, "parameters": [*parameters]},
        )


class RulesBroken(TypeError):
    """Rules in a model are wrong: no fault of the data; `error` says what it is."""

    def __init__(self, error: RulesError) -> None:
        self.error: RulesError = error
        super().__init__(str(error))

    def __reduce__(self) -> tuple[type[RulesBroken], tuple[RulesError]]:
        return type(self), (self.error,)


class ModelValidator(Validator):
    """Data and a model: a validator whose rules are a class.

    Example:
        >>> class Person(BaseModel):
        ...     age: int
        >>> validator = app.make("validator").make({"age": "x"}, Person)
        >>> validator.errors().first("age")
        'The age field must be an integer.'
    """

    _model: Any = None
    _made: Any = None

    def of(self, model: Any, context: Mapping[str, Any] | None = None) -> ModelValidator:
        """Validate by *model*; its validators see *context*."""
        self._model = model
        self._hooks = (*self._hooks, self._fit)
        self._context = dict(context or {})
        return self

    def validated(self) -> dict[str, Any]:
        """Return the validated data as a dict, with the types that the model has.

        Raises:
            ValidationError: The data does not fit the model.
        """
        return dumped(self._model, self.model())

    def model(self) -> Any:
        """Return the validated data as an object of the model.

        Raises:
            ValidationError: The data does not fit the model.
        """
        super().validated()
        return self._made

    def _fit(self, validator: Validator) -> None:
        del validator
        try:
            self._made = _adapter(self._model).validate_python(self._data, context=self._context)
        except ModelError as error:
            say(error, self, self._data)
        except RulesBroken as broken:
            raise broken.error from None


def typed(model: Any, data: object, validator: Validator) -> Any:
    """Return *data* as an object of *model*; its errors are said as those of *validator*.

    Raises:
        ValidationError: The data does not fit the model.
    """
    try:
        return _adapter(model).validate_python(data)
    except ModelError as error:
        say(error, validator, data)
        bag = validator.errors()
        raise ValidationError(bag.messages(), validator.wording.summary(bag.all())) from None


def dumped(model: Any, made: Any) -> dict[str, Any]:
    """Return *made*, an object of *model*, as a dict."""
    return cast("dict[str, Any]", _adapter(model).dump_python(made))


def say(error: ModelError, validator: Validator, data: object) -> None:
    """Say what pydantic found wrong as *validator* says what rules find."""
    for name, details in _told(error.errors(include_url=False), data):
        rule, parameters = _rule(details)
        if rule:
            validator.add_failure(name, rule, parameters, _KINDS.get(details["type"]))
        else:
            validator.errors().add(name, _text(details))


def _told(errors: Sequence[ErrorDetails], data: object) -> list[tuple[str, ErrorDetails]]:
    """Return the fields with their errors; of a union, those of the branch that got furthest."""
    found = [(*_place(details, data), details) for details in errors]
    furthest: dict[tuple[Any, ...], tuple[int, Any]] = {}
    for path, branch, details in found:
        if branch is None:
            continue
        at = details["loc"][: branch[0]]
        if len(path) > furthest.get(at, (-1, None))[0]:
            furthest[at] = (len(path), branch[1])
    return [
        (".".join(map(str, path)) or _WHOLE, details)
        for path, branch, details in found
        if branch is None or furthest[details["loc"][: branch[0]]][1] == branch[1]
    ]


def _place(
    details: ErrorDetails, data: object
) -> tuple[tuple[int | str, ...], tuple[int, int | str] | None]:
    """Return the path within *data* of an error, and the first branch of a union on its way."""
    path: list[int | str] = []
    branch: tuple[int, int | str] | None = None
    location = details["loc"]
    for index, part in enumerate(location):
        is_last = index == len(location) - 1
        if isinstance(data, Mapping) and (
            part in data or (is_last and details["type"] == "missing")
        ):
            data = cast("Mapping[Any, object]", data).get(part)
            path.append(part)
        elif (item := _item(data, part)) is not MISSING:
            data = item
            path.append(part)
        elif not isinstance(data, (Mapping, list, tuple, str, int, float, bool, type(None))):
            path.append(part)  # an object whose attributes were read
        elif branch is None:
            branch = (index, part)
    return tuple(path), branch


def _item(data: Any, part: int | str) -> object:
    """Return the item *part* of a list, or MISSING."""
    return MISSING if isinstance(data, Mapping) else find(data, (str(part),))


def _rule(details: ErrorDetails) -> tuple[str, Sequence[Any]]:
    """Return the rule of ours, with its parameters, that says what pydantic says."""
    kind = details["type"]
    context = details.get("ctx", {})
    if kind == _OWN:
        return _snake(str(context["rule"])), cast("Sequence[Any]", context["parameters"])
    rule = _RULES.get(kind)
    if rule is None:
        return "", ()
    key = _PARAMETERS.get(kind)
    # What is in the context is said, and else the key itself: "now", or a layout.
    return rule, () if key is None else (str(context.get(key, key)),)


def _snake(rule: str) -> str:
    from securely.strings import Str

    return Str.snake(rule)


def _text(details: ErrorDetails) -> str:
    raised = details.get("ctx", {}).get("error")
    return str(raised) if isinstance(raised, (ValueError, AssertionError)) else details["msg"]


@lru_cache(maxsize=256)
def _adapter(model: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(model)
    except PydanticUserError as error:
        raise RulesError(f"{model.__qualname__} is no class of data: {error.message}") from error


def _factory() -> Any:
    return current().make("validator")


def _described(name: str, parameters: Sequence[Any], kind: object) -> dict[str, Any]:
    """Return what a JSON schema says of a rule."""
    if name in _FORMATS:
        return {"format": _FORMATS[name]}
    bounds = _BOUNDS.get(name)
    if bounds is not None:
        words = bounds.get(_MEASURED.get(kind, ""), ())
        amounts = [_amount(each) for each in [*parameters] * 2]
        return {
            word: amount for word, amount in zip(words, amounts, strict=False) if amount is not None
        }
    return {"enum": [*parameters]} if name == "in" else {}


def _amount(written: object) -> int | float | None:
    """Return a bound as JSON has it; None for one with a unit, which is of files."""
    if not is_numeric(written) or not within_exponents(str(written)):
        return None
    amount = number(written)
    return int(amount) if amount == int(amount) else float(amount)


_NUMERIC: Final = frozenset({"numeric", "integer", "decimal"})
_MEASURED: Final[Mapping[object, str]] = {
    "string": "string", "array": "array", "number": "number", "integer": "number",
}  # fmt: skip
_FORMATS: Final = {
    "email": "email", "url": "uri", "uuid": "uuid", "date": "date", "ipv4": "ipv4", "ipv6": "ipv6",
}  # fmt: skip
_BOUNDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "min": {"string": ("minLength",), "array": ("minItems",), "number": ("minimum",)},
    "max": {"string": ("maxLength",), "array": ("maxItems",), "number": ("maximum",)},
    "size": {
        "string": ("minLength", "maxLength"),
        "array": ("minItems", "maxItems"),
        "number": ("minimum", "maximum"),
    },
    "between": {
        "string": ("minLength", "maxLength"),
        "array": ("minItems", "maxItems"),
        "number": ("minimum", "maximum"),
    },
}


def _all(rule: str, *kinds: str) -> dict[str, str]:
    return dict.fromkeys(kinds, rule)


_RULES: Final[Mapping[str, str]] = {
    **_all("required", "missing", "missing_argument"),
    **_all("prohibited", "none_required", "extra_forbidden"),
    **_all("string", "string_type", "string_sub_type", "string_unicode"),
    **_all("min", "string_too_short", "bytes_too_short", "too_short", "greater_than_equal"),
    **_all("max", "string_too_long", "bytes_too_long", "too_long", "less_than_equal"),
    **_all("regex", "string_pattern_mismatch"),
    **_all("integer", "int_type", "int_parsing", "int_from_float", "int_parsing_size"),
    **_all(
        "numeric", "float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"
    ),
    **_all("decimal", "decimal_max_places"),
    **_all("max_digits", "decimal_max_digits", "decimal_whole_digits"),
    **_all("gt", "greater_than"),
    **_all("lt", "less_than"),
    **_all("multiple_of", "multiple_of"),
    **_all("boolean", "bool_type", "bool_parsing"),
    **_all(
        "date", "date_type", "date_parsing", "date_from_datetime_parsing",
        "date_from_datetime_inexact", "datetime_type", "datetime_parsing",
        "datetime_from_date_parsing", "datetime_object_invalid",
    ),
    **_all("before", "date_past", "datetime_past"),
    **_all("after", "date_future", "datetime_future"),
    **_all("timezone", "timezone_naive", "timezone_aware", "timezone_offset"),
    **_all("date_format", "time_type", "time_parsing", "time_delta_type", "time_delta_parsing"),
    **_all(
        "list", "list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"
    ),
    **_all(
        "array", "dict_type", "mapping_type", "model_type", "model_attributes_type",
        "dataclass_type", "dataclass_exact_type",
    ),
    **_all("enum", "enum"),
    **_all("in", "literal_error", "union_tag_invalid", "union_tag_not_found"),
    **_all("uuid", "uuid_type", "uuid_parsing", "uuid_version"),
    **_all("url", "url_type", "url_parsing", "url_syntax_violation", "url_scheme", "url_too_long"),
    **_all("json", "json_type", "json_invalid"),
}  # fmt: skip
_KINDS: Final[Mapping[str, str]] = {
    **_all("array", "too_short", "too_long"),
    **_all("string", "string_too_short", "string_too_long", "bytes_too_short", "bytes_too_long"),
    **_all("numeric", "greater_than", "greater_than_equal", "less_than", "less_than_equal"),
}
_PARAMETERS: Final[Mapping[str, str]] = {
    "string_too_short": "min_length", "bytes_too_short": "min_length", "too_short": "min_length",
    "string_too_long": "max_length", "bytes_too_long": "max_length", "too_long": "max_length",
    "greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt",
    "multiple_of": "multiple_of", "decimal_max_places": "decimal_places",
    "decimal_max_digits": "max_digits", "decimal_whole_digits": "whole_digits",
    "date_past": "now", "datetime_past": "now", "date_future": "now", "datetime_future": "now",
    "time_type": "H:i:s", "time_parsing": "H:i:s",
}  # fmt: skip
