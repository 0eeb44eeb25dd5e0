"""Notifications in the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from securely.log.drivers.array import ArrayHandler
from securely.log.levels import level_number
from securely.log.manager import LogManager
from securely.notifications import (
    ChannelManager,
    InvalidContent,
    LogMessage,
    Notifiable,
    Notification,
)


class User(Notifiable):
    def route_notification_for_log(self) -> str | None:
        return "memory"


@dataclass
class Paid(Notification):
    said: Any

    def via(self, notifiable: Any) -> list[str]:
        return ["log"]

    def to_log(self, notifiable: Any) -> Any:
        return self.said


def records(log: LogManager) -> list[Any]:
    (handler,) = log.channel("memory").handlers
    assert isinstance(handler, ArrayHandler)
    return list(handler.records)


def test_text_is_written_with_the_id(manager: ChannelManager, log: LogManager) -> None:
    manager.send(User(), Paid("paid {n}"))

    (record,) = records(log)
    assert record.message == "paid {n}"
    assert record.fields["notification"] == "Paid"
    assert len(record.fields["id"]) == 36


def test_a_message_fills_its_gaps_and_has_a_level(manager: ChannelManager, log: LogManager) -> None:
    asyncio.run(manager.asend(User(), Paid(LogMessage("paid {n}", {"n": 5}, "warning"))))

    (record,) = records(log)
    assert record.message == "paid 5"
    assert record.level == level_number("warning")


def test_a_dict_is_written_as_what_goes_along(manager: ChannelManager, log: LogManager) -> None:
    manager.send(User(), Paid({"n": 5}))

    (record,) = records(log)
    assert (record.message, record.fields["n"]) == ("Paid", 5)


def test_anything_else_is_refused(manager: ChannelManager) -> None:
    with pytest.raises(InvalidContent, match=r"Paid.to_log: it returned a int"):
        manager.deliver(User(), Paid(5), "log")


def test_level_and_channel_are_configured(
    make: Callable[..., ChannelManager], log: LogManager
) -> None:
    manager = make(log={"level": "error", "channel": "memory"})

    class Anybody(Notifiable):
        pass

    manager.send(Anybody(), Paid("there"))

    (record,) = records(log)
    assert record.level == level_number("error")
