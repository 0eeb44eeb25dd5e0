"""Notifications in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from securely.notifications import ChannelManager, InvalidContent, Notifiable, Notification
from securely.store import Database, StoreError


@dataclass
class User(Notifiable):
    id: int
    inbox: str | None = ""

    def route_notification_for_store(self, notification: Notification | None) -> Any:
        return self.inbox and ("inbox", self.inbox)


@dataclass
class Paid(Notification):
    data: Any

    def via(self, notifiable: Any) -> list[str]:
        return ["store"]

    def to_array(self, notifiable: Any) -> Any:
        return self.data


class Typed(Paid):
    def to_store(self, notifiable: Any) -> Any:
        return {"for": notifiable.id}

    def store_type(self) -> str:
        return "invoice-paid"


ANN = User(7, "ann")


def test_a_row_has_the_id_the_class_and_the_data(
    manager: ChannelManager, database: Database
) -> None:
    sent: list[str] = []

    class Noting(Paid):
        def after_sending(self, notifiable: Any, channel: Any, answer: Any) -> None:
            sent.append(answer)

    manager.send(ANN, Noting({"n": 5}))

    ((key, row),) = list(database.tree("notifications").range())
    assert key == (("inbox", "ann"), sent[0])
    assert row == {
        "type": f"{__name__}.{Noting.__qualname__}",
        "data": {"n": 5},
        "read_at": None,
        "created_at": row["created_at"],
    }


def test_a_class_may_say_what_it_is_called_and_what_is_stored(manager: ChannelManager) -> None:
    asyncio.run(manager.asend(ANN, Typed({})))

    (found,) = manager.inbox(ANN).all()
    assert (found.type, found.data) == ("invoice-paid", {"for": 7})


def test_a_second_try_stores_nothing_twice(manager: ChannelManager) -> None:
    paid = Paid({"n": 1})._numbered("01")

    manager.deliver(ANN, paid, "store")
    manager.inbox(ANN).mark_as_read()
    manager.deliver(ANN, paid, "store")
    asyncio.run(manager.adeliver(ANN, paid, "store"))

    (found,) = manager.inbox(ANN).all()
    assert found.is_read


def test_who_has_no_inbox_is_not_told(manager: ChannelManager, database: Database) -> None:
    manager.send(User(7, None), Paid({}))

    assert list(database.tree("notifications").range()) == []


@pytest.mark.parametrize("data", ["text", [1], None])
def test_what_is_no_dict_is_refused(manager: ChannelManager, data: Any) -> None:
    with pytest.raises(InvalidContent, match=r"Paid.to_store: it returned a .* Return a dict"):
        manager.deliver(ANN, Paid(data), "store")


def test_what_the_store_can_not_keep_is_its_error(manager: ChannelManager) -> None:
    with pytest.raises((StoreError, TypeError)):
        manager.deliver(ANN, Paid({"x": object()}), "store")


def test_a_notification_without_content_says_what_to_write(manager: ChannelManager) -> None:
    with pytest.raises(InvalidContent, match="Write it, or to_array"):
        manager.deliver(ANN, Notification(), "store")


def test_trees_and_databases_are_configured(make: Callable[..., ChannelManager]) -> None:
    manager = make(store={"tree": "told"})

    manager.send(ANN, Paid({}))

    assert manager.channel("store").tree.name == "told"
