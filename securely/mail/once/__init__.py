"""Sending once: the mail of an idempotency key is sent once, however often it is tried.

once.py     Once, Sending: asks the ledger before a mail is sent, and tells it afterwards
store.py    StoreLedger: remembers in the store, for all processes of one machine
cache.py    CacheLedger: remembers in a cache, for all machines that share it
rows.py     what both keep of a mail
"""

from __future__ import annotations

from securely.mail.once.once import Once, Sending

__all__ = ["Once", "Sending"]
