from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel

from securely.container import Container
from securely.container.current import activated
from securely.validation import ValidationError, ValidationFactory, Validator
from securely.validation.exceptions import RulesError, Unauthorized
from securely.validation.form_request import Access, FormRequest
from securely.validation.safe import SafeInput


@pytest.fixture(autouse=True)
def container(factory: ValidationFactory) -> Iterator[Container]:
    made = Container()
    made.instance(ValidationFactory, factory)
    with activated(made):
        yield made


class Shop:
    is_open = True


class StoreOrder(FormRequest):
    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.calls: list[str] = []

    def prepare_for_validation(self) -> None:
        self.calls.append("prepare")
        self.merge(sku=self.string("sku").strip().upper())

    async def authorize(self, shop: Shop) -> bool:
        self.calls.append("authorize")
        return shop.is_open

    def rules(self, shop: Shop) -> dict[str, str]:
        self.calls.append("rules")
        return {"sku": "required|starts_with:A", "quantity": "required|integer"}

    def messages(self) -> dict[str, str]:
        return {"sku.starts_with": "Not ours: :input."}

    def attributes(self) -> dict[str, str]:
        return {"quantity": "number of pieces"}

    def after(self) -> list[Any]:
        return [lambda validator: self.calls.append("after")]

    def passed_validation(self) -> None:
        self.calls.append("passed")


def test_avalidate_when_data_is_right_then_methods_run_in_their_order() -> None:
    request = StoreOrder({"sku": " a-1 ", "quantity": "3", "role": "admin"})

    assert asyncio.run(request.avalidate()) == {"sku": "A-1", "quantity": "3"}
    assert request.calls == ["prepare", "authorize", "rules", "after", "passed"]
    assert request.all()["role"] == "admin"


def test_avalidate_when_data_is_wrong_then_raises_in_the_words_of_the_request() -> None:
    request = StoreOrder({"sku": "b"})

    with pytest.raises(ValidationError) as caught:
        asyncio.run(request.avalidate())

    assert caught.value.errors == {
        "sku": ["Not ours: B."],
        "quantity": ["The number of pieces field is required."],
    }
    assert "passed" not in request.calls


def test_avalidate_when_not_authorized_then_rules_are_not_asked(container: Container) -> None:
    closed = Shop()
    closed.is_open = False
    container.instance(Shop, closed)
    request = StoreOrder({})

    with pytest.raises(Unauthorized, match="This action is unauthorized"):
        asyncio.run(request.avalidate())

    assert request.calls == ["prepare", "authorize"]


def test_authorize_when_denied_with_words_then_they_are_said() -> None:
    class Closed(FormRequest):
        def authorize(self) -> Access:
            return Access.deny("Come back tomorrow.")

    with pytest.raises(Unauthorized, match="Come back tomorrow"):
        Closed({}).validate()


def test_validated_when_asked_first_then_validates() -> None:
    class Simple(FormRequest):
        def rules(self) -> dict[str, str]:
            return {"a.b": "required", "n": "integer"}

        def with_validator(self, validator: Validator) -> None:
            validator.sometimes("n", "min:5", lambda data, item: True)

    assert Simple({"a": {"b": 1}, "n": 7}).validated("a.b") == 1
    assert Simple({"a": {"b": 1}}).safe(["a"]) == {"a": {"b": 1}}
    with pytest.raises(ValidationError):
        Simple({"a": {"b": 1}, "n": 3}).validated()


def test_model_when_declared_then_data_is_typed_and_its_errors_are_said() -> None:
    class Person(BaseModel):
        age: int
        name: str = "?"

    class Store(FormRequest):
        model = Person

        def rules(self) -> dict[str, str]:
            return {"age": "required", "name": "string"}

    request = Store({"age": "7"})

    assert request.validate() == {"age": 7, "name": "?"}
    assert request.data == Person(age=7)
    with pytest.raises(ValidationError) as caught:
        Store({"age": "x"}).validate()
    assert caught.value.errors == {"age": ["The age field must be an integer."]}


def test_options_when_declared_then_they_hold() -> None:
    class Strict(FormRequest):
        stop_on_first_failure = True
        fail_on_unknown_fields = True
        error_bag = "order"
        redirect = "/orders"

        def rules(self) -> dict[str, str]:
            return {"a": "required", "b": "required"}

    with pytest.raises(ValidationError) as caught:
        Strict({}).validate()
    assert (caught.value.bag, caught.value.redirect_to) == ("order", "/orders")
    assert [*caught.value.errors] == ["a"]
    with pytest.raises(ValidationError, match="prohibited"):
        Strict({"a": 1, "b": 1, "c": 1}).validate()


def test_repr_when_printed_then_shows_no_values() -> None:
    assert repr(StoreOrder({"password": "secret"})) == "StoreOrder(password)"
    assert "secret" not in repr(SafeInput({"password": "secret"}))


class Kind(Enum):
    BIG = "big"
    SMALL = 2


