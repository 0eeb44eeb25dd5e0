"""Field: one question as a state, changed by keys and shown as lines; no input, no output."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar, Unpack

from securely.console.output import style
from securely.console.prompts.checks import Checks, Complaint, Given
from securely.console.prompts.keys import Key
from securely.support.missing import MISSING, Missing

__all__ = ["Dialogue", "Field", "frame"]

T = TypeVar("T")


class Dialogue(Protocol):
    """Questions and answers by whole lines, where keys cannot be read one by one."""

    def say(self, text: str) -> None:
        """Write a line, with its tags."""
        ...

    def read(self, prompt: str) -> str:
        """Ask *prompt* and return what is typed, without its line end."""
        ...

    def read_hidden(self, prompt: str) -> str:
        """Ask *prompt* and return what is typed, which is not shown."""
        ...


class Field(Generic[T]):
    """One question: what is asked, what has been answered so far, and how it looks.

    Args:
        label: The question.
        given: What the answer has to pass, and what stands below the question.

    Attributes:
        width_max: Columns of the frame, in a terminal that has more: as many as are easy to read.
    """

    width_max: int = 60

    def __init__(self, label: str, **given: Unpack[Given]) -> None:
        self.label = label
        self.hint: str = given.get("hint", "")
        self.checks: Checks = Checks(given)
        self.error: str = ""
        self.is_done: bool = False
        self.is_cancelled = False
        self._answer: T | Missing = MISSING

    @property
    def answer(self) -> T:
        """The answer that was given."""
        if self._answer is MISSING:
            raise LookupError(f'"{self.label}" has not been answered yet.')
        return self._answer

    def value(self) -> object:
        """Return what would be the answer now."""
        raise NotImplementedError

    def body(self, room: int) -> list[str]:
        """Return the lines within the frame, each at most *room* columns wide."""
        raise NotImplementedError

    def summary(self) -> str:
        """Return the answer as it is shown once it has been given."""
        raise NotImplementedError

    def handle(self, key: str) -> None:
        """Take a *key* that does not submit."""

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask by whole lines, once, and return what was answered.

        Raises:
            Complaint: It cannot be taken.
        """
        raise NotImplementedError

    def unattended(self) -> object | Missing:
        """Return what is answered where nobody is there; MISSING where that is nothing."""
        return self.value()

    def submits(self, key: str) -> bool:
        """Tell whether *key* gives the answer."""
        return key == Key.ENTER

    def press(self, key: str) -> None:
        """Take a *key*: change the answer, or give it."""
        self.error = ""
        if not self.submits(key):
            self.handle(key)
            return
        try:
            self._answer = self.checks(self.value())
        except Complaint as complaint:
            self.error = str(complaint)
        else:
            self.is_done = True

    def lines(self, width: int) -> list[str]:
        """Return all lines, with tags, for a terminal of *width* columns."""
        width = min(width - 2, self.width_max)
        if self.is_done or self.is_cancelled:
            shown = self.summary() or " "
            if self.is_cancelled:
                shown = f"<fg=gray>{shown}</>"
            cut = style.clipped(shown, width - 4)
            lines = frame(self.label, [cut], "red" if self.is_cancelled else "gray", width)
            return [*lines, *(["  <fg=red>⚠ Cancelled.</>"] if self.is_cancelled else [])]
        colour = "yellow" if self.error else "cyan"
        lines = frame(self.label, self.body(width - 4), colour, width)
        if self.error:
            return [*lines, f"  <fg=yellow>⚠ {style.escape(self.error)}</>"]
        return [*lines, f"  <fg=gray>{style.escape(self.hint)}</>" if self.hint else ""]


def frame(title: str, body: list[str], colour: str, width: int, info: str = "") -> list[str]:
    """Return *body* in a frame with *title* in its upper edge, and *info* in its lower one."""
    title = style.clipped(style.escape(title), width - 6)
    edge = "─" * max(width - 4 - style.plain_width(title), 0)
    shown = f"<fg={colour}>{title}</>"
    middle = [
        f" <fg=gray>│</> {line}{' ' * max(width - 4 - style.plain_width(line), 0)} <fg=gray>│</>"
        for line in body
    ]
    told = f" {style.clipped(style.escape(info), width - 6)} " if info else ""
    below = "─" * (width - 2 - style.plain_width(told))
    return [
        f" <fg=gray>┌</> {shown} <fg=gray>{edge}┐</>",
        *middle,
        f" <fg=gray>└{below}{told}┘</>",
    ]
