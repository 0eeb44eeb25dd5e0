"""Fields that are typed into: text, textarea, password, number; and confirm and pause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack

from securely.console.output import style
from securely.console.prompts.checks import Complaint, Given, settled
from securely.console.prompts.field import Dialogue, Field
from securely.console.prompts.keys import Key
from securely.support.missing import MISSING, Missing

__all__ = ["Autocomplete", "Confirm", "Number", "Password", "Pause", "Text", "Textarea"]

_LEFT = (Key.LEFT, Key.CTRL_B)
_RIGHT = (Key.RIGHT, Key.CTRL_F)
_OTHER = (Key.UP, Key.DOWN, Key.TAB, Key.CTRL_P, Key.CTRL_N, "h", "j", "k", "l")


class Text(Field[str]):
    """A line of text.

    Args:
        label: The question.
        default: What stands there to begin with.
        placeholder: What is shown while nothing is typed.
    """

    def __init__(
        self,
        label: str,
        *,
        default: str = "",
        placeholder: str = "",
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, **given)
        self.default = default
        self.placeholder = placeholder
        self.typed: str = default
        self.cursor: int = len(default)

    def value(self) -> object:
        """Return what is typed."""
        return self.typed

    def handle(self, key: str) -> None:
        """Move the cursor, or change what is typed."""
        if key in _LEFT:
            self.cursor = max(self.cursor - 1, 0)
        elif key in _RIGHT:
            self.cursor = min(self.cursor + 1, len(self.typed))
        elif key in (Key.HOME, Key.CTRL_A):
            self.cursor = 0
        elif key in (Key.END, Key.CTRL_E):
            self.cursor = len(self.typed)
        elif key == Key.BACKSPACE and self.cursor:
            self.cursor -= 1
            self.typed = self.typed[: self.cursor] + self.typed[self.cursor + 1 :]
        elif key == Key.DELETE:
            self.typed = self.typed[: self.cursor] + self.typed[self.cursor + 1 :]
        elif not isinstance(key, Key):
            self.insert(key)

    def insert(self, text: str) -> None:
        """Type *text* where the cursor is."""
        self.typed = self.typed[: self.cursor] + text + self.typed[self.cursor :]
        self.cursor += len(text)

    def shown(self) -> str:
        """Return what is typed as it may be seen: one character for each."""
        return self.typed

    def body(self, room: int) -> list[str]:
        """Return what is typed, with the cursor in it."""
        if not self.typed and self.placeholder:
            rest = style.escape(self.placeholder[1:])
            return [f"{_cursor(self.placeholder[0])}<fg=gray>{rest}</>"]
        return [_with_cursor(self.shown(), self.cursor, room)]

    def summary(self) -> str:
        """Return what was typed."""
        return style.escape(self.shown())

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask for a line; an empty one is the default."""
        return dialogue.read(_asked(self.label, self.default)).strip() or self.default


