"""lookout."""

from __future__ import annotations

from signal import SIGINT, SIGTERM
from typing import ClassVar, Final

from securely.console import Command
from securely.console.output.style import safe
from securely.lookout.lookout import Lookout
from securely.support.importing import require

__all__ = ["LookoutCommand"]

_PORT_MAX: Final = 65_535  # the largest of TCP


class LookoutCommand(Command):
    """Serves the dashboard of the queue."""

    signature: ClassVar[str] = """lookout
        {--host=127.0.0.1 : Where it listens}
        {--port=8199 : The port there; 0 for one that is free}"""
    description: ClassVar[str] = "Serve the dashboard of the queue"
    help: ClassVar[str] = (
        "SIGTERM or Ctrl-C ends it with 0. On another host than this machine's own, it is served\n"
        "only where Lookout.auth(callback) says who may see it."
    )

    def handle(self, lookout: Lookout) -> int:
        """Serve it until a signal says to stop."""
        for package in ("starlette", "uvicorn"):
            require(package, "lookout", "the dashboard of the queue")
        from securely.lookout.server import serve

        port = self.integer("port", 0, _PORT_MAX)
        if not lookout.is_open:
            self.warn(
                "Nobody may see it: the environment is not local, and no callback is registered "
                "with Lookout.auth."
            )
        # uvicorn raises the signal again that has ended it: this makes a clean end of that.
        with self.trapping((SIGTERM, SIGINT), self._end):
            serve(lookout, self.string("host"), port, self._tell)
        return self.SUCCESS

    def _tell(self, address: str) -> None:
        self.info(safe(f"Lookout is on {address} (Ctrl-C ends it)."))
        self.output.flush()

    def _end(self, *_: object) -> None:
        """Do nothing: the server has stopped already."""
