from __future__ import annotations

import pytest

from securely.mail import Sent, UnreadableEntry
from securely.mail.once.rows import row_of, sent_of


def test_a_row_tells_nothing_of_addresses() -> None:
    sent = Sent(
        "<1@x.io>", "smtp", {"bob@x.io": "550 no", "eve@x.io": "550 no"}, "250 for ann@x.io"
    )

    row = row_of(sent)

    assert row == ["<1@x.io>", "smtp", 2]
    assert sent_of(row) == Sent("<1@x.io>", "smtp", {}, "sent before; addresses refused then: 2")


def test_a_row_of_a_mail_that_all_got_tells_of_no_refusal() -> None:
    assert sent_of(row_of(Sent("<1@x.io>", "smtp", {}, "250 Ok"))).reply == "sent before"


def test_who_may_get_it_later_is_kept_as_it_comes() -> None:
    row = row_of(Sent("<1@x.io>", "smtp", {"b@x.io": "450 later"}, "250 Ok", ("hash",)))

    assert row == ["<1@x.io>", "smtp", 1, ["hash"]]
    assert sent_of(row).retryable == ("hash",)


@pytest.mark.parametrize("late", ["hash", [1], None])
def test_what_names_nobody_who_gets_it_later_is_refused(late: object) -> None:
    with pytest.raises(UnreadableEntry, match="no list of texts"):
        sent_of(["<1@x.io>", "smtp", 1, late])


@pytest.mark.parametrize("row", [None, [], ["<1@x.io>", "smtp"], ["<1@x.io>", "smtp", "2"], "abc"])
def test_what_is_no_row_is_refused(row: object) -> None:
    with pytest.raises(UnreadableEntry, match=r"is no mail that was sent. To have .*forget\(key\)"):
        sent_of(row)
