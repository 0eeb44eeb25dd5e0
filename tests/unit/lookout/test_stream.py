"""Pages that are kept up to date: what is sent, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from securely.facades import Bus
from securely.lookout.web import stream
from securely.lookout.web.stream import STREAMS_MAX, Streams
from securely.support import clock as time
from securely.testing.time import Travel
from tests.watched import HOST, Send, World

PENDING = b"<dt>Pending</dt><dd>1</dd>"


async def never() -> bool:
    return False


async def collect(
    streams: Streams, texts: list[str | None], is_gone: Any = never, most: int = 100
) -> list[bytes]:
    """Return the parts of a stream that shows *texts*, the last of them again and again."""

    async def render() -> str | None:
        return texts.pop(0) if len(texts) > 1 else texts[0]

    parts: list[bytes] = []
    async for part in streams.run(render, is_gone):
        parts.append(part)
        if len(parts) >= most:
            break
    return parts


def test_what_has_changed_is_sent_and_else_a_comment(clock: Travel) -> None:
    parts = asyncio.run(collect(Streams(bool), ["a", "a", "b\nc"], most=4))

    assert parts == [b"retry: 2000\n\n", b"data: a\n\n", b":\n\n", b"data: b\ndata: c\n\n"]


def test_a_stream_ends_after_a_minute_so_that_the_gate_is_asked_again(clock: Travel) -> None:
    begun = time.monotonic()

    parts = asyncio.run(collect(Streams(bool), ["a"]))

    assert 60 <= time.monotonic() - begun <= 63
    assert len(parts) == 1 + 30


def test_a_stream_ends_when_there_is_nothing_to_show_any_more(clock: Travel) -> None:
    assert asyncio.run(collect(Streams(bool), ["a", None])) == [b"retry: 2000\n\n", b"data: a\n\n"]


def test_a_stream_ends_soon_after_the_server_is_told_to_stop(clock: Travel) -> None:
    begun = time.monotonic()

    asyncio.run(collect(Streams(lambda: time.monotonic() > begun + 3), ["a"]))

    assert time.monotonic() - begun < 3.6


def test_a_stream_ends_soon_after_its_client_is_gone(clock: Travel) -> None:
    begun = time.monotonic()

    async def is_gone() -> bool:
        return time.monotonic() > begun + 3

    asyncio.run(collect(Streams(bool), ["a"], is_gone))

    assert time.monotonic() - begun < 3.6


async def ask(world: World, path: str, is_over: Callable[[bytes], bool]) -> tuple[int, bytes]:
    """Ask the application itself for *path*; go away once *is_over* of what has come is true."""
    place, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": place,
        "raw_path": place.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", HOST.encode())],
        "server": ("localhost", 8199),
        "client": ("127.0.0.1", 5000),
    }
    gone = asyncio.Event()
    status, body, begun = 0, b"", False

    async def receive() -> dict[str, Any]:
        nonlocal begun
        if not begun:
            begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = dict(message["headers"])
            assert headers[b"cache-control"] == b"no-store"
        else:
            body += message.get("body", b"")
            if is_over(body):
                gone.set()

    await world.lookout.app()(scope, receive, send)
    return status, body


def test_the_overview_is_sent_until_the_client_goes(world: World, clock: Travel) -> None:
    def push_and_go(body: bytes) -> bool:
        if body.count(b"<dt>Pending</dt>") >= 2 and not pushed:
            pushed.append(world.push(Send("ann")))
        return PENDING in body

    pushed: list[str] = []

    status, body = asyncio.run(asyncio.wait_for(ask(world, "/stream/overview", push_and_go), 30))

    assert status == 200
    assert body.startswith(b"retry: 2000\n\ndata: ")
    assert b"data: " in body.rpartition(b"\n\n")[0]
    assert PENDING in body
    assert b"<!doctype" not in body  # a part of the page, and no page


@pytest.mark.parametrize("name", ["overview", "supervisors"])
def test_pages_name_the_stream_that_keeps_them_up_to_date(world: World, name: str) -> None:
    page = world.page("/" if name == "overview" else "/supervisors")

    assert f'data-stream="/stream/{name}"' in page
    assert '<script src="/assets/lookout.js" defer></script>' in page


def test_a_batch_is_kept_up_to_date_with_its_form(world: World, clock: Travel) -> None:
    batch = Bus.batch([Send("ann")]).dispatch()
    world.page("/")

    status, body = asyncio.run(
        asyncio.wait_for(
            ask(
                world,
                f"/stream/batch?connection=main&id={batch.id}",
                lambda body: b"</form>" in body,
            ),
            30,
        )
    )

    assert status == 200
    assert b"Cancel the batch" in body


@pytest.mark.parametrize("path", ["/stream/none", "/stream/batch", "/stream/batch?id=none"])
def test_a_stream_of_nothing_is_not_found(world: World, path: str) -> None:
    assert world.client.get(path).status_code == 404


def test_there_are_at_most_so_many_streams(
    world: World, clock: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STREAMS_MAX", 0)

    assert world.client.get("/stream/overview").status_code == 503


def test_a_stream_that_was_broken_off_leaves_its_place(clock: Travel) -> None:
    async def many() -> int:
        streams = Streams(bool)
        for _ in range(STREAMS_MAX + 1):
            with suppress(asyncio.TimeoutError):
                parts = streams.run(_nothing, never)
                await anext(parts)
                await parts.aclose()
        return streams.is_full

    async def _nothing() -> str:
        return "a"

    assert not asyncio.run(many())
