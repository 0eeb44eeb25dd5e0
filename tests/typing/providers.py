"""What both type checkers must say of providers."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import assert_type

from securely import Application
from securely.config import Config
from securely.container import Deferrable, Provider
from securely.foundation import default_providers


class Ledger:
    """A service of an application."""


class LedgerProvider(Provider, Deferrable):
    """Attributes need no annotations, and boot may ask for what it wants."""

    provides = {"ledger": Ledger}  # noqa: RUF012  # as people write it
    requires = ("securely.cache.provider:CacheProvider",)
    singletons = [Ledger]  # noqa: RUF012  # as above
    when = ("books.opened", Ledger)

    def boot(self, ledger: Ledger, config: Config) -> None:
        """Ask for services."""
        self.publishes({"stubs/ledger.py": "config/ledger.py"}, tags="ledger")
        self.merge_config({"lines": 10}, "ledger", deep=True)
        self.optimizes("ledger:cache", lambda: None)

    async def aboot(self, ledger: Ledger) -> None:
        """Ask for services in a loop."""


async def what_is_right(app: Application) -> None:
    """A provider is found with its own type."""
    assert_type(app.provider(LedgerProvider), LedgerProvider | None)
    assert_type(app.provider_is_loaded("ledger:LedgerProvider"), bool)
    assert_type(app.register(LedgerProvider, force=True), Application)
    assert_type(await app.aboot(), Application)
    assert_type(default_providers().except_([LedgerProvider]).to_list(), list[str])


def what_is_wrong(app: Application, provider: LedgerProvider) -> None:
    """Each of these is an error under both checkers."""
    app.provider(Ledger)  # type: ignore[type-var]  # no provider
    provider.publishes("stubs/ledger.py")  # type: ignore[arg-type]  # where to?
