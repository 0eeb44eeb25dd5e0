"""Schema: every setting with its kind, unit, default, description and how a change reaches it."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from securely.exceptions import ConfigurationError
from securely.settings.inspection.layers import DEFAULT, masked
from securely.support import dot
from securely.support.importing import import_object
from securely.support.masking import HIDDEN, looks_secret
from securely.support.missing import MISSING

__all__ = ["Field", "Setting", "fields_of", "strongest"]

_UNIT: Final = re.compile(r"milliseconds|seconds|minutes|hours|days|bytes|percent")
_KINDS: Final[Mapping[object, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    list: "list",
    tuple: "list",
    dict: "map",
    NoneType: "null",
}
# How a change reaches a process that runs, the weakest first.
_WAYS: Final = ("live", "reload", "restart", "upgrade")
# Of a setting that says nothing: what runs the application is replaced.
_RELOAD: Final = "reload"
# Of a variable that no setting reads: whatever reads it is not known.
_UNKNOWN: Final = "restart"


@dataclass(frozen=True, slots=True)
class Field:
    """What is known of one setting, whatever its value.

    Attributes:
        key: The dotted key.
        kind: What it may be, in words: "integer", "one of: file, cache".
        default: What holds where nothing is said.
        unit: Of a number: seconds, bytes …; empty if it has none, or none is known.
        description: What it does.
        secret: Whether its value is never shown.
        reload: How a change reaches a process that runs: ``live``, ``reload``, ``restart`` or
            ``upgrade``, as the field's ``json_schema_extra={"reload": …}`` says, or else
            ``reload_class`` of its section's options.
    """

    key: str
    kind: str = "anything"
    default: object = None
    unit: str = ""
    description: str = ""
    secret: bool = False
    reload: str = _RELOAD


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: what is known of it, its value, and where that came from.

    Attributes:
        key: The dotted key.
        value: What holds, as the configuration says it.
        field: Its kind, unit, default and description.
        origin: Where the value came from: ``default``, ``config/app.py``, ``.env``,
            ``secrets.enc``, ``process``.
        variables: The variables that fill it in, the first one is the one to set.
        secret: Whether the value is never shown.
    """

    key: str
    value: object
    field: Field
    origin: str
    variables: tuple[str, ...]
    secret: bool

    @property
    def shown(self) -> object:
        """The value as it may be shown: a secret has the same length as any other."""
        if self.secret:
            return HIDDEN if self.value else self.value
        return masked(self.value)

    @property
    def is_changed(self) -> bool:
        """Whether it is not the default."""
        return self.origin != DEFAULT

    def __repr__(self) -> str:
        return f"Setting({self.key!r}, {self.origin!r})"


def fields_of(sections: Mapping[str, type | str], items: Mapping[str, object]) -> dict[str, Field]:
    """Return every setting of *sections* by its key, and every key of *items* that no one types.

    Definitions in maps (``cache.stores.disk``) are those that *items* name.

    Args:
        sections: The sections, each with its class of options or where that is.
        items: The configuration.
    """
    found: dict[str, Field] = {}
    for section, given in sections.items():
        options: Any = import_object(given) if isinstance(given, str) else given
        data = dot.get(items, section)
        try:
            parsed = options.parse({} if data is MISSING else data, section)
        except ConfigurationError:
            parsed = None  # whoever checks the configuration says so
        way = str(getattr(options, "reload_class", _RELOAD))
        found.update({each.key: each for each in _walk(options, parsed, section, way)})
    for key, value in dot.flattened(items):
        if key not in found and not any(key.startswith(f"{each}.") for each in found):
            kind = _KINDS.get(type(value), "anything")
            found[key] = Field(key, kind, secret=looks_secret(key.rpartition(".")[2]))
    return found


def strongest(ways: Iterable[str]) -> str:
    """Return the strongest of *ways* to follow a change; of none, as for what nobody reads."""
    return max(ways, key=_WAYS.index, default=_UNKNOWN)


def _walk(model: Any, parsed: object, key: str, way: str) -> Iterator[Field]:
    for name, field in model.model_fields.items():
        path = f"{key}.{field.alias or name}"
        value = getattr(parsed, name, None)
        kind: type[Any] = type(cast("object", value))
        if hasattr(kind, "model_fields"):
            yield from _walk(kind, value, path, vars(kind).get("reload_class", way))
        elif isinstance(value, Mapping) and _holds_models(cast("Mapping[str, object]", value)):
            for each, inner in cast("Mapping[str, object]", value).items():
                yield from _walk(type(inner), inner, f"{path}.{each}", way)
        else:
            yield _field(model, name, field, path, way)


def _holds_models(value: Mapping[str, object]) -> bool:
    return bool(value) and all(hasattr(type(each), "model_fields") for each in value.values())


def _field(model: Any, name: str, field: Any, key: str, way: str) -> Field:
    given: object = field.json_schema_extra
    extra = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    description = str(field.description or _docstrings(model).get(name, ""))
    text = repr(field.annotation)
    return Field(
        key,
        _kind(field.annotation),
        None if field.is_required() else field.get_default(call_default_factory=True),
        _unit(name, field),
        description,
        extra.get("secret") is True or "Secret" in text or _is_secret_name(name, field),
        str(extra.get("reload", way)),
    )


def _is_secret_name(name: str, field: Any) -> bool:
    """Tell whether a field is a secret by its name; how many bytes one may have is none."""
    return looks_secret(name) and _kind(field.annotation) not in {"boolean", "integer", "number"}


def _unit(name: str, field: Any) -> str:
    is_number = "number" in _kind(field.annotation) or "integer" in _kind(field.annotation)
    if not is_number:
        return ""
    if any("seconds" in repr(each) for each in field.metadata):
        return "seconds"
    found = _UNIT.search(name)
    return found[0] if found else ""


def _kind(annotation: object) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin is Literal:
        return f"one of: {', '.join(map(str, get_args(annotation)))}"
    if origin is Union or origin is UnionType:
        return " or ".join(dict.fromkeys(map(_kind, get_args(annotation))))
    known = _KINDS.get(origin or annotation)
    if known is not None:
        return known
    name = str(getattr(annotation, "__name__", "anything"))
    return {"SecretStr": "text", "Path": "path", "PurePath": "path"}.get(name, "anything")


@lru_cache(maxsize=256)
def _docstrings(model: type) -> dict[str, str]:
    """Return the texts below the fields of a class, as its source has them."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}  # it was made at run time
    body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for field, text in itertools.pairwise(body):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                found[name] = " ".join(words.split())
            case _:
                pass
    return found