class Textarea(Text):
    """Several lines of text; Ctrl-D gives the answer.

    Args:
        rows: How many lines are seen at once.
    """

    def __init__(
        self,
        label: str,
        *,
        default: str = "",
        placeholder: str = "",
        rows: int = 5,
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, default=default, placeholder=placeholder, **given)
        self.rows = rows
        self.hint: str = self.hint or "Ctrl+D to submit"

    def submits(self, key: str) -> bool:
        """Tell whether *key* gives the answer."""
        return key == Key.CTRL_D

    def handle(self, key: str) -> None:
        """Begin a line, move between lines, or do as a line of text does."""
        if key == Key.ENTER:
            self.insert("\n")
        elif key in (Key.UP, Key.CTRL_P, Key.DOWN, Key.CTRL_N):
            self._move(-1 if key in (Key.UP, Key.CTRL_P) else 1)
        else:
            super().handle(key)

    def body(self, room: int) -> list[str]:
        """Return the lines around the cursor."""
        before = self.typed[: self.cursor].split("\n")
        row, column = len(before) - 1, len(before[-1])
        lines = self.typed.split("\n")
        first = min(max(row - self.rows + 1, 0), max(len(lines) - self.rows, 0))
        shown = [
            _with_cursor(line, column, room)
            if number == row
            else style.clipped(style.escape(line), room)
            for number, line in enumerate(lines)
        ][first : first + self.rows]
        return [*shown, *[""] * (self.rows - len(shown))]

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask for lines up to an empty one."""
        dialogue.say("  <muted>An empty line ends the answer.</muted>")
        lines = [dialogue.read(_asked(self.label, self.default))]
        while lines[-1].strip():
            lines.append(dialogue.read(""))
        return "\n".join(lines[:-1]) or self.default

    def _move(self, rows: int) -> None:
        lines = self.typed.split("\n")
        before = self.typed[: self.cursor].split("\n")
        row = min(max(len(before) - 1 + rows, 0), len(lines) - 1)
        column = min(len(before[-1]), len(lines[row]))
        self.cursor: int = sum(len(line) + 1 for line in lines[:row]) + column


class Password(Text):
    """A line of text that is not shown."""

    def shown(self) -> str:
        """Return a dot for each character."""
        return "•" * len(self.typed)

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask for a line that is not shown."""
        return dialogue.read_hidden(self.label)

    def unattended(self) -> object | Missing:
        """Return nothing: nobody's secret is known."""
        return "" if not self.checks.required else MISSING


class Number(Text):
    """A number; up and down change it by *step*.

    Args:
        minimum: The least that is taken.
        maximum: The most that is taken.
        step: By how much up and down change it.
    """

    def __init__(
        self,
        label: str,
        *,
        default: float | None = None,
        placeholder: str = "",
        minimum: float | None = None,
        maximum: float | None = None,
        step: float = 1,
        **given: Unpack[Given],
    ) -> None:
        shown = "" if default is None else str(default)
        super().__init__(label, default=shown, placeholder=placeholder, **given)
        self.minimum = minimum
        self.maximum = maximum
        self.step = step
        self.checks.validate = _also(self._complaint, self.checks.validate)
        self.checks.transform = _number

    def handle(self, key: str) -> None:
        """Change the number by a step, or do as a line of text does."""
        if key not in (Key.UP, Key.DOWN):
            super().handle(key)
            return
        begin = self.minimum if self.minimum is not None else 0
        found = _number(self.typed)
        if not isinstance(found, (int, float)):
            found = begin
        else:
            found += self.step if key == Key.UP else -self.step
        self.typed: str = str(self._within(found))
        self.cursor: int = len(self.typed)

    def _within(self, number: float) -> float:
        if self.minimum is not None and number < self.minimum:
            return self.minimum
        return self.maximum if self.maximum is not None and number > self.maximum else number

    def _complaint(self, number: object) -> str | None:
        if number is None:
            return None
        if not isinstance(number, (int, float)):
            return f'"{number}" is no number.'
        if self.minimum is not None and number < self.minimum:
            return f"At least {self.minimum}, please."
        if self.maximum is not None and number > self.maximum:
            return f"At most {self.maximum}, please."
        return None


class Autocomplete(Text):
    """A line of text that is completed from *options*; Tab, or right at its end, takes it.

    Args:
        options: What it may be completed to, or a function of what is typed.
    """

    def __init__(
        self,
        label: str,
        options: Sequence[str] | Callable[[str], object],
        *,
        default: str = "",
        placeholder: str = "",
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, default=default, placeholder=placeholder, **given)
        self.options = options

    def handle(self, key: str) -> None:
        """Take the completion, or do as a line of text does."""
        rest = self.completion()
        if rest and (key == Key.TAB or (key in _RIGHT and self.cursor == len(self.typed))):
            self.insert(rest)
        else:
            super().handle(key)

    def completion(self) -> str:
        """Return what would follow what is typed."""
        if not self.typed:
            return ""
        options = settled(self.options(self.typed)) if callable(self.options) else self.options
        typed = self.typed.lower()
        found = next((option for option in options if option.lower().startswith(typed)), "")
        return str(found)[len(self.typed) :]

    def body(self, room: int) -> list[str]:
        """Return what is typed, and what would follow it."""
        (line,) = super().body(room)
        rest = self.completion()[1:] if self.cursor == len(self.typed) else ""
        return [style.clipped(f"{line}<fg=gray>{style.escape(rest)}</>", room)]


