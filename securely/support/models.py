"""Data as models: pydantic models and dataclasses made of dicts, with what is wrong by name."""

from __future__ import annotations

import functools
from dataclasses import is_dataclass
from typing import Any, Final, TypeVar, cast

__all__ = ["WrongFields", "is_model", "model_of"]

M = TypeVar("M")

# How many classes keep what validates them; making that costs a thousand times using it.
_MODELS_MAX: Final = 256


class WrongFields(ValueError):  # an answer to components, which make errors of their own of it
    """A dict does not hold what a model needs: which fields, and why, but never their values."""


def is_model(model: object) -> bool:
    """Return whether *model* is a class that :func:`model_of` makes."""
    return is_dataclass(model) or hasattr(model, "model_validate")


def model_of(model: type[M], data: dict[str, Any]) -> M:
    """Return *data* as a *model*, its fields validated.

    Raises:
        WrongFields: They are not what the model needs.
    """
    from pydantic import ValidationError  # not before it is needed

    made: Any = model  # to a checker, not every class can be a key of a dict
    try:
        return cast("M", _adapter(made).validate_python(data))
    except ValidationError as error:
        # By name and kind, never by value: it may be secret.
        wrong = ", ".join(
            f"{'.'.join(map(str, each['loc'])) or 'all of it'} ({each['type']})"
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        )
        raise WrongFields(wrong) from None


@functools.lru_cache(maxsize=_MODELS_MAX)
def _adapter(model: Any) -> Any:  # a class
    from pydantic import TypeAdapter  # as above

    return TypeAdapter(model)
