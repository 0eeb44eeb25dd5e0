from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import TypedDict

from securely.translation import FileLoader, Translator
from securely.validation import InvalidRule, ValidationError, ValidationFactory
from securely.validation.exceptions import RulesError
from securely.validation.models import Rules


class Item(BaseModel):
    sku: str = Field(min_length=3)
    quantity: int = Field(ge=1)


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[Item] = Field(min_length=1)
    way: Literal["mail", "post"]
    note: str | list[str] = ""
    code: str = "x"

    @field_validator("code")
    @classmethod
    def _has_no_spaces(cls, value: str) -> str:
        if " " in value:
            raise ValueError("A code has no spaces.")
        return value


def test_make_when_a_model_stands_for_rules_then_errors_have_our_keys_and_words(
    factory: ValidationFactory,
) -> None:
    data = {
        "items": [{"sku": "x", "quantity": 0}, {"quantity": "q"}],
        "way": "foot", "code": "a b", "zzz": 1,
    }  # fmt: skip

    validator = factory.make(data, Order)

    assert validator.errors().messages() == {
        "items.0.sku": ["The items.0.sku field must be at least 3 characters."],
        "items.0.quantity": ["The items.0.quantity field must be at least 1."],
        "items.1.sku": ["The items.1.sku field is required."],
        "items.1.quantity": ["The items.1.quantity field must be an integer."],
        "way": ["The selected way is invalid."],
        "code": ["A code has no spaces."],
        "zzz": ["The zzz field is prohibited."],
    }
    assert validator.failed()["items.0.sku"] == {"Min": ["3"]}


def test_make_when_data_fits_a_model_then_gives_its_types(factory: ValidationFactory) -> None:
    validator: Any = factory.make(
        {"items": [{"sku": "abc", "quantity": "3"}], "way": "mail"}, Order
    )

    assert validator.validate()["items"] == [{"sku": "abc", "quantity": 3}]
    assert isinstance(validator.model(), Order)


def test_make_when_a_union_fails_then_only_the_branch_that_got_furthest_is_told(
    factory: ValidationFactory,
) -> None:
    data = {"items": [{"sku": "abc", "quantity": 1}], "way": "mail", "note": ["x", 1]}

    assert factory.make(data, Order).errors().messages() == {
        "note.1": ["The note.1 field must be a string."]
    }


def test_make_when_dataclass_or_typed_dict_then_they_are_rules_too(
    factory: ValidationFactory,
) -> None:
    @dataclass
    class Point:
        x: int

    class Named(TypedDict):
        name: str

    assert factory.make({"x": "1"}, Point).validate() == {"x": 1}
    assert factory.make({}, Named).errors().first() == "The name field is required."
    with pytest.raises(RulesError, match="is no class of data"):
        factory.make({}, int)


def test_rules_in_a_model_when_broken_then_are_said_as_rules(
    factory: ValidationFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class User(BaseModel):
        email: Annotated[str, Rules("email|max:12")]
        tags: Annotated[list[str], Rules("array|min:1|max:3")] = []

    monkeypatch.setattr("securely.validation.models._factory", lambda: factory)

    errors = factory.make({"email": "nobody"}, User).errors()

    assert errors.messages() == {"email": ["The email field must be a valid email address."]}
    properties = User.model_json_schema()["properties"]
    assert (properties["email"]["format"], properties["email"]["maxLength"]) == ("email", 12)
    assert (properties["tags"]["minItems"], properties["tags"]["maxItems"]) == (1, 3)


def test_model_when_the_locale_is_another_then_its_errors_are_in_that_language() -> None:
    lines = Translator(FileLoader([]), "de")
    german = ValidationFactory(lines)

    by_model = german.make({"sku": "x"}, Item).errors().messages()
    by_rules = german.make(
        {"sku": "x"}, {"sku": "string|min:3", "quantity": "required|integer"}
    ).errors()

    assert by_model == by_rules.messages()
    assert "muss" in by_model["sku"][0]


def test_validate_when_a_model_is_broken_then_raises_as_for_rules(
    factory: ValidationFactory,
) -> None:
    with pytest.raises(ValidationError) as caught:
        factory.make({}, Item).validate()

    assert caught.value.to_dict() == {
        "message": "The sku field is required. (and 1 more error)",
        "errors": {
            "sku": ["The sku field is required."],
            "quantity": ["The quantity field is required."],
        },
    }


def test_typed_when_rules_are_kept_then_gives_an_object_or_says_what_does_not_fit(
    factory: ValidationFactory,
) -> None:
    rules = {"sku": "required|string", "quantity": "required"}

    made = factory.make({"sku": "abc", "quantity": "2"}, rules).typed(Item)
    assert made == Item(sku="abc", quantity=2)
    with pytest.raises(ValidationError) as caught:
        factory.make({"sku": "abc", "quantity": "many"}, rules).typed(Item)
    assert caught.value.errors == {"quantity": ["The quantity field must be an integer."]}


def test_rules_in_a_model_when_they_are_wrong_then_nobody_is_told_but_who_wrote_them(
    factory: ValidationFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(BaseModel):
        a: Annotated[str, Rules("requird")]

    monkeypatch.setattr("securely.validation.models._factory", lambda: factory)

    with pytest.raises(InvalidRule, match='Did you mean "required"'):
        factory.make({"a": "x"}, Wrong).passes()


def test_schema_when_rules_are_not_what_json_has_words_for_then_says_nothing_wrong() -> None:
    class Sent(BaseModel):
        way: Annotated[str, Rules('in:"a,b",c')]
        age: Annotated[str, Rules("integer|min:3")]
        count: Annotated[int, Rules("max:1e3")]
        text: Annotated[str, Rules([["max", 5], "min:1"])]
        odd: Annotated[str, Rules("max:2mb")]

    said = {
        name: {key: value for key, value in each.items() if key != "title"}
        for name, each in Sent.model_json_schema()["properties"].items()
    }

    assert said == {
        "way": {"type": "string", "enum": ["a,b", "c"]},
        "age": {"type": "string"},
        "count": {"type": "integer", "maximum": 1000},
        "text": {"type": "string", "maxLength": 5, "minLength": 1},
        "odd": {"type": "string"},
    }
