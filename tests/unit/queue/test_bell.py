"""The bell that ends a sync job: what it asks of the system's timer."""

from __future__ import annotations

import signal

import pytest

from securely.queue.crew.bell import Bell


@pytest.mark.parametrize(("limit", "asked"), [(2.5, 2.5), (1e12, 1e8)])
def test_bell_asks_for_no_more_than_the_system_has(monkeypatch, limit, asked):
    timers: list[float] = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(signal, "setitimer", lambda which, seconds: timers.append(seconds))

    Bell().set("Send", limit, 100.0)

    assert timers == [asked]
