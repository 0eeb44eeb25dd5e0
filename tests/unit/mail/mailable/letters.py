"""Kinds of mail for tests; at the top of a module, as a worker needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from securely.mail import Attachment, Content, Envelope, Headers, Mailable


@dataclass
class Invoice(Mailable):
    number: int
    customer: str = "Ann"
    _hidden: str = "hidden"

    tries = 4
    backoff = (1, 5)
    queue = "mail"

    def envelope(self) -> Envelope:
        return Envelope(
            subject=f"Invoice {self.number}",
            from_="billing@example.com",
            to="Ann <ann@example.org>",
            cc="cc@example.org",
            bcc="bcc@example.org",
            reply_to="Help <help@example.com>",
            tags=["invoice"],
            metadata={"number": self.number},
            priority=1,
        )

    def content(self) -> Content:
        return Content(view="mail.invoice", with_={"total": "5 EUR"})

    def attachments(self) -> Sequence[Attachment]:
        return [Attachment.from_data(lambda: f"Invoice {self.number}", "invoice.txt")]

    def headers(self) -> Headers:
        return Headers(
            message_id="7@example.com", references=["<6@example.com>"], text={"X-Shop": "1"}
        )


@dataclass
class WelcomeToTheShop(Mailable):
    html: str = "<h1>Welcome</h1><p>You &amp; us</p>"

    def content(self) -> Content:
        return Content(html_string=self.html)


@dataclass
class News(Mailable):
    theme = "dark"

    def content(self) -> Content:
        return Content(markdown="mail.news")


@dataclass
class Plain(Mailable):
    def content(self) -> Content:
        return Content(text="mail.plain")


@dataclass
class Logo(Mailable):
    logo: Any
    times: int = 1

    def content(self) -> Content:
        return Content(view="mail.logo")


class Slow(Mailable):
    """Asks for everything by awaiting it, and for a service."""

    async def envelope(self) -> Envelope:
        return Envelope(subject="Slow")

    async def content(self, taxes: Taxes) -> Content:
        return Content(html_string=f"<p>{taxes.rate}</p>")


class Taxes:
    rate = 19


@dataclass(frozen=True, slots=True)
class Frozen(Mailable):
    words: tuple[str, ...] = ("a",)

    def content(self) -> Content:
        return Content(html_string=" ".join(self.words))


@dataclass
class Queued(Mailable):
    should_queue = True
    failures: list[str] = field(default_factory=list)

    def content(self) -> Content:
        return Content(html_string="<p>x</p>")

    def failed(self, error: BaseException) -> None:
        FAILED.append(str(error))


FAILED: list[str] = []


class Empty(Mailable):
    """Says nothing."""


class Wrong(Mailable):
    def envelope(self) -> Any:
        return "Subject"

    def content(self) -> Content:
        return Content(html_string="x")
