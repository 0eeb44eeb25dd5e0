"""Encrypted fields: of models, of jobs, and what never shows the plain value."""

from __future__ import annotations

import base64
import copy
import hmac
import json
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError

from securely.container import Container
from securely.encryption import Encrypted, Encrypter
from securely.queue import Job
from securely.queue.delivery.portrait import Portrait

PLAIN = "correct horse battery staple"


class Card(BaseModel):
    """A model with secrets."""

    owner: str
    number: Encrypted[str]
    limits: Encrypted[dict[str, int]] | None = None
    until: Encrypted[date] | None = None


class Charge(Job):
    """A job that is given one, and a secret of its own."""

    def __init__(self, card: Card, code: Encrypted[str]) -> None:
        self.card = card
        self.code = code

    def handle(self) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def encrypter() -> Iterator[Encrypter]:
    app = Container()
    encrypter = Encrypter(bytes(range(32)))
    app.instance(Encrypter, encrypter)
    with app.active():
        yield encrypter


def card() -> Card:
    return Card(
        owner="Ann",
        number=Encrypted(PLAIN),
        limits=Encrypted({"day": 5}),
        until=Encrypted(date(2026, 12, 31)),
    )


@pytest.mark.parametrize("mode", ["python", "json"])
def test_dump_and_validate_when_in_turn_then_the_values_come_back(mode: str) -> None:
    dumped = card().model_dump(mode=mode)

    assert PLAIN not in str(dumped)
    assert Encrypter.appears_encrypted(dumped["number"])
    back = Card.model_validate(dumped)
    assert back == card()
    assert back.number.value == PLAIN
    assert back.limits is not None
    assert back.limits.value == {"day": 5}
    assert back.until is not None
    assert back.until.value == date(2026, 12, 31)
    # What was not changed is dumped as it was: no row changes for nothing.
    assert back.model_dump(mode=mode) == dumped
    assert Card.model_validate_json(card().model_dump_json()).number.value == PLAIN


def test_a_field_reads_what_laravel_casts_and_writes_it(encrypter: Encrypter) -> None:
    # Its casts `encrypted` and `encrypted:array` encrypt text as it is, and JSON.
    theirs = {
        "owner": "Ann",
        "number": encrypter.encrypt_string(PLAIN),
        "limits": encrypter.encrypt_string('{"day": 5}'),
    }
    read = Card.model_validate(theirs)

    assert read.number.value == PLAIN
    assert read.limits is not None
    assert read.limits.value == {"day": 5}
    written = card().model_dump()
    assert encrypter.decrypt_string(written["number"]) == PLAIN
    assert json.loads(encrypter.decrypt_string(written["limits"])) == {"day": 5}


class Narrow(BaseModel):
    """A model whose text has to be of a form."""

    code: Encrypted[Annotated[str, Field(min_length=4)]]


def test_a_field_of_text_with_constraints_is_text_as_it_is(encrypter: Encrypter) -> None:
    payload = encrypter.encrypt_string("1234")

    read = Narrow.model_validate({"code": payload})

    assert read.code.value == "1234"
    assert read.code.payload == payload
    assert encrypter.decrypt_string(Narrow(code=Encrypted("5678")).code.payload) == "5678"
    with pytest.raises(ValidationError, match="string_too_short"):
        Narrow(code=Encrypted("123"))


def test_nothing_that_is_shown_holds_the_plain_value() -> None:
    one = card()

    for shown in (repr(one), str(one), f"{one.number}", repr(one.limits), repr(one.model_dump())):
        assert PLAIN not in shown
        assert "day" not in shown
    assert "number=Encrypted(…)" in repr(one)


