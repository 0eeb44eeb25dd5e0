"""Binds the factory of validators, and names the commands of the component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from zoneinfo import ZoneInfo

from securely.config import Config
from securely.container import Provider
from securely.translation import Translator
from securely.validation.answers.breaches import PwnedPasswords
from securely.validation.factory import ValidationFactory
from securely.validation.options import ValidationOptions

__all__ = ["ValidationProvider"]


class ValidationProvider(Provider):
    """Binds the factory of validators, and names the commands of the component."""

    provides: ClassVar[Mapping[str, type]] = {"validator": ValidationFactory}
    commands: ClassVar[Mapping[str, type | str]] = {
        "make:rule": "securely.validation.commands.MakeRuleCommand",
    }
    options: ClassVar[Mapping[str, type | str]] = {
        "validation": "securely.validation.options.ValidationOptions"
    }

    def register(self) -> None:
        """Bind the factory."""
        self.app.singleton(ValidationFactory, self.factory)

    def factory(self, config: Config, lines: Translator) -> ValidationFactory:
        """Return a factory whose messages come from the translator."""
        options = config.section("validation").parse(ValidationOptions)
        factory = ValidationFactory(lines, options.expanded_max, options.errors_max)
        factory.include_unvalidated_array_keys(options.include_unvalidated_array_keys)
        factory.fail_on_unknown_fields(options.fail_on_unknown_fields)
        factory.answer_with("timezone", ZoneInfo(config.string("app.timezone", "UTC")))
        factory.answer_with("breaches", PwnedPasswords())
        return factory
