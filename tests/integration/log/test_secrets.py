"""Secrets are planted everywhere, and looked for in what every channel has written."""

from __future__ import annotations

import base64
import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from securely.log import LogManager
from securely.log.bridge import install, uninstall
from securely.log.hub import Hub
from securely.log.masking import Masker
from securely.log.options import LogOptions
from securely.support.paths import Paths
from tests.receivers import Receiver, Sink

pytestmark = pytest.mark.integration

# Known from the configuration: looked for by value, also as URLs, JSON and repr write it.
KNOWN = 'kn0wn/+"planted'
# All others are found by name, place or shape, and all bear this word.
PLANT = "planted"

BASIC = base64.b64encode(b"ann:planted-basic").decode()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZC1zaWduYXR1cmU"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIplanted\nplanted==\n-----END RSA PRIVATE KEY-----"
CUT_PEM = "-----BEGIN PRIVATE KEY-----\nMIIplanted"

MESSAGES = [
    "connecting to redis://ann:planted-pw@host/0 and postgres://ann:planted@pw@host/db",
    "GET https://api.example.com/v1?access_token=planted-token&page=2",
    "GET https://example.com/file?expires=5&signature=planted-signature and ?key=planted-key",
    "Authorization: Bearer planted-bearer-token",
    'curl -H "Authorization: Digest username=ann, response=planted" https://example.com',
    "sent with Bearer planted.bearer.token",
    f"Proxy-Authorization: Basic {BASIC}",
    f"seen: Basic {BASIC}",
    "Cookie: session=planted-session; csrf=planted-csrf",
    "{'password': 'planted-password', \"api_key\": \"planted-key\"}",
    "password=planted-password secret: planted-secret api_key => 'planted key with blanks'",
    '{"client_secret":"planted \\" secret","user":"ann"}',
    f"the token {JWT} was refused",
    PEM,
    CUT_PEM,
    "<login><user>ann</user><password>planted-xml</password></login>",
    "curl -u ann:planted-curl https://example.com",
    "Command '['pay', '--token', 'planted']' and 'mysql --password planted' returned 2",
    "clone https://ghp_planted@github.com/shop.git",
    "pwd=planted, otp: planted, session_id=planted, jwt='planted', cvv=planted",
    "https://hooks.slack.com/services/T00/B00/planted",
    "https://discord.com/api/webhooks/123/planted",
    "https://api.telegram.org/bot123:planted/sendMessage",
    "sk_live_planted0123456789 and ghp_planted0123456789012345678901234567",
    f"it is {KNOWN}, in a URL kn0wn%2F%2B%22planted",
]


class Credentials(NamedTuple):
    user: str
    password: str


@dataclass
class Login:
    user: str
    password: str


class Client:
    def __repr__(self) -> str:
        return f"<Client token=planted-token key {KNOWN}>"


def fields() -> dict[str, Any]:
    return {
        "password": "planted-password",
        "headers": {
            "Authorization": f"Basic {BASIC}",
            "Cookie": "session=planted",
            b"X-Api-Key": b"planted",
            "Referer": "https://example.com/?token=planted-token",
        },
        "raw_headers": [("authorization", "Bearer planted-bearer")],
        "known": [KNOWN, {"deep": (KNOWN.encode(), {KNOWN})}],
        KNOWN: "as a name",
        "login": Login("ann", "planted"),
        "named": Credentials("ann", "planted"),
        "client": Client(),
        "error": ValueError("token=planted-token"),
        "url": "https://ann:planted-pw@example.com/",
        "body": json.dumps({"access_token": "planted-token", "n": 1}),
        "pem": PEM.encode(),
        "jwt": JWT,
    }


def failure() -> BaseException:
    """Return an error with secrets in its message, its cause, its locals and its source."""
    password = "planted-local"  # noqa: S105  # on purpose

    def connect(password: str) -> None:
        raise ConnectionError(f"cannot reach redis://ann:{password}@host/0, key {KNOWN}")

    try:
        try:
            connect(password="planted-argument")  # noqa: S106  # on purpose
        except ConnectionError as error:
            error.add_note("Authorization: Bearer planted-note")
            raise LookupError(f"password={password}") from error
    except LookupError as error:
        return error


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with tempfile.TemporaryDirectory(prefix="log") as folder, Receiver("tcp", Path(folder)) as made:
        yield made


