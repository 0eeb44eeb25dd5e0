"""PHP values as the vectors write them, in Python, and back."""

from __future__ import annotations

import base64
import math
from typing import Any

__all__ = ["from_php", "same", "to_php"]


def from_php(value: Any) -> Any:
    """Return the Python value that *value* stands for; objects of PHP stay as they are written."""
    if isinstance(value, list):
        return [from_php(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag == "$map":
            return {key: from_php(item) for key, item in content}
        if tag == "$bytes":
            return base64.b64decode(content)
        if tag == "$float":
            return float(content.lower())
    return {key: from_php(item) for key, item in value.items()}


def to_php(value: Any) -> Any:
    """Return *value* as the vectors write it."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": "NAN" if math.isnan(value) else "INF" if value > 0 else "-INF"}
    if isinstance(value, (list, tuple)):
        return [to_php(item) for item in value]
    return _map_to_php(value) if isinstance(value, dict) else value


def _map_to_php(value: dict[Any, Any]) -> dict[str, Any]:
    if any(isinstance(key, int) for key in value):
        return {"$map": [[key, to_php(item)] for key, item in value.items()]}
    return {key: to_php(item) for key, item in value.items()}


def same(expected: Any, actual: Any) -> bool:
    """Tell whether two JSON values are the same, types included: 1 is neither 1.0 nor true.

    An empty list is an empty map, because PHP does not tell them apart.
    """
    if expected in ([], {}) and actual in ([], {}):
        return True
    if type(expected) is not type(actual):
        return False
    if isinstance(expected, dict):
        return expected.keys() == actual.keys() and all(
            same(item, actual[key]) for key, item in expected.items()
        )
    if isinstance(expected, list):
        return len(expected) == len(actual) and all(map(same, expected, actual))
    return bool(expected == actual)
