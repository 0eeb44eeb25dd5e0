"""Mailable: a kind of mail, as a class."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, ClassVar, Final, Self, TypeAlias

from securely.container import current
from securely.mail.exceptions import InvalidMailable
from securely.mail.mailable.assertions import Assertions
from securely.mail.mailable.posting import Posting
from securely.mail.message.address import Who, each_of
from securely.mail.message.message import Message
from securely.support.shadowing import shadowed

__all__ = ["Mailable", "known_to_views"]

# As for jobs: a value, or a method that gives it.
Option: TypeAlias = Any

_NOWHERE: Final = Posting()
_METHODS: Final = frozenset(
    {
        *("amessage", "arender", "attachments", "bcc", "cc", "content", "envelope", "failed"),
        *("headers", "locale", "mailer", "message", "middleware", "posting", "render", "to"),
    }
)


class Mailable(Assertions):
    """A kind of mail: a plain class, or a dataclass, that says what its messages are.

    The public attributes of an instance are what its views know; those that begin with an
    underscore are not. It has a method `content`, which returns a :class:`Content`, and perhaps
    `envelope` (:class:`Envelope`), `headers` (:class:`Headers`) and `attachments` (a list of
    :class:`securely.mail.Attachment`, which are read when it is sent). Each may be `async`, and
    services come into it by type from the container. An instance does not change: :meth:`to` and
    its kin return another one.

    Attributes:
        should_queue: `send` queues it, and a worker sends it.
        theme: The theme of its markdown; None for the configured one.
        tries: Failures until its job is over, as for a :class:`securely.queue.Job`; so are
            `backoff`, `timeout`, `max_exceptions`, `retry_until`, `encrypted`, `queue`,
            `connection`, `delay`, `priority` and `after_commit`, a method `middleware`, and a
            hook `failed(error)`.

    Example:
        >>> from dataclasses import dataclass
        >>> from securely.mail import Content, Envelope
        >>> @dataclass
        ... class Welcome(Mailable):
        ...     name: str
        ...     def envelope(self) -> Envelope:
        ...         return Envelope(subject=f"Welcome, {self.name}")
        ...     def content(self) -> Content:
        ...         return Content(html_string="<p>It is good to have you.</p>")
        >>> Welcome("Ann").to("ann@x.io").has_to("ann@x.io")
        True

    Source: Laravel 13, Illuminate\\\\Mail\\\\Mailable.
    """

    should_queue: bool = False
    theme: str | None = None
    tries: Option = None
    backoff: Option = None
    timeout: Option = None
    fail_on_timeout: Option = False
    max_exceptions: Option = None
    retry_until: Option = None
    max_lost: Option = None
    encrypted: Option = False
    expires_after: Option = None
    queue: Option = None
    connection: Option = None
    delay: Option = None
    priority: Option = None
    after_commit: Option = None

    __test__: ClassVar[bool] = False  # pytest takes a TestMail that a test imports for a test

    # Annotated, so that a payload may hold it; beside the fields, so that frozen ones have it too.
    _posting: Posting = _NOWHERE

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Refuse a field with the name of a method: a dataclass would take that as its default."""
        super().__init_subclass__(**kwargs)
        if taken := shadowed(cls, _METHODS):
            raise InvalidMailable(f"{cls.__module__}.{cls.__qualname__}", taken)

    def middleware(self) -> Sequence[object]:
        """Return what stands around the job that sends it, the outermost first."""
        return ()

    def to(self, *who: Who | Iterable[Who]) -> Self:
        """Return it for *who* as well: addresses, objects that have one, or lists of them."""
        return self._posted(to=(*self._posting.to, *each_of("to", who)))

    def cc(self, *who: Who | Iterable[Who]) -> Self:
        """Return it with a copy for *who*, that all others see."""
        return self._posted(cc=(*self._posting.cc, *each_of("cc", who)))

    def bcc(self, *who: Who | Iterable[Who]) -> Self:
        """Return it with a copy for *who*, that nobody sees."""
        return self._posted(bcc=(*self._posting.bcc, *each_of("bcc", who)))

    def locale(self, locale: str | None) -> Self:
        """Return it in the language *locale*; None for the current one."""
        return self._posted(locale=locale)

    def mailer(self, mailer: str | None) -> Self:
        """Return it to be sent by *mailer*; None for the one that it is given to."""
        return self._posted(mailer=mailer)

    @property
    def posting(self) -> Posting:
        """Where it goes, beside what its envelope says."""
        return self._posting

    def render(self) -> str:
        """Return its HTML, with embedded pictures within it: to be looked at in a browser.

        Raises:
            InvalidMessage: It says something that can not be sent.
        """
        html: str = current().make("mail.composer").render(self)
        return html

    async def arender(self) -> str:
        """Async twin of :meth:`render`."""
        html: str = await current().make("mail.composer").arender(self)
        return html

    def message(self) -> Message:
        """Return the message that it is; what the mailer gives to messages is not in it yet.

        Raises:
            InvalidMessage: It says something that can not be sent.
        """
        message: Message = current().make("mail.composer").compose(self)
        return message

    async def amessage(self) -> Message:
        """Async twin of :meth:`message`."""
        message: Message = await current().make("mail.composer").acompose(self)
        return message

    def _posted(self, **changes: Any) -> Self:
        other = copy.copy(self)
        object.__setattr__(other, "_posting", replace(self._posting, **changes))
        return other


def known_to_views(mailable: Mailable) -> dict[str, object]:
    """Return the public attributes of *mailable*."""
    found: dict[str, object] = dict(vars(mailable))
    cls: Any = type(mailable)
    if is_dataclass(cls):
        found |= {each.name: getattr(mailable, each.name) for each in fields(cls)}
    return {name: value for name, value in found.items() if not name.startswith("_")}
