"""Who may see the dashboard."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from securely.facades import Exceptions, Lookout
from tests.watched import HOST, World

PATHS = ["/", "/failed", "/assets/lookout.css", "/stream/overview", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_in_production_nobody_sees_anything_without_a_callback(
    production: World, path: str
) -> None:
    answer = production.client.get(path)

    assert answer.status_code == 403
    assert "You may not see this dashboard." in answer.text


def test_in_production_nobody_presses_buttons_without_a_callback(production: World) -> None:
    id_ = production.fail(_job())

    assert production.client.post(f"/failed/{id_}/forget").status_code == 403
    assert production.store.failed.count() == 1


def test_in_the_local_environment_all_of_this_machine_see_it(world: World) -> None:
    assert world.client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8199", 200),
        ("[::1]:8199", 200),
        ("192.168.1.7", 200),
        ("shop.localhost", 200),
        ("shop.test:8000", 200),
        ("evil.example", 403),  # made to lead here: DNS rebinding
        ("localhost.evil.example", 403),
        ("eviltest", 403),
        ("127.0.0.1.evil.example", 403),
        ("", 403),
        ("[", 403),
    ],
)
def test_in_the_local_environment_names_from_elsewhere_are_refused(
    world: World, host: str, status: int
) -> None:
    assert world.client.get("/", headers={"host": host}).status_code == status


def test_in_the_local_environment_the_name_of_the_application_is_known(tmp_path: Any) -> None:
    from tests.watched import watched

    with watched(tmp_path, APP_URL="http://shop.example:8000") as world:
        assert world.client.get("/", headers={"host": "shop.example:8000"}).status_code == 200
        assert world.client.get("/", headers={"host": "other.example"}).status_code == 403


def test_a_callback_decides_by_the_request(production: World) -> None:
    seen: list[Request] = []

    @Lookout.auth
    def may_look(request: Request) -> bool:
        seen.append(request)
        return request.headers.get("x-user") == "ann"

    assert production.client.get("/", headers={"x-user": "ann"}).status_code == 200
    assert production.client.get("/", headers={"x-user": "bob"}).status_code == 403
    assert isinstance(seen[0], Request)
    assert seen[0].url.path == "/"


def test_a_callback_may_be_async(production: World) -> None:
    async def may_look(request: Request) -> bool:
        return request.headers.get("x-user") == "ann"

    Lookout.auth(may_look)

    assert production.client.get("/", headers={"x-user": "ann"}).status_code == 200
    assert production.client.get("/", headers={"x-user": "bob"}).status_code == 403


def test_the_last_callback_counts(production: World) -> None:
    Lookout.auth(lambda request: True)
    Lookout.auth(lambda request: False)

    assert production.client.get("/").status_code == 403


def test_what_a_callback_raises_denies_and_is_reported(production: World) -> None:
    reported: list[BaseException] = []
    Exceptions.reporting(LookupError, reported.append)
    problem = LookupError("no such user")

    def may_look(request: Request) -> bool:
        raise problem

    Lookout.auth(may_look)

    assert production.client.get("/").status_code == 403
    assert reported == [problem]


def test_a_callback_may_read_the_form_and_the_button_works_all_the_same(
    production: World,
) -> None:
    bodies: list[bytes] = []

    async def may_look(request: Request) -> bool:
        bodies.append(await request.body())
        return True

    Lookout.auth(may_look)
    id_ = production.fail(_job())

    assert production.press(f"/failed/{id_}/forget").status_code == 303
    assert b"connection=main" in bodies[-1]
    assert production.store.failed.count() == 0


def test_where_others_reach_it_the_callback_decides_in_the_local_environment_too(
    world: World,
) -> None:
    Lookout.auth(lambda request: False)

    assert world.browser(asks_always=True).get("/").status_code == 403
    assert world.browser().get("/").status_code == 200


def test_a_callback_may_allow_a_name_from_elsewhere_in_the_local_environment(
    world: World,
) -> None:
    Lookout.auth(lambda request: True)

    assert world.client.get("/", headers={"host": "tunnel.example"}).status_code == 200


def test_a_stream_is_not_begun_for_who_may_not_look(production: World) -> None:
    answer = production.client.get("/stream/overview")

    assert answer.status_code == 403
    assert not answer.headers["content-type"].startswith("text/event-stream")


def test_the_refusal_tells_nothing_of_the_application(production: World) -> None:
    text = production.client.get("/failed").text

    assert "Securely" not in text
    assert "main" not in text.replace("<main>", "").replace("</main>", "")
    assert HOST not in text


def _job() -> Any:
    from tests.watched import Send

    return Send("ann")
