"""AppProvider: binds the services of this application."""

from securely.container import Provider

__all__ = ["AppProvider"]


class AppProvider(Provider):
    """Binds the services of this application."""

    def register(self) -> None:
        """Say how each service is made. Only bind here; other services may not be there yet.

        For example: ``self.app.singleton(TaxTable, FixedTaxTable)``
        """

    def boot(self) -> None:
        """Use services here, once every provider has registered; parameters are injected."""