@pytest.mark.parametrize("given", [PLAIN, 5, None, b"x", [PLAIN], {"payload": PLAIN}])
def test_validate_when_it_is_given_a_plain_value_then_refuses_without_showing_it(
    given: object,
) -> None:
    with pytest.raises(ValidationError) as caught:
        Card.model_validate({"owner": "Ann", "number": given})

    assert PLAIN not in str(caught.value)
    assert PLAIN not in "".join(traceback.format_exception(caught.value))
    assert "Encrypted(value)" in str(caught.value)
    assert caught.value.errors()[0]["loc"] == ("number",)


def test_validate_when_the_payload_is_of_another_key_or_holds_something_else_then_refuses(
    encrypter: Encrypter,
) -> None:
    other = Encrypter(bytes(32)).encrypt_string(PLAIN)
    with pytest.raises(ValidationError, match="no payload of the application"):
        Card.model_validate({"owner": "Ann", "number": other})

    wrong = encrypter.encrypt({"day": PLAIN})
    with pytest.raises(ValidationError, match="not what the field holds") as caught:
        Card.model_validate({"owner": "Ann", "number": card().number, "limits": wrong})
    assert PLAIN not in "".join(traceback.format_exception(caught.value))


def test_validate_when_the_value_is_turned_into_that_of_the_field_then_it_is_encrypted_so(
    encrypter: Encrypter,
) -> None:
    class Loose(BaseModel):
        age: Encrypted[int]
        name: Encrypted[str | None]

    one = Loose.model_validate({"age": Encrypted("5"), "name": Encrypted("Ann")})

    assert one.age.value == 5
    assert encrypter.decrypt(one.age.payload) == 5
    # A field that may hold other things than text is JSON.
    assert encrypter.decrypt(one.name.payload) == "Ann"
    assert Loose.model_validate(one.model_dump()).name.value == "Ann"


def test_a_job_carries_payloads_and_gives_the_values_back() -> None:
    portrait = Portrait(Charge)
    data = portrait.encode(Charge(card(), Encrypted("1234")))

    assert PLAIN.encode() not in data
    assert b"1234" not in data
    back = portrait.decode(data)
    assert back.card == card()
    assert back.code.value == "1234"


def test_a_dataclass_may_hold_one() -> None:
    @dataclass
    class Row:
        secret: Encrypted[str]

    assert Row(Encrypted("x")) == Row(Encrypted("x"))
    assert Row(Encrypted("x")) != Row(Encrypted("y"))
    assert repr(Row(Encrypted(PLAIN))).endswith("Row(secret=Encrypted(…))")


def test_it_is_compared_and_copied_by_its_value() -> None:
    one = Encrypted(PLAIN)

    assert one == Encrypted(PLAIN)
    assert one != Encrypted("other")
    assert one != PLAIN
    assert hash(one) == hash(Encrypted(PLAIN))
    assert copy.deepcopy(one).value == PLAIN
    assert one.payload != Encrypted(PLAIN).payload
    assert base64.b64decode(one.payload).startswith(b'{"iv"')


def test_it_is_compared_in_constant_time_and_its_copy_needs_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[object] = []
    digest = hmac.compare_digest
    one, same, other = Encrypted(PLAIN), Encrypted(PLAIN), Encrypted("é")

    with monkeypatch.context() as patched:
        patched.setattr(hmac, "compare_digest", lambda a, b: compared.append(a) or digest(a, b))
        assert one == same
        assert one != other
    assert compared.count(PLAIN.encode()) == 2

    app = Container()
    app.instance(Encrypter, Encrypter(Encrypter.generate_key()))
    with app.active():
        assert one == copy.copy(one)


def test_the_schema_says_that_it_is_text() -> None:
    schema = Card.model_json_schema()["properties"]["number"]

    assert schema["type"] == "string"
    assert schema["format"] == "encrypted"


def test_it_is_read_after_the_key_was_changed() -> None:
    dumped = card().model_dump()
    app = Container()
    app.instance(Encrypter, Encrypter(bytes(32), previous_keys=[bytes(range(32))]))

    with app.active():
        assert Card.model_validate(dumped).number.value == PLAIN
