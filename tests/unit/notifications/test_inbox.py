"""What the store keeps for somebody."""

from __future__ import annotations

import asyncio
from datetime import UTC, date

import pytest

from securely.notifications.inbox import Inbox, prune
from securely.store import Database
from securely.support import clock as time
from securely.testing.time import Travel


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(database.tree("notifications"), ("user", 7))


def test_the_latest_come_first(inbox: Inbox, clock: Travel) -> None:
    for number in (1, 2, 3):
        inbox.add(f"0{number}", "Paid", {"n": number})
        clock(1)

    assert [each.data["n"] for each in inbox.all()] == [3, 2, 1]
    assert [each.id for each in asyncio.run(inbox.aall())] == ["03", "02", "01"]


def test_one_is_as_it_was_stored(inbox: Inbox, clock: Travel) -> None:
    day = date(2026, 1, 31)
    inbox.add("01", "Paid", {"n": 1, "on": day})

    found = inbox.find("01")

    assert found is not None
    assert (found.id, found.type, found.data) == ("01", "Paid", {"n": 1, "on": day})
    assert found.created_at.tzinfo is UTC
    assert found.read_at is None
    assert inbox.find("02") is None
    assert asyncio.run(inbox.afind("01")) == found


def test_the_same_id_is_kept_once(inbox: Inbox) -> None:
    assert inbox.add("01", "Paid", {"n": 1}) is True
    inbox.mark_as_read()

    assert inbox.add("01", "Paid", {"n": 2}) is False
    assert asyncio.run(inbox.aadd("01", "Paid", {"n": 2})) is False
    (kept,) = inbox.all()
    assert kept.data == {"n": 1}
    assert kept.is_read


def test_others_have_inboxes_of_their_own(inbox: Inbox, database: Database) -> None:
    inbox.add("01", "Paid", {})
    others = [Inbox(database.tree("notifications"), owner) for owner in (("user", 70), "user", 7)]

    assert [other.all() for other in others] == [[], [], []]
    assert [other.mark_as_read() for other in others] == [0, 0, 0]
    assert len(inbox.unread()) == 1


def test_one_that_is_read_keeps_its_time(inbox: Inbox, clock: Travel) -> None:
    inbox.add("01", "Paid", {})
    (found,) = inbox.all()

    found.mark_as_read()
    first = found.read_at
    clock(60)
    found.mark_as_read()
    (again,) = inbox.all()

    assert found.read_at == again.read_at == first
    assert inbox.unread() == []
    again.mark_as_unread()
    assert len(inbox.unread()) == 1
    asyncio.run(again.amark_as_read())
    assert again.is_read
    asyncio.run(again.amark_as_unread())
    assert not again.is_read


def test_all_or_some_are_marked_as_read(inbox: Inbox) -> None:
    for number in (1, 2, 3):
        inbox.add(f"0{number}", "Paid", {})

    assert inbox.mark_as_read("02", "09") == 1
    assert [each.id for each in inbox.unread()] == ["03", "01"]
    assert asyncio.run(inbox.amark_as_read()) == 2
    assert inbox.mark_as_read() == 0


def test_lists_of_them_are_taken_apart_and_marked(inbox: Inbox) -> None:
    for number in (1, 2):
        inbox.add(f"0{number}", "Paid", {})
    inbox.mark_as_read("01")
    found = inbox.all()

    assert [each.id for each in found.unread()] == ["02"]
    assert [each.id for each in found.read()] == ["01"]
    found.mark_as_read()
    assert inbox.unread() == []
    asyncio.run(inbox.all().amark_as_unread())
    assert len(asyncio.run(inbox.aunread())) == 2
    asyncio.run(inbox.all().amark_as_read())
    inbox.all().mark_as_unread()
    assert len(inbox.unread()) == 2


def test_what_is_gone_is_not_marked_into_being(inbox: Inbox) -> None:
    inbox.add("01", "Paid", {})
    (found,) = inbox.all()

    assert found.delete() is True
    found.mark_as_read()

    assert found.read_at is None
    assert inbox.all() == []
    assert asyncio.run(found.adelete()) is False


def test_an_inbox_is_cleared(inbox: Inbox, database: Database) -> None:
    other = Inbox(database.tree("notifications"), ("user", 8))
    for each in (inbox, other):
        each.add("01", "Paid", {})

    assert inbox.clear() == 1
    assert asyncio.run(inbox.aclear()) == 0
    assert len(other.all()) == 1


def test_the_old_ones_of_all_are_pruned(inbox: Inbox, database: Database, clock: Travel) -> None:
    tree = database.tree("notifications")
    other = Inbox(tree, "other")
    for number in range(600):
        inbox.add(f"{number:03}", "Paid", {})
    other.add("01", "Paid", {})
    other.mark_as_read()
    clock(60)
    before = time.timestamp() - 30
    inbox.add("999", "Paid", {})

    assert prune(tree, before, is_read=True) == 1
    assert prune(tree, before) == 600
    assert [each.id for each in inbox.all()] == ["999"]
