from __future__ import annotations

import pytest

from securely.cache import Repository, StoreUnavailable
from securely.cache.drivers.array import ArrayStore
from securely.mail import Sent, UnreadableEntry
from securely.mail.once.cache import CacheLedger

SENT = Sent("<1@x.io>", "smtp", {}, "")


class Breaking(ArrayStore):
    """A store that can not be read for a while."""

    is_broken = False

    def get(self, key: str) -> object:
        if self.is_broken:
            raise StoreUnavailable("array", "memory", "it is gone")
        return super().get(key)


@pytest.fixture
def store() -> Breaking:
    return Breaking()


@pytest.fixture
def cache(store: Breaking) -> Repository:
    return Repository(store)


@pytest.fixture
def ledger(cache: Repository) -> CacheLedger:
    return CacheLedger(cache)


def test_who_cannot_look_has_no_claim_either(ledger: CacheLedger, store: Breaking) -> None:
    store.is_broken = True
    with pytest.raises(StoreUnavailable):
        ledger.claim("k", "ann", 60.0)
    store.is_broken = False

    assert ledger.claim("k", "bob", 60.0) is True


def test_who_cannot_look_leaves_the_claim_of_another(ledger: CacheLedger, store: Breaking) -> None:
    ledger.claim("k", "ann", 60.0)
    store.is_broken = True
    with pytest.raises(StoreUnavailable):
        ledger.claim("k", "bob", 60.0)
    store.is_broken = False

    assert ledger.refresh("k", "ann", 60.0)


def test_between_the_two_writes_of_remembering_others_see_the_mail(
    ledger: CacheLedger, cache: Repository
) -> None:
    ledger.remember("k", SENT)
    cache.lock("mail-once:k", 60, "ann").acquire()

    assert ledger.claim("k", "bob", 60.0) == SENT._replace(reply="sent before")
    assert ledger.refresh("k", "ann", 60.0)


def test_what_others_have_put_there_is_refused(ledger: CacheLedger, cache: Repository) -> None:
    cache.put("mail-once:k", "mine")

    with pytest.raises(UnreadableEntry):
        ledger.claim("k", "ann", 60.0)
    assert ledger.forget("k")
    assert ledger.claim("k", "bob", 60.0) is True
