"""Those whom a server put off."""

from __future__ import annotations

import pytest

from securely.mail import Message
from securely.mail.mailable.late import part_of


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (["b@x.io"], ["b@x.io"]),
        (["gone@x.io", "c@x.io"], ["c@x.io"]),
        (["gone@x.io"], None),
    ],
)
def test_a_part_is_for_those_whom_the_message_is_still_for(
    late: list[str], told: list[str] | None
) -> None:
    message = Message(text="Hi", sender="a@x.io", to=["b@x.io"], bcc=["c@x.io"])

    part = part_of(message, late)

    assert (None if part is None else part.recipients()) == told
