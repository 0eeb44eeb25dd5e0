"""URLs of connections."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.config import InvalidDsn, parse_dsn, with_dsn


@pytest.mark.parametrize(
    ("dsn", "settings"),
    [
        ("redis://localhost", {"driver": "redis", "host": "localhost"}),
        (
            "redis://:pw@h:6379/2",
            {"driver": "redis", "host": "h", "port": 6379, "password": "pw", "database": 2},
        ),
        (
            "redis://h/?tls=true&n=1.5&none=null&l=%5B1%5D&t=x",
            {
                "driver": "redis",
                "host": "h",
                "tls": True,
                "n": 1.5,
                "none": None,
                "l": [1],
                "t": "x",
            },
        ),
        (
            "smtp://ann%40x:p%2Fw@h",
            {"driver": "smtp", "host": "h", "username": "ann@x", "password": "p/w"},
        ),
        (
            "smtp://ann:p@s/s:w@h:25",
            {"driver": "smtp", "host": "h", "port": 25, "username": "ann", "password": "p@s/s:w"},
        ),
        (
            "smtp://ann:1234@h",
            {"driver": "smtp", "host": "h", "username": "ann", "password": "1234"},
        ),
        ("sqlite:///a/b.db", {"driver": "sqlite", "database": "a/b.db"}),
        (
            "PGSQL://[::1]:5432/shop",
            {"driver": "pgsql", "host": "::1", "port": 5432, "database": "shop"},
        ),
    ],
)
def test_parse_when_the_dsn_reads_then_gives_its_parts(dsn: str, settings: dict[str, Any]) -> None:
    assert parse_dsn(dsn) == settings


@pytest.mark.parametrize("dsn", ["", "localhost", "redis:/h", "redis://h:many", "redis://h:70000"])
def test_parse_when_it_is_none_then_refuses_it_without_quoting_it(dsn: str) -> None:
    with pytest.raises(InvalidDsn) as caught:
        parse_dsn(dsn)

    assert str(copy.copy(caught.value)) == str(caught.value)
    assert not dsn or dsn not in str(caught.value)


def test_with_dsn_when_there_is_a_url_then_it_beats_the_parts() -> None:
    settings = {"url": "redis://a/1", "host": "b", "port": 1}

    assert with_dsn(settings) == {"driver": "redis", "host": "a", "port": 1, "database": 1}
    assert with_dsn({"url": None, "host": "b"}) == {"host": "b"}


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_parse_gives_back_what_was_quoted(user: str, password: str) -> None:
    try:
        dsn = f"redis://{quote(user, safe='')}:{quote(password, safe='')}@h/0"
    except UnicodeEncodeError:  # a lone surrogate has no form in a URL
        return

    found = parse_dsn(dsn)

    assert (found["username"], found["password"]) == (user, password)
