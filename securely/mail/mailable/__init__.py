"""Mailables: kinds of mail, as classes.

mailable.py     Mailable: what authors subclass
envelope.py     Envelope, Content, Headers: what its methods return
posting.py      where it goes, beside what it says itself
composer.py     from a mailable to a message
embeds.py       what views call to show a picture
plain.py        what HTML says, as text
job.py          the job that sends it
late.py         what follows where a server took it for some and not for others
assertions.py   what it can be asked, and what tests claim of it
"""

from __future__ import annotations

from securely.mail.mailable.envelope import Content, Envelope, Headers
from securely.mail.mailable.mailable import Mailable

__all__ = ["Content", "Envelope", "Headers", "Mailable"]
