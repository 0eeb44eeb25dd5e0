"""A button is pressed by who saw it, on a page of ours, and by nobody else's page."""

from __future__ import annotations

import pytest

from securely.encryption import KeyRing
from securely.lookout.tokens import Tokens
from tests.watched import HOST, Send, World


@pytest.fixture
def failed(world: World) -> str:
    return world.fail(Send("ann"))


def forget(world: World, id_: str, status: int, fields: dict[str, str], **headers: str) -> None:
    """Press "Forget", and see whether the job is gone exactly if that was answered well."""
    answer = world.press(f"/failed/{id_}/forget", fields, **headers)

    assert answer.status_code == status
    assert world.store.failed.count() == (0 if status == 303 else 1)


def test_a_form_of_ours_is_taken(world: World, failed: str) -> None:
    forget(world, failed, 303, {})


@pytest.mark.parametrize("token", ["", "0" * 64, "x", "Z" * 64])
def test_a_token_that_is_none_is_refused(world: World, failed: str, token: str) -> None:
    forget(world, failed, 403, {"token": token})


def test_a_token_of_another_cookie_is_refused(world: World, failed: str) -> None:
    forget(world, failed, 403, {"token": world.token(world.browser())})


def test_a_token_of_another_host_is_refused(world: World, failed: str) -> None:
    token = world.token()
    answer = world.client.post(
        f"/failed/{failed}/forget",
        data={"token": token, "connection": "main"},
        headers={"host": "127.0.0.1:8199"},
    )

    assert answer.status_code == 403


def test_a_form_without_a_cookie_is_refused(world: World, failed: str) -> None:
    token = world.token()

    answer = world.browser().post(
        f"/failed/{failed}/forget", data={"token": token, "connection": "main"}
    )

    assert answer.status_code == 403
    assert world.store.failed.count() == 1


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_a_form_that_the_browser_says_is_another_sites_is_refused(
    world: World, failed: str, site: str
) -> None:
    forget(world, failed, 403, {}, sec_fetch_site=site)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (f"http://{HOST}", 303),
        ("https://evil.example", 403),
        ("http://localhost", 403),  # another port
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_an_older_browser_says_the_origin(
    world: World, failed: str, origin: str, status: int
) -> None:
    answer = world.client.post(
        f"/failed/{failed}/forget",
        data={"token": world.token(), "connection": "main"},
        headers={"origin": origin},
    )

    assert answer.status_code == status


def test_buttons_are_no_links(world: World, failed: str) -> None:
    for verb in ("retry", "forget"):
        answer = world.client.get(f"/failed/{failed}/{verb}")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
    assert world.store.failed.count() == 1


@pytest.mark.parametrize(
    "path", ["/failed/x/explode", "/batches/x/forget", "/queues/x/clear", "/failed/x/retry/more"]
)
def test_a_button_that_there_is_not_is_not_found(world: World, failed: str, path: str) -> None:
    assert world.press(path).status_code == 404


def test_a_connection_that_there_is_not_is_not_found(world: World, failed: str) -> None:
    assert world.press(f"/failed/{failed}/retry", {"connection": "none"}).status_code == 404
    assert world.press(f"/failed/{failed}/retry", {"connection": "sync"}).status_code == 404


def test_a_form_that_is_too_large_is_refused_before_it_is_read(world: World, failed: str) -> None:
    answer = world.press(f"/failed/{failed}/forget", {"more": "x" * 20_000})

    assert answer.status_code == 413
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a&" * 100, b"%ff=%", b"token"])
def test_a_malformed_form_is_refused(world: World, failed: str, body: bytes) -> None:
    assert world.client.post(f"/failed/{failed}/forget", content=body).status_code == 403


def test_the_cookie_is_for_this_page_alone(world: World) -> None:
    plain = world.client.get("/").headers["set-cookie"]
    secure = world.browser("https://localhost").get("/").headers["set-cookie"]
    mounted = world.mounted().get("/staff/lookout/").headers["set-cookie"]

    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(plain.split("; "))
    assert "Secure" not in plain
    assert "Secure" in secure.split("; ")
    assert "Path=/staff/lookout" in mounted.split("; ")


def test_a_cookie_that_was_sent_is_kept_and_a_forged_one_is_not(world: World) -> None:
    world.client.get("/")
    assert "set-cookie" not in world.client.get("/").headers

    other = world.browser()
    answer = other.get("/", headers={"cookie": "securely_lookout=chosen-by-somebody"})
    assert "set-cookie" in answer.headers


def test_a_token_is_worth_nothing_under_another_key_and_lasts_over_a_rotation() -> None:
    old, new = b"o" * 32, b"n" * 32
    made = Tokens(lambda: KeyRing(old).purpose("lookout"))
    cookie = made.cookie()
    token = made.token(cookie, "localhost")

    def proves(ring: KeyRing, purpose: str = "lookout") -> bool:
        return Tokens(lambda: ring.purpose(purpose)).proves(token, cookie, "localhost")

    assert proves(KeyRing(old))
    assert proves(KeyRing(new, [old]))
    assert not proves(KeyRing(new))
    assert not proves(KeyRing(old), "queue")
