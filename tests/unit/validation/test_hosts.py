"""The name service: asked for hosts, and who takes their mail."""

from __future__ import annotations

import doctest
import socket
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.support import clock
from securely.testing import freeze
from securely.validation.rules import hosts
from securely.validation.rules.hosts import (
    Record,
    SystemResolver,
    ascii_host,
    has_address,
    has_mail_host,
)


class Book:
    """A resolver that knows what it is told, and remembers what it was asked."""

    def __init__(self, *known: tuple[str, Record]) -> None:
        self.known = set(known)
        self.asked: list[tuple[str, Record]] = []

    def lookup(self, host: str, kind: Record) -> bool:
        self.asked.append((host, kind))
        return (host, kind) in self.known


def test_examples_when_run_then_give_what_they_show() -> None:
    assert doctest.testmod(hosts).failed == 0


@pytest.mark.parametrize("kind", ["A", "AAAA", "MX"])
def test_mail_host_when_there_is_any_record_then_it_takes_mail(kind: Record) -> None:
    assert has_mail_host("example.org", Book(("example.org", kind)))


def test_mail_host_when_there_is_no_record_then_it_takes_none() -> None:
    book = Book()

    assert not has_mail_host("a.example.org", book)
    assert {host for host, _ in book.asked} == {"example.org", "a.example.org"}


def test_mail_host_when_what_it_is_part_of_has_a_record_then_it_takes_mail() -> None:
    book = Book(("example.org", "MX"))

    assert has_mail_host("a.b.example.org", book)
    assert book.asked == [("example.org", "MX")]


@pytest.mark.parametrize(
    "domain", ["localhost", "shop.test", "shop.LOCAL", "a.b.internal", "", ".", "a..b", "[1.2.3.4]"]
)
def test_mail_host_when_the_name_is_reserved_or_none_then_nobody_is_asked(domain: str) -> None:
    book = Book()

    assert not has_mail_host(domain, book)
    assert book.asked == []


def test_mail_host_when_the_name_has_very_many_parts_then_few_are_asked_for() -> None:
    book = Book()

    has_mail_host("a." * 100 + "org", book)

    assert len({host for host, _ in book.asked}) == 8


def test_mail_host_when_answers_take_long_then_asks_no_more_after_five_seconds() -> None:
    class Slow(Book):
        def lookup(self, host: str, kind: Record) -> bool:
            clock.sleep(2)
            return super().lookup(host, kind)

    book = Slow(("a.example.org", "AAAA"))
    with freeze():
        assert not has_mail_host("a.example.org", book)

    assert len(book.asked) == 3


def test_address_when_the_name_is_of_another_script_then_it_is_asked_for_in_ascii() -> None:
    assert has_address("bücher.example", Book(("xn--bcher-kva.example", "AAAA")))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "", "a b", "-a.com", "a" * 64, "x\x00.com"])
def test_address_when_the_host_is_no_name_then_nobody_is_asked(host: str) -> None:
    book = Book()

    assert not has_address(host, book)
    assert book.asked == []


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org"),
        ("_dmarc.example.org", "_dmarc.example.org"),
        ("a." * 126 + "b", "a." * 126 + "b"),
        ("a." * 127 + "b", None),
        ("\u2603", "xn--n3h"),
        ("ü" * 200, None),
        ("\ud800.com", None),
        ("a/b", None),
    ],
)
def test_ascii_host_when_given_a_host_then_is_its_name_or_none(host: str, name: str | None) -> None:
    assert ascii_host(host) == name


@given(st.text())
def test_any_text_when_asked_for_then_gets_an_answer(text: str) -> None:
    assert has_mail_host(text, Book()) is False
    assert has_address(text, Book()) is False


def answers(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], list[object]]) -> None:
    # The seam is Python's: no test asks a name service.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: answer())


def test_system_when_it_knows_the_host_then_answers_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, lambda: [object()])

    assert SystemResolver().lookup("example.org", "A")
    assert SystemResolver().lookup("example.org", "AAAA")


def test_system_when_asked_for_mx_then_answers_no(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, lambda: [object()])

    assert not SystemResolver().lookup("example.org", "MX")


@pytest.mark.parametrize("error", [socket.gaierror(-2), UnicodeError("label"), OSError("down")])
def test_system_when_it_fails_then_answers_no_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> list[object]:
        raise error

    answers(monkeypatch, fail)
    resolver = SystemResolver(at_once=1)

    assert [resolver.lookup("example.org", "A") for _ in range(3)] == [False] * 3


def test_system_when_it_does_not_answer_then_waits_no_longer_and_asks_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()
    asked: list[int] = []
    answered: list[int] = []
    both_are_asked = threading.Barrier(3)

    def hang() -> list[object]:
        asked.append(1)
        both_are_asked.wait(30)
        go_on.wait(30)
        answered.append(1)
        return [object()]

    answers(monkeypatch, hang)
    resolver = SystemResolver(wait=0.02, at_once=2)

    try:
        found = [resolver.lookup("example.org", "A") for _ in range(4)]
        both_are_asked.wait(30)
        assert answered == []
    finally:
        go_on.set()

    assert found == [False] * 4
    assert len(asked) == 2
