"""What is secret is not written."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest
from pydantic import BaseModel, SecretStr

from securely.log.masking import Masker, is_sensitive, secrets_in

HIDDEN = "********"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWORD",
        "password_confirmation",
        "dbPassword",
        "passwords",
        "client_secret",
        "access_token",
        "accessToken",
        "tokens",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
        "api_key",
        "X-Api-Key",
        "apiKey",
        "apikey",
        "APP_KEY",
        "private_key",
        "previous_keys",
        "credentials",
        "passphrase",
    ],
)
def test_is_sensitive(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        "key",
        "cache_key",
        "token_count",
        "password_changed_at",
        "user",
        "keyboard",
        "author",
        "",
        "1",
    ],
)
def test_is_not_sensitive(name: str) -> None:
    assert not is_sensitive(name)


def test_fields_are_masked_at_every_depth() -> None:
    fields = {
        "user": "ann",
        "request": {"headers": [{"Authorization": "Bearer x"}], "body": ("a", {"token": "t"})},
    }

    assert Masker().fields(fields) == {
        "user": "ann",
        "request": {"headers": [{"Authorization": HIDDEN}], "body": ["a", {"token": HIDDEN}]},
    }
    assert fields["user"] == "ann"


def test_that_a_secret_is_absent_may_be_said() -> None:
    fields = {"password": None, "token": False, "secret": 0}

    assert Masker().fields(fields) == {"password": None, "token": False, "secret": HIDDEN}


def test_objects_are_masked_in_their_parts() -> None:
    @dataclass
    class Login:
        user: str
        password: str

    class Model(BaseModel):
        api_key: str
        town: str

    class Struct(msgspec.Struct):
        token: str
        size: int

    masked = Masker().fields(
        {
            "login": Login("ann", "x"),
            "model": Model(api_key="x", town="Bonn"),
            "struct": Struct("x", 2),
        }
    )

    assert masked == {
        "login": {"user": "ann", "password": HIDDEN},
        "model": {"api_key": HIDDEN, "town": "Bonn"},
        "struct": {"token": HIDDEN, "size": 2},
    }


def test_secret_values_and_passwords_in_urls_are_masked() -> None:
    masked = Masker().fields({"a": SecretStr("hunter2"), "url": "redis://ann:hunter2@host/0"})

    assert masked == {"a": HIDDEN, "url": f"redis://ann:{HIDDEN}@host/0"}


def test_known_secrets_are_masked_wherever_they_stand() -> None:
    masker = Masker(["0123456789", "short"])
    masker.hide("0123456789abc")

    assert masker.text("x0123456789y") == f"x{HIDDEN}y"
    assert masker.text("x0123456789abcy") == f"x{HIDDEN}y"
    assert masker.text("short") == "short"
    assert masker.fields({"note": ["0123456789"]}) == {"note": [HIDDEN]}


def test_what_contains_itself_ends() -> None:
    circle: dict[str, object] = {"n": 1}
    circle["circle"] = circle

    assert "…" in str(Masker().fields({"circle": circle}))


def test_secrets_in_finds_keys_passwords_and_urls() -> None:
    config = {
        "app": {"key": "base64:c2VjcmV0", "previous_keys": ["old-key-1"], "name": "Blog"},
        "queue": {"connections": {"arq": {"url": "redis://:pass-word@host"}}},
        "mail": {"password": "mail-pass"},
        "cache": {"prefix_key": "blog"},
    }

    assert list(secrets_in(config)) == [
        "base64:c2VjcmV0",
        "c2VjcmV0",
        "old-key-1",
        "pass-word",
        "mail-pass",
    ]
