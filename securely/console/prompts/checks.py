"""Checks: what an answer has to pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

__all__ = ["Checks", "Complaint", "Given", "settled"]


class Given(TypedDict, total=False):
    """What every question takes."""

    required: bool | str
    """Whether an empty answer is refused; a text is what is said then."""
    validate: Callable[[Any], object] | None
    """Returns what is wrong with an answer, or ``None``; may be a coroutine function."""
    transform: Callable[[Any], Any] | None
    """Makes the answer of what was typed, before it is checked."""
    hint: str
    """What stands below the question."""


class Complaint(Exception):
    """An answer that cannot be taken; the message says why. It never leaves the prompts."""


class Checks:
    """What an answer has to pass.

    Args:
        given: What the question was given.
    """

    def __init__(self, given: Given) -> None:
        self.required: bool | str = given.get("required", False)
        self.validate: Callable[[Any], object] | None = given.get("validate")
        self.transform: Callable[[Any], Any] | None = given.get("transform")

    def __call__(self, value: object) -> Any:
        """Return the answer that *value* makes.

        Raises:
            Complaint: It is empty where it may not be, or not valid.
        """
        answer: Any = settled(self.transform(value)) if self.transform else value
        if self.required and (answer is None or answer in ("", [], False)):
            raise Complaint(
                self.required if isinstance(self.required, str) else "An answer is required."
            )
        complaint = settled(self.validate(answer)) if self.validate else None
        if complaint is not None:
            raise Complaint(str(complaint))
        return answer


def settled(value: Any) -> Any:
    """Return *value*, or what it gives where it is awaitable."""
    from securely.support.awaiting import answered

    return answered(value)
