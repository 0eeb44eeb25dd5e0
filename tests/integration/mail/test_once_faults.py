"""What is to remember mails breaks: before one is sent, after it, and for ever."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest

from securely.cache import EntryRefused, Repository
from securely.cache import StoreUnavailable as CacheUnavailable
from securely.cache.drivers.redis import RedisStore
from securely.encryption import KeyRing
from securely.mail import InFlight, LedgerFailed, Mailer, Message, Once, Sent, UnreadableEntry
from securely.mail.drivers.smtp import SmtpTransport
from securely.mail.once.cache import CacheLedger
from securely.mail.once.store import StoreLedger
from securely.store import Database, StoreFull, WithinTransaction
from securely.store.drivers.sqlite import SqliteEngine
from securely.support import clock
from securely.support.clock import FrozenClock
from tests.smtp import MailHost
from tests.valkey import Valkey

pytestmark = pytest.mark.integration

Make = Callable[..., SmtpTransport]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="sets a limit of its own process")
# No file may grow over this; the store's log is larger by then.
LIMIT = 64 * 1024
MAIL = Message(
    subject="Hi",
    text="There",
    sender="ann@example.com",
    to="bob@example.com",
    idempotency_key="order-7",
)


class Carries:
    """A transport that does something once the server has taken the mail."""

    def __init__(self, inner: SmtpTransport) -> None:
        self.inner = inner
        self.name = inner.name
        self.then: Callable[[], object] | None = None

    def send(self, message: Message) -> Sent:
        sent = self.inner.send(message)
        if self.then is not None:
            self.then()
        return sent

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def carries(host: MailHost, mailer: Make) -> Carries:
    return Carries(mailer(host.port))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    engine = SqliteEngine(tmp_path / "store", "sqlite")
    yield engine
    engine.close()


@pytest.fixture
def database(engine: SqliteEngine) -> Database:
    return Database.over(engine, KeyRing(bytes(32)).purpose("store"))


@pytest.fixture
def reported() -> list[BaseException]:
    return []


@pytest.fixture
def stored(carries: Carries, database: Database, reported: list[BaseException]) -> Mailer:
    once = Once(lambda: StoreLedger(database), report=reported.append)
    return Mailer(carries, once=once)


@contextmanager
def full(database: Database) -> Iterator[None]:
    """Let the disk be full."""
    import resource

    for number in range(40):
        database.put(number, b"x" * 4_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def ids(host: MailHost) -> list[str]:
    """Return the Message-IDs of what has arrived."""
    return [str(message_from_bytes(one.raw)["Message-ID"]) for one in host.arrived]


@LINUX
def test_a_disk_that_is_full_before_keeps_the_mail_back_until_there_is_room(
    stored: Mailer, database: Database, host: MailHost
) -> None:
    with full(database), pytest.raises(LedgerFailed, match="has no room") as caught:
        stored.send(MAIL)

    assert caught.value.is_retryable
    assert isinstance(caught.value.__cause__, StoreFull)
    assert host.arrived == []

    stored.send(MAIL)
    stored.send(MAIL)
    assert ids(host) == [MAIL.message_id]


@LINUX
def test_a_disk_that_is_full_after_is_reported_and_the_claim_holds_others_back(
    stored: Mailer,
    carries: Carries,
    database: Database,
    host: MailHost,
    reported: list[BaseException],
) -> None:
    room = full(database)
    with clock.using(FrozenClock(at=1_700_000_000.0)) as frozen:
        carries.then = room.__enter__
        try:
            sent = stored.send(MAIL)
        finally:
            room.__exit__(None, None, None)
            carries.then = None

        assert sent is not None
        assert sent.message_id == MAIL.message_id
        assert [type(error) for error in reported] == [StoreFull]
        with pytest.raises(InFlight):
            stored.send(MAIL)
        assert len(host.arrived) == 1

        # Who tries after that does it without knowing, under the same Message-ID.
        assert isinstance(frozen, FrozenClock)
        frozen.travel(61)
        stored.send(MAIL)
    assert ids(host) == [MAIL.message_id] * 2


def test_a_row_that_was_edited_keeps_the_mail_back_until_it_is_forgotten(
    stored: Mailer, carries: Carries, database: Database, host: MailHost, tmp_path: Path
) -> None:
    stored.send(MAIL)
    with closing(sqlite3.connect(tmp_path / "store" / "store.db")) as file, file:
        [table] = [
            name
            for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if file.execute(f"SELECT count(*) FROM {name}").fetchone() == (1,)  # noqa: S608
            and "v" in {row[1] for row in file.execute(f"PRAGMA table_info({name})")}
        ]
        file.execute(f"UPDATE {table} SET v = substr(v, 1, length(v) - 1) || x'00'")  # noqa: S608
    once = Once(lambda: StoreLedger(database))

    with pytest.raises(LedgerFailed, match="refused the row") as caught:
        stored.send(MAIL)
    assert not caught.value.is_retryable
    assert isinstance(caught.value.__cause__, UnreadableEntry)
    with pytest.raises(UnreadableEntry):
        once.sent("order-7")
    assert len(host.arrived) == 1

    assert once.forget("order-7")
    stored.send(MAIL)
    assert len(host.arrived) == 2


def test_a_row_of_another_kind_keeps_the_mail_back(
    stored: Mailer, database: Database, host: MailHost
) -> None:
    stored.send(MAIL)
    tree = database.tree("mail-once")
    [(key, _)] = tree.range()
    tree.put(key, "another kind")

    with pytest.raises(LedgerFailed, match="holds values of type list, not str"):
        stored.send(MAIL)
    assert len(host.arrived) == 1


def test_within_a_transaction_that_may_be_rolled_back_nothing_is_sent(
    stored: Mailer, database: Database, host: MailHost
) -> None:
    with database.transaction(), pytest.raises(LedgerFailed, match="within a trans") as caught:
        stored.send(MAIL)

    assert isinstance(caught.value.__cause__, WithinTransaction)
    assert not caught.value.is_retryable
    assert host.arrived == []


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """Give a server that the test may kill."""
    server = Valkey()
    yield server
    server.end()


def cached(
    server: Valkey, carries: Carries, reported: list[BaseException]
) -> tuple[Mailer, RedisStore]:
    store = RedisStore(server.address, KeyRing(bytes(32)).purpose("cache"), report=reported.append)
    once = Once(lambda: CacheLedger(Repository(store)), report=reported.append)
    return Mailer(carries, once=once), store


def test_a_server_that_is_gone_before_keeps_the_mail_back_until_it_answers(
    own_valkey: Valkey, carries: Carries, host: MailHost, reported: list[BaseException]
) -> None:
    mailer, store = cached(own_valkey, carries, reported)
    own_valkey.kill()

    with pytest.raises(LedgerFailed) as caught:
        mailer.send(MAIL)
    assert caught.value.is_retryable
    assert isinstance(caught.value.__cause__, CacheUnavailable)
    assert host.arrived == []

    own_valkey.start()
    mailer.send(MAIL)
    mailer.send(MAIL)
    assert ids(host) == [MAIL.message_id]
    assert reported == []
    store.close()


def test_a_server_that_is_gone_after_is_reported(
    own_valkey: Valkey, carries: Carries, host: MailHost, reported: list[BaseException]
) -> None:
    mailer, store = cached(own_valkey, carries, reported)
    carries.then = own_valkey.kill

    sent = mailer.send(MAIL)

    assert sent is not None
    assert len(host.arrived) == 1
    assert [type(error) for error in reported] == [CacheUnavailable]
    store.close()


def test_an_entry_of_a_cache_that_was_edited_is_reported_and_the_mail_is_sent_again(
    valkey: Valkey, carries: Carries, host: MailHost, reported: list[BaseException]
) -> None:
    mailer, store = cached(valkey, carries, reported)
    mailer.send(MAIL)
    with valkey.client as client:
        [key] = client.keys("*mail-once:*")
        client.setrange(key, client.strlen(key) - 2, "zz")

    mailer.send(MAIL)

    assert ids(host) == [MAIL.message_id] * 2
    assert [type(error) for error in reported] == [EntryRefused]
    store.close()
