"""What pages are: escaped, within their headers, at home wherever they are mounted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from securely.facades import Exceptions
from securely.lookout.readings import Bar, Readings
from securely.lookout.web.wording import FILTERS
from securely.testing.time import Travel
from tests.watched import HOST, Send, World, text_of, watched

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
PATHS = ["/", "/failed", "/batches", "/metrics", "/jobs", "/supervisors"]


def test_hostile_names_errors_and_tags_are_text(world: World) -> None:
    id_ = world.fail(Send(HOSTILE, error=HOSTILE, words=(HOSTILE,), shown=HOSTILE))
    world.push(Send("ann", shown=HOSTILE), "mail")
    world.push(Send("ann"), HOSTILE.replace(",", ""))
    world.seat.turn([], 1)

    paths = [*PATHS, f"/failed/{id_}", "/jobs?queue=mail", f"/failed?tag={HOSTILE}"]
    pages = [world.page(path) for path in paths]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "<script>alert(1)</script>" in text_of_escaped(pages[-3])


def test_what_a_visitor_writes_into_the_address_is_text(world: World) -> None:
    for name in ("id", "class", "queue", "tag", "page", "said", "state", "since", "before"):
        for path in ("/failed", "/jobs", "/metrics"):
            answer = world.client.get(path, params={name: HOSTILE})
            assert answer.status_code == 200
            assert "<script>alert" not in answer.text
    assert "<script>alert" not in world.client.get(f"/{HOSTILE}").text


@pytest.mark.parametrize(
    "number", ["-1", "0", "1e9", "x", "", "2", "999999999999999999999", "٣", "1.5", "\0", " 1 "]
)
def test_page_numbers_that_are_nonsense_show_a_page_that_there_is(
    world: World, number: str
) -> None:
    world.fail(Send("ann"))

    assert "1 job," in text_of(world.page("/failed", page=number))
    assert world.client.get("/jobs", params={"after": number}).status_code == 200


def test_failed_jobs_are_shown_in_pages(world: World) -> None:
    ids = [world.fail(Send(str(number))) for number in range(27)]

    first, second = world.page("/failed"), world.page("/failed", page=2)

    assert "Page 1 of 2" in first
    assert [id_ for id_ in ids if id_ in second] == ids[:2]
    assert [id_ for id_ in ids if id_ in world.page("/failed", page=99)] == ids[:2]


@pytest.mark.parametrize(
    "path", [*PATHS, "/assets/lookout.js", "/assets/lookout.css", "/nothing", "/failed/none"]
)
def test_every_answer_has_its_headers(world: World, path: str) -> None:
    headers = world.client.get(path).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_refusals_and_errors_have_the_headers_too(production: World) -> None:
    assert production.client.get("/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PATHS)
def test_pages_ask_for_nothing_that_the_policy_forbids(world: World, path: str) -> None:
    world.fail(Send("ann"))
    page = world.page(path)

    assert not re.search(r"\sstyle\s*=|<style|\son\w+\s*=|javascript:", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert not re.findall(r"(?:src|href|action)=\"(?!/)[^\"#]", page)


def test_assets_are_a_table_and_no_folder(world: World) -> None:
    css = world.client.get("/assets/lookout.css")

    assert css.headers["content-type"] == "text/css; charset=utf-8"
    for name in ("..%2fprovider.py", "provider.py", "", "%2e%2e%2f%2e%2e%2f__init__.py"):
        assert world.client.get(f"/assets/{name}").status_code in {404, 405}


def test_it_is_at_home_where_it_is_mounted(world: World) -> None:
    id_ = world.fail(Send("ann"))
    client = world.mounted()

    page = client.get("/staff/lookout/failed")
    links = re.findall(r"(?:src|href|action)=\"([^\"]+)\"", page.text)
    token = re.search(r'name="token" value="(\w+)"', page.text)
    assert token is not None
    answer = client.post(
        f"/staff/lookout/failed/{id_}/retry", data={"token": token[1], "connection": "main"}
    )

    assert page.status_code == 200
    assert [link for link in links if not link.startswith(("/staff/lookout/", "#"))] == []
    assert answer.headers["location"].startswith("/staff/lookout/failed?")
    assert client.get("/staff/lookout/assets/lookout.css").status_code == 200


@pytest.mark.parametrize("root", ["//evil.example", "/\\\\evil.example"])
def test_a_root_with_many_slashes_leads_to_no_other_site(world: World, root: str) -> None:
    outer = Starlette(routes=[Mount("/{place:path}/lookout", world.lookout.app())])
    client = TestClient(outer, f"http://{HOST}", follow_redirects=False)

    answer = client.get(f"http://{HOST}{root}/lookout/failed/none")

    assert not re.findall(r"(?:href|action)=\"(//|/\\\\)", answer.text)


def test_a_connection_that_can_not_be_used_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    spare = {"driver": "sqlite", "path": str(tmp_path / "main")}
    with watched(tmp_path / "base", spare) as world:
        (tmp_path / "base" / "spare").write_text("no directory", encoding="utf-8")

        overview = world.client.get("/")
        failed = world.client.get("/failed", params={"connection": "spare"})

        assert overview.status_code == 200
        assert "Pending 0" in text_of(overview.text)  # the other one is shown
        assert str(tmp_path / "base" / "spare") in overview.text
        assert failed.status_code == 503
        assert failed.headers["x-frame-options"] == "DENY"


def test_what_fails_here_is_reported_and_told_to_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[BaseException] = []
    Exceptions.reporting(ZeroDivisionError, reported.append)
    problem = ZeroDivisionError("password=hunter2")

    def fail(self: Readings) -> Any:
        raise problem

    monkeypatch.setattr(Readings, "masters", fail)

    answer = world.client.get("/supervisors")

    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    assert reported == [problem]


def test_viewers_share_one_look_for_a_second(
    world: World, clock: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    look = Readings._row

    def counted(self: Readings, name: str) -> Any:
        looks.append(name)
        return look(self, name)

    monkeypatch.setattr(Readings, "_row", counted)
    for _ in range(3):
        world.page("/")
    once = list(looks)
    assert sorted(once) == ["main", "spare", "sqlite"]

    clock(1.1)
    world.page("/")
    assert looks == once * 2


def test_secrets_of_the_application_are_hidden_wherever_they_are(world: World) -> None:
    world.app.make("log").hide("s3cret-of-the-shop")
    id_ = world.fail(Send("s3cret-of-the-shop", error="with s3cret-of-the-shop"))

    for page in (world.page("/failed"), world.page(f"/failed/{id_}")):
        assert "s3cret-of-the-shop" not in page
        assert "customer:********" in page


def test_a_payload_that_was_not_signed_by_us_is_listed_and_not_read(world: World) -> None:
    from dataclasses import replace

    id_ = world.fail(Send("ann"))
    forged = replace(world.store.failed.find(id_), payload=b"forged" * 20)
    world.store.failed.find = lambda key: forged

    text = text_of(world.page(f"/failed/{id_}"))

    assert "its signature does not match" in text
    assert '"name"' not in text


def test_a_long_payload_is_cut(world: World) -> None:
    id_ = world.fail(Send("ann", error="x" * 40_000))

    page = world.page(f"/failed/{id_}")

    assert "…" in page
    assert "x" * 33_000 not in page


def test_a_view_of_the_application_wins(world: World) -> None:
    folder = world.app.base_path() / "resources/views/vendor/lookout"
    folder.mkdir(parents=True)
    (folder / "refusal.html").write_text("ours: {{ status }}", encoding="utf-8")

    assert world.client.get("/nothing").text == "ours: 404"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.000321, "0.321 ms"),
        (0.2859, "286 ms"),
        (2.114, "2.11 s"),
        (185, "3m 05s"),
    ],
)
def test_durations_are_written_to_three_digits(seconds: float | None, text: str) -> None:
    assert FILTERS["span"](seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s ago"), (3, "3 s ago"), (150, "2 min ago"), (7300, "2 h ago"), (200_000, "2 d ago")],
)
def test_times_are_written_in_their_largest_unit(clock: Travel, seconds: int, text: str) -> None:
    from securely.support.clock import timestamp

    assert FILTERS["ago"](timestamp() - seconds) == text


def test_a_bar_is_as_high_as_its_part_of_the_highest() -> None:
    from securely.lookout.readings import _bars
    from securely.queue.contracts import Gauge, Measure
    from securely.queue.upkeep.metrics import summarize

    measures = [
        Measure(59, "q", "a", Gauge.DONE, 1, 3, 1.0),
        Measure(59, "q", "a", Gauge.FAILED, 1, 1, 1.0),
        Measure(59, "q", "a", Gauge.WAIT, 1, 9, 1.0),
        Measure(45, "q", "b", Gauge.DONE, 1, 1, 1.0),
        Measure(44, "q", "b", Gauge.DONE, 1, 7, 1.0),  # too old
    ]
    bars = _bars(summarize(measures, 0.0, 3599.0), 15)

    assert len(bars) == 15
    assert bars[-1] == Bar(4, 1, 100.0, 25.0, 3540.0)
    assert bars[0] == Bar(1, 0, 25.0, 0.0, 2700.0)


def text_of_escaped(page: str) -> str:
    from html import unescape

    return unescape(page)
