"""Where a Redis server is, in the words of both colours of redis-py; for all who talk to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Address"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, who asks, and how long it is waited for.

    Args:
        host: Its name or address.
        port: Its TCP port.
        path: The path of its Unix socket, which wins over host and port.
        database: Which of its databases.
        username: Who asks; None for the server's default user.
        password: Never shown.
        tls: Whether the connection is encrypted.
        timeout_seconds: How long an answer is waited for; in the async colour with all that
            comes before it, a free connection and connecting.
        connect_timeout_seconds: How long connecting may take.
        retries: How often a read is sent again when its connection breaks.
        connections_max: How many connections one event loop may have.
    """

    host: str = "127.0.0.1"
    port: int = 6379
    path: str | None = None
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    timeout_seconds: float = 2.0
    connect_timeout_seconds: float = 2.0
    retries: int = 1
    connections_max: int = 64

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix://{self.path}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}/{self.database}"

    def arguments(self, library: Any) -> dict[str, Any]:
        """Return what a pool is to be told.

        Args:
            library: `redis.connection` or `redis.asyncio.connection`.
        """
        told: dict[str, Any] = {
            "db": self.database,
            "username": self.username,
            "password": self.password,
            "socket_timeout": self.timeout_seconds,
            "socket_connect_timeout": self.connect_timeout_seconds,
            # Each is a round trip of every new connection.
            "lib_name": None,
            "lib_version": None,
        }
        if self.path is not None:
            return {
                **told,
                "connection_class": library.UnixDomainSocketConnection,
                "path": self.path,
            }
        kind = library.SSLConnection if self.tls else library.Connection
        return {**told, "connection_class": kind, "host": self.host, "port": self.port}
