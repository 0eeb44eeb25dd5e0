"""provider:list, package:discover: which providers there are, and where they come from."""

from __future__ import annotations

import json

from securely.console import Command
from securely.console.output.style import escape
from securely.foundation.application import Application
from securely.foundation.providers import Packages
from securely.foundation.providers.registry import Row

__all__ = ["PackageDiscoverCommand", "ProviderListCommand"]


class ProviderListCommand(Command):
    """Shows each provider: whose it is, whether it has loaded, and how long that took."""

    signature = """provider:list
        {--json : As JSON}"""
    description = "Show the providers, whether they have loaded, and how long that took"

    def handle(self, app: Application) -> int:
        """Show those that have loaded in their order, then those that wait."""
        rows = app.providers.rows()
        if self.option("json"):
            self.line(json.dumps([row._asdict() for row in rows], indent=2))
            return self.SUCCESS
        headers = ["Provider", "From", "State", "Deferred", "Register", "Boot"]
        self.table(headers, [_shown(row) for row in rows])
        return self.SUCCESS


class PackageDiscoverCommand(Command):
    """Looks for packages that announce providers, and keeps what it finds."""

    signature = "package:discover"
    description = "Look for installed packages that announce providers"

    def handle(self, app: Application) -> int:
        """Name each package that was found."""
        packages = Packages(app.paths.base, app.cached_path("packages"))
        found = packages.discover()["packages"]
        self.info(f"{len(found)} package{'s' * (len(found) != 1)} discovered.")
        for name, version, providers in found:
            self.two_column_detail(escape(f"{name} {version}"), escape(", ".join(providers)))
        return self.SUCCESS


def _shown(row: Row) -> list[str]:
    times = [
        "-" if spent is None else f"{spent:.2f} ms" for spent in (row.register_ms, row.boot_ms)
    ]
    deferred = "yes" if row.deferred else "no"
    return [escape(row.provider), escape(row.origin), row.state, deferred, *times]
