"""Maintenance mode: a file says so, and a guard answers from it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from securely.foundation import Maintenance, NotInMaintenance, guard
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

    def ask(kind: str = "http", path: str = "/", **headers: str) -> list[Message]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        scope = {
            "type": kind,
            "path": path,
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
