"""Plan: what the configuration wants to be done about changes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Plan", "Webhook"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL that is told of changes.

    Attributes:
        url: Where a change is posted as JSON.
        secret: What requests are signed with; empty for unsigned ones.
    """

    url: str
    secret: str = ""

    def __repr__(self) -> str:
        return "Webhook(…)"  # its path may be a secret, too


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked before a change, and told after it.

    Attributes:
        before: Programs that may refuse a change.
        after: Programs that are told of it.
        health: Programs that fail when something is wrong.
        webhooks: URLs that are told of it.
        reveal: Names of secrets whose values these are given.
        timeout: Seconds that a process, a program or a server may take to answer.
        verify_for: Seconds that processes and health are watched.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    reveal: tuple[str, ...] = ()
    timeout: float = 8.0
    verify_for: float = 5.0
