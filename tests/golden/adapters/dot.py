"""Runs the vectors of dotted paths: Arr, data_get and kin, and the configuration's repository.

An array of PHP is a list or a map, and does not say which. So the two are compared as PHP has
them: text of digits is an integer key, and keys 0, 1, 2 … in order are a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from securely.config import Config, InvalidValue
from securely.support.arr import Arr, UnexpectedType
from securely.support.data import data_fill, data_forget, data_get, data_has, data_set
from tests.golden.values import from_php

__all__ = ["EXCEPTIONS", "run"]

EXCEPTIONS: Mapping[str, Any] = {
    "InvalidArgumentException": (UnexpectedType, InvalidValue),
    "TypeError": InvalidValue,
    "Error": InvalidValue,
}

_BY_REFERENCE = {"Arr.set", "Arr.forget", "Arr.push"}
_DATA: dict[str, Callable[..., Any]] = {
    "data_get": data_get,
    "data_set": data_set,
    "data_fill": data_fill,
    "data_forget": data_forget,
    "data_has": data_has,
}
_REPOSITORY = {"array": "list", "collection": "list", "getMany": "get_many"}
_PHP_TYPES = {"list": "array", "dict": "array", "float": "double", "None": "NULL"}
_CHANGES = {"Repository.set", "Repository.push", "Repository.prepend", "Repository.offsetUnset"}


def run(case: Mapping[str, Any]) -> object:
    """Call what the case names, and return what it gave or what it left behind."""
    try:
        return _run(case)
    except (InvalidValue, UnexpectedType) as error:
        # Ours names types as Python does; the rest of the message has to be Laravel's.
        found = error.given if isinstance(error, InvalidValue) else error.found
        wanted = "an array" if error.wanted in {"a list", "a dict"} else error.wanted
        raise type(error)(str(error.key), wanted, _PHP_TYPES.get(found, found)) from error


def _run(case: Mapping[str, Any]) -> object:
    name: str = case["fn"]
    arguments = [_object(from_php(argument)) for argument in case["args"]]
    if name.startswith("Repository."):
        return _run_repository(name, case, arguments)
    if name.startswith("data_"):
        given = _DATA[name](*arguments)
        return {"result" if name in {"data_get", "data_has"} else "array_after": _php(given)}
    # An empty array of PHP takes names: here that is a dict.
    if name in {"Arr.set", "Arr.push", "Arr.add", "Arr.only"} and arguments[0] == []:
        arguments[0] = {}
    given = getattr(Arr, _snake(name.removeprefix("Arr.")))(*arguments)
    if name in _BY_REFERENCE:
        return {"array_after": _php(given)}
    after = {"array_after": _php(arguments[0])} if name == "Arr.pull" else {}
    return {"result": _php(given), **after}


def _run_repository(name: str, case: Mapping[str, Any], arguments: list[Any]) -> object:
    config = Config(from_php(case["items"]) or {})
    method = name.removeprefix("Repository.")
    if method == "offsetUnset":
        del config[arguments[0]]
    elif method == "offsetExists":
        return {"result": arguments[0] in config}
    else:
        ours = _REPOSITORY.get(method, _snake(method))
        if ours == "list" and isinstance(config.get(arguments[0]), dict):
            ours = "dict"
        given = getattr(config, ours)(*arguments)
        if name not in _CHANGES:
            return {"result": _php(given)}
    return {"items_after": _php(config.all())}


def _snake(name: str) -> str:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return f"{name}_" if name == "except" else name


def _object(value: Any) -> Any:
    """Return *value* with PHP's objects as objects of ours."""
    if isinstance(value, list):
        return [_object(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["$object"]:
        return SimpleNamespace(**{key: _object(item) for key, item in value["$object"].items()})
    return {key: _object(item) for key, item in value.items()}


def _php(value: Any) -> Any:
    """Return *value* as the vectors write an array of PHP."""
    if isinstance(value, SimpleNamespace):
        return {"$object": {key: _php(item) for key, item in vars(value).items()}}
    if isinstance(value, (list, tuple)):
        return [_php(item) for item in value]
    if not isinstance(value, dict):
        return value
    entries = {_key(key): _php(item) for key, item in value.items()}
    if list(entries) == list(range(len(entries))):
        return list(entries.values())
    if any(isinstance(key, int) for key in entries):
        return {"$map": [[key, item] for key, item in entries.items()]}
    return entries


def _key(key: Any) -> str | int:
    if key is None:
        return ""
    text = str(key)
    return int(text) if re.fullmatch(r"0|-?[1-9][0-9]*", text) else text
