"""ConnectionSuite: what every connection must do, one that keeps nothing included."""

from __future__ import annotations

import asyncio

import pytest

from securely.queue.contracts import Connection
from securely.testing.suites.queue.base import envelope

__all__ = ["ConnectionSuite"]


class ConnectionSuite:
    """What every connection must do. Give it a fixture `connection`.

    One that runs what is pushed overrides `payload` by one that can be run.
    """

    @pytest.fixture
    def payload(self) -> bytes:
        """What is pushed."""
        return b"payload"

    def test_push_of_several_returns_their_uuids_in_order(
        self, connection: Connection, payload: bytes
    ) -> None:
        """Who pushes learns under which ids."""
        envelopes = [envelope(payload=payload), envelope(payload=payload)]

        uuids = connection.push(envelopes)

        assert list(uuids) == [one.uuid for one in envelopes]

    def test_push_of_nothing_returns_nothing(self, connection: Connection) -> None:
        """An empty bulk is no error."""
        assert list(connection.push([])) == []

    def test_apush_does_what_push_does(self, connection: Connection, payload: bytes) -> None:
        """The twin accepts too."""
        one = envelope(payload=payload)

        assert list(asyncio.run(connection.apush([one]))) == [one.uuid]

    def test_counts_of_an_unknown_queue_are_zero(self, connection: Connection) -> None:
        """A queue exists once it is named."""
        counts = connection.counts("nobody-uses-this")

        assert (counts.total, counts.oldest_pending_at) == (0, None)
        assert asyncio.run(connection.acounts("nobody-uses-this")).total == 0

    def test_clear_of_an_empty_queue_returns_zero(self, connection: Connection) -> None:
        """Nothing to clear is no error."""
        assert connection.clear("nobody-uses-this") == 0
        assert asyncio.run(connection.aclear("nobody-uses-this")) == 0
