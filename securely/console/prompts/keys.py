"""Keys: what a terminal in raw mode sends, as names."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Final, TextIO

from securely.console.output.style import is_written
from securely.support.terminal import is_dumb

__all__ = ["Key", "Keyboard", "Keys", "TerminalKeyboard", "can_read_keys", "decoded"]


class Key(StrEnum):
    """A key that writes nothing; any other key is the text it writes."""

    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    HOME = "home"
    END = "end"
    PAGE_UP = "page up"
    PAGE_DOWN = "page down"
    ENTER = "enter"
    TAB = "tab"
    SHIFT_TAB = "shift+tab"
    BACKSPACE = "backspace"
    DELETE = "delete"
    ESCAPE = "escape"
    CTRL_A = "ctrl+a"
    CTRL_B = "ctrl+b"
    CTRL_C = "ctrl+c"
    CTRL_D = "ctrl+d"
    CTRL_E = "ctrl+e"
    CTRL_F = "ctrl+f"
    CTRL_N = "ctrl+n"
    CTRL_P = "ctrl+p"
    CTRL_U = "ctrl+u"
    UNKNOWN = "unknown"


_CONTROLS = {
    "\x01": Key.CTRL_A,
    "\x02": Key.CTRL_B,
    "\x03": Key.CTRL_C,
    "\x04": Key.CTRL_D,
    "\x05": Key.CTRL_E,
    "\x06": Key.CTRL_F,
    "\x08": Key.BACKSPACE,
    "\t": Key.TAB,
    "\n": Key.ENTER,
    "\r": Key.ENTER,
    "\x0e": Key.CTRL_N,
    "\x10": Key.CTRL_P,
    "\x15": Key.CTRL_U,
    "\x7f": Key.BACKSPACE,
}

# What stands between "ESC [" or "ESC O" and the end of the sequence, which it includes.
_SEQUENCES = {
    "A": Key.UP,
    "B": Key.DOWN,
    "C": Key.RIGHT,
    "D": Key.LEFT,
    "H": Key.HOME,
    "F": Key.END,
    "Z": Key.SHIFT_TAB,
    "1~": Key.HOME,
    "7~": Key.HOME,
    "4~": Key.END,
    "8~": Key.END,
    "3~": Key.DELETE,
    "5~": Key.PAGE_UP,
    "6~": Key.PAGE_DOWN,
}

# What ends a process, unless somebody has a say about it; Windows has no others than SIGTERM.
_ENDING: Final = tuple(
    each for each in signal.Signals if each.name in ("SIGTERM", "SIGHUP", "SIGQUIT")
)
# As much as is read at once.
_CHUNK: Final = 1024
# So long at most a signal waits that came between two looks at the keys.
_LOOK_SECONDS: Final = 0.25
_SHOW_CURSOR: Final = b"\x1b[?25h"

# How long the rest of a sequence may take after ESC, in seconds: a slow line, not a person.
_SEQUENCE_SECONDS = 0.05


def decoded(text: str) -> Iterator[str]:
    """Give the keys in *text*, as a terminal sends them; CR and LF together are one Enter.

    Example:
        >>> [str(key.value if isinstance(key, Key) else key) for key in decoded("a\\x1b[A\\r")]
        ['a', 'up', 'enter']
    """
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "\r" and text[position : position + 1] == "\n":
            position += 1
        if character != "\x1b":
            yield _CONTROLS.get(character, character if is_written(character) else Key.UNKNOWN)
            continue
        if text[position : position + 1] not in ("[", "O"):
            yield Key.ESCAPE
            continue
        start = position = position + 1
        while position < len(text) and not "\x40" <= text[position] <= "\x7e":
            position += 1
        position += 1
        yield _SEQUENCES.get(text[start:position], Key.UNKNOWN)


class Keyboard:
    """Where keys come from."""

    def key(self) -> str | None:
        """Return the next key, or ``None`` where no more will come."""
        raise NotImplementedError

    @contextmanager
    def reading(self) -> Generator[None]:
        """Hold the terminal in raw mode within the block."""
        yield


class Keys(Keyboard):
    """Keys that are known beforehand; for tests.

    Args:
        keys: A :class:`Key` each, or text that is typed letter by letter.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._left = deque(
            part for key in keys for part in ([key] if isinstance(key, Key) else decoded(key))
        )

    def key(self) -> str | None:
        """Return the next key, or ``None`` where no more will come."""
        return self._left.popleft() if self._left else None

    @property
    def left(self) -> int:
        """How many keys nobody has read."""
        return len(self._left)


