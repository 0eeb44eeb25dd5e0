"""Runs what every ledger of mails that were sent must do against each of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from securely.cache import Repository
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.disk import DiskStore
from securely.cache.drivers.redis import RedisStore
from securely.encryption import KeyRing
from securely.mail import Ledger, Sent
from securely.mail.once.cache import CacheLedger
from securely.mail.once.store import StoreLedger
from securely.store import Database
from securely.store.drivers.array import ArrayEngine
from securely.store.drivers.lmdb import LmdbEngine
from securely.store.drivers.sqlite import SqliteEngine
from securely.support.clock import FrozenClock
from securely.testing.suites.timed import Timed
from tests.valkey import Valkey

RING = KeyRing(b"k" * 32)
DAY = 86_400
SENT = Sent("<1@x.io>", "smtp", {"b@x.io": "550 no"}, "250 queued")
AGAIN = Sent("<1@x.io>", "smtp", {}, "sent before; addresses refused then: 1")


class LedgerSuite(Timed):
    """What every ledger must do."""

    @pytest.fixture
    def ledger(self) -> Ledger:
        raise NotImplementedError

    def test_it_is_a_ledger(self, ledger: Ledger) -> None:
        assert isinstance(ledger, Ledger)

    def test_what_was_sent_is_remembered_for_a_week(
        self, ledger: Ledger, travel: Callable[[float], None]
    ) -> None:
        assert ledger.sent("k") is None
        ledger.remember("k", SENT)

        travel(7 * DAY - 5)
        assert ledger.sent("k") == AGAIN
        assert ledger.claim("k", "ann", 60.0) == AGAIN
        assert ledger.sent("other") is None

        travel(10)
        assert ledger.sent("k") is None
        assert ledger.claim("k", "ann", 60.0) is True

    def test_who_may_get_it_later_is_remembered(self, ledger: Ledger) -> None:
        ledger.remember("k", SENT._replace(retryable=("hash",)))

        found = ledger.claim("k", "ann", 60.0)
        assert found == AGAIN._replace(retryable=("hash",)) == ledger.sent("k")

    def test_one_has_the_claim_and_may_remember(self, ledger: Ledger) -> None:
        assert ledger.claim("k", "ann", 60.0) is True
        assert ledger.claim("k", "bob", 60.0) is False
        assert ledger.sent("k") is None

        ledger.remember("k", SENT)
        assert ledger.claim("k", "bob", 60.0) == AGAIN
        assert ledger.claim("k", "ann", 60.0) == AGAIN

    def test_a_claim_ends_by_itself(self, ledger: Ledger, travel: Callable[[float], None]) -> None:
        assert ledger.claim("k", "ann", 60.0) is True
        travel(55)
        assert ledger.claim("k", "bob", 60.0) is False

        travel(10)

        assert ledger.claim("k", "bob", 60.0) is True

    def test_a_claim_is_renewed_by_its_owner_alone(
        self, ledger: Ledger, travel: Callable[[float], None]
    ) -> None:
        ledger.claim("k", "ann", 60.0)
        travel(50)
        assert ledger.refresh("k", "ann", 60.0)
        assert not ledger.refresh("k", "bob", 60.0)

        travel(50)
        assert ledger.claim("k", "bob", 60.0) is False

        travel(15)
        assert not ledger.refresh("k", "ann", 60.0)
        assert ledger.claim("k", "bob", 60.0) is True

    def test_a_claim_is_released_by_its_owner_alone(self, ledger: Ledger) -> None:
        ledger.claim("k", "ann", 60.0)

        ledger.release("k", "bob")
        assert ledger.claim("k", "bob", 60.0) is False

        ledger.release("k", "ann")
        ledger.release("k", "ann")
        assert ledger.claim("k", "bob", 60.0) is True

    def test_what_was_sent_is_remembered_though_the_claim_is_anothers(
        self, ledger: Ledger, travel: Callable[[float], None]
    ) -> None:
        ledger.claim("k", "ann", 60.0)
        travel(65)
        ledger.claim("k", "bob", 60.0)

        ledger.remember("k", SENT)

        assert not ledger.refresh("k", "bob", 60.0)
        ledger.release("k", "bob")
        assert ledger.claim("k", "eve", 60.0) == AGAIN

    def test_it_forgets_mails_and_claims(self, ledger: Ledger) -> None:
        ledger.remember("sent", SENT)
        ledger.claim("claimed", "ann", 60.0)

        assert ledger.forget("sent")
        assert ledger.forget("claimed")
        assert not ledger.forget("absent")

        assert ledger.claim("sent", "bob", 60.0) is True
        assert ledger.claim("claimed", "bob", 60.0) is True

    def test_of_many_that_claim_at_once_one_has_it(self, ledger: Ledger) -> None:
        with ThreadPoolExecutor(8) as pool:
            for number in range(20):
                claims = pool.map(
                    lambda owner, key: ledger.claim(key, str(owner), 60.0),
                    range(8),
                    [str(number)] * 8,
                )
                assert sorted(map(bool, claims)) == [False] * 7 + [True]


class TestStoreLedgerOnArray(LedgerSuite):
    @pytest.fixture
    def ledger(self) -> StoreLedger:
        return StoreLedger(Database.over(ArrayEngine("array"), RING.purpose("store")))


class TestStoreLedgerOnSqlite(LedgerSuite):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[StoreLedger]:
        engine = SqliteEngine(tmp_path / "store", "sqlite", durability="relaxed")
        yield StoreLedger(Database.over(engine, RING.purpose("store")))
        engine.close()


class TestStoreLedgerOnLmdb(LedgerSuite):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[StoreLedger]:
        engine = LmdbEngine(tmp_path / "store", "lmdb", durability="relaxed")
        yield StoreLedger(Database.over(engine, RING.purpose("store")))
        engine.close()


class TestCacheLedgerOnArray(LedgerSuite):
    @pytest.fixture
    def ledger(self) -> CacheLedger:
        return CacheLedger(Repository(ArrayStore()))


class TestCacheLedgerOnDisk(LedgerSuite):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[CacheLedger]:
        store = DiskStore(tmp_path / "cache", RING.purpose("cache"))
        yield CacheLedger(Repository(store))
        store.close()


class TestCacheLedgerOnRedis(LedgerSuite):
    @pytest.fixture
    def ledger(self, valkey: Valkey) -> Iterator[CacheLedger]:
        store = RedisStore(valkey.address, RING.purpose("cache"))
        yield CacheLedger(Repository(store))
        store.close()

    @pytest.fixture
    def travel(self, frozen: FrozenClock, valkey: Valkey) -> Callable[[float], None]:
        """Move our clock, and the lifetimes that the server keeps."""

        def travel(seconds: float) -> None:
            frozen.travel(seconds)
            valkey.travel(seconds)

        return travel
