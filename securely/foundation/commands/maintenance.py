"""down, up: maintenance mode."""

from __future__ import annotations

from securely.console import Command
from securely.foundation.maintenance import Maintenance

__all__ = ["DownCommand", "UpCommand"]

HTTP_FIRST, HTTP_LAST = 200, 599


class DownCommand(Command):
    """Takes the application down: requests are refused, workers wait."""

    signature = """down
        {--redirect= : The path that requests are sent to}
        {--retry= : Seconds after which clients may try again}
        {--refresh= : Seconds after which browsers reload}
        {--secret= : A word that lets its bearer in}
        {--status=503 : The HTTP status of the answer}"""
    description = "Put the application into maintenance mode"

    def handle(self, maintenance: Maintenance) -> int:
        """Write the down file."""
        status = self.integer("status")
        if not HTTP_FIRST <= status <= HTTP_LAST:
            self.fail(
                f"--status={status} is no HTTP status. Give one from 200 to 599, such as 503."
            )
        payload: dict[str, object] = {"status": status}
        for name in ("redirect", "secret"):
            if self.option(name) is not None:
                payload[name] = self.option(name)
        if not str(payload.get("redirect", "/")).startswith("/"):
            self.fail(
                f"--redirect={payload['redirect']} is no path. Give one from the root, "
                f"such as /{payload['redirect']}."
            )
        for name in ("retry", "refresh"):
            if self.option(name) is not None:
                payload[name] = self._seconds(name)
        maintenance.activate(payload)
        self.info("The application is in maintenance mode.")
        return self.SUCCESS

    def _seconds(self, name: str) -> int:
        seconds = self.integer(name)
        if seconds < 0:
            self.fail(f"--{name}={seconds} is in the past. Give seconds from now, such as 60.")
        return seconds


class UpCommand(Command):
    """Brings the application up again."""

    signature = "up"
    description = "Bring the application out of maintenance mode"

    def handle(self, maintenance: Maintenance) -> int:
        """Remove the down file."""
        maintenance.deactivate()
        self.info("The application is up.")
        return self.SUCCESS
