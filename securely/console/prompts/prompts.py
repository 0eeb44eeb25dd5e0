"""Prompts: text, secret, confirm, select, search …; by keys, by lines, or refused.

Questions go to the error stream, so that a command's output can be piped while it asks. In a
terminal they are drawn and answered by keys; where keys cannot be read, by whole lines. Where
nobody is there to answer, the default is taken; without one, the question is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, Self, TextIO, TypeVar, Unpack, cast

from securely.console.output import Output
from securely.console.prompts.checks import Given
from securely.support.missing import MISSING, Missing

__all__ = ["Prompts"]

K = TypeVar("K", bound=Hashable)

_CURRENT: ContextVar[Prompts | None] = ContextVar("prompts", default=None)


class _Keyboard(Protocol):
    """What :mod:`securely.console.prompts.keys` offers; told by shape, to be imported late."""

    def key(self) -> str | None: ...


class Prompts:
    """Questions to the person at the terminal.

    Every question takes what an answer has to pass: *required* (``True``, or what is said when it
    is empty), *validate* (returns what is wrong, or ``None``; either colour) and *transform*
    (makes the answer of what was typed, before it is checked); and a *hint* below it.

    Args:
        output: Questions are written to its error stream.
        interactive: Whether there is anybody to ask; also the stream must be a terminal, unless
            *answers* or *keyboard* is given.
        answers: Where answers are read from, line by line; the process's standard input unless
            given.
        keyboard: Where keys come from; the terminal's unless given.
        attempts: How often a wrong line may be given before the question is refused.

    Source: Laravel 13, Prompts.
    """

    def __init__(
        self,
        output: Output,
        *,
        interactive: bool = True,
        answers: TextIO | None = None,
        keyboard: _Keyboard | None = None,
        attempts: int = 3,
    ) -> None:
        self._output = output
        self._interactive = interactive
        self._answers = answers
        self._keyboard = keyboard
        self._attempts = attempts
        self._in_form = False

    @classmethod
    def current(cls) -> Prompts:
        """Return those of the command that runs, else those of the process's terminal."""
        return _CURRENT.get() or cls(Output())

    @contextmanager
    def active(self) -> Generator[Self]:
        """Make these the current ones within the block."""
        token = _CURRENT.set(self)
        try:
            yield self
        finally:
            _CURRENT.reset(token)

    @property
    def output(self) -> Output:
        """Where questions are written."""
        return self._output

    @property
    def is_interactive(self) -> bool:
        """Whether questions are asked."""
        if not self._interactive:
            return False
        # A closed standard input is None, and a closed file raises.
        stream = self._answers if self._answers is not None else sys.stdin
        try:
            return (
                self._answers is not None
                or self._keyboard is not None
                or (stream is not None and stream.isatty())  # pyright: ignore[reportUnnecessaryComparison]  # pythonw and daemons have none
            )
        except ValueError:
            return False

    def text(
        self,
        label: str,
        *,
        placeholder: str = "",
        default: str = "",
        **given: Unpack[Given],
    ) -> str:
        """Ask for a line of text.

        Raises:
            NotInteractive: Nobody is there, and the default does not pass.
        """
        from securely.console.prompts.texts import Text

        return cast(
            "str",
            self.answer(Text(label, default=default, placeholder=placeholder, **given)),
        )

    def textarea(
        self,
        label: str,
        *,
        placeholder: str = "",
        default: str = "",
        rows: int = 5,
        **given: Unpack[Given],
    ) -> str:
        """Ask for several lines of text; Ctrl-D ends them, or an empty line where keys are none.

        Raises:
            NotInteractive: Nobody is there, and the default does not pass.
        """
        from securely.console.prompts.texts import Textarea

        return cast(
            "str",
            self.answer(
                Textarea(
                    label,
                    default=default,
                    placeholder=placeholder,
                    rows=rows,
                    **given,
                )
            ),
        )

    def password(
        self,
        label: str,
        *,
        placeholder: str = "",
        **given: Unpack[Given],
    ) -> str:
        """Ask for a text that is not shown while it is typed.

        Raises:
            NotInteractive: Nobody is there, and it is required.
        """
        from securely.console.prompts.texts import Password

        return cast(
            "str",
            self.answer(Password(label, placeholder=placeholder, **given)),
        )

    def number(
        self,
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

        Raises:
            NotInteractive: Nobody is there, and the default does not pass.
        """
        from securely.console.prompts.texts import Number

        return cast(
            "int | float | None",
            self.answer(
                Number(
                    label,
                    default=default,
                    placeholder=placeholder,
                    minimum=minimum,
                    maximum=maximum,
                    step=step,
                    **given,
                )
            ),
        )

    def autocomplete(
        self,
        label: str,
        options: Sequence[str] | Callable[[str], object],
        *,
        placeholder: str = "",
        default: str = "",
        **given: Unpack[Given],
    ) -> str:
        """Ask for a line of text that Tab completes from *options*.

        Raises:
            NotInteractive: Nobody is there, and the default does not pass.
        """
        from securely.console.prompts.texts import Autocomplete

        field = Autocomplete(label, options, default=default, placeholder=placeholder, **given)
        return cast("str", self.answer(field))

    def confirm(
        self,
        label: str,
        default: bool = True,
        *,
        yes: str = "Yes",
        no: str = "No",
        **given: Unpack[Given],
    ) -> bool:
        """Ask for yes or no; *default* where nobody is there. *required* takes only yes.

        Raises:
            NotInteractive: Nobody is there, and the default does not pass.
        """
        from securely.console.prompts.texts import Confirm

        field = Confirm(label, default=default, yes=yes, no=no, **given)
        return cast("bool", self.answer(field))

    def pause(self, message: str = "Press enter to continue...") -> bool:
        """Wait for Enter, where somebody is there."""
        from securely.console.prompts.texts import Pause

        return self.is_interactive and cast("bool", self.answer(Pause(message)))

    def select(
        self,
        label: str,
        options: Sequence[K] | Mapping[K, str],
        *,
        default: K | str | Missing = MISSING,
        scroll: int = 5,
        info: Callable[[K], object] | None = None,
        **given: Unpack[Given],
    ) -> K:
        """Ask for one of *options*; return it, or its key where they are a mapping.

        Args:
            label: What to ask.
            options: What may be chosen; texts by key, or things that are shown as text.
            default: What is marked to begin with, and taken where nobody is there.
            scroll: How many options are seen at once.
            info: Gives a line about the option that is marked.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
            ValueError: The default is none of the options, or there are none.
        """
        from securely.console.prompts.choices import Select

        field = Select(
            label,
            options,
            default=default,
            scroll=scroll,
            info=info,
            **given,
        )
        return cast("K", self.answer(field))

    def multiselect(
        self,
        label: str,
        options: Sequence[K] | Mapping[K, str],
        *,
        default: Iterable[K | str] = (),
        scroll: int = 5,
        info: Callable[[K], object] | None = None,
        **given: Unpack[Given],
    ) -> list[K]:
        """Ask for any number of *options*; the space bar chooses, Ctrl-A chooses all or none.

        Raises:
            NotInteractive: Nobody is there, and the default does not pass.
            ValueError: A default is none of the options.
        """
        from securely.console.prompts.choices import Multiselect

        field = Multiselect(
            label,
            options,
            default=default,
            scroll=scroll,
            info=info,
            **given,
        )
        return cast("list[K]", self.answer(field))

    def suggest(
        self,
        label: str,
        options: Sequence[str] | Callable[[str], object],
        *,
        placeholder: str = "",
        default: str = "",
        scroll: int = 5,
        **given: Unpack[Given],
    ) -> str:
        """Ask for a text for which there are suggestions; it need be none of them.

        Args:
            label: What to ask.
            options: The suggestions, or a function of what is typed, in either colour.
            placeholder: What is shown while nothing is typed.
            default: What stands there to begin with.
            scroll: How many suggestions are seen at once.

        Raises:
            NotInteractive: Nobody is there, and the default does not pass.
        """
        from securely.console.prompts.choices import Suggest

        field = Suggest(
            label,
            options,
            default=default,
            placeholder=placeholder,
            scroll=scroll,
            **given,
        )
        return cast("str", self.answer(field))

    def search(
        self,
        label: str,
        options: Callable[[str], object],
        *,
        placeholder: str = "",
        scroll: int = 5,
        info: Callable[[Any], object] | None = None,
        **given: Unpack[Given],
    ) -> Any:
        """Ask for one of what *options* finds for what is typed.

        Args:
            label: What to ask.
            options: Gives a list, or texts by key, for what is typed; in either colour.
            placeholder: What is shown while nothing is typed.
            scroll: How many results are seen at once.
            info: Gives a line about the result that is marked.

        Raises:
            NotInteractive: Nobody is there.
        """
        from securely.console.prompts.choices import Search

        return self.answer(
            Search(
                label,
                options,
                placeholder=placeholder,
                scroll=scroll,
                info=info,
                **given,
            )
        )

    def multisearch(
        self,
        label: str,
        options: Callable[[str], object],
        *,
        placeholder: str = "",
        scroll: int = 5,
        info: Callable[[Any], object] | None = None,
        **given: Unpack[Given],
    ) -> list[Any]:
        """Ask for any number of what *options* finds for what is typed, over several searches.

        Raises:
            NotInteractive: Nobody is there, and an answer is required.
        """
        from securely.console.prompts.choices import Multisearch

        field = Multisearch(
            label,
            options,
            placeholder=placeholder,
            scroll=scroll,
            info=info,
            **given,
        )
        return cast("list[Any]", self.answer(field))

    def datatable(
        self,
        label: str,
        headers: Sequence[str],
        rows: Sequence[Sequence[object]] | Mapping[K, Sequence[object]],
        *,
        scroll: int = 10,
        matches: Callable[[Sequence[object], str], object] | None = None,
        **given: Unpack[Given],
    ) -> Any:
        """Ask for one of the rows of a table; what is typed leaves only rows that have it.

        Args:
            label: What to ask.
            headers: What stands above the columns.
            rows: The rows, or rows by their keys.
            scroll: How many rows are seen at once.
            matches: Tells whether a row is left for what is typed; in either colour.

        Returns:
            The key of the row, or its position in a list.

        Raises:
            NotInteractive: Nobody is there.
        """
        from securely.console.prompts.tables import Datatable

        field = Datatable(label, headers, rows, scroll=scroll, matches=matches, **given)
        return self.answer(field)

    def ask(
        self,
        question: str,
        default: str | Missing | None = MISSING,
        validate: Callable[[str], str | None] | None = None,
    ) -> str | None:
        """Ask for a text; what :meth:`text` does, in the words of commands.

        Args:
            question: What to ask.
            default: The answer when nothing is typed, or nobody is there.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
        """
        shown = default if isinstance(default, str) else ""

        def check(answer: str) -> str | None:
            return validate(answer) if validate and answer else None

        answer = self.text(question, default=shown, required=default is MISSING, validate=check)
        return answer if answer or isinstance(default, str) else None

    def secret(self, question: str) -> str:
        """Ask for a text that is not shown while it is typed.

        Raises:
            NotInteractive: Nobody is there.
        """
        return self.password(question, required=True)

    def choose(
        self,
        question: str,
        choices: Sequence[str] | Mapping[str, str],
        default: str | Missing = MISSING,
    ) -> str:
        """Ask for one of *choices*; what :meth:`select` does, in the words of commands.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
            ValueError: The default is none of the choices.
        """
        return self.select(question, choices, default=default)

    def answer(self, field: Any) -> Any:
        """Ask what *field*, of :mod:`securely.console.prompts`, asks; return the answer.

        Raises:
            NotInteractive: Nobody is there, and what it would answer itself does not pass.
        """
        from securely.console.prompts import asking

        if not self.is_interactive:
            return asking.unattended(field)
        keyboard = self._keys()
        if keyboard is None:
            return asking.by_lines(field, self._output, self._answers, self._attempts)
        return asking.by_keys(field, self._output, keyboard, may_step_back=self._in_form)

    @contextmanager
    def form(self, *, may_step_back: bool) -> Generator[None]:
        """Let Ctrl-U step back within the block: the form around it catches that."""
        before, self._in_form = self._in_form, may_step_back
        try:
            yield
        finally:
            self._in_form = before

    def _keys(self) -> Any:
        """Return where keys come from; ``None`` where answers come by lines."""
        if self._keyboard is not None or self._answers is not None:
            return self._keyboard
        from securely.console.prompts.keys import TerminalKeyboard, can_read_keys

        if not (self._output.errors.isatty() and can_read_keys(sys.stdin)):
            return None
        self._keyboard = TerminalKeyboard(sys.stdin, self._output.errors)
        return self._keyboard
