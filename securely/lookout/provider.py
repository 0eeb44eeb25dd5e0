"""Binds the dashboard of the queue, and names the command that serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from securely.config import Config
from securely.container import Provider
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.log import LogManager
from securely.lookout.contracts import AsgiApp
from securely.lookout.gate import Gate
from securely.lookout.lookout import Lookout
from securely.queue.crew.fleet.fleet import Fleet
from securely.queue.manager import QueueManager
from securely.queue.payload import Codec
from securely.view import ViewFactory

__all__ = ["LookoutProvider"]


class LookoutProvider(Provider):
    """Binds the dashboard of the queue, and names the command that serves it."""

    provides: ClassVar[Mapping[str, type]] = {"lookout": Lookout}
    commands: ClassVar[Mapping[str, type | str]] = {
        "lookout": "securely.lookout.commands.LookoutCommand"
    }

    def register(self) -> None:
        """Bind it; nothing of it is made before somebody asks for the application."""
        self.app.singleton(Lookout, self.lookout)

    def lookout(self, config: Config) -> Lookout:
        """Return the dashboard, with the gate of this environment."""
        environment, url = str(config.get("app.env", "")), str(config.get("app.url", ""))
        return Lookout(Gate(environment, url, self.report), self.make)

    def make(self, gate: Gate, asks_always: bool, is_stopping: Callable[[], bool]) -> AsgiApp:
        """Return the application of Starlette; its packages are imported here."""
        from securely.lookout.actions import Actions
        from securely.lookout.archive import Archive
        from securely.lookout.readings import Readings
        from securely.lookout.tokens import Tokens
        from securely.lookout.web.app import Door, LookoutApp
        from securely.lookout.web.pages import Pages
        from securely.queue.upkeep.batches import BatchCare
        from securely.queue.upkeep.monitor import Monitor

        queues, codec = self.app.make(QueueManager), self.app.make(Codec)
        events, care = self.app.make(Dispatcher), self.app.make(BatchCare)
        masker = self.app.make(LogManager).masker
        name = str(self.app.make(Config).get("app.name", ""))
        archive = Archive(queues, codec, events, care, masker)
        pages = Pages(
            self.app.make(ViewFactory),
            Readings(queues, self.app.make(Fleet), Monitor(queues, events)),
            archive,
            Actions(archive),
            Tokens(lambda: self.app.make(KeyRing).purpose("lookout")),
            app_name=name,
            is_stopping=is_stopping,
        )
        return LookoutApp(pages, Door(gate, asks_always=asks_always), self.report)

    def report(self, error: BaseException) -> None:
        """Report an error of the gate's callback, or of a page."""
        # By its name: the handler of errors stands above, and need not be there.
        if self.app.bound("errors"):
            handler: Any = self.app.make("errors")
            handler.report(error, during="lookout")
        else:
            self.app.make(LogManager).error("the dashboard failed", exception=error)