class Confirm(Field[bool]):
    """Yes or no.

    Args:
        default: Which of them is marked to begin with.
        yes: The word for yes.
        no: The word for no.
    """

    def __init__(
        self,
        label: str,
        *,
        default: bool = True,
        yes: str = "Yes",
        no: str = "No",
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, **given)
        self.default = default
        self.chosen: bool = default
        self.yes = yes
        self.no = no

    def value(self) -> object:
        """Return which is marked."""
        return self.chosen

    def handle(self, key: str) -> None:
        """Mark the other, or the one whose letter is typed."""
        if key in ("y", "Y"):
            self.chosen = True
        elif key in ("n", "N"):
            self.chosen = False
        elif key in (*_LEFT, *_RIGHT, *_OTHER):
            self.chosen = not self.chosen

    def body(self, room: int) -> list[str]:
        """Return both words, one of them marked."""
        words = [(self.yes, self.chosen), (self.no, not self.chosen)]
        shown = [
            f"<fg=green>●</> {style.escape(word)}"
            if marked
            else f"<fg=gray>○ {style.escape(word)}</>"
            for word, marked in words
        ]
        return [style.clipped(" / ".join(shown), room)]

    def summary(self) -> str:
        """Return the word that was chosen."""
        return style.escape(self.yes if self.chosen else self.no)

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask for yes or no."""
        shown = " <comment>[Y/n]</comment>" if self.default else " <comment>[y/N]</comment>"
        word = dialogue.read(f"<info>{self.label}</info>{shown}:").strip().lower()
        if not word:
            return self.default
        if word not in ("y", "yes", "n", "no", self.yes.lower(), self.no.lower()):
            raise Complaint("Please answer yes or no.")
        return word in ("y", "yes", self.yes.lower())


class Pause(Field[bool]):
    """Waits for Enter."""

    def value(self) -> object:
        """Return that it was pressed."""
        return True

    def lines(self, width: int) -> list[str]:
        """Return the message alone."""
        del width
        return [f" <fg=gray>{style.escape(self.label)}</>"]

    def by_line(self, dialogue: Dialogue) -> object:
        """Wait for a line."""
        dialogue.read(f"<info>{self.label}</info>")
        return True


def _asked(label: str, default: str) -> str:
    shown = f" <comment>[{style.escape(default)}]</comment>" if default else ""
    return f"<info>{label}</info>{shown}:"


def _cursor(character: str) -> str:
    return f"<options=reverse>{style.escape(character)}</>"


def _with_cursor(text: str, cursor: int, room: int) -> str:
    # The window moves so that the cursor, and one column for it at the end, is always seen.
    first = max(cursor - room + 1, 0)
    while style.plain_width(style.escape(text[first : cursor + 1])) > room:
        first += 1
    last = len(text)
    while last > cursor + 1 and style.plain_width(style.escape(text[first:last])) > room:
        last -= 1
    under = text[cursor : cursor + 1] or " "
    before, after = style.escape(text[first:cursor]), style.escape(text[cursor + 1 : last])
    return f"{before}{_cursor(under)}{after}"


def _number(typed: object) -> object:
    """Return the number that was typed; None for nothing, and the text where it is none."""
    text = str(typed).strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        found = float(text)
    except ValueError:
        return text
    # "nan" and "inf" are words here.
    return found if found - found == 0 else text


def _also(
    first: Callable[[object], str | None], second: Callable[[object], object] | None
) -> Callable[[object], object]:
    def both(answer: object) -> object:
        complaint = first(answer)
        if complaint is not None or second is None:
            return complaint
        return settled(second(answer))

    return both
