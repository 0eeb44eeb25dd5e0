"""PromptsForMissingInput: a command that asks for required arguments that were left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from securely.console.input import Input
from securely.console.prompts import Prompts

__all__ = ["PromptsForMissingInput", "Question"]

Question: TypeAlias = str | tuple[str, str] | Callable[[], object]
"""A question, a question with an example of its answer, or what asks and returns the answer."""


class PromptsForMissingInput:
    """A mixin for commands that would rather ask than refuse.

    Only where somebody is there to answer; elsewhere a missing argument is the usual error.

    Source: Laravel 13, Illuminate\\Console\\Concerns\\PromptsForMissingInput.
    """

    input: Input
    prompts: Prompts

    def prompt_for_missing(self) -> Mapping[str, Question]:
        """Return how to ask, by argument; for the others the description is the question."""
        return {}

    def after_prompting_for_missing_arguments(self) -> None:
        """Ask for more, such as options, once arguments were asked for; nothing by default."""

    def did_receive_options(self) -> bool:
        """Return whether any option was given: who gives some has thought of them."""
        return any(self.input.was_given(name) for name in self.input.options())

    def ask_for_missing(self) -> None:
        """Ask for each required argument that was not given, and take over the answers."""
        missing = self.input.missing()
        if not missing or not self.prompts.is_interactive:
            return
        questions = self.prompt_for_missing()
        for argument in missing:
            about = argument.description or f"the {argument.name}"
            question = questions.get(argument.name, f"What is {about[:1].lower()}{about[1:]}?")
            if isinstance(question, tuple):
                question = f"{question[0]} (e.g. {question[1]})"
            answer = question() if callable(question) else self.prompts.ask(question)
            self.input.fill(argument.name, answer)
        self.after_prompting_for_missing_arguments()
