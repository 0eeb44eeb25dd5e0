"""Assertions: what a mailable can be asked, and what tests claim of it.

Source: Laravel 13, Illuminate\\Mail\\Mailable (hasTo …, assertHasTo …).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from os import PathLike, fspath
from typing import Any, cast

from securely.container import current
from securely.mail.mailable.envelope import Envelope
from securely.mail.mailable.posting import Posting
from securely.mail.message.address import Address, Who, addresses
from securely.mail.message.attachment import Attachment
from securely.mail.message.message import Message
from securely.support.missing import MISSING, Missing

__all__ = ["Assertions"]


class Assertions(ABC):
    """What a mailable can be asked, and what tests claim of it.

    What is asked looks at the envelope; what is claimed of the body renders it.
    """

    @property
    @abstractmethod
    def posting(self) -> Posting:
        """Where it goes, beside what its envelope says."""

    @abstractmethod
    def message(self) -> Message:
        """Return the message that it is."""

    def has_from(self, address: Who, name: str | None = None) -> bool:
        """Return whether it is from *address*, and of that *name* if one is given."""
        return _has(_envelope(self).from_, address, name)

    def has_to(self, address: Who, name: str | None = None) -> bool:
        """Return whether it is for *address*, among others."""
        return _has(_envelope(self).to, address, name)

    def has_cc(self, address: Who, name: str | None = None) -> bool:
        """Return whether *address* gets a copy that all others see."""
        return _has(_envelope(self).cc, address, name)

    def has_bcc(self, address: Who, name: str | None = None) -> bool:
        """Return whether *address* gets a copy that nobody sees."""
        return _has(_envelope(self).bcc, address, name)

    def has_reply_to(self, address: Who, name: str | None = None) -> bool:
        """Return whether answers go to *address*."""
        return _has(_envelope(self).reply_to, address, name)

    def has_subject(self, subject: str) -> bool:
        """Return whether that is what it is about."""
        return _envelope(self).subject == subject

    def has_tag(self, tag: str) -> bool:
        """Return whether it has *tag*."""
        return tag in _envelope(self).tags

    def has_metadata(self, name: str, value: str | int | Missing = MISSING) -> bool:
        """Return whether it has metadata of *name*, and with *value* if one is given."""
        known = _envelope(self).metadata
        if isinstance(value, Missing):
            return name in known
        return name in known and str(known[name]) == str(value)

    def uses_mailer(self, mailer: str) -> bool:
        """Return whether it is to be sent by *mailer*."""
        return self.posting.mailer == mailer

    def assert_from(self, address: Who, name: str | None = None) -> None:
        """Claim that it is from *address*."""
        _claim(_has(_envelope(self).from_, address, name), self, "from", address, "from_")

    def assert_to(self, address: Who, name: str | None = None) -> None:
        """Claim what :meth:`assert_has_to` does."""
        self.assert_has_to(address, name)

    def assert_has_to(self, address: Who, name: str | None = None) -> None:
        """Claim that it is for *address*, among others."""
        _claim(self.has_to(address, name), self, "for", address, "to")

    def assert_has_cc(self, address: Who, name: str | None = None) -> None:
        """Claim that *address* gets a copy that all others see."""
        _claim(self.has_cc(address, name), self, "copied to", address, "cc")

    def assert_has_bcc(self, address: Who, name: str | None = None) -> None:
        """Claim that *address* gets a copy that nobody sees."""
        _claim(self.has_bcc(address, name), self, "copied blindly to", address, "bcc")

    def assert_has_reply_to(self, address: Who, name: str | None = None) -> None:
        """Claim that answers go to *address*."""
        _claim(self.has_reply_to(address, name), self, "answered to", address, "reply_to")

    def assert_has_subject(self, subject: str) -> None:
        """Claim that *subject* is what it is about."""
        found = _envelope(self).subject
        _that(found == subject, f'The subject of {_name(self)} is "{found}", not "{subject}".')

    def assert_has_tag(self, tag: str) -> None:
        """Claim that it has *tag*."""
        found = ", ".join(_envelope(self).tags) or "none"
        _that(self.has_tag(tag), f'{_name(self)} has no tag "{tag}". Its tags: {found}.')

    def assert_has_metadata(self, name: str, value: str | int) -> None:
        """Claim that it has metadata of *name* with *value*."""
        found = dict(_envelope(self).metadata)
        _that(
            self.has_metadata(name, value),
            f'The metadata of {_name(self)} have no "{name}" that is "{value}": {found}.',
        )

    def assert_see_in_html(self, text: str, escape: bool = True) -> None:
        """Claim that its HTML has *text*, written as HTML unless *escape* is False."""
        _see(self, "HTML", _html(self), [_written(text, escape)], is_there=True)

    def assert_dont_see_in_html(self, text: str, escape: bool = True) -> None:
        """Claim that its HTML does not have *text*."""
        _see(self, "HTML", _html(self), [_written(text, escape)], is_there=False)

    def assert_see_in_order_in_html(self, texts: Sequence[str], escape: bool = True) -> None:
        """Claim that its HTML has all *texts*, each one behind the one before."""
        _see(self, "HTML", _html(self), [_written(text, escape) for text in texts], is_there=True)

    def assert_see_in_text(self, text: str) -> None:
        """Claim that its text has *text*."""
        _see(self, "text", self.message().text or "", [text], is_there=True)

    def assert_dont_see_in_text(self, text: str) -> None:
        """Claim that its text does not have *text*."""
        _see(self, "text", self.message().text or "", [text], is_there=False)

    def assert_see_in_order_in_text(self, texts: Sequence[str]) -> None:
        """Claim that its text has all *texts*, each one behind the one before."""
        _see(self, "text", self.message().text or "", list(texts), is_there=True)

    def has_attachment(self, file: Attachment | str | PathLike[str]) -> bool:
        """Return whether *file* is attached: a path, or an attachment that equals it."""
        wanted = file if isinstance(file, Attachment) else Attachment.from_path(fspath(file))
        return wanted in self.message().attachments

    def has_attached_data(self, data: bytes | str, name: str, mime: str = "") -> bool:
        """Return whether *data* are attached as *name*, and of the type *mime* if one is given."""
        wanted = data.encode() if isinstance(data, str) else data
        return any(
            each.name == name
            and (not mime or each.type.partition(";")[0] == mime)
            and b"".join(each.pieces()) == wanted
            for each in self.message().attachments
        )

    def has_attachment_from_storage(self, path: str, name: str = "", mime: str = "") -> bool:
        """Return whether the file at *path* of the application's storage is attached."""
        wanted = Attachment.from_storage(path)
        wanted = wanted.as_(name) if name else wanted
        return self.has_attachment(wanted.with_mime(mime) if mime else wanted)

    def assert_has_attachment(self, file: Attachment | str | PathLike[str]) -> None:
        """Claim that *file* is attached."""
        _that(self.has_attachment(file), f"{file!r} is not attached. {_attached(self)}")

    def assert_has_attached_data(self, data: bytes | str, name: str, mime: str = "") -> None:
        """Claim that *data* are attached as *name*."""
        _that(
            self.has_attached_data(data, name, mime),
            f'These data are not attached as "{name}". {_attached(self)}',
        )

    def assert_has_attachment_from_storage(self, path: str, name: str = "", mime: str = "") -> None:
        """Claim that the file at *path* of the application's storage is attached."""
        _that(
            self.has_attachment_from_storage(path, name, mime),
            f'"{path}" of the storage is not attached. {_attached(self)}',
        )

    def assert_has_no_attachments(self) -> None:
        """Claim that nothing is attached."""
        _that(not self.message().attachments, _attached(self))


