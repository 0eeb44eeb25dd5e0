"""Runs the signature vectors: what signatures hold, and command lines read by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from securely.console import Argument, Input, InvalidInput, InvalidSignature, Option, Signature
from securely.console.input import tokenize

__all__ = ["EXCEPTIONS", "run"]

EXCEPTIONS: Mapping[str, type[Exception]] = {
    "InvalidArgumentException": InvalidSignature,
    "LogicException": InvalidSignature,
    "RuntimeException": InvalidInput,
}


def run(case: Mapping[str, Any]) -> object:
    """Parse the signature, and the command line by it where there is one."""
    signature = Signature.parse(case["signature"])
    if "command_line" not in case:
        return {
            "name": signature.name,
            "arguments": [_argument(argument) for argument in signature.arguments],
            "options": [_option(option) for option in signature.options],
        }
    found = Input.from_tokens(signature.check(reserved=False), tokenize(case["command_line"]))
    return {"arguments": found.arguments(), "options": found.options()}


def _argument(argument: Argument) -> dict[str, object]:
    return {
        "name": argument.name,
        "required": argument.required,
        "is_array": argument.is_array,
        "default": argument.default,
        "description": argument.description,
    }


def _option(option: Option) -> dict[str, object]:
    return {
        "name": option.name,
        "shortcut": option.shortcut,
        "accepts_value": option.accepts_value,
        "value_required": False,
        "value_optional": option.accepts_value,
        "is_array": option.is_array,
        "default": option.default,
        "description": option.description,
    }
