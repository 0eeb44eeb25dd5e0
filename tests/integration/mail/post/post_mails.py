"""The mails of the fixture application."""

from __future__ import annotations

from dataclasses import dataclass

from securely.mail import Content, Envelope, Mailable


@dataclass
class Invoice(Mailable):
    """Is about *number*, and survives any number of deaths."""

    number: int
    max_lost = 1000

    def envelope(self) -> Envelope:
        return Envelope(subject=f"Invoice {self.number}")

    def content(self) -> Content:
        return Content(html_string="<p>Here it is.</p>")
