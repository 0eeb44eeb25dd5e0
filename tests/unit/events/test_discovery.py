"""Listeners found by their annotations."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.console import BufferedOutput
from securely.container import Container
from securely.events import Dispatcher
from securely.events.commands import ListCommand
from securely.events.discovery import discover

SHOP = {
    "__init__.py": "",
    "happenings.py": """
class Shipped: ...
class Paid: ...
""",
    "listeners/__init__.py": "",
    "listeners/mail.py": """
from shop_for_events.happenings import Paid, Shipped
from securely.events import listens_to

TOLD = []

class SendMail:
    def handle(self, event: Shipped) -> None:
        TOLD.append("handle")

    def handle_paid(self, event: Paid | Shipped) -> None:
        TOLD.append("handle_paid")

    def handle_nothing(self, event) -> None: ...

    def help(self, event: Shipped) -> None: ...

class Hidden:
    discover = False

    def handle(self, event: Shipped) -> None: ...

@listens_to("order.*")
def note(name: str) -> None:
    TOLD.append(name)

def plain(event: Shipped) -> None: ...
""",
    "listeners/deep/__init__.py": "",
    "listeners/deep/callable.py": """
from shop_for_events.happenings import Paid

class Call:
    queued = True

    def __call__(self, event: Paid) -> None: ...
""",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, text in SHOP.items():
        path = tmp_path / "shop_for_events" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield "shop_for_events.listeners"
    for name in [name for name in sys.modules if name.startswith("shop_for_events")]:
        del sys.modules[name]


def test_discover_finds_annotated_methods_and_marked_functions(shop: str) -> None:
    found = [each.named() for each in discover(shop)]

    mail, happenings = "shop_for_events.listeners.mail", "shop_for_events.happenings"
    assert found == [
        (f"{happenings}.Paid", "shop_for_events.listeners.deep.callable:Call@__call__"),
        (f"{happenings}.Shipped", f"{mail}:SendMail@handle"),
        (f"{happenings}.Paid", f"{mail}:SendMail@handle_paid"),
        (f"{happenings}.Shipped", f"{mail}:SendMail@handle_paid"),
        ("order.*", f"{mail}:note"),
    ]


def test_discover_when_the_package_is_absent_finds_nothing() -> None:
    assert discover("no_such_application.listeners") == []


def test_discover_when_a_module_does_not_import_says_so(shop: str, tmp_path: Path) -> None:
    broken = tmp_path / "shop_for_events" / "listeners" / "broken.py"
    broken.write_text("import no_such_library\n")

    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        discover(shop)


def test_a_listener_that_is_discovered_and_registered_runs_once(
    events: Dispatcher, shop: str
) -> None:
    events.discover(shop)
    events.listen("shop_for_events.happenings.Shipped", f"{shop}.mail.SendMail")

    assert events.has_listeners("order.paid")
    from shop_for_events import happenings  # type: ignore[import-not-found]  # made by the fixture
    from shop_for_events.listeners import mail  # type: ignore[import-not-found]  # as above

    events.dispatch(happenings.Shipped())

    assert mail.TOLD == ["handle", "handle_paid"]


def test_a_thread_that_comes_while_another_discovers_misses_no_listener(
    events: Dispatcher, shop: str, tmp_path: Path
) -> None:
    slow = """
import shop_for_events
from shop_for_events.happenings import Paid
shop_for_events.begun.set()
shop_for_events.go_on.wait(30)

class Slow:
    def handle(self, event: Paid) -> str:
        return "slow"
"""
    (tmp_path / "shop_for_events" / "listeners" / "a_slow_one.py").write_text(slow)
    import shop_for_events  # type: ignore[import-not-found]  # made by the fixture

    shop_for_events.begun, shop_for_events.go_on = threading.Event(), threading.Event()
    events.discover(shop)
    found: list[bool] = []
    first = threading.Thread(target=lambda: events.has_listeners("a"))
    first.start()
    assert shop_for_events.begun.wait(30)
    second = threading.Thread(target=lambda: found.append(events.has_listeners("order.paid")))
    second.start()
    shop_for_events.go_on.set()
    first.join(30)
    second.join(30)

    assert found == [True]


def test_a_module_that_dispatches_while_it_is_discovered_is_answered(
    events: Dispatcher, shop: str, tmp_path: Path
) -> None:
    import shop_for_events

    shop_for_events.events = events
    early = "import shop_for_events\nANSWER = shop_for_events.events.dispatch('early')\n"
    (tmp_path / "shop_for_events" / "listeners" / "early.py").write_text(early)
    events.listen("early", lambda: "heard")
    events.discover(shop)

    assert events.has_listeners("order.paid")
    assert sys.modules[f"{shop}.early"].ANSWER == ["heard"]


def test_discovery_when_it_has_failed_is_tried_again(
    events: Dispatcher, shop: str, tmp_path: Path
) -> None:
    broken = tmp_path / "shop_for_events" / "listeners" / "broken.py"
    broken.write_text("import no_such_library\n")
    events.discover(shop)

    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            events.dispatch("order.paid")
    broken.write_text("")

    assert events.has_listeners("order.paid")


def test_what_was_named_can_be_registered_by_these_names(events: Dispatcher, shop: str) -> None:
    """So a cache of discovery needs no import before an event happens."""
    for event, listener in [each.named() for each in discover(shop)]:
        events.listen(event, listener)
    from shop_for_events import happenings

    assert len(events.listeners(happenings.Shipped)) == 2


def test_event_list_shows_the_order_and_what_is_special(
    events: Dispatcher, shop: str, container: Container
) -> None:
    events.discover(shop)
    output = run(events, container)

    lines = output.splitlines()
    assert "shop_for_events.happenings.Paid" in lines
    assert "  shop_for_events.listeners.deep.callable:Call@__call__ (queued, discovered)" in lines
    assert "  shop_for_events.listeners.mail:note (discovered, wildcard)" in lines


def test_event_list_when_filtered_shows_what_fits(
    events: Dispatcher, shop: str, container: Container
) -> None:
    import json

    events.discover(shop)

    listed = json.loads(run(events, container, "--event=order", "--json"))

    assert [each["event"] for each in listed] == ["order.*"]
    assert listed[0]["listeners"][0]["listener"] == "shop_for_events.listeners.mail:note"
    assert run(events, container, "--event=nothing").strip() == "No event fits."


def run(events: Dispatcher, container: Container, *arguments: str) -> str:
    from securely.console import Artisan

    container.instance(Dispatcher, events)
    artisan = Artisan(container)
    artisan.register("event:list", ListCommand)
    output = BufferedOutput()
    assert artisan.run(["event:list", *arguments], output=output) == 0
    return output.fetch()
