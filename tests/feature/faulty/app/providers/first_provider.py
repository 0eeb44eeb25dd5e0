"""Binds what cannot be built."""

from app.services import Alarm, Basket, Egg, Gateway, Hen, Mailer, Session, Shop, Tax
from securely.container import Provider


class FirstProvider(Provider):
    """Binds what cannot be built, and builds nothing."""

    singletons = (Gateway,)

    def register(self) -> None:
        """Bind."""
        self.app.bind(Hen)
        self.app.bind(Egg)
        self.app.scoped(Session)
        self.app.singleton(Shop)
        self.app.bind(Basket)
        self.app.bind(Alarm)
        self.app.bind(Tax)
        self.app.bind(Mailer)