def _envelope(mailable: Assertions) -> Envelope:
    return cast("Envelope", current().make("mail.composer").envelope(mailable))


def _that(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _name(mailable: Assertions) -> str:
    return type(mailable).__qualname__


def _has(field: Any, who: Who, name: str | None) -> bool:
    (wanted,) = addresses("address", who)
    return any(
        each.email.lower() == wanted.email.lower() and (name is None or each.name == name)
        for each in addresses("address", field)
    )


def _claim(holds: bool, mailable: Assertions, how: str, who: Who, field: str) -> None:
    found: tuple[Address, ...] = addresses(field, getattr(_envelope(mailable), field))
    said = ", ".join(map(str, found)) or "nobody"
    (wanted,) = addresses("address", who)
    _that(holds, f"{_name(mailable)} is not {how} {wanted}, but {how} {said}.")


def _html(mailable: Assertions) -> str:
    html = mailable.message().html
    if html is None:
        raise AssertionError(f"{_name(mailable)} has no HTML.")
    return html


def _written(text: str, escape: bool) -> str:
    if not escape:
        return text
    from html import escape as escaped

    return escaped(text)


def _see(
    mailable: Assertions, what: str, body: str, texts: Sequence[str], *, is_there: bool
) -> None:
    start = 0
    for text in texts:
        place = body.find(text, start)
        if is_there:
            behind = "" if not start else " behind what stands before it"
            _that(place >= 0, f'The {what} of {_name(mailable)} has no "{text}"{behind}:\n{body}')
            start = place + len(text)
        else:
            _that(place < 0, f'The {what} of {_name(mailable)} has "{text}":\n{body}')


def _attached(mailable: Assertions) -> str:
    names = ", ".join(f'"{each.name}"' for each in mailable.message().attachments)
    return f"Attached to {_name(mailable)}: {names or 'nothing'}."
