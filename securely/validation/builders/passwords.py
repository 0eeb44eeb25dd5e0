"""Password: how long a password is, what it holds, and whether it is known from a breach."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final, Self
from unicodedata import category

from securely.support.missing import MISSING
from securely.support.steps import Steps, arun, call, run
from securely.validation import contracts
from securely.validation.answers.asking import asked
from securely.validation.builders.written import Several, flattened
from securely.validation.contracts import Fail
from securely.validation.exceptions import NothingAnswers
from securely.validation.plan.paths import find, split
from securely.validation.rules.loose import is_filled

__all__ = ["Password"]

# Characters, as Laravel has it.
_LEAST: Final = 8


class Password(contracts.Rule):
    """How long a password has to be, and what it has to hold.

    Args:
        min_: So many characters at least.

    Example:
        >>> rule = Password.min(12).mixed_case().numbers().symbols()
        >>> Password.defaults(lambda: Password.min(12).uncompromised())
        >>> Password.defaults(None)

    Source: Laravel 13, Validation\\Rules\\Password.
    """

    implicit: ClassVar[bool] = True

    data: Any
    validator: Any

    _defaults: ClassVar[list[Callable[[], object] | Password]] = []

    def __init__(self, min_: int = _LEAST) -> None:
        self._min = max(min_, 1)
        self._max: int | None = None
        self._required = self._sometimes = False
        self._wanted: dict[str, None] = {}
        self._threshold: int | None = None
        self._rules: list[object] = []

    @classmethod
    def min(cls, size: int) -> Self:
        """Return a rule of *size* characters at least."""
        return cls(size)

    @staticmethod
    def defaults(make: Callable[[], object] | Password | None) -> None:
        """Let *make*, or a rule as it is, be what :meth:`default` returns; None for none."""
        Password._defaults[:] = [] if make is None else [make]

    @staticmethod
    def default() -> Password:
        """Return the rule that :meth:`defaults` was given, or one of eight characters at least."""
        made: object = None
        for kept in Password._defaults:
            made = copy.deepcopy(kept) if isinstance(kept, Password) else kept()
        return made if isinstance(made, Password) else Password()

    @staticmethod
    def required() -> Password:
        """Return the default rule, which then requires the field, too."""
        rule = copy.copy(Password.default())
        rule._required = True
        return rule

    @staticmethod
    def sometimes() -> Password:
        """Return the default rule, asked only where the field is there."""
        rule = copy.copy(Password.default())
        rule._sometimes = True
        return rule

    def max(self, size: int) -> Self:
        """Take *size* characters at most."""
        self._max = size
        return self

    def letters(self) -> Self:
        """Want a letter."""
        return self._want("letters")

    def mixed_case(self) -> Self:
        """Want a small letter and a capital one."""
        return self._want("mixed")

    def numbers(self) -> Self:
        """Want a digit, or another sign for a number."""
        return self._want("numbers")

    def symbols(self) -> Self:
        """Want a symbol: punctuation, a sign, or a space."""
        return self._want("symbols")

    def uncompromised(self, threshold: int = 0) -> Self:
        """Refuse what was seen in breaches more than *threshold* times."""
        self._threshold = threshold
        return self

    def rules(self, *rules: Several) -> Self:
        """Ask *rules*, too."""
        self._rules = flattened(rules)
        return self

    def validate(self, attribute: str, value: Any, fail: Fail) -> Any:
        """Call *fail* with all that is wrong with the password.

        Raises:
            NothingAnswers: It asks for breaches, and nobody was bound who knows of them.
        """
        always = self._required or self._sometimes
        if not always and find(self.data, split(attribute)) is MISSING:
            return None
        if (
            not self._required
            and not is_filled(value)
            and self.validator.has_rule(attribute, "nullable")
        ):
            return None
        if self.validator.awaits:
            return arun(self._judge(attribute, value, fail))
        return run(self._judge(attribute, value, fail))

    def _want(self, name: str) -> Self:
        self._wanted[name] = None
        return self

    def _judge(self, attribute: str, value: Any, fail: Fail) -> Steps[None]:
        wording = self.validator.wording
        tried = self.validator.maker.make(
            self.data, {attribute: [*self._written()]}, wording.messages, wording.attributes
        )

        def hook(validator: Any) -> None:
            for name, holds in _HOLDS.items():
                if name in self._wanted and isinstance(value, str) and not holds(value):
                    validator.add_failure(attribute, f"password.{name}")

        tried.after(hook)
        passes = yield from call(tried.passes, tried.apasses)
        asks = passes and isinstance(value, str)
        if asks and (yield from self._is_breached(value)):
            tried.add_failure(attribute, "password.uncompromised")
        for message in tried.errors().all():
            fail(message)

    def _is_breached(self, password: str) -> Steps[bool]:
        threshold = self._threshold
        if threshold is None:
            return False
        if not password:
            return True
        check = self.validator.maker.answerer("breaches")
        if check is None:
            raise NothingAnswers(
                "Password.uncompromised()",
                "whether a password is known from a breach, and nobody was bound to know: give "
                'the validators a BreachCheck, by answer_with("breaches", PwnedPasswords()) of '
                "their factory.",
            )
        return bool((yield from asked(check, "is_breached", password, threshold)))

    def _written(self) -> Iterator[object]:
        if self._required:
            yield "required"
        if self._sometimes:
            yield "sometimes"
        yield "string"
        yield f"min:{self._min}"
        if self._max:
            yield f"max:{self._max}"
        yield from self._rules


def _any(kinds: str) -> Callable[[str], bool]:
    """Return what tells whether text holds a character of one of some *kinds* of Unicode's."""
    return lambda text: any(category(character)[0] in kinds for character in text)


def _mixed(text: str) -> bool:
    # Both in one line, as Laravel has it: its "anything between" ends where the line does.
    return any(
        {"Ll", "Lu"} <= {category(character) for character in line} for line in text.split("\n")
    )


_HOLDS: Final[dict[str, Callable[[str], bool]]] = {
    "mixed": _mixed,
    "letters": _any("L"),
    "symbols": _any("ZSP"),
    "numbers": _any("N"),
}
