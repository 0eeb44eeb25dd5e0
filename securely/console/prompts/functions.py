"""Questions, notes and shown work as functions, of the command that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from securely.console.output.progress import Progress
from securely.console.output.separator import TableSeparator
from securely.console.output.tree import Tree
from securely.console.prompts.prompts import Prompts

__all__ = [
    "alert",
    "autocomplete",
    "clear",
    "confirm",
    "error",
    "form",
    "info",
    "intro",
    "multisearch",
    "multiselect",
    "note",
    "notify",
    "number",
    "outro",
    "password",
    "pause",
    "progress",
    "search",
    "select",
    "spin",
    "suggest",
    "table",
    "task",
    "text",
    "textarea",
    "title",
    "tree",
    "warning",
]

P = ParamSpec("P")
T = TypeVar("T")


def _asked(method: Callable[Concatenate[Prompts, P], T]) -> Callable[P, T]:
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        return method(Prompts.current(), *args, **kwargs)

    ask.__name__ = ask.__qualname__ = method.__name__
    ask.__doc__ = method.__doc__
    return ask


text = _asked(Prompts.text)
textarea = _asked(Prompts.textarea)
password = _asked(Prompts.password)
number = _asked(Prompts.number)
autocomplete = _asked(Prompts.autocomplete)
confirm = _asked(Prompts.confirm)
pause = _asked(Prompts.pause)
select = _asked(Prompts.select)
multiselect = _asked(Prompts.multiselect)
suggest = _asked(Prompts.suggest)
search = _asked(Prompts.search)
multisearch = _asked(Prompts.multisearch)


def form() -> Any:
    """Return a form: several questions with steps back, see :class:`~.forms.Form`."""
    from securely.console.prompts.forms import Form

    return Form()


def note(message: str) -> None:
    """Write a line."""
    Prompts.current().output.line(message)


def info(message: str) -> None:
    """Write a line that says that all is well."""
    Prompts.current().output.info(message)


def warning(message: str) -> None:
    """Write a warning to the error stream."""
    Prompts.current().output.warn(message)


def error(message: str) -> None:
    """Write an error to the error stream."""
    Prompts.current().output.error(message)


def alert(message: str) -> None:
    """Write a line in a frame of stars."""
    Prompts.current().output.alert(message)


def intro(message: str) -> None:
    """Write what a dialogue begins with."""
    Prompts.current().output.line(f"<fg=black;bg=cyan> {message} </>")


def outro(message: str) -> None:
    """Write what a dialogue ends with."""
    intro(message)


def title(text: str) -> None:
    """Set the title of the terminal's window; nothing where there is no terminal."""
    _control(f"\x1b]0;{_one_line(text)}\x07")


def clear() -> None:
    """Clear the terminal; nothing where there is none."""
    _control("\x1b[H\x1b[2J")


def notify(message: str) -> None:
    """Ask the terminal for a notification (OSC 9), with its bell; nothing where there is none."""
    _control(f"\x1b]9;{_one_line(message)}\x07")


def spin(work: Callable[[], T], message: str = "") -> T:
    """Do *work*, in either colour, under a spinner, and return what it returns."""
    return Prompts.current().output.spin(work, message)


def progress(
    label: str, steps: Iterable[T] | int, callback: Callable[[T], object] | None = None
) -> Any:
    """Show how far *steps* have come.

    Args:
        label: What stands before the bar.
        steps: What is worked through, or how many steps there are.
        callback: What is done with each; in either colour.

    Returns:
        What *callback* gave for each; without one, the :class:`Progress` itself.
    """
    shown: Progress[T] = Prompts.current().output.progress(steps, description=label)
    return shown if callback is None else shown.map(callback)


def task(description: str, work: Callable[[], object]) -> bool:
    """Do *work*; write how long it took and whether it went well; return the latter."""
    return Prompts.current().output.task(description, work)


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object] | Mapping[str, object] | TableSeparator],
    box: str = "default",
) -> None:
    """Draw a table."""
    Prompts.current().output.table(headers, rows, box)


def tree(tree: Tree, title: str = "") -> None:
    """Draw nested names."""
    Prompts.current().output.tree(tree, title)


def _control(codes: str) -> None:
    output = Prompts.current().output
    if output.errors.isatty():
        output.write_error(codes)
        output.errors.flush()


def _one_line(text: str) -> str:
    """Return *text* without what could end the sequence and begin another."""
    return "".join(character for character in text if character.isprintable())
