"""Binds the mailers, and names the commands of mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from securely.config import Config
from securely.container import Provider
from securely.events import Dispatcher
from securely.exceptions import ConfigurationError
from securely.log import LogManager
from securely.mail.contracts import Ledger
from securely.mail.mailable.composer import Composer
from securely.mail.mailer import Mailer, Office
from securely.mail.manager import MailManager, Materials, standing_of
from securely.mail.markdown import Markdown
from securely.mail.once.once import Once
from securely.queue import QueueManager
from securely.support.paths import Paths
from securely.translation import Translator
from securely.view import ViewFactory

__all__ = ["MailProvider"]


class MailProvider(Provider):
    """Binds the mailers, and names the commands of mail."""

    provides: ClassVar[Mapping[str, type]] = {
        "mail": MailManager,
        "mail.composer": Composer,
        "mail.markdown": Markdown,
        "mail.mailer": Mailer,
        "mail.once": Once,
    }
    commands: ClassVar[Mapping[str, type | str]] = {
        "mail:test": "securely.mail.commands.TestCommand",
        "mail:preview": "securely.mail.commands.PreviewCommand",
        "mail:publish": "securely.mail.commands.PublishCommand",
        "make:mail": "securely.mail.commands.MakeMailCommand",
    }
    options: ClassVar[Mapping[str, type | str]] = {"mail": "securely.mail.options.MailOptions"}

    def register(self) -> None:
        """Bind the manager, which is the default mailer, too; nothing is parsed before it."""
        self.app.singleton(MailManager, self.manager)
        self.app.bind(Mailer, MailManager)
        self.app.singleton(Once, self.once)
        self.app.singleton(Composer, self.composer)
        self.app.singleton(Markdown, self.markdown)

    def manager(self, config: Config, events: Dispatcher, paths: Paths) -> MailManager:
        """Return the manager of the configured mailers."""
        from securely.mail.options import MailOptions  # pydantic: not before the first mail

        options = config.section("mail").parse(MailOptions)
        return MailManager(
            options.default,
            options.mailers,
            standing=standing_of(options),
            events=events,
            materials=Materials(locate=paths.resolve, write=self.write),
            once=None if options.once.driver == "none" else self.app.make(Once),
            office=Office(lambda: self.app.make(Composer), lambda: self.app.make(QueueManager)),
        )

    def composer(self, paths: Paths) -> Composer:
        """Return what makes messages of mailables; views are loaded when one has some."""
        return Composer(
            self.app,
            views=lambda: self.app.make(ViewFactory),
            markdown=lambda: self.app.make(Markdown),
            locale=lambda locale: self.app.make(Translator).with_locale(locale),
            locate=paths.resolve,
        )

    def markdown(self, config: Config, views: ViewFactory, translator: Translator) -> Markdown:
        """Return what renders markdown views in the configured theme."""
        from securely.mail.options import MailOptions  # pydantic: not before the first mail

        return Markdown(
            views,
            theme=config.section("mail").parse(MailOptions).markdown.theme,
            name=str(config.get("app.name", "")),
            url=str(config.get("app.url", "")),
            locale=lambda: translator.locale,
            is_fresh=views.is_fresh,
        )

    def once(self, config: Config) -> Once:
        """Return what sees to it that the mail of a key is sent once; it opens nothing yet."""
        from securely.mail.options import MailOptions  # pydantic: not before the first mail

        options = config.section("mail").parse(MailOptions).once
        return Once(
            lambda: self.ledger(options),
            claim_seconds=options.claim_seconds,
            report=self.report,
        )

    def ledger(self, options: Any) -> Ledger:
        """Return where it is remembered which mails were sent.

        Raises:
            ConfigurationError: It is switched off.
        """
        if options.driver == "store":
            from securely.mail.once.store import StoreLedger
            from securely.store import StoreManager

            return StoreLedger(
                self.app.make(StoreManager).database(options.store), days=options.days
            )
        if options.driver == "cache":
            from securely.cache import CacheManager
            from securely.mail.once.cache import CacheLedger

            return CacheLedger(self.app.make(CacheManager).store(options.cache), days=options.days)
        raise ConfigurationError(
            'No mail is remembered: mail.once.driver is "none". Set it to "store" or "cache".'
        )

    def report(self, error: BaseException) -> None:
        """Report what went wrong with a mail that was sent all the same."""
        if self.app.bound("errors"):  # by its name: it stands above mail
            self.app.make("errors").report(error, during="mail.once")
        else:
            self.app.make(LogManager).error(
                "a mail that was sent is not remembered", exception=error
            )

    def write(self, channel: str | None, level: str) -> Callable[[str], object]:
        """Return what writes a text to *channel* of the log at *level*."""
        log = self.app.make(LogManager).channel(channel)
        return lambda text: log.log(level, text)
