"""Which part stands in which: alternative in related in mixed.

Source: RFC 2046, section 5.1; RFC 2387; RFC 2183.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from securely.mail.exceptions import InvalidMessage
from securely.mail.message.attachment import Attachment
from securely.mail.message.fields import LINE_LETTERS_MAX, folded, parameter
from securely.mail.message.parts import Leaf, Many, Part, base64_lines, base64_size, text_leaf

__all__ = ["CID", "check_ids", "structure", "with_ids"]

# How HTML names an inline file: by its name, or by its content id.
CID: Final = re.compile(r"""(?<![A-Za-z0-9])cid:([^"'\s)>&]+)""", re.IGNORECASE)


def structure(
    text: str | None,
    html: str | None,
    inline: Sequence[Attachment],
    attachments: Sequence[Attachment],
    held: ExitStack,
) -> Part:
    """Return the parts of a message.

    Args:
        text: The plain body.
        html: The rich body.
        inline: The files that it shows.
        attachments: The files beside.
        held: Keeps what was fetched until the parts are written.

    Raises:
        AttachmentUnavailable: A file is at a URL, and can not be had.
        InvalidMessage: There is nothing in it, or two inline files have the same content id.
    """
    # Before anything is fetched: HTML names pictures as they are called here.
    body = _body(text, html, inline)
    files = [
        _file("attachments", held.enter_context(each.opened("attachments")), "attachment")
        for each in attachments
    ]
    pictures = [
        _file("inline", held.enter_context(each.opened("inline")), "inline") for each in inline
    ]
    # Plain text shows no pictures: beside it they are files like others, which readers list.
    if body is not None and html is not None and pictures:
        body = Many("related", [body, *pictures])
        pictures = []
    rest: list[Part] = [*pictures, *files]
    if body is not None and not rest:
        return body
    if body is None and not rest:
        raise InvalidMessage("text", "there is neither text nor html nor an attachment. Give one.")
    return Many("mixed", rest if body is None else [body, *rest])


def _body(text: str | None, html: str | None, inline: Sequence[Attachment]) -> Part | None:
    plain = None if text is None else text_leaf("text", "plain", text)
    if html is None:
        return plain
    rich = text_leaf("html", "html", with_ids(html, inline))
    return rich if plain is None else Many("alternative", [plain, rich])


def with_ids(html: str, inline: Sequence[Attachment]) -> str:
    """Let ``cid:logo.png`` in *html* mean the inline file of that name."""
    if not inline:
        return html
    ids: dict[str, str] = {}
    for each in inline:
        if ids.setdefault(each.id, each.id) != each.id or list(ids).count(each.id) > 1:
            break
        ids.setdefault(each.name, each.id)
        ids.setdefault(each.id.removesuffix("@inline"), each.id)
    return CID.sub(lambda found: f"cid:{ids.get(found[1], found[1])}", html)


def check_ids(inline: Sequence[Attachment]) -> None:
    """Raise InvalidMessage if two of the *inline* files can not be told apart."""
    seen: dict[str, Attachment] = {}
    for each in inline:
        if each.id in seen:
            raise InvalidMessage(
                "inline",
                f'"{seen[each.id].name}" and "{each.name}" have the same content id. Give one of '
                "them another name, or an id with with_id().",
            )
        seen[each.id] = each


def _file(field: str, file: Attachment, disposition: str) -> Part:
    kind = file.type.partition(";")[0].strip().lower()
    shown = file.type
    body: bytes | None = None
    if kind == "message/rfc822":
        # The one type that must not be encoded (RFC 2046, 5.2.1): as it is, or as mere bytes.
        body = _message(b"".join(file.pieces(field)))
    if body is None and kind.partition("/")[0] in {"message", "multipart"}:
        shown = "application/octet-stream"
    fields = [
        ("Content-Type", folded("Content-Type", re.split(r"(?<=;)\s*", shown))),
        ("Content-Transfer-Encoding", "7bit" if body is not None else "base64"),
        ("Content-Disposition", _disposition(disposition, file.name)),
    ]
    if field == "inline":
        fields.append(("Content-ID", f"<{file.id}>"))
    if body is not None:
        content = body
        return Leaf(fields, lambda: (content,), content, len(content))
    size = None if file.size is None else base64_size(file.size)
    return Leaf(fields, lambda: base64_lines(file.pieces(field)), size=size)


def _disposition(disposition: str, name: str) -> str:
    sections = parameter("filename", name)
    words = [f"{disposition};", *(f"{each};" for each in sections[:-1]), sections[-1]]
    return folded("Content-Disposition", words)


def _message(data: bytes) -> bytes | None:
    """Return a message as a part that is not encoded; None if it needs to be."""
    lines = re.split(rb"\r\n|\r|\n", data)
    if not data.isascii() or b"\0" in data or any(len(line) > LINE_LETTERS_MAX for line in lines):
        return None
    return b"\r\n".join(lines)
