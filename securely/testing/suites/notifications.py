"""What every channel of notifications must do.

Subclass the suite in a test module, and give it your channel, whom it tells, and what arrived:

    class TestMyChannel(ChannelSuite):
        @pytest.fixture
        def channel(self) -> MyChannel: ...

        @pytest.fixture
        def notifiable(self) -> User: ...

        @pytest.fixture
        def nobody(self) -> User: ...

        @pytest.fixture
        def arrived(self) -> Callable[[], list[str]]: ...
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any, ClassVar, cast

import pytest

from securely.notifications import (
    SKIPPED,
    Channel,
    InvalidContent,
    LogMessage,
    MailMessage,
    Notification,
)

__all__ = ["ChannelSuite", "Said"]

_THREADS = 4  # that send at once


@dataclass
class Said(Notification):
    """A notification that says one word, by any channel of ours.

    A suite for a channel with a method of its own overrides `said`.
    """

    word: str

    def via(self, notifiable: Any) -> list[str]:
        """Return none: the suite asks the channel itself."""
        return []

    def to_mail(self, notifiable: Any) -> MailMessage:
        """Return a mail that says the word."""
        return MailMessage().subject(self.word).line(self.word)

    def to_log(self, notifiable: Any) -> LogMessage:
        """Return a line that says the word."""
        return LogMessage(self.word)

    async def to_array(self, notifiable: Any) -> dict[str, Any]:
        """Return the word; async, as such methods may be."""
        return {"word": self.word}


class ChannelSuite:
    """What every channel must do. Override the fixtures.

    Attributes:
        once: Whether who is told twice of one id is told once, whatever others do.
        asks: Whether it asks the notification what to send.
    """

    once: ClassVar[bool] = True
    asks: ClassVar[bool] = True

    @pytest.fixture
    def channel(self) -> Channel:
        """Give the channel under test."""
        raise NotImplementedError("Give the channel under test.")

    @pytest.fixture
    def notifiable(self) -> Any:
        """Give somebody whom it can tell."""
        raise NotImplementedError("Say whom it can tell.")

    @pytest.fixture
    def nobody(self) -> Any:
        """Give somebody who is told nowhere by it; None if there is none."""
        raise NotImplementedError("Say whom it can not tell.")

    @pytest.fixture
    def arrived(self) -> Callable[[], list[str]]:
        """Give a function that returns the words that arrived, in order."""
        raise NotImplementedError("Say how to read what arrived.")

    def said(self, word: str, number: int = 1) -> Notification:
        """Return a notification that says *word*, with the id of *number*."""
        # As `send` numbers it: the only way to an id that a test knows.
        numbered: Notification = cast("Any", Said(word))._numbered(f"{number:08}")
        return numbered

    def test_it_satisfies_the_protocol(self, channel: Channel) -> None:
        """It sends in both colours."""
        assert isinstance(channel, Channel)

    def test_both_colours_arrive(
        self, channel: Channel, notifiable: Any, arrived: Callable[[], list[str]]
    ) -> None:
        """What is sent arrives, whichever method sends it."""
        channel.send(notifiable, self.said("one", 1))
        asyncio.run(channel.asend(notifiable, self.said("two", 2)))

        assert arrived() == ["one", "two"]

    def test_who_is_told_twice_of_one_id_is_told_once(
        self, channel: Channel, notifiable: Any, arrived: Callable[[], list[str]]
    ) -> None:
        """A queued notification is tried again when nobody knows whether it was heard."""
        if not self.once:
            pytest.skip("It leaves that to who is told.")
        for _ in range(2):
            channel.send(notifiable, self.said("once"))
        asyncio.run(channel.asend(notifiable, self.said("once")))

        assert arrived() == ["once"]

    def test_who_is_told_nowhere_is_skipped(
        self, channel: Channel, nobody: Any, arrived: Callable[[], list[str]]
    ) -> None:
        """Without an address nothing is sent, and the answer says so."""
        if nobody is None:
            pytest.skip("It can tell everybody.")

        assert channel.send(nobody, self.said("x")) is SKIPPED
        assert asyncio.run(channel.asend(nobody, self.said("x"))) is SKIPPED
        assert arrived() == []

    def test_what_has_nothing_to_say_is_an_error(
        self, channel: Channel, notifiable: Any, arrived: Callable[[], list[str]]
    ) -> None:
        """A notification without a method for the channel is a mistake of its author."""
        if not self.asks:
            pytest.skip("It asks nothing.")

        with pytest.raises(InvalidContent):
            channel.send(notifiable, cast("Any", Notification())._numbered("x"))
        assert arrived() == []

    def test_many_threads_may_send(
        self, channel: Channel, notifiable: Any, arrived: Callable[[], list[str]]
    ) -> None:
        """One object serves many threads."""
        barrier = Barrier(_THREADS)

        def send(number: int) -> None:
            barrier.wait()
            channel.send(notifiable, self.said(f"word-{number}", number))

        threads = [Thread(target=send, args=(number,)) for number in range(_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(arrived()) == [f"word-{number}" for number in range(_THREADS)]
