"""page: a mail as a page of a browser, with its fields, both bodies and its files."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Final

from securely.mail.exceptions import MailError
from securely.mail.mailable.composer import shown
from securely.mail.message.attachment import Attachment
from securely.mail.message.message import Message

__all__ = ["page"]

_WITHIN_BYTES_MAX: Final = 2 * 1024 * 1024  # of a file that is put into the page; browsers go slow

_STYLE: Final = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; display: flex; flex-direction: column; min-height: 100vh; }
header { padding: 1rem 1.5rem; border-bottom: 1px solid #8884; }
h1 { font-size: 1.15rem; margin: 0 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt { opacity: .65; } dd { margin: 0; overflow-wrap: anywhere; }
main { flex: 1; display: flex; flex-direction: column; }
details { padding: 0 1.5rem; border-bottom: 1px solid #8884; }
summary { cursor: pointer; padding: .6rem 0; font-weight: 600; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 1rem; }
details.html { padding: 0; flex: 1; } details.html > summary { padding: .6rem 1.5rem; }
iframe { border: 0; width: 100%; height: calc(100vh - 3rem); background: #fff; }
"""


def page(message: Message) -> str:
    """Return *message* as a page: nothing in it is loaded from elsewhere but what the mail loads.

    The mail's own HTML is in a frame that runs no scripts.

    Raises:
        InvalidMessage: A picture of it can not be read.
    """
    title = escape(message.subject or "(no subject)")
    bodies: list[str] = []
    if message.html is not None:
        frame = escape(shown(message), quote=True)
        bodies.append(
            "<details class=html open><summary>HTML</summary>"
            f'<iframe sandbox srcdoc="{frame}" title="HTML"></iframe></details>'
        )
    if message.text is not None:
        is_open = " open" if message.html is None else ""
        bodies.append(
            f"<details{is_open}><summary>Text</summary><pre>{escape(message.text)}</pre></details>"
        )
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in _fields(message))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>{title}</h1><dl>{rows}</dl></header><main>{''.join(bodies)}</main>"
        "</body></html>\n"
    )


def _fields(message: Message) -> list[tuple[str, str]]:
    people = {
        "From": () if message.sender is None else (message.sender,),
        "To": message.to,
        "Cc": message.cc,
        "Bcc": message.bcc,
        "Reply-To": message.reply_to,
    }
    found = [(name, escape(", ".join(map(str, each)))) for name, each in people.items() if each]
    if message.tags:
        found.append(("Tags", escape(", ".join(message.tags))))
    words = [f"{name}: {value}" for name, value in (*message.metadata.items(),)]
    found += [("Metadata", escape(word)) for word in words]
    found += [(name, escape(value)) for name, value in message.headers.items()]
    if message.attachments:
        found.append(("Attached", ", ".join(map(_link, message.attachments))))
    return found


def _link(file: Attachment) -> str:
    name = escape(file.name, quote=True)
    try:
        data = b"".join(file.pieces())
    except MailError as error:  # one can look at the rest; sending it fails, and says so
        return f"{name} ({escape(str(error))})"
    size = f"{len(data):,} bytes"
    if len(data) > _WITHIN_BYTES_MAX:
        return f"{name} ({size})"
    content = b64encode(data).decode("ascii")
    kind = escape(file.type.partition(";")[0], quote=True)
    return f'<a download="{name}" href="data:{kind};base64,{content}">{name}</a> ({size})'
