"""What the placeholders of each rule's message stand for.

Source: Laravel 13, Validation\\Concerns\\ReplacesAttributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from securely.validation.rules.loose import is_numeric, text
from securely.validation.rules.sizes import measure

__all__ = ["PLACEHOLDERS"]


class _Words(Protocol):
    """What fields and values are called."""

    def attribute(self, name: str, around: Any, /) -> str:
        """Return what the field *name* is called."""
        ...

    def value(self, name: str, value: object, /) -> str:
        """Return what *value* of the field *name* is called."""
        ...


Fill: TypeAlias = Callable[[str, str, Sequence[Any], Any, Any], str]


def _texts(parameters: Sequence[Any]) -> list[str]:
    return ["" if each is None else text(each) for each in parameters]


def _plainly(*placeholders: str) -> Fill:
    """Fill each placeholder with the parameter at its place."""

    def fill(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
        del name, words, around
        for placeholder, parameter in zip(placeholders, _texts(parameters), strict=False):
            message = message.replace(f":{placeholder}", parameter)
        return message

    return fill


def _cased(message: str, **values: str) -> str:
    """Fill placeholders, and those in capitals with capitals."""
    for placeholder, value in values.items():
        message = (
            message.replace(f":{placeholder}", value)
            .replace(f":{placeholder.upper()}", value.upper())
            .replace(f":{placeholder.capitalize()}", value[:1].upper() + value[1:])
        )
    return message


def _listed(message: str, placeholder: str, values: Sequence[str], between: str) -> str:
    """Fill a placeholder with *values*; capitalised, with each of them capitalised."""
    joined = between.join(values)
    capitals = between.join(value[:1].upper() + value[1:] for value in values)
    return (
        message.replace(f":{placeholder}", joined)
        .replace(f":{placeholder.upper()}", joined.upper())
        .replace(f":{placeholder.capitalize()}", capitals)
    )


def _joined(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
    del name, words, around
    return message.replace(":values", ", ".join(_texts(parameters)))


def _values(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
    del around
    return _listed(
        message, "values", [words.value(name, each) for each in _texts(parameters)], ", "
    )


def _other(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
    del name
    return _cased(message, other=words.attribute(_texts(parameters)[0], around))


def _others(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
    del name
    return _listed(message, "other", _names(parameters, words, around), " / ")


def _fields(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
    del name
    return _listed(message, "values", _names(parameters, words, around), " / ")


def _names(parameters: Sequence[Any], words: _Words, around: Any) -> list[str]:
    return [words.attribute(each, around) for each in _texts(parameters)]


def _other_value(
    message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any
) -> str:
    """Fill in another field, and the value that it has."""
    del name
    other = _texts(parameters)[0]
    value = words.value(other, around.value_of(other))
    return _cased(message, other=words.attribute(other, around), value=value)


def _other_wanted(
    message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any
) -> str:
    """Fill in another field, and the first of the values that it should have."""
    del name
    other, value = _texts(parameters)[:2]
    return message.replace(":other", words.attribute(other, around)).replace(
        ":value", words.value(other, value)
    )


def _other_values(
    message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any
) -> str:
    """Fill in another field, and all the values that it may have."""
    del name
    other, *values = _texts(parameters)
    message = _cased(message, other=words.attribute(other, around))
    return _listed(message, "values", [words.value(other, each) for each in values], ", ")


def _date(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
    from securely.validation.rules.dates import is_moment

    written = _texts(parameters)[0]
    shown = words.value(name, written) if is_moment(written) else words.attribute(written, around)
    return message.replace(":date", shown)


def _decimals(
    message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any
) -> str:
    del name, words, around
    return message.replace(":decimal", "-".join(_texts(parameters)[:2]))


def _compared(
    message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any
) -> str:
    """Fill in the size of the field that was compared with, or its name where it is not there."""
    other = _texts(parameters)[0]
    value = around.value_of(other)
    if value is None:
        return message.replace(":value", words.attribute(other, around))
    size = measure(value, is_numeric_field=is_numeric(around.value_of(name)))
    return message.replace(":value", str(value if size is None else text(size)))


def _keyed(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
    """Fill in the keys that are allowed, and those that are there beside them."""
    message = _values(message, name, parameters, words, around)
    value, allowed = around.value_of(name), set(_texts(parameters))
    keys: list[str] = []
    if isinstance(value, dict):
        keys = [str(key) for key in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # anyone's data
    elif isinstance(value, (list, tuple)):
        keys = [*map(str, range(len(value)))]  # pyright: ignore[reportUnknownArgumentType]  # anyone's data
    odd = ", ".join(words.value(name, key) for key in keys if key not in allowed)
    return _cased(message, unexpected=odd)


def _named(message: str, name: str, parameters: Sequence[Any], words: _Words, around: Any) -> str:
    """Fill in what stands as key=value in the parameters."""
    del name, words, around
    for each in _texts(parameters):
        key, _, value = each.partition("=")
        message = message.replace(f":{key}", value)
    return message


PLACEHOLDERS: Final[Mapping[str, Fill]] = {
    **dict.fromkeys(("between", "digits_between"), _plainly("min", "max")),
    **dict.fromkeys(("min", "min_digits"), _plainly("min")),
    **dict.fromkeys(("max", "max_digits"), _plainly("max")),
    **dict.fromkeys(
        ("after", "after_or_equal", "before", "before_or_equal", "date_equals"), _date
    ),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _compared),
    **dict.fromkeys(("extensions", "mimes", "mimetypes"), _joined),
    **dict.fromkeys(
        (
            "in", "not_in", "in_array_keys", "required_array_keys", "starts_with", "ends_with",
            "doesnt_start_with", "doesnt_end_with", "doesnt_contain",
        ),
        _values,
    ),
    **dict.fromkeys(
        (
            "same", "different", "in_array", "required_if_accepted", "required_if_declined",
            "prohibited_if_accepted", "prohibited_if_declined",
        ),
        _other,
    ),
    **dict.fromkeys(
        (
            "missing_with", "missing_with_all", "present_with", "present_with_all",
            "required_with", "required_with_all", "required_without", "required_without_all",
        ),
        _fields,
    ),
    **dict.fromkeys(
        ("accepted_if", "declined_if", "missing_if", "present_if", "required_if", "prohibited_if"),
        _other_value,
    ),
    **dict.fromkeys(("missing_unless", "present_unless"), _other_wanted),
    **dict.fromkeys(("required_unless", "prohibited_unless"), _other_values),
    "array_keys": _keyed,
    "date_format": _plainly("format"),
    "decimal": _decimals,
    "digits": _plainly("digits"),
    "dimensions": _named,
    "encoding": _plainly("encoding"),
    "multiple_of": _plainly("value"),
    "prohibits": _others,
    "size": _plainly("size"),
}  # fmt: skip
