"""Runs the cron vectors: what expressions mean, and when they are due next, and were last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from securely.schedule.cron import Cron
from securely.schedule.exceptions import InvalidExpression

__all__ = ["run"]

_POSITIONS = ("minute", "hour", "day of the month", "month", "day of the week")


def run(case: Mapping[str, Any]) -> object:
    """Read the expression, and look around from the reference."""
    text, zone = case["expression"], ZoneInfo(case["timezone"])
    try:
        cron = Cron.parse(text, zone)
    except InvalidExpression as error:
        message = _in_their_words(text, str(error))
        return {"valid": False, "error": "InvalidArgumentException", "message": message}
    moment = datetime.fromisoformat(case["reference"]).replace(tzinfo=zone, second=0)
    at = int(moment.timestamp())
    texts = cron.fields.texts
    return {
        "valid": True,
        "normalized": " ".join(texts),
        "parts": list(texts),
        "is_due": cron.is_due(at),
        "next": _several(cron.next, at, 5, zone),
        "next_inclusive": _shown(cron.next(at - 1), zone),
        "previous": _several(cron.previous, at, 3, zone),
    }


def _in_their_words(text: str, message: str) -> str:
    """Return what Laravel would say of the field and the value that our message names."""
    found = re.search(r': the ([a-z ]+) "(.*?)" ', message)
    if found is None:
        return f"{text} is not a valid CRON expression"
    return f"Invalid CRON field value {found[2]} at position {_POSITIONS.index(found[1])}"


def _several(step: Any, at: int, count: int, zone: tzinfo) -> list[str | None]:
    found: list[str | None] = []
    for _ in range(count):
        at = step(at)
        found.append(_shown(at, zone))
    return found


def _shown(at: int | None, zone: tzinfo) -> str | None:
    if at is None:
        return None
    told = datetime.fromtimestamp(at, zone).isoformat(" ")
    return f"{told[:19]} {told[19:]}"
