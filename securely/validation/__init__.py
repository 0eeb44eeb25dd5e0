"""Validation: rules in Laravel's words over nested data, compiled once to plans."""

from securely.validation.contracts import Rule
from securely.validation.exceptions import InvalidRule, ValidationError
from securely.validation.factory import ValidationFactory
from securely.validation.messages.bag import MessageBag
from securely.validation.safe import SafeInput
from securely.validation.validator import Validator

__all__ = [
    "InvalidRule",
    "MessageBag",
    "Rule",
    "SafeInput",
    "ValidationError",
    "ValidationFactory",
    "Validator",
]
