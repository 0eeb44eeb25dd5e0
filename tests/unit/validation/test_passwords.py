"""Holds Password, and who is asked about breaches."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from securely.validation import Password, ValidationFactory
from securely.validation.answers.breaches import FakeBreaches, PwnedPasswords
from securely.validation.exceptions import NothingAnswers

SECRET = "correct horse"  # noqa: S105  # nobody's


@pytest.fixture(autouse=True)
def no_defaults() -> Iterator[None]:
    yield
    Password.defaults(None)


@pytest.mark.parametrize(
    ("rule", "value", "wrong"),
    [
        (Password.min(8), "longenough", []),
        (Password.min(8), "short", ["at least 8 characters"]),
        (Password.min(3).max(5), "toolong", ["greater than 5 characters"]),
        (Password.min(3).letters(), "123", ["at least one letter"]),
        (Password.min(3).letters(), "пар", []),
        (Password.min(3).mixed_case(), "abc", ["one uppercase and one lowercase"]),
        (Password.min(3).mixed_case(), "aÄb", []),
        (Password.min(3).mixed_case(), "ab\nCD", ["one uppercase and one lowercase"]),
        (Password.min(3).numbers(), "abc", ["at least one number"]),
        (Password.min(3).numbers(), "ab²", []),
        (Password.min(3).symbols(), "abc", ["at least one symbol"]),
        (Password.min(3).symbols(), "a c", []),
        (Password.min(3).rules("ends_with:z"), "abc", ["must end with"]),
        (Password.min(3), ["a", "b", "c"], ["must be a string"]),
    ],
)
def test_password_when_something_is_wanted_then_says_what_is_missing(
    factory: ValidationFactory, rule: Password, value: Any, wrong: list[str]
) -> None:
    messages = factory.make({"f": value}, {"f": rule}).errors().get("f")

    assert len(messages) == len(wrong)
    assert all(part in said for part, said in zip(wrong, messages, strict=True))


def test_password_when_it_breaks_several_then_all_are_said_in_the_order_of_laravel(
    factory: ValidationFactory,
) -> None:
    rule = Password.min(8).letters().numbers().symbols().mixed_case()

    assert factory.make({"f": "x"}, {"f": rule}).errors().get("f") == [
        "The f field must be at least 8 characters.",
        "The f field must contain at least one uppercase and one lowercase letter.",
        "The f field must contain at least one symbol.",
        "The f field must contain at least one number.",
    ]


def test_password_when_absent_or_nullable_then_nothing_is_wrong(factory: ValidationFactory) -> None:
    assert factory.make({}, {"f": Password.min(8).letters()}).passes()
    assert factory.make({"f": None}, {"f": ["nullable", Password.min(8)]}).passes()
    assert factory.make({"f": None}, {"f": Password.min(8)}).fails()


def test_defaults_when_given_then_required_and_sometimes_build_on_them(
    factory: ValidationFactory,
) -> None:
    kept = Password.min(3).numbers()
    Password.defaults(kept)

    assert factory.make({}, {"f": Password.required()}).fails()
    assert factory.make({}, {"f": Password.sometimes()}).passes()
    assert factory.make({"f": "abc"}, {"f": Password.sometimes()}).fails()
    assert factory.make({"f": "ab1"}, {"f": Password.default()}).passes()
    assert factory.make({}, {"f": kept}).passes()


def test_defaults_when_forgotten_then_eight_characters_are_wanted(
    factory: ValidationFactory,
) -> None:
    Password.defaults(lambda: Password.min(2))
    assert factory.make({"f": "abc"}, {"f": Password.default()}).passes()

    Password.defaults(None)

    assert factory.make({"f": "abc"}, {"f": Password.default()}).fails()


def test_uncompromised_when_seen_more_often_than_borne_then_refuses(
    factory: ValidationFactory,
) -> None:
    factory.answer_with("breaches", FakeBreaches({SECRET: 3}))

    refused = factory.make({"f": SECRET}, {"f": Password.min(8).uncompromised()})

    assert refused.errors().get("f") == [
        "The given f has appeared in a data leak. Please choose a different f."
    ]
    assert factory.make({"f": SECRET}, {"f": Password.min(8).uncompromised(3)}).passes()
    assert factory.make({"f": "never seen"}, {"f": Password.min(8).uncompromised()}).passes()


def test_uncompromised_when_another_rule_is_broken_then_nobody_is_asked(
    factory: ValidationFactory,
) -> None:
    class Never:
        def is_breached(self, password: str, threshold: int) -> bool:
            raise AssertionError("asked")

    factory.answer_with("breaches", Never())

    assert factory.make({"f": "x"}, {"f": Password.min(8).uncompromised()}).fails()


def test_uncompromised_when_nobody_was_bound_then_says_whom_to_bind(
    factory: ValidationFactory,
) -> None:
    with pytest.raises(NothingAnswers, match="PwnedPasswords") as caught:
        factory.make({"f": SECRET}, {"f": Password.min(8).uncompromised()}).passes()

    assert SECRET not in str(caught.value)


def test_uncompromised_when_the_check_is_async_then_is_awaited(
    factory: ValidationFactory,
) -> None:
    class Later:
        async def is_breached(self, password: str, threshold: int) -> bool:
            return True

    factory.answer_with("breaches", Later())

    assert not asyncio.run(
        factory.make({"f": SECRET}, {"f": Password.min(8).uncompromised()}).apasses()
    )


class _Range(BaseHTTPRequestHandler):
    body: ClassVar[bytes] = b""
    status: ClassVar[int] = 200
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Add-Padding"]))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's
        pass


@pytest.fixture
def service() -> Iterator[tuple[type[_Range], str]]:
    handler = type("Range", (_Range,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}/range/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_pwned_when_the_rest_of_the_hash_is_listed_then_counts(
    service: tuple[type[_Range], str],
) -> None:
    handler, url = service
    digest = sha1(SECRET.encode(), usedforsecurity=False).hexdigest().upper()
    handler.body = f"{'0' * 35}:9\r\n{digest[5:].lower()}:3\r\nnonsense\r\n".encode()
    check = PwnedPasswords(url)

    assert check.is_breached(SECRET, 0)
    assert asyncio.run(check.ais_breached(SECRET, 2))
    assert not check.is_breached(SECRET, 3)
    assert not check.is_breached("another", 0)
    assert handler.asked[0] == (f"/range/{digest[:5]}", "true")
    assert all(digest[5:] not in path.upper() for path, _ in handler.asked)


def test_pwned_when_the_service_fails_then_nothing_is_breached(
    service: tuple[type[_Range], str],
) -> None:
    handler, url = service
    digest = sha1(SECRET.encode(), usedforsecurity=False).hexdigest().upper()
    handler.body = f"{digest[5:]}:3\r\n".encode()
    handler.status = 503

    assert not PwnedPasswords(url).is_breached(SECRET, 0)
    handler.status, handler.body = 200, handler.body * 50_000
    assert not PwnedPasswords(url).is_breached(SECRET, 0)
    assert not PwnedPasswords("http://127.0.0.1:1/").is_breached(SECRET, 0)
    assert not PwnedPasswords(url, wait=0).is_breached(SECRET, 0)
    assert not PwnedPasswords(url).is_breached("\ud800", 0)
