"""Calls through a facade beside direct calls, `__getattr__` proxies and werkzeug's LocalProxy.

Run: python bench/bench_facade.py [--rounds 9]

All of a row are run in one process, in turns: times are the best of several rounds, ratios the
median of the rounds. Direct calls are those of a method on the service itself, which somebody has
at hand. The goals are held by the method that looks into a dict, of some 40 ns: in a longer one
the way there is lost, an empty one is nothing else. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from securely import Application
from securely.cache import CacheManager
from securely.config import Config
from securely.container import current, facade, service_of
from securely.facades import Cache as CacheFacade
from securely.facades import Config as ConfigFacade

COUNT = 50_000
# The goals: the nanoseconds that a facade adds, and how many times as much proxies cost.
ADDED_MAX = 100.0
PROXY_MIN = 4.0
WERKZEUG_MIN = 6.0

Operation = Callable[[], object]


class Empty:
    """A service whose method does nothing: all that is left is the way there."""

    def get(self, key: str, default: object = None) -> object:
        return None


class Kept:
    """A service whose method looks into a dict."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {"key": "value"}

    def get(self, key: str, default: object = None) -> object:
        return self.values.get(key, default)


class Proxy:
    """What a facade is in most ports: every attribute is asked for anew."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        return getattr(current().make(self._service), name)


def taken(operations: list[Operation], rounds: int) -> list[list[float]]:
    """Return nanoseconds per call, by round: operations take turns within each."""
    found: list[list[float]] = []
    for _ in range(rounds):
        row = []
        for operation in operations:
            began = time.perf_counter()
            for _ in range(COUNT):
                operation()
            row.append((time.perf_counter() - began) / COUNT * 1e9)
        found.append(row)
    return found


def nothing() -> None: ...


def row(name: str, direct: Any, named: Any, call: Callable[[Any], Operation], rounds: int) -> bool:
    """Measure one method, print its row, and tell whether it is within the goals."""
    service = service_of(named)
    peers: dict[str, Any] = {"direct": direct, "facade": named, "__getattr__": Proxy(service)}
    try:
        from werkzeug.local import LocalProxy
    except ImportError:
        pass
    else:
        peers["werkzeug"] = LocalProxy(lambda: current().make(service))
    # What the loop and the function around the call cost is taken off all alike.
    operations: list[Operation] = [nothing, *(call(peer) for peer in peers.values())]
    rounds_taken = [[each - times[0] for each in times[1:]] for times in taken(operations, rounds)]
    best = [min(times[index] for times in rounds_taken) for index in range(len(peers))]
    added = median(times[1] - times[0] for times in rounds_taken)
    to_direct = median(times[1] / times[0] for times in rounds_taken)
    to_peers = [
        median(times[index] / times[1] for times in rounds_taken) for index in range(2, len(peers))
    ]
    shown = "  ".join(f"{peer} {ns:6.0f}" for peer, ns in zip(peers, best, strict=True))
    proxies = zip([*peers][2:], to_peers, strict=True)
    times_of = "  ".join(f"{peer} {times:.2f}x" for peer, times in proxies)
    print(f"{name:22}  {shown}  adds {added:.0f}, is {to_direct:.2f}x direct; {times_of}")
    limits = zip(to_peers, [PROXY_MIN, WERKZEUG_MIN], strict=False)
    return added <= ADDED_MAX and all(times >= least for times, least in limits)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {platform.machine()}; nanoseconds per call")
    with tempfile.TemporaryDirectory() as folder:
        variables = {"APP_KEY": "base64:" + "A" * 43 + "=", "CACHE_STORE": "array"}
        app = Application.configure(Path(folder)).build(environment=variables)
        app.boot()
        for service in (Empty, Kept):
            app.singleton(service)
            app.alias(service, service.__name__.lower())
        with app.active():
            cache, config = app.make(CacheManager), app.make(Config)
            cache.put("key", "value", 600)
            empty = app.make(Empty)
            row("Cache.get, array store", cache, CacheFacade, _get("key"), rounds)
            row("Config.get", config, ConfigFacade, _get("app.name"), rounds)
            row("an empty method", empty, facade("empty"), _get("key"), rounds)
            within = row("a look into a dict", app.make(Kept), facade("kept"), _get("key"), rounds)
    return 0 if within else 1


def _get(key: str) -> Callable[[Any], Operation]:
    return lambda peer: lambda: peer.get(key)


if __name__ == "__main__":
    sys.exit(main())
