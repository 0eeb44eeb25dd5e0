"""Form: several questions one after the other, with steps back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from securely.console.exceptions import SteppedBack
from securely.console.prompts.checks import settled
from securely.console.prompts.prompts import Prompts

__all__ = ["Form"]


class _Step(NamedTuple):
    ask: Callable[[dict[str, Any]], object]
    name: str
    when: Callable[[dict[str, Any]], object] | None


class Form:
    """Questions that know the answers before them; Ctrl-U goes back to the last one.

    Args:
        prompts: How questions are asked; those of the current command unless given.

    Example:
        >>> form = Form().add(lambda so_far: "Ann", "name")
        >>> form = form.add(lambda so_far: f"{so_far['name']}'s", "shop", when=lambda _: True)
        >>> form.submit()
        {'name': 'Ann', 'shop': "Ann's"}

    Source: Laravel 13, Prompts, "Forms".
    """

    def __init__(self, prompts: Prompts | None = None) -> None:
        self._prompts = prompts
        self._steps: list[_Step] = []

    def add(
        self,
        step: Callable[[dict[str, Any]], object],
        name: str = "",
        *,
        when: Callable[[dict[str, Any]], object] | None = None,
    ) -> Form:
        """Add a step.

        Args:
            step: Asks, given the answers so far by name; in either colour.
            name: By which its answer is found; its number unless given.
            when: Tells, given the answers so far, whether it is asked at all.
        """
        self._steps.append(_Step(step, name or str(len(self._steps)), when))
        return self

    def submit(self) -> dict[str, Any]:
        """Ask every step, and return the answers by name.

        Raises:
            NotInteractive: Nobody is there, and a step has no default.
        """
        prompts = self._prompts or Prompts.current()
        answers: dict[str, Any] = {}
        asked: list[int] = []
        at = 0
        while at < len(self._steps):
            step = self._steps[at]
            if step.when is not None and not step.when(answers):
                answers.pop(step.name, None)
                at += 1
                continue
            try:
                with prompts.active(), prompts.form(may_step_back=bool(asked)):
                    answers[step.name] = settled(step.ask(answers))
            except SteppedBack:
                at = asked.pop()
                continue
            asked.append(at)
            at += 1
        return answers
