"""Thirty tasks that are due every few seconds; read by the test, too."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["STORM"]


class _Task(NamedTuple):
    """A task: its kind, its period in seconds, and how it runs.

    Attributes:
        how: "o" without overlapping, "1" on one server, "o1" both.
    """

    kind: str
    period: int
    how: str
    name: str


_TASKS: Final = (
    *[("call", 1, ""), ("call", 1, "o1"), ("call", 2, "o"), ("call", 2, "1"), ("call", 3, "")],
    *[("call", 3, "o1"), ("call", 4, ""), ("call", 5, "o"), ("call", 6, "1"), ("call", 10, "o")],
    *[("call", 15, ""), ("call", 30, "o1")],
    *[("job", 1, ""), ("job", 1, "o"), ("job", 2, ""), ("job", 2, "o"), ("job", 3, "")],
    *[("job", 5, ""), ("job", 6, ""), ("job", 10, "o"), ("job", 12, ""), ("job", 30, "")],
    *[("exec", 3, "o1"), ("exec", 5, ""), ("exec", 5, "o"), ("exec", 10, "1")],
    *[("exec", 12, "o"), ("exec", 15, ""), ("exec", 20, "1")],
    ("command", 30, "o1"),
)

STORM: Final = tuple(
    _Task(kind, period, how, f"{kind}-{number}-{period}")
    for number, (kind, period, how) in enumerate(_TASKS)
)
