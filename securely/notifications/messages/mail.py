"""MailMessage: a mail of a greeting, lines and a button."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any, NamedTuple, Self

from securely.mail import Attachment
from securely.mail.message.address import Who
from securely.mail.message.attachment import Attachable

__all__ = ["Line", "MailMessage"]

Data = str | bytes | Callable[[], str | bytes]


class Line(NamedTuple):
    """A paragraph of a mail.

    Attributes:
        text: What it says, on one line.
        is_markdown: Whether it is Markdown, instead of text that is shown as it is.
    """

    text: str
    is_markdown: bool = False


class MailMessage:
    """A mail of a greeting, lines and a button, or one of a view.

    Each method changes it and returns it. Lines before :meth:`action` stand above the button, and
    those after it below.

    Example:
        >>> mail = MailMessage().greeting("Hello Ann!").line("Your invoice is paid.")
        >>> mail = mail.action("View it", "https://example.org/invoices/7").line("Thank you!")
        >>> [line.text for line in mail.outro_lines]
        ['Thank you!']

    Source: Laravel 13, Illuminate\\Notifications\\Messages\\MailMessage.
    """

    def __init__(self) -> None:
        self.level_name: str = "info"
        self.fields: dict[str, Any] = {}
        self.intro_lines: list[Line] = []
        self.outro_lines: list[Line] = []
        self.greeting_text: str | None = None
        self.salutation_text: str | None = None
        self.action_text: str | None = None
        self.action_url: str | None = None
        self.mailer_name: str | None = None
        self.theme_name: str | None = None
        self.markdown_view: str | None = None
        self.html_view: str | None = None
        self.text_view: str | None = None
        self.data: dict[str, Any] = {}
        self.attachments: list[Attachment | Attachable] = []
        self.tags: list[str] = []
        self.metadata_values: dict[str, str] = {}

    # What it says.

    def subject(self, subject: str) -> Self:
        """Let it be about *subject*; the words of the notification's class if nothing is said."""
        self.fields["subject"] = subject
        return self

    def greeting(self, greeting: str) -> Self:
        """Let it begin with *greeting*."""
        self.greeting_text = greeting
        return self

    def salutation(self, salutation: str) -> Self:
        """Let it end with *salutation*."""
        self.salutation_text = salutation
        return self

    def line(self, line: str | Iterable[str], *, is_markdown: bool = False) -> Self:
        """Add a paragraph.

        Args:
            line: What it says; ends of lines in it become spaces, and so do borders of several.
            is_markdown: It is Markdown, with bold words and links. Else it is shown as it is
                written, so that the name of a user can be nothing but a name.
        """
        parts = line.splitlines() if isinstance(line, str) else line
        text = " ".join(part.strip() for part in parts if part.strip())
        lines = self.outro_lines if self.action_text else self.intro_lines
        lines.append(Line(text, is_markdown))
        return self

    def line_if(
        self, condition: object, line: str | Iterable[str], *, is_markdown: bool = False
    ) -> Self:
        """Add a paragraph if *condition* is true."""
        return self.line(line, is_markdown=is_markdown) if condition else self

    def lines(self, lines: Iterable[str | Iterable[str]], *, is_markdown: bool = False) -> Self:
        """Add several paragraphs."""
        for line in lines:
            self.line(line, is_markdown=is_markdown)
        return self

    def lines_if(
        self, condition: object, lines: Iterable[str | Iterable[str]], *, is_markdown: bool = False
    ) -> Self:
        """Add several paragraphs if *condition* is true."""
        return self.lines(lines, is_markdown=is_markdown) if condition else self

    def action(self, text: str, url: str) -> Self:
        """Have a button *text* that leads to *url*; its color is that of the level."""
        self.action_text, self.action_url = text, url
        return self

    def success(self) -> Self:
        """Let it tell of a success."""
        return self.level("success")

    def error(self) -> Self:
        """Let it tell of an error."""
        return self.level("error")

    def level(self, level: str) -> Self:
        """Let it tell of ``info``, ``success`` or ``error``."""
        self.level_name = level
        return self

    # How it goes.

    def from_(self, who: Who) -> Self:
        """Let it be from *who*."""
        self.fields["sender"] = who
        return self

    def reply_to(self, *who: Who) -> Self:
        """Let answers go to *who*, too."""
        return self._add("reply_to", who)

    def cc(self, *who: Who) -> Self:
        """Let *who* get a copy, too, that all others see."""
        return self._add("cc", who)

    def bcc(self, *who: Who) -> Self:
        """Let *who* get a copy, too, that nobody sees."""
        return self._add("bcc", who)

    def priority(self, priority: int) -> Self:
        """Let it be of a priority: 1 (highest) to 5."""
        self.fields["priority"] = priority
        return self

    def mailer(self, mailer: str) -> Self:
        """Let it go by a mailer of that name."""
        self.mailer_name = mailer
        return self

    def tag(self, *tags: str) -> Self:
        """Add tags, which services read."""
        self.tags += tags
        return self

    def metadata(self, name: str, value: object) -> Self:
        """Add something that services read."""
        self.metadata_values[name] = str(value)
        return self

    def attach(
        self,
        file: str | PathLike[str] | Attachment | Attachable,
        *,
        as_: str | None = None,
        mime: str | None = None,
    ) -> Self:
        """Attach a file.

        Args:
            file: Its path, or what is an attachment.
            as_: What it is called.
            mime: Its media type.
        """
        found = Attachment.from_path(file) if isinstance(file, (str, PathLike)) else file
        if (as_ is not None or mime is not None) and isinstance(found, Attachable):
            found = found.__mail_attachment__()
        if isinstance(found, Attachment):
            found = found if as_ is None else found.as_(as_)
            found = found if mime is None else found.with_mime(mime)
        self.attachments.append(found)
        return self

    def attach_data(self, data: Data, name: str, *, mime: str | None = None) -> Self:
        """Attach *data*, or what the function *data* returns when it is sent, as a file."""
        return self.attach(Attachment.from_data(data, name), mime=mime)

    # What it looks like.

    def theme(self, theme: str) -> Self:
        """Let it have the theme of that name."""
        self.theme_name = theme
        return self

    def template(self, view: str) -> Self:
        """Let another view in Markdown lay out greeting, lines and button."""
        self.markdown_view = view
        return self

    def markdown(self, view: str, data: Mapping[str, Any] | None = None) -> Self:
        """Let it be what a view in Markdown becomes with *data*."""
        self.markdown_view = view
        return self.with_(data)

    def view(self, view: str, data: Mapping[str, Any] | None = None) -> Self:
        """Let it be what a view in HTML becomes with *data*; :meth:`text` gives its text."""
        self.html_view = view
        return self.with_(data)

    def text(self, view: str, data: Mapping[str, Any] | None = None) -> Self:
        """Let its text be what a view in text becomes with *data*."""
        self.text_view = view
        return self.with_(data)

    def with_(self, data: Mapping[str, Any] | None = None, **more: Any) -> Self:
        """Let its view know *data*, too."""
        self.data |= {**(data or {}), **more}
        return self

    def _add(self, field: str, who: Iterable[Who]) -> Self:
        self.fields[field] = [*self.fields.get(field, ()), *who]
        return self
