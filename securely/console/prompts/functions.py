"""Questions, notes and shown work as functions, of the command that runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, Unpack

from securely.console.output import Verbosity
from securely.console.output.progress import Progress
from securely.console.output.separator import TableSeparator
from securely.console.output.tree import Tree
from securely.console.prompts.checks import Given
from securely.console.prompts.prompts import Prompts
from securely.support.missing import MISSING, Missing

__all__ = [
    "alert",
    "autocomplete",
    "callout",
    "clear",
    "confirm",
    "datatable",
    "error",
    "form",
    "grid",
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
    "stream",
    "suggest",
    "table",
    "task",
    "text",
    "textarea",
    "title",
    "tree",
    "warning",
]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def text(label: str, *, placeholder: str = "", default: str = "", **given: Unpack[Given]) -> str:
    """Ask for a line of text.

    See :meth:`Prompts.text`.
    """
    return Prompts.current().text(label, placeholder=placeholder, default=default, **given)


def textarea(
    label: str, *, placeholder: str = "", default: str = "", rows: int = 5, **given: Unpack[Given]
) -> str:
    """Ask for several lines of text; Ctrl-D ends them, or an empty line where keys are none.

    See :meth:`Prompts.textarea`.
    """
    return Prompts.current().textarea(
        label, placeholder=placeholder, default=default, rows=rows, **given
    )


def password(label: str, *, placeholder: str = "", **given: Unpack[Given]) -> str:
    """Ask for a text that is not shown while it is typed.

    See :meth:`Prompts.password`.
    """
    return Prompts.current().password(label, placeholder=placeholder, **given)


def number(
    label: str,
    *,
    placeholder: str = "",
    default: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float = 1,
    **given: Unpack[Given],
) -> int | float | None:
    """Ask for a number; up and down change it by *step*. An empty answer is ``None``.

    See :meth:`Prompts.number`.
    """
    return Prompts.current().number(
        label,
        placeholder=placeholder,
        default=default,
        minimum=minimum,
        maximum=maximum,
        step=step,
        **given,
    )


def autocomplete(
    label: str,
    options: Sequence[str] | Callable[[str], object],
    *,
    placeholder: str = "",
    default: str = "",
    **given: Unpack[Given],
) -> str:
    """Ask for a line of text that Tab completes from *options*.

    See :meth:`Prompts.autocomplete`.
    """
    return Prompts.current().autocomplete(
        label, options, placeholder=placeholder, default=default, **given
    )


def confirm(
    label: str, default: bool = True, *, yes: str = "Yes", no: str = "No", **given: Unpack[Given]
) -> bool:
    """Ask for yes or no; *default* where nobody is there. *required* takes only yes.

    See :meth:`Prompts.confirm`.
    """
    return Prompts.current().confirm(label, default, yes=yes, no=no, **given)


def pause(message: str = "Press enter to continue...") -> bool:
    """Wait for Enter, where somebody is there.

    See :meth:`Prompts.pause`.
    """
    return Prompts.current().pause(message)


def select(
    label: str,
    options: Sequence[K] | Mapping[K, str],
    *,
    default: K | str | Missing = MISSING,
    scroll: int = 5,
    info: Callable[[K], object] | None = None,
    **given: Unpack[Given],
) -> K:
    """Ask for one of *options*; return it, or its key where they are a mapping.

    See :meth:`Prompts.select`.
    """
    return Prompts.current().select(
        label, options, default=default, scroll=scroll, info=info, **given
    )


def multiselect(
    label: str,
    options: Sequence[K] | Mapping[K, str],
    *,
    default: Iterable[K | str] = (),
    scroll: int = 5,
    info: Callable[[K], object] | None = None,
    **given: Unpack[Given],
) -> list[K]:
    """Ask for any number of *options*; the space bar chooses, Ctrl-A chooses all or none.

    See :meth:`Prompts.multiselect`.
    """
    return Prompts.current().multiselect(
        label, options, default=default, scroll=scroll, info=info, **given
    )


def suggest(
    label: str,
    options: Sequence[str] | Callable[[str], object],
    *,
    placeholder: str = "",
    default: str = "",
    scroll: int = 5,
    **given: Unpack[Given],
) -> str:
    """Ask for a text for which there are suggestions; it need be none of them.

    See :meth:`Prompts.suggest`.
    """
    return Prompts.current().suggest(
        label, options, placeholder=placeholder, default=default, scroll=scroll, **given
    )


def search(
    label: str,
    options: Callable[[str], object],
    *,
    placeholder: str = "",
    scroll: int = 5,
    info: Callable[[Any], object] | None = None,
    **given: Unpack[Given],
) -> Any:
    """Ask for one of what *options* finds for what is typed.

    See :meth:`Prompts.search`.
    """
    return Prompts.current().search(
        label, options, placeholder=placeholder, scroll=scroll, info=info, **given
    )


def multisearch(
    label: str,
    options: Callable[[str], object],
    *,
    placeholder: str = "",
    scroll: int = 5,
    info: Callable[[Any], object] | None = None,
    **given: Unpack[Given],
) -> list[Any]:
    """Ask for any number of what *options* finds for what is typed, over several searches.

    See :meth:`Prompts.multisearch`.
    """
    return Prompts.current().multisearch(
        label, options, placeholder=placeholder, scroll=scroll, info=info, **given
    )


def datatable(
    label: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[object]] | Mapping[K, Sequence[object]],
    *,
    scroll: int = 10,
    matches: Callable[[Sequence[object], str], object] | None = None,
    **given: Unpack[Given],
) -> Any:
    """Ask for one of the rows of a table; return its key, or its position in a list.

    See :meth:`Prompts.datatable`.
    """
    return Prompts.current().datatable(
        label, headers, rows, scroll=scroll, matches=matches, **given
    )


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


def callout(
    label: str,
    content: str | Sequence[str | Sequence[str] | Mapping[str, object]],
    type: str = "",  # noqa: A002  # Laravel's word
    info: str = "",
) -> None:
    """Write a text in a frame; a warning or an error to the error stream.

    Args:
        label: What stands in the upper edge.
        content: What is said; or several parts: texts, lists, and values by name.
        type: "", "warning" or "error".
        info: What stands in the lower edge.

    Raises:
        InvalidInput: There is no such type.
    """
    from securely.console.prompts.blocks import callout_lines

    output = Prompts.current().output
    for line in callout_lines(label, content, type, info, output.width):
        if not type:
            output.line(line)
        elif type == "error" or output.verbosity >= Verbosity.NORMAL:
            output.error_line(line)


def grid(items: Iterable[str], max_width: int | None = None) -> None:
    """Write short texts side by side, in as many columns as there is room for.

    Args:
        items: The texts, which may hold tags.
        max_width: Columns that all of it may take; as many as the terminal has unless given.
    """
    from securely.console.prompts.blocks import grid_lines

    output = Prompts.current().output
    for line in grid_lines([*items], output.width if max_width is None else max_width):
        output.line(line)


def stream() -> Any:
    """Return what writes a text that arrives piece by piece, see :class:`~.streaming.Stream`."""
    from securely.console.prompts.streaming import Stream

    return Stream(Prompts.current().output)


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
