"""Questions that a test expects a command to ask, and the answers it gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from securely.console import NotInteractive, Output, Prompts
from securely.console.prompts.checks import Complaint

__all__ = ["Expected", "ExpectedPrompts"]

_Choices = Sequence[object] | Mapping[Any, str] | None


class Expected:
    """A question that is expected, and its answer.

    Args:
        question: What is asked, exactly.
        answer: What is typed or chosen; several where several may be; a boolean for yes or no.
        kind: question, which is any; or confirmation, choice or search.
        choices: What must be offered, or found.
        strict: Whether the order of the choices counts.
        search: What is typed to search.
    """

    def __init__(
        self,
        question: str,
        answer: str | bool | Sequence[str],
        kind: str = "question",
        choices: _Choices = None,
        *,
        strict: bool = False,
        search: str = "",
    ) -> None:
        self.question = question
        self.kind = kind
        self.choices = choices
        self.strict = strict
        self.search = search
        if isinstance(answer, bool):
            answer = "yes" if answer else "no"
        self.typed: str = answer if isinstance(answer, str) else ", ".join(answer) or "-"


class ExpectedPrompts(Prompts):
    """Prompts that answer what a test expects, in that order, and remember what goes wrong."""

    def __init__(self, output: Output, expected: Sequence[Expected]) -> None:
        super().__init__(output)
        self._expected = [*expected]
        self._wrong = ""

    @property
    def is_interactive(self) -> bool:
        """Yes: the test is there."""
        return True

    def answer(self, field: Any) -> Any:
        """Answer *field* with what the test says.

        Raises:
            NotInteractive: It does not say; the test will fail.
        """
        if not self._expected or self._expected[0].question != field.label:
            wanted = f'; "{self._expected[0].question}" was next' if self._expected else ""
            raise self._fail(field, f'asked "{field.label}", which was not expected{wanted}')
        expected = self._expected.pop(0)
        offered = _offered(field, expected.search)
        if expected.choices is not None and not _same(expected, offered):
            shown = "nothing" if offered is None else repr(offered)
            raise self._fail(
                field,
                f'offered {shown} for "{field.label}"; {expected.choices!r} was expected',
            )
        if expected.kind == "confirmation" and not isinstance(field.value(), bool):
            raise self._fail(field, f'asked "{field.label}", but not for yes or no')
        lines = [expected.search] if hasattr(field, "found") else []
        try:
            return field.checks(field.by_line(_Typed(self.output, [*lines, expected.typed])))
        except Complaint as complaint:
            reason = f'does not take {expected.typed!r} for "{field.label}": {complaint}'
            raise self._fail(field, reason) from None

    def check(self, line: str) -> None:
        """Fail if something was asked that was not expected, or not asked that was.

        Raises:
            AssertionError: It was.
        """
        if not self._wrong and self._expected:
            left = ", ".join(f'"{each.question}"' for each in self._expected)
            self._wrong = f"did not ask {left}"
        if self._wrong:
            raise AssertionError(f"`{line}` {self._wrong}.")

    def _fail(self, field: Any, reason: str) -> NotInteractive:
        self._wrong = self._wrong or reason
        return NotInteractive(field.label)


class _Typed:
    """A dialogue of which the answers are known."""

    def __init__(self, output: Output, lines: list[str]) -> None:
        self._output = output
        self._lines = lines

    def say(self, text: str) -> None:
        self._output.error_line(text)

    def read(self, prompt: str) -> str:
        self._output.error_line(prompt)
        # What takes several lines ends with an empty one.
        return self._lines.pop(0) if self._lines else ""

    def read_hidden(self, prompt: str) -> str:
        return self.read(prompt)


def _offered(field: Any, search: str) -> Mapping[Any, str] | None:
    if hasattr(field, "found"):
        found: Mapping[Any, str] = field.found(search)
        return found
    offered = getattr(field, "list", None)
    return None if offered is None else offered.options


def _same(expected: Expected, offered: Mapping[Any, str] | None) -> bool:
    if offered is None:
        return False
    wanted = expected.choices
    if isinstance(wanted, Mapping):
        same = dict(wanted) == dict(offered)
        return same and (not expected.strict or [*wanted] == [*offered])
    texts, known = [str(each) for each in wanted or ()], [*offered.values()]
    return texts == known if expected.strict else sorted(texts) == sorted(known)