@pytest.fixture
def log(tmp_path: Path, sink: Sink, receiver: Receiver) -> Iterator[LogManager]:
    hook = {"url": sink.url, "rate_max": 0, "level": "debug", "flush_seconds": 10}
    channels: dict[str, dict[str, object]] = {
        "line": {"driver": "single", "path": "logs/line.log"},
        "daily": {"driver": "daily", "path": "logs/daily.log"},
        "json": {"driver": "json", "path": "logs/json.log"},
        "logfmt": {"driver": "single", "path": "logs/logfmt.log", "formatter": "logfmt"},
        "async": {"driver": "single", "path": "logs/async.log", "async": True},
        "stderr": {"driver": "stderr"},
        "stdout": {"driver": "stdout", "formatter": "console"},
        "syslog": {"driver": "syslog", "address": receiver.address},
        "webhook": {"driver": "webhook", **hook},
        "slack": {"driver": "slack", **hook},
        "plain": {"driver": "slack", "attachment": False, **hook},
        "stdlib": {"driver": "stdlib", "logger": "planted.logger"},
        "handler": {
            "driver": "handler",
            "handler": "logging.FileHandler",
            "with": {"filename": str(tmp_path / "logs" / "handler.log")},
        },
        # Everything that reaches it goes to the emergency log.
        "broken": {"driver": "single", "path": "logs"},
    }
    channels["all"] = {"driver": "stack", "channels": [*channels]}
    options = LogOptions.parse({"default": "all", "channels": channels}, key="log")
    (tmp_path / "logs").mkdir()
    own = logging.FileHandler(tmp_path / "logs" / "logging.log")
    own.setFormatter(logging.Formatter("%(message)s %(fields)s"))
    logger = logging.getLogger("planted.logger")
    logger.addHandler(own)
    logger.propagate = False
    log = LogManager("all", options.channels, Hub(paths=Paths(tmp_path), masker=Masker([KNOWN])))
    yield log
    log.close()
    logger.removeHandler(own)
    own.close()


def test_planted_secrets_appear_in_no_channel(
    log: LogManager,
    sink: Sink,
    receiver: Receiver,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for message in MESSAGES:
        log.warning(message)
    log.error("fields", **fields())
    log.error("{url} {headers} {login} {client} {login.password} {error}", **fields())
    log.error("failed", exception=failure())
    log.error(failure())
    log.error({"text": KNOWN, **fields()})
    with log.context(**fields()):
        log.info("context")
    log.share_context(**fields())
    log.info("shared")
    bridge_said(log)
    log.close()

    out = capsys.readouterr()
    texts = {
        "stdout": out.out,
        "stderr": out.err,
        "syslog": receiver.text(),
        "webhooks": sink.text(),
        "emergency": (tmp_path / "storage" / "logs" / "emergency.log").read_text(),
        **{path.name: path.read_text() for path in (tmp_path / "logs").iterdir()},
    }
    assert set(texts) >= {
        "line.log",
        "json.log",
        "logfmt.log",
        "handler.log",
        "logging.log",
        "async.log",
    }
    for name, text in texts.items():
        assert "failed" in text, name
        assert PLANT not in text, f"{name}: {around(text)}"
        for encoded in (BASIC, base64.b64encode(KNOWN.encode()).decode(), JWT):
            assert encoded not in text, name


def bridge_said(log: LogManager) -> None:
    install(log)
    try:
        library = logging.getLogger("some.library")
        library.warning("token=%s", "planted-token", extra={"password": "planted"})
        library.error("failed", exc_info=failure())
    finally:
        uninstall()


def around(text: str) -> str:
    place = text.index(PLANT)
    return text[max(0, place - 120) : place + 60]


CLEAN: list[str] = [
    "order 5 shipped: 3 items, total = 12.50 EUR",
    "user ann logged in from 127.0.0.1:5432 at 2026-11-05T10:00:00+00:00",
    "GET http://localhost:8000/orders?page=2&sort=name took 12 ms",
    "a basic understanding of bearer of news",
    "password is None, token: null, secret=False",
    "path: C:\\Users\\ann, ratio 1:2, a=b",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "550e8400-e29b-41d4-a716-446655440000",
]

Check = Callable[[str], None]


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Masker().text(text) == text


def test_masking_takes_no_time_that_grows_with_its_square() -> None:
    masker = Masker([KNOWN])
    for bait in ("a" * 60_000 + ":", "a=" * 30_000, '"' * 60_000 + "=", "Bearer " * 9_000):
        masker.text(bait)
        masker.text(f"password={bait}")
        masker.text(f"authorization: {bait}")
        masker.text(f"https://{bait}@")
        masker.text(f"<password>{bait}")
    for bait in (
        "<token>" * 9_000,
        "https://a" * 7_000 + "@",
        "-u a" * 15_000,
        "://a:" * 12_000,
        "--token " * 8_000,
    ):
        masker.text(f"{bait}:=</")
