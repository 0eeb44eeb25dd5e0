"""What can go wrong with a validation, and what it says when data is wrong.

ValidatorError                  the root
├── ValidationError             data broke its rules: errors by field; a 422 in HTTP
├── Unauthorized                a form request may not be made by whoever makes it; a 403 in HTTP
└── RulesError                  the rules themselves are wrong, whatever the data (a ValueError)
    ├── InvalidRule             a rule is unknown, or its parameters are too few, too many or wrong
    └── NothingAnswers          a rule asks something nobody was bound to answer
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = [
    "InvalidRule",
    "NothingAnswers",
    "RulesError",
    "Unauthorized",
    "ValidationError",
    "ValidatorError",
]


class ValidatorError(SecurelyError):
    """The root of what is the matter with data, or with its rules."""


class ValidationError(ValidatorError):
    """Data broke its rules.

    Args:
        errors: The messages of each field, by its dotted name.
        summary: What is said of them all; by default the first message, and how many more.
        bag: The name under which a page shows the errors.
        status: What HTTP answers with.

    Example:
        >>> error = ValidationError.with_messages({"email": "This address is taken."})
        >>> error.errors
        {'email': ['This address is taken.']}
    """

    def __init__(
        self,
        errors: Mapping[str, Sequence[str]],
        summary: str | None = None,
        bag: str = "default",
        status: int = 422,
    ) -> None:
        self.errors: dict[str, list[str]] = {field: [*said] for field, said in errors.items()}
        self.summary: str = _summary(self.errors) if summary is None else summary
        self.bag: str = bag
        self.status: int = status
        self.redirect_to: str | None = None
        super().__init__(self.summary)
        for field, said in self.errors.items():
            # Shown under an error wherever it ends a program: the summary has the first alone.
            self.add_note(f"{field}: {' '.join(said)}")

    @classmethod
    def with_messages(cls, messages: Mapping[str, str | Iterable[str]]) -> Self:
        """Make an error of what is found wrong elsewhere: a message or several by field.

        Raises:
            TypeError: The messages are no dict.
        """
        if not isinstance(messages, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise TypeError(f"Messages are a dict by field, not {type(messages).__name__}.")
        return cls(
            {
                field: [said] if isinstance(said, str) else [*said]
                for field, said in messages.items()
            }
        )

    def with_status(self, status: int) -> Self:
        """Answer with the HTTP *status*; return this error."""
        self.status = status
        return self

    def with_bag(self, name: str) -> Self:
        """Show the errors under *name*; return this error."""
        self.bag = name
        return self

    def with_redirect(self, url: str) -> Self:
        """Send a browser back to *url*; return this error."""
        self.redirect_to = url
        return self

    def to_dict(self) -> dict[str, object]:
        """Return what HTTP answers in JSON: the summary, and the messages of each field."""
        return {"message": self.summary, "errors": self.errors}

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        return type(self), (self.errors, self.summary, self.bag, self.status)


class Unauthorized(ValidatorError):
    """A form request may not be made by whoever makes it."""

    status = 403

    def __init__(self, why: str = "This action is unauthorized.") -> None:
        self.why = why
        super().__init__(why)

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.why,)


class RulesError(ValidatorError, ValueError):
    """The root of what is the matter with rules."""


class InvalidRule(RulesError):
    """A rule can not be followed, whatever the data.

    Args:
        field: Whose rule it is.
        rule: The rule, as it was written.
        problem: What is wrong with it, and what would be right.
    """

    def __init__(self, field: str, rule: str, problem: str) -> None:
        self.field = field
        self.rule = rule
        self.problem = problem
        super().__init__(f'The rule "{rule:.100}" of the field "{field:.100}" {problem}')

    @classmethod
    def unknown(cls, field: str, rule: str, known: Iterable[str]) -> Self:
        """Make the error of a rule that does not exist, with the nearest that does."""
        near = did_you_mean(rule.partition(":")[0].strip(), known)
        hint = f' Did you mean "{near}"?' if near else ""
        if "|" in rule:
            hint = " In a list each text is one rule: split it at the bars."
        return cls(
            field, rule, f"is unknown.{hint} Rules of your own are added by Validator.extend()."
        )

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, str]]:
        return type(self), (self.field, self.rule, self.problem)


class NothingAnswers(RulesError):
    """A rule asks something, and nobody was bound to answer.

    Args:
        rule: The rule that asks.
        asked: What would have answered, and how it is given.
    """

    def __init__(self, rule: str, asked: str) -> None:
        self.rule = rule
        self.asked = asked
        super().__init__(f'The rule "{rule}" asks {asked}')

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.rule, self.asked)


def _summary(errors: Mapping[str, Sequence[str]]) -> str:
    said = [message for messages in errors.values() for message in messages]
    if not said:
        return "The given data was invalid."
    more = len(said) - 1
    rest = f" (and {more} more {'error' if more == 1 else 'errors'})" if more else ""
    return said[0] + rest
