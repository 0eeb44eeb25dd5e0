"""What waits for a commit, with a real database and its savepoints."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from securely.container import Container
from securely.events import Dispatcher, OpenTransactions, QueuedCall, Transactions
from securely.support import clock
from securely.support.sqlite import Database

Told = list[object]


@dataclass(frozen=True)
class Paid:
    after_commit: ClassVar = True
    number: int = 1


@dataclass(frozen=True)
class Sent:
    number: int = 1


class Books:
    """A listener that waits by itself."""

    after_commit = True
    told: ClassVar[Told] = []

    def handle(self, event: Sent) -> None:
        self.told.append(event)


class ABooks(Books):
    async def handle(self, event: Sent) -> None:  # type: ignore[override]
        self.told.append(("async", event))


class Queued:
    queued = True
    after_commit = True

    def handle(self, event: Sent) -> None: ...


class Runner:
    def __init__(self) -> None:
        self.asked: list[object] = []

    def run(self, calls: Sequence[QueuedCall]) -> None:
        self.asked.extend(call.listener for call in calls)

    async def arun(self, calls: Sequence[QueuedCall]) -> None:
        self.run(calls)


class Adapter:
    """An application's own database: one SQLite connection with savepoints, followed."""

    def __init__(self, connection: sqlite3.Connection, transactions: OpenTransactions) -> None:
        self.connection = connection
        self.transactions = transactions

    @contextmanager
    def transaction(self) -> Generator[None]:
        nested = self.connection.in_transaction
        self.connection.execute("SAVEPOINT inner_one" if nested else "BEGIN")
        self.transactions.begin()
        try:
            yield
        except BaseException:
            if nested:
                self.connection.execute("ROLLBACK TO inner_one")
                self.connection.execute("RELEASE inner_one")
            else:
                self.connection.execute("ROLLBACK")
            self.transactions.roll_back()
            raise
        self.connection.execute("RELEASE inner_one" if nested else "COMMIT")
        self.transactions.commit()

    def rows(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM notes").fetchone()[0])

    def add(self) -> None:
        self.connection.execute("INSERT INTO notes VALUES (1)")


@pytest.fixture
def transactions(container: Container) -> OpenTransactions:
    found = OpenTransactions()
    container.instance(Transactions, found)
    return found


@pytest.fixture
def database(transactions: OpenTransactions) -> Iterator[Adapter]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE notes (number INTEGER)")
    yield Adapter(connection, transactions)
    connection.close()


@contextmanager
def rolling_back(transaction: AbstractContextManager[None]) -> Generator[None]:
    with suppress(KeyError), transaction:
        yield
        raise KeyError


@pytest.fixture(autouse=True)
def told() -> Iterator[Told]:
    Books.told.clear()
    yield Books.told
    Books.told.clear()


def test_event_when_the_transaction_commits_is_told_then(
    events: Dispatcher, database: Adapter
) -> None:
    seen: list[tuple[object, bool, int]] = []
    connection = database.connection
    events.listen(
        Paid, lambda event: seen.append((event, connection.in_transaction, database.rows()))
    )

    with database.transaction():
        database.add()
        assert events.dispatch(Paid(7)) == []
        assert events.until(Paid(8)) is None
        assert seen == []

    assert seen == [(Paid(7), False, 1), (Paid(8), False, 1)]


def test_event_when_the_transaction_rolls_back_is_never_told(
    events: Dispatcher, database: Adapter, told: Told
) -> None:
    events.listen(Paid, told.append)
    events.listen(Books)

    with rolling_back(database.transaction()):
        events.dispatch(Paid())
        events.dispatch(Sent())
    with database.transaction():
        pass

    assert told == []


def test_event_when_no_transaction_is_open_is_told_at_once(
    events: Dispatcher, database: Adapter, told: Told
) -> None:
    events.listen(Paid, told.append)
    events.listen(Books)

    events.dispatch(Paid())
    events.dispatch(Sent())

    assert told == [Paid(), Sent()]
    assert database.rows() == 0


def test_event_when_nobody_binds_transactions_is_told_at_once(
    events: Dispatcher, told: Told
) -> None:
    events.listen(Paid, told.append)

    assert events.dispatch(Paid()) == [None]
    assert told == [Paid()]


def test_event_after_an_empty_nested_transaction_waits_for_the_root(
    events: Dispatcher, database: Adapter, told: Told
) -> None:
    events.listen(Paid, told.append)

    with database.transaction():
        with database.transaction():
            pass
        events.dispatch(Paid(1))
        with database.transaction():
            events.dispatch(Paid(2))
        assert told == []

    assert told == [Paid(1), Paid(2)]


def test_event_of_a_savepoint_that_rolls_back_is_dropped_alone(
    events: Dispatcher, database: Adapter, told: Told
) -> None:
    events.listen(Paid, told.append)

    with database.transaction():
        events.dispatch(Paid(1))
        with rolling_back(database.transaction()):
            events.dispatch(Paid(2))
        events.dispatch(Paid(3))

    assert told == [Paid(1), Paid(3)]


def test_within_the_transaction_of_a_test_the_next_transaction_is_the_root(
    events: Dispatcher, transactions: OpenTransactions, told: Told
) -> None:
    events.listen(Paid, told.append)
    with rolling_back(transactions.block(enclosing=True)):
        with transactions.block():
            events.dispatch(Paid(1))
            assert told == []
        assert told == [Paid(1)]
        events.dispatch(Paid(2))
        assert told == [Paid(1), Paid(2)]

    assert told == [Paid(1), Paid(2)]


def test_a_listener_that_waits_keeps_no_other_from_the_event(
    events: Dispatcher, transactions: OpenTransactions, told: Told
) -> None:
    events.listen(Books)
    events.listen(Sent, lambda event: told.append("at once") or "now")

    with transactions.block():
        assert events.dispatch(Sent()) == [None, "now"]
        assert told == ["at once"]

    assert told == ["at once", Sent()]


def test_a_queued_listener_that_waits_is_queued_after_the_commit(
    events: Dispatcher, transactions: OpenTransactions
) -> None:
    runner = Runner()
    events.queue_by(runner)
    events.listen(Queued)

    with transactions.block():
        events.dispatch(Sent())
        assert runner.asked == []
    with rolling_back(transactions.block()):
        events.dispatch(Sent())

    assert runner.asked == [Queued]


def test_in_the_other_colour_listeners_are_awaited_after_the_commit(
    events: Dispatcher, transactions: OpenTransactions, told: Told
) -> None:
    async def hear(event: Paid) -> None:
        told.append(event)

    async def body() -> None:
        events.listen(hear)
        events.listen(ABooks)
        async with transactions.ablock():
            await events.adispatch(Paid())
            await events.adispatch(Sent())
            assert told == []

    asyncio.run(body())

    assert told == [Paid(), ("async", Sent())]


def test_a_sync_commit_within_a_loop_waits_for_async_listeners_on_the_portal(
    events: Dispatcher, transactions: OpenTransactions, told: Told
) -> None:
    async def hear(event: Paid) -> None:
        told.append(event)

    async def body() -> None:
        events.listen(ABooks)
        events.listen(hear)
        with transactions.block():
            await events.adispatch(Sent())
            await events.adispatch(Paid(1))
            events.dispatch(Paid(2), concurrent=True)

    asyncio.run(body())

    assert told == [("async", Sent()), Paid(1), Paid(2)]


def test_tasks_and_threads_have_transactions_of_their_own(transactions: OpenTransactions) -> None:
    async def other() -> bool:
        return transactions.is_open()

    async def body() -> tuple[bool, bool]:
        waiting = asyncio.create_task(_later(other))
        with transactions.block():
            return transactions.is_open(), await waiting

    async def _later(call: Callable[[], object]) -> bool:
        await clock.asleep(0)
        return bool(await other())

    assert asyncio.run(body()) == (True, False)


def test_a_task_that_outlives_the_transaction_is_not_within_it(
    transactions: OpenTransactions,
) -> None:
    async def body() -> bool:
        gate = asyncio.Event()

        async def late() -> bool:
            await gate.wait()
            return transactions.is_open()

        with transactions.block():
            task = asyncio.create_task(late())
            await clock.asleep(0)
        gate.set()
        return await task

    assert asyncio.run(body()) is False


def test_callbacks_when_some_raise_are_all_called(transactions: OpenTransactions) -> None:
    called: list[int] = []

    def refuse() -> None:
        called.append(1)
        raise ValueError("one")

    transactions.begin()
    for each in (refuse, refuse, lambda: called.append(2)):
        transactions.after_commit(each)
    with pytest.raises(ExceptionGroup) as caught:
        transactions.commit()

    assert called == [1, 1, 2]
    assert [str(error) for error in caught.value.exceptions] == ["one", "one"]


def test_follow_when_a_commit_fails_calls_nothing(transactions: OpenTransactions) -> None:
    called: list[int] = []

    @contextmanager
    def broken() -> Generator[str]:
        yield "connection"
        raise sqlite3.OperationalError("disk full")

    def work() -> None:
        with transactions.follow(broken()) as given:
            assert given == "connection"
            transactions.after_commit(lambda: called.append(1))

    with pytest.raises(sqlite3.OperationalError):
        work()

    assert called == []
    assert not transactions.is_open()


def test_follow_a_database_of_the_framework(
    events: Dispatcher, transactions: OpenTransactions, tmp_path: Path
) -> None:
    database = Database(
        tmp_path / "notes.db",
        migrations=[lambda connection: connection.execute("CREATE TABLE notes (text)") and None],
    )
    seen: list[object] = []
    events.listen(Paid, lambda event: seen.extend(database.query("SELECT text FROM notes")))

    with transactions.follow(database.transaction()) as connection:
        connection.execute("INSERT INTO notes VALUES ('kept')")
        events.dispatch(Paid())
        assert seen == []

    assert seen == [("kept",)]
    database.close()


def test_fake_records_an_event_that_waits_after_the_commit(
    events: Dispatcher, transactions: OpenTransactions
) -> None:
    fake = events.fake()

    with transactions.block():
        events.dispatch(Paid())
        fake.assert_nothing_dispatched()
    fake.assert_dispatched_once(Paid)
    with rolling_back(transactions.block()):
        events.dispatch(Paid())

    fake.assert_dispatched_once(Paid)


def test_follow_in_the_other_colour(transactions: OpenTransactions, told: Told) -> None:
    @asynccontextmanager
    async def database(error: Exception | None = None) -> AsyncGenerator[str]:
        yield "connection"
        if error is not None:
            raise error

    async def asked() -> None:
        told.append("async")

    async def body() -> None:
        async with transactions.afollow(database()) as given:
            transactions.after_commit(lambda: told.append("sync"), asked)
            transactions.after_commit(lambda: told.append(given))
        with suppress(ValueError):
            async with transactions.afollow(database(ValueError())):
                transactions.after_commit(lambda: told.append("never"))

    asyncio.run(body())

    assert told == ["async", "connection"]


def test_callbacks_in_the_other_colour_when_some_raise_are_all_called(
    transactions: OpenTransactions, told: Told
) -> None:
    async def refuse() -> None:
        raise ValueError("no")

    async def body() -> None:
        async with transactions.ablock():
            transactions.after_commit(list, refuse)
            transactions.after_commit(lambda: told.append("called"))

    with pytest.raises(ValueError, match="no"):
        asyncio.run(body())
    assert told == ["called"]


def test_where_nothing_is_open_a_callback_is_called_and_an_end_does_nothing(
    transactions: OpenTransactions, told: Told
) -> None:
    transactions.after_commit(lambda: told.append("now"))
    transactions.commit()
    transactions.roll_back()

    assert told == ["now"]


def test_follow_when_the_database_swallows_the_error_calls_nothing(
    transactions: OpenTransactions,
) -> None:
    called: list[str] = []

    def fail() -> None:
        raise ValueError

    @contextmanager
    def swallowing() -> Generator[None]:
        with suppress(ValueError):
            yield

    @asynccontextmanager
    async def aswallowing() -> AsyncGenerator[None]:
        with suppress(ValueError):
            yield

    async def main() -> None:
        async with transactions.afollow(aswallowing()):
            transactions.after_commit(lambda: called.append("async"))
            fail()

    with transactions.follow(swallowing()):
        transactions.after_commit(lambda: called.append("sync"))
        fail()
    asyncio.run(main())

    assert called == []
    assert not transactions.is_open()
