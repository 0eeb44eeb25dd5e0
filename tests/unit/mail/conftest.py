"""A container with mail in it: what composes mailables, an array to send to, a queue to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from securely.container import Container
from securely.container.current import activated
from securely.mail import MailManager
from securely.mail.drivers.array import ArrayTransport
from securely.mail.mailable.composer import Composer
from securely.mail.mailer import Office
from securely.mail.options import ArrayOptions


class Templates:
    """Views that write down what they were given."""

    def __init__(self) -> None:
        self.given: list[dict[str, Any]] = []
        self.locale = "en"

    def render(self, name: str, data: Any = None, *, form: str = "html") -> str:
        self.given.append(dict(data))
        if "logo" in data:
            return f'<img src="{data["message"].embed(data["logo"])}">'
        return f"<p>{name} {form} {self.locale}</p>" if form == "html" else f"{name} {form}"


class Markdowns:
    """A markdown that writes down its theme."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates

    def render(
        self, name: str, data: Mapping[str, Any], *, theme: str | None = None
    ) -> tuple[str, str]:
        self.templates.given.append(dict(data))
        return f"<p>{name} {theme}</p>", f"{name} in text"


class World:
    """What a test of mailables looks at."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.templates = Templates()
        self.placed: list[tuple[Any, Any]] = []
        self.composer = Composer(
            container,
            views=lambda: self.templates,
            markdown=lambda: Markdowns(self.templates),
            locale=self._in_locale,
        )
        definitions = {name: ArrayOptions(transport="array") for name in ("memory", "other")}
        self.mail = MailManager(
            "memory",
            definitions,
            office=Office(lambda: self.composer, lambda: self),  # type: ignore[arg-type,return-value]
        )
        self.mail.always_from("shop@example.com")

    @contextmanager
    def _in_locale(self, locale: str) -> Iterator[None]:
        before, self.templates.locale = self.templates.locale, locale
        try:
            yield
        finally:
            self.templates.locale = before

    def place(self, job: Any, placement: Any) -> Any:
        self.placed.append((job, placement))
        return "placed"

    async def aplace(self, job: Any, placement: Any) -> Any:
        return self.place(job, placement)

    def sent(self, mailer: str = "memory") -> list[Any]:
        transport = self.mail.mailer(mailer).transport
        assert isinstance(transport, ArrayTransport)
        return transport.messages


@pytest.fixture
def world() -> Iterator[World]:
    container = Container()
    world = World(container)
    container.instance(Composer, world.composer)
    container.alias(Composer, "mail.composer")
    container.instance(MailManager, world.mail)
    container.alias(MailManager, "mail")
    with activated(container):
        yield world
