"""Serves the dashboard by uvicorn, until a signal says to stop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

import uvicorn

from securely.lookout.exceptions import AddressUnusable, NotGuarded
from securely.lookout.lookout import Lookout

__all__ = ["is_loopback", "serve"]

_STOP_SECONDS: Final = 5  # how long answers that are under way may take when it stops


def serve(lookout: Lookout, host: str, port: int, ready: Callable[[str], object] = len) -> None:
    """Serve the dashboard until SIGTERM or Ctrl-C.

    Args:
        lookout: The dashboard.
        host: Where it listens.
        port: The port there; 0 for one that is free.
        ready: Told the address, once it listens.

    Raises:
        NotGuarded: Other machines would reach it, and no callback says who may see it.
        AddressUnusable: It can not listen there.
        MissingExtra: Starlette is not installed.
    """
    is_here = is_loopback(host)
    if not (is_here or lookout.has_auth):
        raise NotGuarded(host)
    servers: list[uvicorn.Server] = []
    app = lookout.app(
        # The local environment is open to this machine, and to no other one.
        asks_always=not is_here,
        is_stopping=lambda: any(each.should_exit for each in servers),
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    servers.append(server)
    with _listening(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        ready(f"http://{name}:{listener.getsockname()[1]}")
        asyncio.run(server.serve([listener]))


def is_loopback(host: str) -> bool:
    """Return whether *host* is this machine, for itself alone.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("a.b")
        (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False  # another name: it may lead anywhere tomorrow


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        is_number = error.errno is not None and error.errno > 0  # those of names are negative
        reason = os.strerror(error.errno or 0) if is_number else str(error.strerror or error)
        raise AddressUnusable(host, port, reason) from error
