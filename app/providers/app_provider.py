"""AppProvider: binds the services of this application."""

from decimal import Decimal

from app.invoices import Archive, Gateway, Ledger, TaxTable
from app.invoices.taxes import FixedTaxTable
from securely.container import Provider
from securely.facades import Cache
from securely.foundation import Application

__all__ = ["AppProvider"]

RATES = {
    "AT": Decimal("0.20"),
    "BE": Decimal("0.21"),
    "DE": Decimal("0.19"),
    "ES": Decimal("0.21"),
    "FR": Decimal("0.20"),
    "IT": Decimal("0.22"),
    "NL": Decimal("0.21"),
}


class AppProvider(Provider):
    """Binds the tax table, the archive, the ledger and the gateway."""

    def register(self) -> None:
        """Say how each service is made; nothing is made yet."""
        self.app.singleton(TaxTable, lambda: FixedTaxTable(RATES))
        self.app.singleton(Archive, self.archive)
        self.app.singleton(Ledger, self.ledger)
        self.app.singleton(Gateway, self.gateway)

    def archive(self, app: Application) -> Archive:
        """Return where the invoices of this application are kept."""
        return Archive(app.storage_path("app/invoices"))

    def ledger(self, app: Application) -> Ledger:
        """Return the ledger of this application."""
        return Ledger(app.storage_path("app/ledger.csv"))

    def gateway(self) -> Gateway:
        """Return the gateway, which counts its calls in the cache."""
        return Gateway(Cache.increment, seed=2026)
