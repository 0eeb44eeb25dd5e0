"""Services that cannot all be built: each comment names a fault, and is looked for by the tests."""

from __future__ import annotations

from typing import Annotated, Protocol

from securely.container import Setting


class Clock(Protocol):
    """Nothing is bound to it."""

    def now(self) -> float: ...


class Session:
    """It is scoped."""


class Hen:
    def __init__(self, egg: Egg) -> None:
        self.egg = egg


class Egg:
    def __init__(self, hen: Hen) -> None:  # planted: cycle
        self.hen = hen


class Basket:
    def __init__(self, session: Session) -> None:  # planted: captive dependency
        self.session = session


class Shop:
    def __init__(self, basket: Basket) -> None:
        self.basket = basket


class Alarm:
    def __init__(self, clock: Clock) -> None:  # planted: unbound protocol
        self.clock = clock


class Tax:
    def __init__(self, rate: float) -> None:  # planted: missing primitive
        self.rate = rate


class Mailer:
    def __init__(self, host: Annotated[str, Setting("mail.hsot")]) -> None:  # planted: setting
        self.host = host


class Gateway:
    """It is bound twice."""