class TerminalKeyboard(Keyboard):
    """The keys of a person at a terminal.

    Args:
        stream: The terminal.
        screen: Where the question is drawn, and the cursor hidden meanwhile.
    """

    def __init__(self, stream: TextIO, screen: TextIO | None = None) -> None:
        self._stream = stream
        self._screen = screen
        self._ahead: deque[str] = deque()

    def key(self) -> str | None:
        """Wait for a key; ``None`` when the terminal is gone."""
        while not self._ahead:
            read = self._read()
            if not read:
                return None
            self._ahead.extend(decoded(read.decode("utf-8", "replace")))
        return self._ahead.popleft()

    @contextmanager
    def reading(self) -> Generator[None]:
        """Hold the terminal in raw mode within the block; what it was comes back.

        It does, too, where a signal ends the process meanwhile: in the main thread, SIGTERM,
        SIGHUP and SIGQUIT give it back first, unless somebody else has a say about them.
        """
        import termios

        number = self._stream.fileno()
        before = termios.tcgetattr(number)
        raw = termios.tcgetattr(number)
        # Keys as they come, Ctrl-C included, and not echoed; output stays as it is.
        raw[0] &= ~(termios.ICRNL | termios.IXON)
        raw[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)

        def give_back() -> None:
            with suppress(OSError, ValueError, termios.error):  # the terminal may be gone
                termios.tcsetattr(number, termios.TCSANOW, before)
            if self._screen is not None:
                with suppress(OSError, ValueError):
                    os.write(self._screen.fileno(), _SHOW_CURSOR)

        with _before_ending(give_back):
            termios.tcsetattr(number, termios.TCSADRAIN, raw)
            try:
                yield
            finally:
                termios.tcsetattr(number, termios.TCSADRAIN, before)

    def _read(self) -> bytes:
        from select import select

        number = self._stream.fileno()
        # A signal that comes just before a read begins does not end the read, and its handler would
        # wait for the next key: so nothing is read that is not there.
        while not select([number], [], [], _LOOK_SECONDS)[0]:
            pass
        read = os.read(number, _CHUNK)
        # A sequence or a letter may be cut in two: the rest follows at once, or ESC was all.
        while read and _is_cut(read) and _has_more(number):
            read += os.read(number, _CHUNK)
        return read


def can_read_keys(stream: TextIO) -> bool:
    """Tell whether *stream* is a terminal whose keys can be read one by one."""
    try:
        import termios
    except ImportError:  # Windows
        return False
    try:
        termios.tcgetattr(stream.fileno())
    except (OSError, ValueError, termios.error):
        return False
    return not is_dumb()


@contextmanager
def _before_ending(give_back: Callable[[], None]) -> Generator[None]:
    """Within the block, call *give_back* before a signal ends the process.

    A signal that somebody handles, or ignores, is left to them; in another thread than the main
    one Python lets nobody handle any.
    """

    def end(number: int, _frame: object) -> None:
        give_back()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    taken: list[signal.Signals] = []
    try:
        if threading.current_thread() is threading.main_thread():
            for each in _ENDING:
                if signal.getsignal(each) == signal.SIG_DFL:
                    signal.signal(each, end)
                    taken.append(each)
        yield
    finally:
        for each in taken:
            if signal.getsignal(each) is end:
                signal.signal(each, signal.SIG_DFL)


def _is_cut(read: bytes) -> bool:
    if read.endswith((b"\x1b", b"\x1b[", b"\x1bO")):
        return True
    if read.endswith(b"\r") and len(read) % _CHUNK == 0:
        return True  # a full chunk ends in it: an LF that belongs to it may be in the next
    try:
        read.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def _has_more(number: int) -> bool:
    from select import select

    return bool(select([number], [], [], _SEQUENCE_SECONDS)[0])
