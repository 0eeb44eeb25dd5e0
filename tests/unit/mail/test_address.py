from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from securely.mail import Address, InvalidMessage
from securely.mail.message.address import addresses, one_address


@dataclass
class User:
    email: Any
    name: Any = ""


class Knowing:
    email = "other@x.io"

    def __mail_address__(self) -> str:
        return "Knowing <me@x.io>"


@pytest.mark.parametrize(
    ("given", "email", "name"),
    [
        ("ann@x.io", "ann@x.io", ""),
        ("  ann@x.io ", "ann@x.io", ""),
        ("Ann <ann@x.io>", "ann@x.io", "Ann"),
        ("Ann Lee  <ann@x.io>", "ann@x.io", "Ann Lee"),
        ('"Lee, Ann" <ann@x.io>', "ann@x.io", "Lee, Ann"),
        (r'"a \"b\" \\" <ann@x.io>', "ann@x.io", 'a "b" \\'),
        ("a < b <ann@x.io>", "ann@x.io", "a < b"),
        ("<ann@x.io>", "ann@x.io", ""),
        ('"odd one"@x.io', '"odd one"@x.io', ""),
        ("ann@[127.0.0.1]", "ann@[127.0.0.1]", ""),
        ("ann@localhost", "ann@localhost", ""),
        (User("bo@x.io", "Bo"), "bo@x.io", "Bo"),
        (User("bo@x.io", None), "bo@x.io", ""),
        (Knowing(), "me@x.io", "Knowing"),
        (Address("a@x.io"), "a@x.io", ""),
    ],
)
def test_an_address_is_found_in(given: Any, email: str, name: str) -> None:
    assert Address.of(given) == Address(email, name)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "@x.io",
        "ann@",
        "a b@x.io",
        "a@b@x.io",
        ".a@x.io",
        "a..b@x.io",
        "a@x..io",
        "a@-x.io",
        "a@x-.io",
        "a@x.io.",
        "a@x io",
        "a@x.io,b@x.io",
        "a@x.io; b@x.io",
        "a<b@x.io",
        f"{'a' * 65}@x.io",
        f"a@{'b' * 64}.io",
        f"a@{'.'.join(['b' * 60] * 5)}",
        "\u00e9\u200b@x.io",
        "\u00e9\u202e@x.io",
        "\u00e9 @x.io",
        "\u00e9..e@x.io",
        "\u00e9<@x.io",
        "a@x\u200d.io",
        "a@[::1",
        "a\r\nb@x.io",
        "a\0@x.io",
    ],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        Address(email)

    assert raised.value.field == "address.email"


def test_a_list_in_one_text_is_answered_with_the_remedy() -> None:
    with pytest.raises(InvalidMessage, match="give several as a list"):
        Address.of("a@x.io, b@x.io")


@pytest.mark.parametrize(
    ("email", "wire"),
    [
        ("a@b\u00fccher.example", "a@xn--bcher-kva.example"),
        ("a@B\u00dcCHER.example", "a@xn--bcher-kva.example"),
        ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
        ("a@stra\u00dfe.example", "a@xn--strae-oqa.example"),
        ("a@\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", "a@xn--r8jz45g.xn--zckzah"),
        ("a@X.io", "a@X.io"),
        ("e\u0301@x.io", "\u00e9@x.io"),
    ],
)
def test_domains_go_in_ascii(email: str, wire: str) -> None:
    address = Address(email)

    assert address.wire == wire
    assert address.domain == wire.partition("@")[2]


def test_only_what_stands_before_the_at_needs_utf8() -> None:
    assert Address("\u00e9@x.io").needs_utf8
    assert not Address("e@\u00e9.io").needs_utf8
    assert not Address("e@x.io", "\u00e9").needs_utf8


def test_it_is_shown_with_its_name() -> None:
    assert str(Address("a@x.io", "Ann")) == "Ann <a@x.io>"
    assert str(Address("a@x.io")) == "a@x.io"


@pytest.mark.parametrize("given", [7, User(None), User(""), object()])
def test_what_has_no_address_is_named_by_its_type(given: Any) -> None:
    with pytest.raises(InvalidMessage, match=f"{type(given).__name__} has no address"):
        Address.of(given)


@pytest.mark.parametrize(
    "given", ["a@x.io", User("a@x.io"), ["a@x.io"], ("a@x.io", "a@x.io"), iter(["a@x.io"])]
)
def test_one_or_several_are_taken(given: Any) -> None:
    assert addresses("to", given) == (Address("a@x.io"),)


def test_a_model_that_can_be_iterated_is_one_mailbox() -> None:
    class Model:
        email = "a@x.io"

        def __iter__(self) -> Any:
            return iter([("email", self.email)])

    assert addresses("to", Model()) == (Address("a@x.io"),)


def test_none_is_nobody() -> None:
    assert addresses("to", None) == ()


def test_the_field_is_named() -> None:
    with pytest.raises(InvalidMessage, match=r'The field "cc" .* "nobody" is no address') as raised:
        addresses("cc", ["a@x.io", "nobody"])

    assert raised.value.field == "cc"


def test_several_where_one_is_wanted_are_refused() -> None:
    several: Any = ["a@x.io", "b@x.io"]

    with pytest.raises(InvalidMessage, match=r'"sender" .* one address, not 2'):
        one_address("sender", several)
