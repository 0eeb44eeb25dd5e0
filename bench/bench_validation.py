"""Validation beside its peers: microseconds for a form, milliseconds for a long list.

Run: python bench/bench_validation.py [--rounds 7]

One process, all in turns, medians of several rounds. The form has ten fields, as text, valid; each
peer checks it with the rules that it has for the like: pydantic by a model, marshmallow by a
schema, cerberus by a dict, Django by a form, flask-sieve by rules in Laravel's words. Ours reads
rule texts each time, as an application does, and takes the plan that it has kept. The list has
50,000 items with one field of two rules; twice as many show how time grows. A peer that is not
installed is left out.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, HttpUrl, model_validator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from securely.translation import FileLoader, Translator
from securely.validation import ValidationFactory

FORM = {
    "name": "Taylor Otwell", "email": "taylor@example.com", "age": "42", "password": "secret-123",
    "password_confirmation": "secret-123", "website": "https://example.com/a", "role": "admin",
    "born": "1986-02-03", "score": "12.5", "agree": "1",
}  # fmt: skip
RULES = {
    "name": "required|string|between:2,255",
    "email": "required|string|email|max:255",
    "age": "required|integer|between:18,120",
    "password": "required|string|min:8|confirmed",
    "password_confirmation": "required",
    "website": "required|url",
    "role": "required|in:admin,dev",
    "born": "required|date",
    "score": "required|numeric",
    "agree": "accepted",
}
ITEMS = 50_000

Check = Callable[[], object]


class Form(BaseModel):
    """The form, as pydantic checks it."""

    name: Annotated[str, Field(min_length=2, max_length=255)]
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    age: Annotated[int, Field(ge=18, le=120)]
    password: Annotated[str, Field(min_length=8)]
    password_confirmation: str
    website: HttpUrl
    role: Literal["admin", "dev"]
    born: date
    score: float
    agree: bool

    @model_validator(mode="after")
    def is_confirmed(self) -> Form:
        """Refuse a password that was written two ways."""
        if self.password != self.password_confirmation:
            raise ValueError("confirmed")
        return self


def securely() -> Check:
    factory = ValidationFactory(Translator(FileLoader([]), "en"))
    return lambda: factory.validate(FORM, RULES)


def by_pydantic() -> Check:
    return lambda: Form.model_validate(FORM)


def by_marshmallow() -> Check:
    from marshmallow import Schema, ValidationError, fields, validate, validates_schema

    class Sheet(Schema):
        name = fields.Str(required=True, validate=validate.Length(2, 255))
        email = fields.Email(required=True)
        age = fields.Int(required=True, validate=validate.Range(18, 120))
        password = fields.Str(required=True, validate=validate.Length(8))
        password_confirmation = fields.Str(required=True)
        website = fields.Url(required=True)
        role = fields.Str(required=True, validate=validate.OneOf(["admin", "dev"]))
        born = fields.Date(required=True)
        score = fields.Float(required=True)
        agree = fields.Bool(required=True)

        @validates_schema
        def is_confirmed(self, data: Any, **_: Any) -> None:
            if data["password"] != data["password_confirmation"]:
                raise ValidationError("confirmed")

    schema = Sheet()
    return lambda: schema.load(FORM)


def by_cerberus() -> Check:
    from cerberus import Validator

    text = {"type": "string", "required": True}
    validator = Validator(
        {
            "name": {**text, "minlength": 2, "maxlength": 255},
            "email": {**text, "regex": r"[^@\s]+@[^@\s]+\.[^@\s]+"},
            "age": {"type": "integer", "coerce": int, "min": 18, "max": 120, "required": True},
            "password": {**text, "minlength": 8},
            "password_confirmation": text,
            "website": {**text, "regex": r"https?://\S+"},
            "role": {"allowed": ["admin", "dev"], "required": True},
            "born": {"coerce": date.fromisoformat, "type": "date", "required": True},
            "score": {"type": "float", "coerce": float, "required": True},
            "agree": {"type": "boolean", "coerce": lambda given: given == "1", "required": True},
        }
    )
    return lambda: validator.validate(FORM) or _fail("cerberus")


def by_django() -> Check:
    import django
    from django import forms
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=False)
        django.setup()

    class Sheet(forms.Form):
        name = forms.CharField(min_length=2, max_length=255)
        email = forms.EmailField()
        age = forms.IntegerField(min_value=18, max_value=120)
        password = forms.CharField(min_length=8)
        password_confirmation = forms.CharField()
        website = forms.URLField(assume_scheme="https")
        role = forms.ChoiceField(choices=[("admin", "a"), ("dev", "d")])
        born = forms.DateField()
        score = forms.FloatField()
        agree = forms.BooleanField()

        def clean(self) -> dict[str, Any]:
            cleaned: dict[str, Any] = super().clean() or {}
            if cleaned.get("password") != cleaned.get("password_confirmation"):
                raise forms.ValidationError("confirmed")
            return cleaned

    return lambda: Sheet(FORM).is_valid() or _fail("Django")


def by_flask_sieve() -> Check:
    from flask import Flask
    from flask_sieve import Sieve
    from flask_sieve.validator import Validator

    application = Flask(__name__)
    Sieve(application)
    application.app_context().push()
    rules = {name: rule.split("|") for name, rule in RULES.items()}
    return lambda: Validator(rules=rules, request=FORM).passes() or _fail("flask-sieve")


def _fail(peer: str) -> object:
    raise RuntimeError(f"{peer} refuses a form that is valid.")


PEERS: dict[str, Callable[[], Check]] = {
    "securely": securely,
    "pydantic": by_pydantic,
    "marshmallow": by_marshmallow,
    "cerberus": by_cerberus,
    "Django forms": by_django,
    "flask-sieve": by_flask_sieve,
}


def installed() -> dict[str, Check]:
    """Return the checks of what is installed, each run once."""
    found: dict[str, Check] = {}
    for name, make in PEERS.items():
        try:
            check = make()
        except ImportError:
            continue
        check()
        found[name] = check
    return found


def microseconds(checks: dict[str, Check], rounds: int) -> dict[str, float]:
    """Return the median time of each check, all taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in checks}
    for _ in range(rounds):
        for name, check in checks.items():
            count = 2_000 if name in {"securely", "pydantic"} else 100
            began = time.perf_counter()
            for _ in range(count):
                check()
            times[name].append((time.perf_counter() - began) / count * 1e6)
    return {name: median(each) for name, each in times.items()}


def seconds_for_list(items: int, rounds: int) -> float:
    """Return the median time for a list of *items* with one field of two rules."""
    factory = ValidationFactory(Translator(FileLoader([]), "en"))
    data = {"items": [{"quantity": number} for number in range(items)]}
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        factory.validate(data, {"items.*.quantity": "required|integer"})
        times.append(time.perf_counter() - began)
    return median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    times = microseconds(installed(), rounds)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print(f"{'a form of ten fields':24} {'µs':>9} {'times ours':>11}")
    for name, each in times.items():
        print(f"{name:24} {each:9.1f} {each / times['securely']:11.2f}")
    once, twice = seconds_for_list(ITEMS, rounds), seconds_for_list(2 * ITEMS, rounds)
    print(f"\n{ITEMS:,} items: {once:.3f} s; twice as many: {twice / once:.2f} times that")


if __name__ == "__main__":
    main()
