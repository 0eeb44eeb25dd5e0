"""Binds what sends notifications, and names the commands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from securely.config import Config
from securely.container import Provider
from securely.events import Dispatcher
from securely.log import LogManager
from securely.mail import MailManager
from securely.mail.mailable.composer import Composer
from securely.mail.markdown import Markdown
from securely.notifications.manager import ChannelManager, Materials
from securely.queue.manager import QueueManager
from securely.store import Database, StoreManager
from securely.translation import Translator
from securely.view import ViewFactory

__all__ = ["NotificationProvider"]


class NotificationProvider(Provider):
    """Binds what sends notifications, and names the commands."""

    provides: ClassVar[Mapping[str, type]] = {"notifications": ChannelManager}
    commands: ClassVar[Mapping[str, type | str]] = {
        "make:notification": "securely.notifications.commands.MakeNotificationCommand",
        "notifications:prune": "securely.notifications.commands.PruneCommand",
    }
    options: ClassVar[Mapping[str, type | str]] = {
        "notifications": "securely.notifications.options.NotificationOptions"
    }

    def register(self) -> None:
        """Bind the manager; nothing is parsed before the first notification."""
        self.app.singleton(ChannelManager, self.manager)

    def manager(self, config: Config, events: Dispatcher) -> ChannelManager:
        """Return the manager of the configured channels."""
        from securely.notifications.options import NotificationOptions  # pydantic: not before

        options = config.section("notifications").parse(NotificationOptions)
        materials = Materials(
            container=self.app,
            database=self.database,
            log=partial(self.app.make, LogManager),
            mail=partial(self.app.make, MailManager),
            queue=partial(self.app.make, QueueManager),
            translator=partial(self.app.make, Translator),
            composer=partial(self.app.make, Composer),
            markdown=self.markdown,
            views=partial(self.app.make, ViewFactory),
            app_name=str(config.get("app.name", "")),
        )
        return ChannelManager(options.channels, materials, events)

    def database(self, name: str | None) -> Database:
        """Return a database of the store."""
        return self.app.make(StoreManager).database(name)

    def markdown(self) -> Markdown:
        """Return what renders views in Markdown."""
        return self.app.make(Markdown)
