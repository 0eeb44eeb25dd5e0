"""Email: the rules of a mail address."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar, Self

from securely.support.steps import Steps, arun, call, run
from securely.validation.builders.written import Several, flattened
from securely.validation.contracts import Fail, Rule

__all__ = ["Email"]


class Email(Rule):
    """That a value is a mail address; made by `Rule.email()`.

    Example:
        >>> rule = Email().strict().prevent_spoofing().rules("ends_with:.org")

    Source: Laravel 13, Validation\\Rules\\Email.
    """

    data: Any
    validator: Any

    _defaults: ClassVar[list[Callable[[], object] | Email]] = []

    def __init__(self) -> None:
        self._styles: dict[str, None] = {}
        self._rules: list[object] = []

    @staticmethod
    def defaults(make: Callable[[], object] | Email | None) -> None:
        """Let *make*, or a rule as it is, be what :meth:`default` returns; None for none."""
        Email._defaults[:] = [] if make is None else [make]

    @staticmethod
    def default() -> Email:
        """Return the rule that :meth:`defaults` was given, or a new one."""
        made: object = None
        for kept in Email._defaults:
            made = copy.deepcopy(kept) if isinstance(kept, Email) else kept()
        return made if isinstance(made, Email) else Email()

    def rfc_compliant(self, strict: bool = False) -> Self:
        """Take what RFC 5321 takes; where *strict*, without what it only bears with."""
        return self._style("strict" if strict else "rfc")

    def strict(self) -> Self:
        """Take what RFC 5321 takes, without what it only bears with."""
        return self.rfc_compliant(strict=True)

    def validate_mx_record(self) -> Self:
        """Ask the name service whether the domain takes mail."""
        return self._style("dns")

    def prevent_spoofing(self) -> Self:
        """Refuse letters that look like others."""
        return self._style("spoof")

    def with_native_validation(self, allow_unicode: bool = False) -> Self:
        """Take what PHP's own filter takes."""
        return self._style("filter_unicode" if allow_unicode else "filter")

    def rules(self, *rules: Several) -> Self:
        """Add *rules* to those of an address."""
        self._rules.extend(flattened(rules))
        return self

    def validate(self, attribute: str, value: Any, fail: Fail) -> Any:
        """Call *fail* with all that is wrong with the address."""
        if self.validator.awaits:
            return arun(self._judge(attribute, fail))
        return run(self._judge(attribute, fail))

    def _style(self, name: str) -> Self:
        self._styles[name] = None
        return self

    def _judge(self, attribute: str, fail: Fail) -> Steps[None]:
        wording = self.validator.wording
        styles = [style for style in _STYLES if style in self._styles]
        first = ["email", *styles] if styles else "email"
        tried = self.validator.maker.make(
            self.data, {attribute: [first, *self._rules]}, wording.messages, wording.attributes
        )
        if not (yield from call(tried.passes, tried.apasses)):
            for message in tried.errors().all():
                fail(message)


_STYLES = ("rfc", "strict", "dns", "spoof", "filter", "filter_unicode")
