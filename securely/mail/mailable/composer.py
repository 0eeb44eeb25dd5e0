"""Composer: from a mailable to a message."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol, cast

from securely.container import Container
from securely.mail.exceptions import InvalidMessage
from securely.mail.mailable.embeds import Embeds
from securely.mail.mailable.envelope import Content, Envelope, Headers
from securely.mail.mailable.mailable import Mailable, known_to_views
from securely.mail.mailable.plain import plain_text
from securely.mail.message.address import addresses
from securely.mail.message.attachment import Attachment
from securely.mail.message.message import Message
from securely.mail.message.structure import CID
from securely.strings import Str
from securely.support.awaiting import answered
from securely.support.steps import Steps, arun, call, run

__all__ = ["Body", "Composer", "Markdowns", "Views", "shown"]

_NO_ENVELOPE: Final = Envelope()
_NO_HEADERS: Final = Headers()


class Body(NamedTuple):
    """What stands in a message.

    Attributes:
        html: The HTML; None for none.
        text: The text; None for none.
    """

    html: str | None
    text: str | None


class Views(Protocol):
    """What renders views; a :class:`securely.view.ViewFactory` is one."""

    def render(self, name: str, data: Any = None, *, form: Literal["html", "text"] = "html") -> str:
        """Return the view *name* with *data*."""
        ...


class Markdowns(Protocol):
    """What renders markdown views; a :class:`securely.mail.markdown.Markdown` is one."""

    def render(self, name: str, data: Any, *, theme: str | None = None) -> tuple[str, str]:
        """Return HTML and text of the view *name* with *data*."""
        ...


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes the messages of mailables.

    Args:
        container: Calls the methods of mailables, which may ask for services.
        views: Gives what renders views.
        markdown: Gives what renders markdown views.
        locale: Lets a language be the current one within a block.
        locate: Gives the place of a path that a view names.
    """

    container: Container
    views: Callable[[], Views]
    markdown: Callable[[], Markdowns]
    locale: Callable[[str], AbstractContextManager[object]]
    locate: Callable[[str], Path] = Path

    def compose(self, mailable: Mailable, key: str = "") -> Message:
        """Return the message of *mailable*.

        Args:
            mailable: The mailable.
            key: Its idempotency key, and what its Message-ID is made of, unless it says one.

        Raises:
            InvalidMessage: It says something that can not be sent.
            ViewError: A view is not there, or can not be rendered.
        """
        return run(self._compose(mailable, key))

    async def acompose(self, mailable: Mailable, key: str = "") -> Message:
        """Async twin of :meth:`compose`."""
        return await arun(self._compose(mailable, key))

    def render(self, mailable: Mailable) -> str:
        """Return the HTML of *mailable* with embedded pictures within it, or its text.

        Raises:
            InvalidMessage: It says something that can not be sent, or a picture can not be read.
            ViewError: A view is not there, or can not be rendered.
        """
        return shown(self.compose(mailable))

    async def arender(self, mailable: Mailable) -> str:
        """Async twin of :meth:`render`."""
        message = await self.acompose(mailable)
        # Pictures are read from the disk, or from a URL.
        return await asyncio.to_thread(shown, message)

    def envelope(self, mailable: Mailable) -> Envelope:
        """Return the envelope of *mailable*, with those that it was addressed to.

        Raises:
            InvalidMessage: It says something that can not be sent.
        """
        with self._language_of(mailable):
            return run(self._envelope(mailable))

    async def aenvelope(self, mailable: Mailable) -> Envelope:
        """Async twin of :meth:`envelope`."""
        with self._language_of(mailable):
            return await arun(self._envelope(mailable))

    def _language_of(self, mailable: Mailable) -> AbstractContextManager[object]:
        locale = mailable.posting.locale
        return nullcontext() if locale is None else self.locale(locale)

    def _compose(self, mailable: Mailable, key: str) -> Steps[Message]:
        with self._language_of(mailable):
            envelope = yield from self._envelope(mailable)
            content: Content = yield from self._ask(mailable, "content", Content)
            headers: Headers = yield from self._ask(mailable, "headers", Headers)
            attachments = yield from self._ask(mailable, "attachments", Iterable)
            embeds = Embeds(self.locate)
            body = self._body(mailable, content, embeds)
            key = envelope.idempotency_key or key
            message = Message(
                subject=envelope.subject or "",
                html=body.html,
                text=body.text,
                sender=envelope.from_,
                to=envelope.to,
                cc=envelope.cc,
                bcc=envelope.bcc,
                reply_to=envelope.reply_to,
                return_path=envelope.return_path,
                attachments=cast("Iterable[Attachment]", attachments),
                inline=embeds.files,
                headers=headers.text,
                tags=envelope.tags,
                metadata={name: str(value) for name, value in envelope.metadata.items()},
                priority=envelope.priority,
                message_id=_bracketed(headers.message_id),
                references=[_bracketed(each) for each in headers.references],
                seed=key,
                idempotency_key=key,
            )
            for change in envelope.using:
                message = _changed(mailable, change, message)
        return message

    def _envelope(self, mailable: Mailable) -> Steps[Envelope]:
        said: Envelope = yield from self._ask(mailable, "envelope", Envelope)
        posting = mailable.posting
        return replace(
            said,
            subject=_words(type(mailable).__name__) if said.subject is None else said.subject,
            to=(*addresses("to", said.to), *posting.to),
            cc=(*addresses("cc", said.cc), *posting.cc),
            bcc=(*addresses("bcc", said.bcc), *posting.bcc),
        )

    def _ask(self, mailable: Mailable, name: str, kind: type[Any]) -> Steps[Any]:
        """Return what the method *name* of *mailable* does, whichever colour it has."""
        method = getattr(mailable, name, None)
        if method is None:
            return _unsaid(mailable, name)
        answer = yield from call(self._answer, self._aanswer, method)
        if not isinstance(answer, kind):
            raise InvalidMessage(
                name,
                f"{type(mailable).__qualname__}.{name}() returned {type(answer).__name__}, "
                f"not {kind.__name__}.",
            )
        return answer

    def _answer(self, method: Callable[..., Any]) -> Any:
        return answered(self.container.call(method))

    async def _aanswer(self, method: Callable[..., Any]) -> Any:
        return await self.container.acall(method)

    def _body(self, mailable: Mailable, content: Content, embeds: Embeds) -> Body:
        data = {**known_to_views(mailable), **content.with_, "message": embeds}
        html: str | None = content.html_string
        text: str | None = None
        if content.markdown is not None:
            theme = mailable.theme
            html, text = self.markdown().render(content.markdown, data, theme=theme)
        elif content.view is not None:
            html = self.views().render(content.view, data)
        if content.text is not None:
            text = self.views().render(content.text, data, form="text")
        elif text is None and html is not None:
            text = plain_text(html)
        return Body(html, text)