def test_typed_reads_when_values_are_of_a_form_then_have_the_type_that_is_wanted() -> None:
    safe = SafeInput(
        {
            "n": "42", "f": "1.5", "yes": "on", "no": "off", "day": "2026-03-01", "kind": "big",
            "kinds": ["big", "2", "x"], "one": "x", "nothing": None, "text": 7, "inf": float("inf"),
        }
    )  # fmt: skip

    assert (safe.integer("n"), safe.integer("f"), safe.integer("kind", 9)) == (42, 1, 9)
    assert safe.integer("inf", 3) == 3
    assert (safe.float("f"), safe.float("day", 2.0)) == (1.5, 2.0)
    assert (safe.boolean("yes"), safe.boolean("no"), safe.boolean("other", True)) == (
        True,
        False,
        True,
    )
    assert (safe.string("text"), safe.string("nothing", "-")) == ("7", "-")
    assert (safe.array("one"), safe.array("nothing"), safe.array("kinds")) == (
        ["x"], [], ["big", "2", "x"],
    )  # fmt: skip
    assert safe.date("day") == datetime(2026, 3, 1, tzinfo=UTC)
    assert safe.date("nothing") is None
    assert safe.enum("kind", Kind) is Kind.BIG
    assert safe.enum("one", Kind) is None
    assert safe.enums("kinds", Kind) == [Kind.BIG, Kind.SMALL]


def test_safe_when_taken_from_then_the_whole_stays() -> None:
    safe = SafeInput({"a": 1, "b": {"c": 2, "d": 3}})

    assert safe.only("b.c", "x") == {"b": {"c": 2}}
    assert safe.except_("b.c") == {"a": 1, "b": {"d": 3}}
    assert {**safe.merge({"a": 2}, e=5)} == {"a": 2, "b": {"c": 2, "d": 3}, "e": 5}
    assert {**safe} == safe.all() == {"a": 1, "b": {"c": 2, "d": 3}}
    assert safe.has("a", "b.c")
    assert not safe.has("b.x")


@pytest.mark.parametrize(
    "method", ["authorize", "rules", "prepare_for_validation", "passed_validation", "after"]
)
def test_validate_when_a_method_is_async_then_refuses_and_lets_nobody_in(method: str) -> None:
    async def later(self: FormRequest) -> Any:
        return False

    made = type("Later", (FormRequest,), {method: later})

    with pytest.raises(TypeError, match="avalidate"):
        made({"a": 1}).validate()


def test_rules_when_nothing_is_returned_then_asks_for_the_return() -> None:
    class Forgotten(FormRequest):
        def rules(self) -> Any:
            {"a": "required"}  # noqa: B018  # the mistake that is tested

    with pytest.raises(RulesError, match="Is a return missing"):
        Forgotten({}).validate()


def test_rules_when_they_are_an_attribute_then_are_what_they_are() -> None:
    class Plain(FormRequest):
        rules = {"a": "required"}  # type: ignore[assignment]  # noqa: RUF012  # as people write it

    assert Plain({"a": 1, "b": 2}).validate() == {"a": 1}


def test_form_request_when_data_is_no_dict_then_says_so() -> None:
    with pytest.raises(TypeError, match="takes a dict of what was sent"):
        StoreOrder([1])  # type: ignore[arg-type]  # the mistake that is tested


def test_safe_when_a_number_would_fill_the_memory_then_gives_the_default() -> None:
    deep: list[Any] = []
    for _ in range(3_000):
        deep = [deep]
    safe = SafeInput({"e": "1e999999999", "i": 10**400, "n": "9" * 5_000, "s": "-1e-9", "d": deep})

    assert safe.integer("e", 3) == safe.integer("n", 3) == 3
    assert safe.integer("i") == 10**400
    assert safe.integer("s", 3) == 0
    assert safe.float("i", 1.5) == 1.5
    assert safe.enum("d", Kind) is None


def test_request_when_it_gets_no_dict_then_does_not_show_what_it_got() -> None:
    with pytest.raises(TypeError, match="not str") as caught:
        FormRequest("password=hunter2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # what is refused

    assert "hunter2" not in str(caught.value)


def test_safe_when_a_field_and_what_lies_in_it_are_taken_then_it_is_taken_whole() -> None:
    safe = SafeInput({"a": {"b": 1, "c": 2}, "l": [{"x": 1}, 2, [3, 4]]})

    assert safe.only("l", "l.0.x") == {"l": [{"x": 1}, 2, [3, 4]]}
    assert safe.only("a", "a.b") == {"a": {"b": 1, "c": 2}}
    assert safe.only("a.b", "a.c") == {"a": {"b": 1, "c": 2}}


def test_safe_when_items_are_left_out_then_lists_have_no_holes() -> None:
    safe = SafeInput({"l": [{"x": 1}, 2, [3, 4]]})

    assert safe.except_("l.0", "l.2.0") == {"l": [2, [4]]}
    assert safe.all() == {"l": [{"x": 1}, 2, [3, 4]]}
