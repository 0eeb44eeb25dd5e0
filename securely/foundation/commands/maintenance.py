"""down, up: maintenance mode."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from ipaddress import ip_network
from zoneinfo import ZoneInfo

from securely.config import Config
from securely.console import Command
from securely.console.output.style import escape
from securely.foundation.application import Application
from securely.foundation.exceptions import NotInMaintenance
from securely.foundation.maintenance import Maintenance
from securely.support import clock

__all__ = ["DownCommand", "UpCommand"]

HTTP_FIRST, HTTP_LAST = 200, 599


class DownCommand(Command):
    """Takes the application down: requests are refused, workers wait."""

    signature = """down
        {--redirect= : The path that requests are sent to}
        {--render= : An HTML file that is shown meanwhile}
        {--retry= : Seconds, or the date, after which clients may try again}
        {--refresh= : Seconds after which browsers reload}
        {--secret= : A word that lets its bearer in}
        {--with-secret : Make up such a word and show it}
        {--allow=* : An address or a network that is let in, such as 10.0.0.0/8}
        {--status=503 : The HTTP status of the answer}"""
    description = "Put the application into maintenance mode"

    def handle(self, app: Application, maintenance: Maintenance, config: Config) -> int:
        """Take the application down, or change how it is down."""
        payload: dict[str, object] = {"status": self._status()}
        secret = self.option("secret") or (
            maintenance.new_secret() if self.boolean("with-secret") else None
        )
        if secret is not None:
            payload["secret"] = secret
        if self.option("redirect") is not None:
            payload["redirect"] = self._path()
        if self.option("render") is not None:
            payload["template"] = self._page(app)
        if self.option("retry") is not None:
            payload["retry"] = self._retry(str(config.get("app.timezone", "UTC")))
        if self.option("refresh") is not None:
            payload["refresh"] = self._seconds("refresh")
        if self.option("allow"):
            payload["allow"] = self._networks()
        was_down = maintenance.is_active
        maintenance.activate(payload)
        if was_down:
            self.info("The application was down already. What the options say has been taken over.")
        else:
            self.info("The application is in maintenance mode.")
        if self.boolean("with-secret"):
            url = str(config.get("app.url", "")).rstrip("/")
            self.line(escape(f"Whoever opens {url}/{secret} is let in for 12 hours."))
        return self.SUCCESS

    def _status(self) -> int:
        status = self.integer("status")
        if not HTTP_FIRST <= status <= HTTP_LAST:
            self.fail(
                f"--status={status} is no HTTP status. Give one from 200 to 599, such as 503."
            )
        return status

    def _path(self) -> str:
        path = self.string("redirect")
        if not path.startswith("/"):
            self.fail(f"--redirect={path} is no path. Give one from the root, such as /{path}.")
        return path

    def _page(self, app: Application) -> str:
        file = app.paths.resolve(self.string("render"))
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            self.fail(f"--render: {file} cannot be read: {reason}. Name a file with HTML in UTF-8.")

    def _retry(self, zone: str) -> int | str:
        said = self.string("retry")
        if said.lstrip("-").isdigit():
            return self._seconds("retry")
        try:
            date = datetime.fromisoformat(said)
        except ValueError:
            self.fail(
                f"--retry={said} is neither seconds nor a date. Write 60, or 2031-05-01T06:00."
            )
        if date.tzinfo is None:
            date = date.replace(tzinfo=ZoneInfo(zone))
        if date <= clock.now():
            self.fail(f"--retry={said} is in the past. Give a date to come, or seconds.")
        return format_datetime(date.astimezone(UTC), usegmt=True)

    def _seconds(self, name: str) -> int:
        seconds = self.integer(name)
        if seconds < 0:
            self.fail(f"--{name}={seconds} is in the past. Give seconds from now, such as 60.")
        return seconds

    def _networks(self) -> list[str]:
        networks: list[str] = []
        for given in self.strings("allow"):
            try:
                networks.append(str(ip_network(given, strict=False)))
            except ValueError:
                self.fail(
                    f"--allow={given} is neither an address nor a network. "
                    "Write 192.0.2.7, or 10.0.0.0/8."
                )
        return networks


class UpCommand(Command):
    """Brings the application up again.

    Source: Laravel 13, Illuminate\\Foundation\\Console\\UpCommand.
    """

    signature = "up"
    description = "Bring the application out of maintenance mode"

    def handle(self, maintenance: Maintenance) -> int:
        """Bring it up; that it is up already is said, and no failure."""
        try:
            maintenance.deactivate()
        except NotInMaintenance:
            self.info("The application is up already.")
        else:
            self.info("The application is up.")
        return self.SUCCESS
