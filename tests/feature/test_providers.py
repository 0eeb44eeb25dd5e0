"""provider:list and package:discover, in the application here."""

from __future__ import annotations

import json

from securely import Application
from securely.cache import CacheManager
from securely.testing import Artisan


def test_provider_list_shows_states_and_times(app: Application, artisan: Artisan) -> None:
    app.make(CacheManager)

    rows = json.loads(artisan("provider:list --json").assert_ok().output)

    found = {row["provider"].rpartition(":")[2]: row for row in rows}
    ours, cache, queue = (found[name] for name in ("AppProvider", "CacheProvider", "QueueProvider"))
    assert (ours["origin"], ours["state"], ours["deferred"]) == ("application", "booted", False)
    assert (cache["origin"], cache["state"], cache["deferred"]) == ("framework", "booted", True)
    assert "cache" in cache["services"]
    assert cache["register_ms"] >= 0
    assert cache["boot_ms"] >= 0
    assert (queue["state"], queue["register_ms"], queue["boot_ms"]) == ("waiting", None, None)


def test_provider_list_for_people(artisan: Artisan) -> None:
    artisan("provider:list").assert_ok().assert_output("AppProvider", "booted", "waiting", " ms")


def test_package_discover_says_what_there_is(artisan: Artisan) -> None:
    artisan("package:discover").assert_ok().assert_output("discovered.")