def shown(message: Message) -> str:
    """Return the HTML of *message* as a browser shows it alone: its pictures are within it."""
    html = message.linked_html
    if html is None:
        return message.text or ""
    pictures = {each.id: each for each in message.inline}

    def within(found: re.Match[str]) -> str:
        picture = pictures.get(found[1])
        if picture is None:
            return found[0]
        data = b64encode(b"".join(picture.pieces("inline"))).decode("ascii")
        return f"data:{picture.type};base64,{data}"

    return CID.sub(within, html)


def _unsaid(mailable: Mailable, name: str) -> object:
    """Return what holds where *mailable* has no method *name*."""
    if name == "content":
        raise InvalidMessage(
            "content",
            f"{type(mailable).__qualname__} has no method of that name. Let it return what "
            'stands in the mail: Content(view="mail.welcome").',
        )
    return {"envelope": _NO_ENVELOPE, "headers": _NO_HEADERS}.get(name, ())


def _words(name: str) -> str:
    return Str.title(Str.snake(name, " "))


def _bracketed(id_: str) -> str:
    return f"<{id_}>" if id_ and not id_.startswith("<") else id_


def _changed(mailable: Mailable, change: Callable[[Message], Message], message: Message) -> Message:
    changed = cast(object, change(message))
    if not isinstance(changed, Message):
        raise InvalidMessage(
            "envelope.using",
            f"a function of {type(mailable).__qualname__} returned {type(changed).__name__}. "
            "Return the message: message.changed(…).",
        )
    return changed
