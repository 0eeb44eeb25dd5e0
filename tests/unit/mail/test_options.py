from __future__ import annotations

from typing import Any

import pytest

from securely.mail import Address
from securely.mail.manager import standing_of
from securely.mail.options import MailOptions, SmtpOptions
from securely.support.options import InvalidOptions


def parse(**section: Any) -> MailOptions:
    return MailOptions.parse(section, "mail")


def test_nothing_is_sent_where_nothing_is_said() -> None:
    options = parse()

    assert options.default == "log"
    assert list(options.mailers) == ["array", "file", "log", "null"]


def test_addresses_are_text_or_dicts() -> None:
    options = parse(
        **{"from": "Shop <s@x.io>", "reply_to": {"address": "r@x.io"}, "to": "t@x.io"},
        return_path={"address": "p@x.io", "name": "P"},
    )
    standing = standing_of(options)

    assert standing.sender == Address("s@x.io", "Shop")
    assert standing.reply_to == (Address("r@x.io"),)
    assert standing.return_path == Address("p@x.io", "P")
    assert standing.to == (Address("t@x.io"),)


def test_no_address_is_nobody() -> None:
    standing = standing_of(parse(**{"from": None}))

    assert standing.sender is None
    assert standing.to == ()


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"from": "nobody"}, r"mail\.from.*no address"),
        ({"from": {"address": ""}}, r"mail\.from\.address.*no address"),
        ({"from": {"name": "Shop"}}, r"mail\.from\.address.*no address"),
        ({"from": {"address": "a@x.io", "name": "a\nb"}}, r"mail\.from\.name.*end of a line"),
        ({"from": {"adress": "a@x.io"}}, r"mail\.from\.adress"),
        ({"default": "smtp"}, r"mail\.default.*no such mailer"),
        ({"mailers": {"a": {}}}, r"mail\.mailers\.a\.transport is missing"),
        ({"mailers": {"a": {"transport": "file", "path": " "}}}, r"mail\.mailers\.a\.path"),
        (
            {"mailers": {"a": {"transport": "failover"}}},
            r"mail\.mailers\.a\.mailers.*at least one mailer",
        ),
        (
            {"mailers": {"a": {"transport": "roundrobin", "mailers": ["b", "b"]}}},
            "must not name a mailer twice",
        ),
        (
            {
                "mailers": {
                    "log": {"transport": "log"},
                    "a": {"transport": "failover", "mailers": ["lgo"]},
                }
            },
            '"a" names "lgo".*did you mean "log"',
        ),
        (
            {
                "mailers": {
                    "a": {"transport": "failover", "mailers": ["b"]},
                    "b": {"transport": "roundrobin", "mailers": ["a"]},
                }
            },
            r"leads back to itself \(a -> b -> a\)",
        ),
        (
            {"mailers": {"a": {"transport": "smtp", "encryption": "tls"}}},
            "must be one of.*implicit",
        ),
        ({"mailers": {"a": {"transport": "smtp", "total_seconds": 0}}}, "total_seconds"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(section: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOptions, match=said):
        parse(**section)


def test_the_password_is_never_shown() -> None:
    options = SmtpOptions.parse({"transport": "smtp", "password": "hush"}, "mail.mailers.smtp")

    assert "hush" not in repr(options)
    with pytest.raises(InvalidOptions) as raised:
        SmtpOptions.parse({"transport": "smtp", "password": ["hush"]}, "mail.mailers.smtp")
    assert "hush" not in str(raised.value)


def test_what_is_empty_in_the_environment_is_not_there() -> None:
    options = SmtpOptions.parse(
        {"transport": "smtp", "username": "", "password": "", "ca_file": ""}, "mail"
    )

    assert (options.username, options.password, options.ca_file) == (None, None, None)


def test_a_transport_of_the_applications_own_has_any_settings() -> None:
    options = parse(mailers={"log": {"transport": "log"}, "own": {"transport": "own", "speed": 7}})

    assert options.mailers["own"].driver == "own"
