"""parse_dsn: a URL of a connection -> its settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from securely.config.exceptions import InvalidDsn

__all__ = ["parse_dsn", "with_dsn", "with_redis_url"]

# The host ends at the first "/", "?" or "#" behind the last "@": a password may hold any of them.
_DSN: Final = re.compile(
    r"(?P<driver>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?"
    r"(?P<host>\[[^\]]*\]|[^:/?#@]*)"
    r"(?::(?P<port>[^/?#@]*))?"
    r"(?P<path>/[^?#]*)?"
    r"(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.DOTALL,
)
_PORT_MAX: Final = 65_535


def parse_dsn(dsn: str) -> dict[str, Any]:
    """Return driver, host, port, username, password, database and options that *dsn* says.

    What is absent is left out. Percent signs are decoded; a password may hold an unescaped ``@``.
    The database and the values of the query are read as JSON where they are JSON, so that
    ``timeout=5`` is a number and ``tls=true`` a boolean. User name and password stay text.

    Raises:
        InvalidDsn: It is no such URL.

    Source: Laravel 13, ConfigurationUrlParser::parseConfiguration.

    Example:
        >>> parse_dsn("redis://ann:p%40ss@localhost:6379/2?timeout=5&tls=true")["password"]
        'p@ss'
        >>> parse_dsn("redis://localhost/2?timeout=5")
        {'driver': 'redis', 'host': 'localhost', 'database': 2, 'timeout': 5}
        >>> parse_dsn("sqlite:///storage/app.db")
        {'driver': 'sqlite', 'database': 'storage/app.db'}
    """
    match = _DSN.fullmatch(dsn)
    if match is None:
        raise InvalidDsn("write driver://user:password@host:port/database?option=value.")
    found: dict[str, Any] = {"driver": match["driver"].lower()}
    if host := match["host"]:
        found["host"] = unquote(host).removeprefix("[").removesuffix("]")
    if port := match["port"]:
        if not (port.isascii() and port.isdecimal() and 0 < int(port) <= _PORT_MAX):
            raise InvalidDsn(f"the port must be a number from 1 to {_PORT_MAX}.")
        found["port"] = int(port)
    for name, part in (("username", match["user"]), ("password", match["password"])):
        if part:
            found[name] = unquote(part)
    if database := (match["path"] or "/")[1:]:
        found["database"] = _native(unquote(database))
    for name, value in parse_qsl(match["query"] or "", keep_blank_values=True):
        found[name] = _native(value)
    return found


def with_dsn(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return *settings* with what their ``url`` says over them, and without it.

    Raises:
        InvalidDsn: The URL is none.

    Example:
        >>> with_dsn({"url": "redis://cache:6380", "host": "localhost", "timeout": 5})
        {'host': 'cache', 'timeout': 5, 'driver': 'redis', 'port': 6380}
    """
    rest = {name: value for name, value in settings.items() if name != "url"}
    url = settings.get("url")
    return {**rest, **parse_dsn(str(url))} if url else rest


def with_redis_url(settings: Mapping[str, Any], socket: str) -> dict[str, Any]:
    """Return the settings of a Redis server with what their ``url`` says over them.

    Args:
        settings: Of a driver; without a URL they are returned as they are.
        socket: What the setting is called that holds the path of a Unix socket.

    Raises:
        ValueError: The URL is none, or not one of a Redis server.

    Example:
        >>> with_redis_url({"driver": "arq", "url": "rediss://cache/2"}, "socket")
        {'driver': 'arq', 'host': 'cache', 'database': 2, 'tls': True}
    """
    url = settings.get("url")
    if not isinstance(url, str) or not url:
        return {**settings, "url": None} if url == "" else dict(settings)
    found = with_dsn(settings)
    scheme, found["driver"] = found["driver"], settings.get("driver")
    if scheme == "unix":
        found[socket] = "/" + re.sub(r"^unix:///*|[?#].*", "", url, flags=re.IGNORECASE)
        found["database"] = found.pop("db", settings.get("database", 0))
    elif scheme in {"redis", "rediss"}:
        found["tls"] = scheme == "rediss" or settings.get("tls", False)
    else:
        raise ValueError(f'is of the scheme "{scheme}"; write redis://, rediss:// or unix://')
    return found


def _native(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
