"""Validation: rules in Laravel's words over nested data, compiled once to plans.

``Validator.make(data, {"email": "required|email"})`` reads the rules, or takes the plan that is
kept of them; ``validate()`` returns what has rules, or raises what is wrong with it.

    factory.py        ValidationFactory: makes validators, keeps plans and rules of one's own
    validator.py      Validator: data and its rules, and what became of them
    form_request.py   FormRequest: the rules of one thing that is asked, and who may ask it
    models.py         models in the place of rules, and rules in models
    safe.py           SafeInput: validated data to take from; TypedInput: reads with a type
    plan/             rules as they are written, bound once, and followed over data
    rules/            the rules, by the kinds of values they speak of
    builders/         Rule: the base of rules of one's own, and the way to those built by calls
    answers/          who answers rules that ask: what is stored, what was breached
    messages/         what is said of data that breaks its rules
    contracts.py      who answers rules that ask
    exceptions.py     ValidationError, InvalidRule and their tree
    options.py        how much of hostile data is looked at
    commands.py       make:rule
    provider.py       binds the factory
"""

from securely.validation.builders.passwords import Password
from securely.validation.builders.rule import Rule
from securely.validation.exceptions import InvalidRule, Unauthorized, ValidationError
from securely.validation.factory import ValidationFactory
from securely.validation.form_request import Access, FormRequest
from securely.validation.messages.bag import MessageBag
from securely.validation.safe import SafeInput
from securely.validation.validator import Validator

__all__ = [
    "Access",
    "FormRequest",
    "InvalidRule",
    "MessageBag",
    "Password",
    "Rule",
    "SafeInput",
    "Unauthorized",
    "ValidationError",
    "ValidationFactory",
    "Validator",
]
