"""Maintenance mode: a file says so, and a guard answers from it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from securely.foundation import Maintenance, NotInMaintenance, guard
from securely.support.clock import FrozenClock, using
from securely.support.paths import Paths

Message = MutableMapping[str, Any]
Ask = Callable[..., list[Message]]


@pytest.fixture
def maintenance(tmp_path: Path) -> Maintenance:
    return Maintenance(Paths(tmp_path))


@pytest.fixture
def loads() -> list[str]:
    """What was loaded, a word each time."""
    return []


@pytest.fixture
def ask(maintenance: Maintenance, loads: list[str]) -> Ask:
    """Send one request through a guard and return what was answered."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "answered", "path": scope.get("path")})

    def load() -> Any:
        loads.append("loaded")
        return application

    served = guard(load, maintenance.file)

    def ask(
        kind: str = "http", path: str = "/", client: str = "192.0.2.7", **headers: str
    ) -> list[Message]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        scope = {
            "type": kind,
            "path": path,
            "client": (client, 4711),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        asyncio.run(served(scope, receive, send))
        return sent

    return ask


def test_an_application_is_up_until_it_is_taken_down(maintenance: Maintenance) -> None:
    assert not maintenance.is_active
    assert maintenance.data() == {}

    maintenance.activate({"status": 503, "retry": 60})

    assert maintenance.is_active
    assert maintenance.data() == {"status": 503, "retry": 60}


def test_activate_when_it_is_down_already_changes_how(maintenance: Maintenance) -> None:
    maintenance.activate({"retry": 60})
    maintenance.activate({"refresh": 15})

    assert maintenance.data() == {"refresh": 15}


def test_the_file_is_for_its_owner_only_and_leaves_no_draft(maintenance: Maintenance) -> None:
    maintenance.activate({"secret": "open sesame"})

    assert maintenance.file.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in maintenance.file.parent.iterdir()] == ["down"]


def test_deactivate_brings_it_up_and_says_when_it_is_up(maintenance: Maintenance) -> None:
    maintenance.activate({})
    maintenance.deactivate()

    assert not maintenance.is_active
    with pytest.raises(NotInMaintenance):
        maintenance.deactivate()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_file_that_cannot_be_parsed_means_down_without_details(
    maintenance: Maintenance, ask: Ask, content: bytes
) -> None:
    maintenance.file.parent.mkdir(parents=True)
    maintenance.file.write_bytes(content)

    assert maintenance.is_active
    assert maintenance.data() == {"status": 503}
    assert ask()[0]["status"] == 503


def test_the_guard_when_the_application_is_up_loads_it_once(ask: Ask, loads: list[str]) -> None:
    assert ask() == ask() == [{"type": "answered", "path": "/"}]
    assert loads == ["loaded"]


def test_the_guard_when_it_is_down_answers_without_loading(
    maintenance: Maintenance, ask: Ask, loads: list[str]
) -> None:
    maintenance.activate({"status": 520, "retry": 60, "refresh": 15})

    start, body = ask()

    assert start["status"] == 520
    assert (b"retry-after", b"60") in start["headers"]
    assert (b"refresh", b"15") in start["headers"]
    assert body["body"] == b"Service Unavailable\n"
    assert loads == []


def test_the_guard_lets_requests_in_again_when_it_is_up(maintenance: Maintenance, ask: Ask) -> None:
    maintenance.activate({})
    refused = ask()
    maintenance.deactivate()

    assert refused[0]["status"] == 503
    assert ask()[0]["type"] == "answered"


def test_the_guard_answers_json_to_who_accepts_it(maintenance: Maintenance, ask: Ask) -> None:
    maintenance.activate({"status": 503})

    start, body = ask(accept="application/json")

    assert (b"content-type", b"application/json") in start["headers"]
    assert json.loads(body["body"]) == {"message": "Service Unavailable"}


def test_the_guard_shows_the_page_that_was_given(maintenance: Maintenance, ask: Ask) -> None:
    maintenance.activate({"template": "<h1>Back at ten</h1>"})

    start, body = ask()

    assert (b"content-type", b"text/html; charset=utf-8") in start["headers"]
    assert body["body"] == b"<h1>Back at ten</h1>"


def test_the_guard_sends_to_a_path_and_lets_that_one_through(
    maintenance: Maintenance, ask: Ask
) -> None:
    maintenance.activate({"redirect": "/soon"})

    start = ask(path="/shop")[0]

    assert start["status"] == 302
    assert (b"location", b"/soon") in start["headers"]
    assert ask(path="/soon") == [{"type": "answered", "path": "/soon"}]


