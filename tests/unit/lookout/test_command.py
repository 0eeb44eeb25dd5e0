"""`lookout`, and where it may be served."""

from __future__ import annotations

import socket
import sys

import pytest

from securely.exceptions import MissingExtra
from securely.lookout import AddressUnusable, NotGuarded
from securely.lookout.server import is_loopback, serve
from securely.testing import Artisan
from tests.watched import World


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104  # what is to be refused
        ("::", False),
        ("", False),
        ("192.168.1.7", False),
        ("localhost.example", False),
    ],
)
def test_loopback_is_this_machine_for_itself_alone(host: str, is_here: bool) -> None:
    assert is_loopback(host) is is_here


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "shop.example"])  # noqa: S104
def test_it_is_not_served_to_others_without_a_callback(world: World, host: str) -> None:
    result = Artisan(world.app)(f"lookout --host={host} --port=0")

    result.assert_failed().assert_output(host, "Lookout.auth(callback)")


def test_with_a_callback_it_may_be_served_to_others(world: World) -> None:
    world.lookout.auth(lambda request: False)

    with pytest.raises(AddressUnusable):  # it was let through, to an address of nobody
        serve(world.lookout, "203.0.113.7", 0)


def test_without_a_callback_serving_it_to_others_is_an_error(world: World) -> None:
    with pytest.raises(NotGuarded, match=r"0\.0\.0\.0.*Lookout\.auth"):
        serve(world.lookout, "0.0.0.0", 0)  # noqa: S104


def test_a_port_that_is_taken_is_said_to_be_taken(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = Artisan(world.app)(f"lookout --port={port}")

        result.assert_failed().assert_output(f"127.0.0.1:{port}", "--port")


@pytest.mark.parametrize("port", ["70000", "-1", "x"])
def test_a_port_that_is_none_is_refused(world: World, port: str) -> None:
    Artisan(world.app)(f"lookout --port={port}").assert_failed().assert_output("port")


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_its_packages_the_line_that_installs_them_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    result = Artisan(world.app)("lookout --port=0")

    result.assert_failed().assert_output(package, 'pip install "securely[lookout]"')


def test_without_starlette_the_application_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)

    with pytest.raises(MissingExtra, match=r"securely\[lookout\]"):
        world.lookout.app()
