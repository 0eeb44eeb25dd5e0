"""Commands of Laravel that are not here, and why: a table, read when a name is not known."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

__all__ = ["lacking"]

# What Securely has not -> the commands; one that ends in a colon stands for a whole namespace.
_LACKING: Final = {
    "has no database layer": (
        "migrate migrate: db db: schema: model: make:cast make:factory make:migration make:model "
        "make:observer make:scope make:seeder make:cache-table make:notifications-table "
        "make:queue-batches-table make:queue-failed-table make:queue-table make:session-table "
        "cache:table notifications:table queue:batches-table queue:failed-table queue:table "
        "session:table"
    ),
    "serves no HTTP": (
        "serve route: auth: install:api make:component make:controller make:middleware "
        "make:policy make:request make:resource"
    ),
    "keeps no compiled views": "view:",
    "has no schedule": "schedule:",
    "has no validation of its own": "make:rule",
    "sends no mail and no notifications": "make:mail make:notification",
    "does not broadcast": "channel: install:broadcasting make:channel",
    "has no translations": "lang:",
    "has no filesystems": "storage:",
}


def lacking(name: str, known: Collection[str]) -> str | None:
    """Return why there is no command *name*; ``None`` where Laravel has none of that name either.

    Args:
        name: What was called.
        known: The commands that there are: a namespace that one of them is in is not lacking.

    Example:
        >>> lacking("migrate:fresh", ["cache:clear"])
        'has no database layer'
    """
    space = f"{name.partition(':')[0]}:" if ":" in name else ""
    is_here = any(each.startswith(space) for each in known)
    for reason, names in _LACKING.items():
        if name in names.split() or (space and not is_here and space in names.split()):
            return reason
    return None
