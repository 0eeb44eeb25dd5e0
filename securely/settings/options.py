"""SettingsOptions: the section `settings` of the configuration: what happens after a change."""

from __future__ import annotations

import shlex
from typing import Annotated, ClassVar, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator

from securely.settings.hooks.plan import Plan, Webhook
from securely.support.options import Options, Seconds

__all__ = ["HooksOptions", "Program", "SettingsOptions", "WebhookOptions"]


def _program(line: str) -> str:
    if not shlex.split(line):  # ValueError: a quote without its end
        raise ValueError("there is no program in it")
    return line


Program: TypeAlias = Annotated[str, AfterValidator(_program)]
"""A command line, cut into words as a shell does it; no shell runs it."""


class WebhookOptions(Options):
    """A URL that is told of changes."""

    url: str = Field(default="http://localhost/", pattern=r"^https?://")
    """Where a change is posted as JSON."""
    secret: SecretStr = SecretStr("")
    """What requests are signed with, as Standard Webhooks has it; empty for unsigned ones."""

    @field_validator("url")
    @classmethod
    def _has_host(cls, url: str) -> str:
        if not urlsplit(url).hostname:
            raise ValueError("it names no server")
        return url


class HooksOptions(Options):
    """What is asked before a change, and told after it."""

    before: tuple[Program, ...] = ()
    """Programs that get a change as JSON before it is written: one that fails refuses it."""
    after: tuple[Program, ...] = ()
    """Programs that get a change as JSON when processes have taken it."""
    health: tuple[Program, ...] = ()
    """Programs that fail when something is wrong; the change is taken back then."""
    webhooks: tuple[WebhookOptions, ...] = ()
    """URLs that a change is posted to."""
    reveal: tuple[str, ...] = ()
    """Names of secrets whose values programs and webhooks are given, and not only the names."""
    timeout: Seconds = Field(default=8.0, gt=0)
    """How long a process, a program or a server may take to answer. A process that cannot load
    the application is noticed, and the change taken back, within ten seconds."""
    verify_for: Seconds = Field(default=5.0, ge=0)
    """How long processes and health are watched after a change, in seconds. Without programs for
    health, no longer than until all processes have followed."""

    @property
    def plan(self) -> Plan:
        """What it says, for those who do it."""
        webhooks = [Webhook(one.url, one.secret.get_secret_value()) for one in self.webhooks]
        return Plan(
            self.before,
            self.after,
            self.health,
            tuple(webhooks),
            self.reveal,
            self.timeout,
            self.verify_for,
        )

    @field_validator("reveal")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not name.isidentifier():
                raise ValueError(f"{name!r} is not the name of a variable")
        return names


class SettingsOptions(Options):
    """The section `settings`."""

    reload_class: ClassVar[str] = "live"

    hooks: HooksOptions = HooksOptions()
    """What is asked before a change of the settings, and told after it."""
