"""Binds the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, cast

from securely.config import Config
from securely.container import Provider
from securely.context import Context
from securely.events import Dispatcher
from securely.exceptions import ConfigurationError
from securely.log.hub import Hub
from securely.log.logger import Logger
from securely.log.manager import LogManager
from securely.log.masking import Masker, judge_of, secrets_in
from securely.support.paths import Paths

__all__ = ["LogProvider"]


class LogProvider(Provider):
    """Binds the log."""

    provides: ClassVar[Mapping[str, type]] = {"log": LogManager, "log.channel": Logger}
    commands: ClassVar[Mapping[str, type | str]] = {
        "log:tail": "securely.log.commands.tail.TailCommand",
    }
    options: ClassVar[Mapping[str, type | str]] = {"log": "securely.log.options.LogOptions"}

    def register(self) -> None:
        """Bind the manager; nothing is parsed or opened before the first message."""
        self.app.singleton(LogManager, self.manager)
        self.app.bind(Logger, LogManager)

    def manager(self, config: Config, events: Dispatcher, paths: Paths) -> LogManager:
        """Return the manager of the configured channels.

        A section that is wrong does not raise here, in the middle of a message: everything goes
        to the emergency log, which says what is wrong. (`config:check` is where it raises.)
        """
        from securely.log.options import LogOptions  # pydantic: not before the first message

        hub = Hub(
            paths=paths,
            environment=str(config.get("app.env", "production")),
            timezone=str(config.get("app.timezone", "UTC")),
            events=events,
            masker=_masker(config),
        )
        if self.app.bound("context"):
            hub.extra = self.app.make(Context).read
        try:
            options = config.section("log").parse(LogOptions)
        except ConfigurationError as error:
            return LogManager("default", {}, hub, problem=str(error))
        told = options.deprecations
        return LogManager(
            options.default, options.channels, hub, deprecations=(told.channel, told.trace)
        )


def _masker(config: Config) -> Masker:
    """Return what hides the secrets of the configuration, and what it calls secret.

    The names are read as they stand there: they hold where the section is wrong elsewhere.
    """
    found: object = config.get("log.mask.fields", ())
    named = found.split(",") if isinstance(found, str) else found
    listed = cast("Iterable[object]", named) if isinstance(named, list | tuple) else ()
    own = [each.strip() for each in listed if isinstance(each, str) and each.strip()]
    return Masker(secrets_in(config.all(), judge=judge_of(own)), own)
