"""What a ledger keeps of a mail: its Message-ID, the transport, how many addresses were refused.

Those that may be taken later come hashed from who tells the ledger, and are kept as they come.
"""

from __future__ import annotations

from typing import Final, cast

from securely.mail.contracts import Sent
from securely.mail.exceptions import UnreadableEntry

__all__ = ["row_of", "sent_of"]

_WITH_THOSE: Final = 4  # what a row has where somebody may get the mail later


def row_of(sent: Sent) -> list[object]:
    """Return what is kept of *sent*: nothing of addresses, and not what the server said."""
    row: list[object] = [sent.message_id, sent.transport, len(sent.refused)]
    return [*row, list(sent.retryable)] if sent.retryable else row


def sent_of(row: object) -> Sent:
    """Return what *row* tells of a mail that was sent before.

    Raises:
        UnreadableEntry: It is none of ours.
    """
    late: tuple[str, ...] = ()
    whole = _list(row)
    if len(whole) == _WITH_THOSE:
        *whole, last = whole
        late = _texts(last)
    match whole:
        case [str(message_id), str(transport), int(refused)]:
            said = f"; addresses refused then: {refused}" if refused else ""
            return Sent(message_id, transport, {}, f"sent before{said}", late)
        case _:
            raise UnreadableEntry(f"a value of type {type(row).__name__} is no mail that was sent")


def _texts(given: object) -> tuple[str, ...]:
    """Return the texts in the list that *given* is.

    Raises:
        UnreadableEntry: It is none.
    """
    texts = tuple(each for each in _list(given) if isinstance(each, str))
    if list(texts) != given:
        raise UnreadableEntry("those who get a mail later are no list of texts")
    return texts


def _list(given: object) -> list[object]:
    return cast("list[object]", given) if isinstance(given, list) else []
