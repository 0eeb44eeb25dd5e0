"""Validation: rules in Laravel's words over nested data, compiled once to plans.

``Validator.make(data, {"email": "required|email"})`` reads the rules, or takes the plan that is
kept of them; ``validate()`` returns what has rules, or raises what is wrong with it.

    factory.py        ValidationFactory: makes validators, keeps plans and rules of one's own
    validator.py      Validator: data and its rules, and what became of them
    form_request.py   FormRequest: the rules of one thing that is asked, and who may ask it
    models.py         models in the place of rules, and rules in models
    safe.py           SafeInput: validated data to take from; TypedInput: reads with a type
    asking.py         one question to who answers for the application, in the validation's colour
    plan/             rules as they are written, bound once, and followed over data
    rules/            the rules, by the kinds of values they speak of
    builders/         rules that are built by methods instead of written as text
    messages/         what is said of data that breaks its rules
    rule.py           Rule: the base of rules of one's own, and the way to the builders
    breaches.py       PwnedPasswords: whether a password is known from a breach
    drivers/          who tells what is stored: in memory, and in SQLite files
    contracts.py      who answers rules that ask
    exceptions.py     ValidationError, InvalidRule and their tree
    options.py        how much of hostile data is looked at
    provider.py       binds the factory
"""

from securely.validation.builders.passwords import Password
from securely.validation.exceptions import InvalidRule, ValidationError
from securely.validation.factory import ValidationFactory
from securely.validation.messages.bag import MessageBag
from securely.validation.rule import Rule
from securely.validation.safe import SafeInput
from securely.validation.validator import Validator

__all__ = [
    "InvalidRule",
    "MessageBag",
    "Password",
    "Rule",
    "SafeInput",
    "ValidationError",
    "ValidationFactory",
    "Validator",
]