def test_the_guard_writes_no_header_of_the_files_own(maintenance: Maintenance, ask: Ask) -> None:
    maintenance.activate({"retry": "60\r\nset-cookie: a=b", "status": "no number"})

    start = ask()[0]

    assert start["status"] == 503
    assert (b"retry-after", b"60set-cookie: a=b") in start["headers"]


def test_the_guard_closes_websockets_and_passes_on_the_rest(
    maintenance: Maintenance, ask: Ask
) -> None:
    maintenance.activate({})

    assert ask("websocket") == [{"type": "websocket.close", "code": 1013}]
    assert ask("lifespan")[0]["type"] == "answered"


def bypassed(answer: list[Message]) -> str:
    """Return the cookie that an answer sets."""
    headers = dict(answer[0]["headers"])
    return str(headers[b"set-cookie"].decode())


def test_who_asks_for_the_secret_gets_a_cookie_and_is_let_in(
    maintenance: Maintenance, ask: Ask
) -> None:
    maintenance.activate({"secret": "sesame"})

    answer = ask(path="/sesame")

    assert answer[0]["status"] == 302
    assert (b"location", b"/") in answer[0]["headers"]
    cookie = bypassed(answer)
    assert "HttpOnly" in cookie
    assert "sesame" not in cookie
    assert ask(cookie=cookie.partition(";")[0])[0]["type"] == "answered"
    assert ask()[0]["status"] == 503


def test_the_cookie_is_good_for_twelve_hours(maintenance: Maintenance, ask: Ask) -> None:
    maintenance.activate({"secret": "sesame"})
    clock = FrozenClock(1_900_000_000)
    with using(clock):
        cookie = bypassed(ask(path="/sesame")).partition(";")[0]

        clock.travel(12 * 3600 - 1)
        assert ask(cookie=cookie)[0]["type"] == "answered"
        clock.travel(1)
        assert ask(cookie=cookie)[0]["status"] == 503


def test_a_cookie_of_another_secret_is_worth_nothing(maintenance: Maintenance, ask: Ask) -> None:
    maintenance.activate({"secret": "sesame"})
    cookie = bypassed(ask(path="/sesame")).partition(";")[0]
    maintenance.activate({"secret": "barley"})

    assert ask(cookie=cookie)[0]["status"] == 503


@pytest.mark.parametrize(
    "value", ["", "!", "e30", "W10", "bnVsbA", "eyJleHBpcmVzX2F0Ijoib25lIiwibWFjIjoxfQ", "=;=;"]
)
def test_a_cookie_that_is_none_is_refused(maintenance: Maintenance, ask: Ask, value: str) -> None:
    maintenance.activate({"secret": "sesame"})

    assert ask(cookie=f"securely_maintenance={value}")[0]["status"] == 503


@pytest.mark.parametrize("path", ["/", "/ sesame", "/sesame/more", "/sésame"])
def test_what_is_not_the_secret_is_refused(maintenance: Maintenance, ask: Ask, path: str) -> None:
    maintenance.activate({"secret": "sesame"})

    assert ask(path=path)[0]["status"] == 503


def test_an_empty_secret_lets_nobody_in(maintenance: Maintenance, ask: Ask) -> None:
    maintenance.activate({"secret": ""})

    assert ask(path="/")[0]["status"] == 503


@pytest.mark.parametrize(
    ("client", "kind"),
    [("10.1.2.3", "answered"), ("192.0.2.7", "http.response.start"), ("", "http.response.start")],
)
def test_an_address_that_is_allowed_is_let_in(
    maintenance: Maintenance, ask: Ask, client: str, kind: str
) -> None:
    maintenance.activate({"allow": ["no address", "10.0.0.0/8"]})

    assert ask(client=client)[0]["type"] == kind


def test_the_health_route_is_answered_and_so_are_paths_that_are_excepted(
    maintenance: Maintenance, ask: Ask
) -> None:
    maintenance.activate({})
    assert ask(path="/up")[0]["type"] == "answered"

    maintenance.activate({"except": ["/hooks/*"]})
    assert ask(path="/hooks/paid")[0]["type"] == "answered"
    assert ask(path="/up")[0]["status"] == 503


def test_the_guard_imports_an_application_by_its_name(
    maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "guarded_site.py").write_text(
        "async def asgi(scope, receive, send):\n    await send({'type': 'imported'})\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {}

    asyncio.run(guard("guarded_site:asgi", maintenance.file)({"type": "lifespan"}, receive, send))

    assert sent == [{"type": "imported"}]
