"""A message, its addresses and its attachments; and how they become bytes.

message.py      Message: what is to be sent, and what it is on the wire
address.py      Address: one mailbox, with a name or without
attachment.py   Attachment: a file of a message, read when it is sent; Attachable
sources.py      where its content is until then: at a URL, in the storage
prepared.py     Prepared: a message that is ready to go over the wire
structure.py    which part stands in which
parts.py        parts as bytes, large ones in pieces
fields.py       header fields: encoded, folded, and refused where they would break out
"""

from __future__ import annotations

from securely.mail.message.address import Address, Who
from securely.mail.message.attachment import Attachable, Attachment
from securely.mail.message.message import Message

__all__ = ["Address", "Attachable", "Attachment", "Message", "Who"]
