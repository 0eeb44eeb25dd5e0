"""Events in a whole application: discovery, the cache of it, the queue, and the commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.events.invoice_issued import InvoiceIssued
from app.listeners.keep_ledger import KeepLedger
from securely import Application
from securely.events import Dispatcher, OpenTransactions, Transactions, queueable
from securely.facades import Event, Queue
from securely.queue import NotQueueable
from securely.testing import Artisan

ROOT = Path(__file__).parents[2]
HEARD: list[object] = []


@dataclass(frozen=True)
class Moved:
    place: str


@dataclass(frozen=True)
class Settled(Moved):
    after_commit = True


@dataclass(frozen=True)
class Sealed(Moved):
    durable = True


class Files:
    queued = True
    connection = "sqlite"

    def handle(self, event: Moved) -> None: ...


class Stamps(Files):
    def with_delay(self, event: Moved) -> object:
        return "1m" if event.place else object()


def note(event: Moved) -> None:
    HEARD.append(event)


def heard_later(event: object) -> None:
    HEARD.append(event)


@pytest.fixture(autouse=True)
def heard() -> list[object]:
    HEARD.clear()
    return HEARD


def test_event_list_names_the_discovered_listener_and_its_line(
    app: Application, artisan: Artisan
) -> None:
    result = artisan("event:list --event=InvoiceIssued --json").assert_ok()

    (found,) = json.loads(result.output)
    (listener, _) = sorted(found["listeners"], key=lambda each: str(each["listener"]))
    assert listener["listener"].endswith("KeepLedger@handle")
    assert listener["discovered"] is True
    assert "keep_ledger.py:" in listener["place"]


def test_event_list_shows_the_listeners_of_classes_that_were_imported_anew(
    app: Application, artisan: Artisan
) -> None:
    before, after = (type("Shipped", (), {"__module__": "shop"}) for _ in range(2))
    events = app.make(Dispatcher)
    events.listen(before, note)
    events.listen(after, heard_later)

    (found,) = json.loads(artisan("event:list --event=shop.Shipped --json").assert_ok().output)

    listeners = " ".join(str(each["listener"]) for each in found["listeners"])
    assert "note" in listeners
    assert "heard_later" in listeners


def test_event_cache_is_what_the_next_start_reads(app: Application, artisan: Artisan) -> None:
    artisan("event:cache").assert_ok().assert_output("2 discovered listeners kept")
    file = app.cached_path("events")
    assert file.is_file()

    # What the file says is believed as long as the sources are as they were.
    content = json.loads(file.read_text())
    content["packages"]["app.listeners"]["listeners"] = []
    file.write_text(json.dumps(content))
    next_start = Application.configure(ROOT).build({}, app.paths.storage)
    with next_start.active():
        next_start.boot()
        assert not next_start.make(Dispatcher).has_listeners(InvoiceIssued)

    artisan("event:clear").assert_ok()
    assert not file.exists()


def test_with_events_false_finds_no_listeners(tmp_path: Path) -> None:
    app = Application.configure(ROOT).with_events(discover=False).build({}, tmp_path)

    with app.active():
        app.boot()
        assert app.make(Dispatcher).registrations() == ()


def test_with_events_true_finds_them(tmp_path: Path) -> None:
    app = Application.configure(ROOT).with_events().build({}, tmp_path)

    with app.active():
        app.boot()
        app.make(Dispatcher).fake().assert_listening(InvoiceIssued, KeepLedger)


def test_queueable_functions_run_through_the_queue_of_the_application(
    app: Application, heard: list[object]
) -> None:
    Event.listen(queueable(note).on_connection("sync"))

    Event.dispatch(Moved("here"))

    assert heard == [Moved("here")]


def test_queueable_functions_are_recorded_by_the_queue_that_is_faked(app: Application) -> None:
    fake = Queue.fake()
    Event.listen(queueable(note).on_queue("slow").delay("5m"))

    Event.dispatch(Moved("there"))

    (pushed,) = fake.pushed_jobs()
    assert (pushed.queue, pushed.delay, pushed.job.display_name()) == (
        "slow",
        300.0,
        f"{__name__}.note",
    )


def test_after_commit_asks_what_the_application_binds(
    app: Application, heard: list[object]
) -> None:
    transactions = OpenTransactions()
    app.instance(Transactions, transactions)
    Event.listen(Settled, note)

    with transactions.block():
        Event.dispatch(Settled("home"))
        assert heard == []

    assert heard == [Settled("home")]


def test_durable_events_are_queued_all_or_none_in_the_store(app: Application) -> None:
    Event.listen(Sealed, Files)
    Event.listen(Sealed, Stamps)
    store = Queue.connection("sqlite")

    with pytest.raises(NotQueueable, match="delay"):
        Event.dispatch(Sealed(""))
    assert store.size() == 0

    Event.dispatch(Sealed("here"))
    assert (store.pending_size(), store.delayed_size()) == (1, 1)
