"""make:notification, notifications:prune."""

from __future__ import annotations

from typing import ClassVar

from securely.console import Command, Generator
from securely.console.exceptions import FileExists
from securely.notifications.manager import ChannelManager
from securely.support import clock
from securely.support.paths import Paths

__all__ = ["MakeNotificationCommand", "PruneCommand"]

_DAY_SECONDS = 86_400  # seconds of a day


class MakeNotificationCommand(Generator):
    """Makes a notification."""

    signature: ClassVar[str] = """make:notification
        {name : Its name, such as InvoicePaid or billing/InvoicePaid}
        {--markdown= : Make its mail a view in Markdown; mail.invoice-paid, unless said}
        {--test : Write a test of it, too}
        {--force : Write over files that are there}"""
    description: ClassVar[str] = "Make a notification"
    kind: ClassVar[str] = "notification"
    folder: ClassVar[str] = "app/notifications"

    def stub_text(self, paths: Paths, stub: str = "") -> str:
        """Return the stub: that of the notification depends on whether it has a view."""
        own = "notification.markdown.stub" if self._view() else "notification.stub"
        return super().stub_text(paths, stub or own)

    def values(self) -> dict[str, str]:
        """Return the name of the view."""
        return {"view": self._view()}

    def made(self, module: str, class_name: str, paths: Paths) -> None:
        """Write the view."""
        view = self._view()
        if not view:
            return
        target = paths.base.joinpath("resources", "views", *view.split(".")).with_suffix(".md")
        shown = target.relative_to(paths.base).as_posix()
        try:
            self.write(target, self.stub_text(paths, "view.stub"), paths, init=False)
        except FileExists:
            self.warn(f"View {shown} exists already and was kept.")
        else:
            self.info(f"View {shown} created.")

    def _view(self) -> str:
        return self.view_of("markdown", "mail")


class PruneCommand(Command):
    """Removes old notifications from the store."""

    signature: ClassVar[str] = """notifications:prune
        {--days=30 : Those that were stored longer ago are removed}
        {--read : Only those that were read}"""
    description: ClassVar[str] = "Remove old notifications from the store"

    def handle(self, notifications: ChannelManager) -> int:
        """Remove them, and say how many there were."""
        said = str(self.option("days"))
        try:
            days = float(said)
        except ValueError:
            days = -1.0
        if not 0 <= days < float("inf"):
            self.error(f'"{said}" is no number of days. Say --days=30.')
            return self.FAILURE
        before = clock.timestamp() - days * _DAY_SECONDS
        removed = notifications.prune(before, is_read=self.boolean("read"))
        what = "1 notification" if removed == 1 else f"{removed} notifications"
        self.info(f"{what} removed.")
        return self.SUCCESS
