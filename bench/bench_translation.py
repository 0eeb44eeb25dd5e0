"""Lines of text: found, filled in and absent, beside a bare dict, str.format and gettext.

Run: python bench/bench_translation.py [--rounds 9]

All rows are run in one process, in turns; times are the best of several rounds. The peers do less:
a dict knows no locale, `str.format` no cases, gettext no fallback of ours. A row that misses its
goal ends the run with status 1.
"""

from __future__ import annotations

import argparse
import gettext
import sys
import time
from collections.abc import Callable

from securely.translation import ArrayLoader, Translator

COUNT = 50_000
# The goals, in microseconds: a line as it is, or none; and one with a placeholder filled in.
PLAIN_MAX = 2.0
FILLED_MAX = 4.0

LINES = {"plain": "Hello", "filled": "Hello :name, welcome", "apples": "one apple|:count apples"}


def operations() -> dict[str, tuple[Callable[[], object], float | None]]:
    """Return what is measured, by name, with its goal."""
    translator = Translator(ArrayLoader().add_messages("en", "messages", LINES))
    null = gettext.NullTranslations()
    known = {"messages.plain": "Hello"}
    return {
        "get, a line": (lambda: translator.get("messages.plain"), PLAIN_MAX),
        "get, an absent key": (lambda: translator.get("messages.custom.email"), PLAIN_MAX),
        "get, one placeholder": (
            lambda: translator.get("messages.filled", {"name": "ann"}),
            FILLED_MAX,
        ),
        "choice": (lambda: translator.choice("messages.apples", 5), None),
        "dict": (lambda: known["messages.plain"], None),
        "str.format": (lambda: "Hello {name}, welcome".format(name="ann"), None),
        "gettext": (lambda: null.gettext("Hello"), None),
    }


def taken(operation: Callable[[], object]) -> float:
    """Return the microseconds of one call."""
    start = time.perf_counter()
    for _ in range(COUNT):
        operation()
    return (time.perf_counter() - start) / COUNT * 1e6


def main() -> int:
    """Print the table; return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    measured = operations()
    best = dict.fromkeys(measured, float("inf"))
    for _ in range(rounds):
        for name, (operation, _goal) in measured.items():
            best[name] = min(best[name], taken(operation))
    missed = False
    print("| | µs | limit |\n|---|---|---|")
    for name, (_operation, goal) in measured.items():
        print(f"| {name} | {best[name]:.2f} | {goal or ''} |")
        missed = missed or (goal is not None and best[name] > goal)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
