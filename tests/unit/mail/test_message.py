from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from securely.mail import Address, Attachment, InvalidMessage, Message
from securely.support import clock
from securely.support.clock import FrozenClock


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with clock.using(FrozenClock(at=1_700_000_000.0)):
        yield


def message(**fields: Any) -> Message:
    return Message(**({"sender": "a@x.io", "to": "b@x.io", "text": "There"} | fields))


def read(sent: Message) -> EmailMessage:
    found = message_from_bytes(sent.as_bytes(), policy=SMTP.clone(raise_on_defect=True))
    assert isinstance(found, EmailMessage)
    return found


def tree(part: Any) -> Any:
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        return (part.get_content_subtype(), [tree(each) for each in part.iter_parts()])
    return part.get_content_type()


def file(name: str, data: bytes = b"data") -> Attachment:
    return Attachment.from_data(data, name)


def test_the_bytes_are_these() -> None:
    sent = message(
        subject="Hi", message_id="<1@x.io>", cc="Bo <c@x.io>", bcc="d@x.io", reply_to="e@x.io"
    )

    assert sent.as_bytes() == (
        b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
        b"From: a@x.io\r\n"
        b"To: b@x.io\r\n"
        b"Cc: Bo <c@x.io>\r\n"
        b"Reply-To: e@x.io\r\n"
        b"Subject: Hi\r\n"
        b"Message-ID: <1@x.io>\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"There\r\n"
    )


def test_nobody_sees_bcc() -> None:
    sent = message(to=None, bcc=["hidden@x.io", "other@x.io"])

    assert b"hidden" not in sent.as_bytes()
    assert sent.build()["Bcc"] is None
    assert sent.build()["To"] == "undisclosed-recipients:;"
    assert sent.recipients() == ["hidden@x.io", "other@x.io"]


def test_recipients_are_each_told_once_as_on_the_wire() -> None:
    sent = message(
        to=["Ann <a@b\u00fc.io>", "c@x.io"], cc="a@xn--b-eha.io", bcc=["c@X.io", "C@x.io"]
    )

    # The case of a domain means nothing; what stands before the @ is the server's business.
    assert sent.recipients() == ["a@xn--b-eha.io", "c@x.io", "C@x.io"]


INLINE = [file("logo.png")]
FILES = [file("a.pdf"), file("b.csv")]
BOTH = {"text": "t", "html": "h"}


@pytest.mark.parametrize(
    ("fields", "shape"),
    [
        ({"text": "t"}, "text/plain"),
        ({"text": None, "html": "h"}, "text/html"),
        (BOTH, ("alternative", ["text/plain", "text/html"])),
        (
            {"text": None, "html": "h", "inline": INLINE},
            ("related", ["text/html", "image/png"]),
        ),
        (
            {**BOTH, "inline": INLINE},
            ("related", [("alternative", ["text/plain", "text/html"]), "image/png"]),
        ),
        (
            {**BOTH, "attachments": FILES},
            (
                "mixed",
                [("alternative", ["text/plain", "text/html"]), "application/pdf", "text/csv"],
            ),
        ),
        (
            {**BOTH, "inline": INLINE, "attachments": FILES},
            (
                "mixed",
                [
                    ("related", [("alternative", ["text/plain", "text/html"]), "image/png"]),
                    "application/pdf",
                    "text/csv",
                ],
            ),
        ),
        ({"text": None, "attachments": FILES[:1]}, ("mixed", ["application/pdf"])),
        ({"text": None, "inline": INLINE}, ("mixed", ["image/png"])),
        ({"text": "t", "inline": INLINE}, ("mixed", ["text/plain", "image/png"])),
    ],
)
def test_parts_stand_in_each_other(fields: dict[str, Any], shape: Any) -> None:
    assert tree(read(message(**fields))) == shape
    assert tree(message(**fields).build()) == shape


def test_related_says_what_its_root_is() -> None:
    sent = read(message(**BOTH, inline=INLINE))

    assert sent["Content-Type"].params["type"] == "multipart/alternative"


def test_no_boundary_is_the_beginning_of_another() -> None:
    sent = read(message(**BOTH, inline=INLINE, attachments=FILES))
    found = [part.get_boundary() for part in sent.walk() if part.is_multipart()]

    assert len(found) == 3
    assert not any(a.startswith(b) for a in found for b in found if a is not b)


def test_a_body_that_holds_the_boundary_gets_another() -> None:
    first = message(message_id="<1@x.io>", attachments=FILES)
    boundary = first.build().get_boundary()

    second = message(message_id="<1@x.io>", attachments=FILES, text=f"--{boundary}\nafter")

    assert second.build().get_boundary() != boundary
    assert next(read(second).iter_parts()).get_content() == f"--{boundary}\r\nafter"


def test_a_message_within_a_message_is_not_encoded() -> None:
    inner = message(subject="Inner").as_bytes()

    sent = read(message(attachments=[file("inner.eml", inner)]))

    part = list(sent.iter_parts())[1]
    assert part["Content-Transfer-Encoding"] == "7bit"
    assert part.get_content()["Subject"] == "Inner"


@pytest.mark.parametrize("data", [b"Subject: \xff\n\n", b"Subject: " + b"x" * 999, b"\0"])
def test_a_message_that_needs_an_encoding_goes_as_mere_bytes(data: bytes) -> None:
    part = list(read(message(attachments=[file("inner.eml", data)])).iter_parts())[1]

    assert part.get_content_type() == "application/octet-stream"
    assert part.get_content() == data


def test_inline_files_are_found_by_name_id_and_cid() -> None:
    logo, sign = file("logo.png"), file("sign.png").with_id("sign")
    html = f'<img src="cid:logo.png"><img src=\'cid:sign\'><img src={logo.cid}><img src="cid:no">'

    sent = read(message(html=html, text=None, inline=[logo, sign]))

    body, *files = sent.iter_parts()
    ids = [part["Content-ID"].strip("<>") for part in files]
    assert ids == [logo.id, "sign@inline"]
    assert body.get_content().strip() == (
        f"<img src=\"cid:{ids[0]}\"><img src='cid:{ids[1]}'><img src=cid:{ids[0]}>"
        '<img src="cid:no">'
    )
    assert [part.get_content_disposition() for part in files] == ["inline", "inline"]


def test_two_inline_files_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidMessage, match=r'"inline" .*"logo.png" and "logo.png"'):
        message(inline=[file("logo.png"), file("logo.png", b"other")])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain", "7bit"),
        ("x" * 998, "7bit"),
        ("x" * 999, "quoted-printable"),
        ("an \u00e9 in a text of some length", "quoted-printable"),
        ("\u0416" * 30, "base64"),
        ("a\x0cb" + "c" * 20, "quoted-printable"),
    ],
)
def test_a_body_goes_in_the_shortest_way(text: str, encoding: str) -> None:
    sent = read(message(text=text))

    assert sent["Content-Transfer-Encoding"] == encoding
    assert sent.get_content().strip("\r\n") == text


def test_the_message_id_is_stable_and_of_the_senders_domain() -> None:
    sent = message(sender="Shop <shop@b\u00fc.io>")

    assert sent.message_id.endswith("@xn--b-eha.io>")
    assert sent.changed(subject="Again").message_id == sent.message_id
    assert sent.build()["Message-ID"] == sent.message_id
    assert message(seed="s").message_id == message(seed="s").message_id
    assert message().message_id != message().message_id


def test_others_get_another_message_id() -> None:
    sent = message()

    assert sent.changed(to="c@x.io").message_id != sent.message_id
    assert sent.changed(bcc="c@x.io").message_id != sent.message_id
    assert sent.changed(to="c@x.io").changed(to="b@x.io").message_id == sent.message_id
    own = message(message_id="<own@x.io>")
    assert own.changed(to="c@x.io").message_id == "<own@x.io>"


def test_a_message_without_a_sender_gets_its_id_with_one() -> None:
    sent = message(sender=None)

    assert sent.message_id == ""
    assert sent.changed(sender="a@x.io").message_id.endswith("@x.io>")
    with pytest.raises(InvalidMessage, match='"sender"'):
        sent.as_bytes()


def test_a_sender_at_a_number_does_not_show_it_in_the_id() -> None:
    assert message(sender="a@[10.0.0.1]").message_id.endswith("@localhost>")


def test_what_else_it_says() -> None:
    sent = read(
        message(
            tags=["a", "b"],
            metadata={"order-id": "7"},
            priority=1,
            references=["<1@x.io>", "<2@x.io>"],
            headers={"X-Own": "\u00e9"},
        )
    )

    assert sent.get_all("X-Tag") == ["a", "b"]
    assert sent["X-Metadata-order-id"] == "7"
    assert sent["X-Priority"] == "1 (Highest)"
    assert sent["References"] == "<1@x.io> <2@x.io>"
    assert sent["X-Own"] == "\u00e9"


def test_failures_go_to_the_return_path_or_the_sender() -> None:
    assert message().envelope_sender == "a@x.io"
    assert message(return_path="bounce@x.io").envelope_sender == "bounce@x.io"
    assert message(return_path="bounce@x.io").build()["Return-Path"] is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": 7}, "text"),
        ({"html": b"h"}, "html"),
        ({"subject": None}, "subject"),
        ({"priority": 0}, "priority"),
        ({"date": float("nan")}, "date"),
        ({"date": 1e12}, "date"),
        ({"message_id": "no"}, "message_id"),
        ({"message_id": "<a b@x.io>"}, "message_id"),
        ({"message_id": f"<{'a' * 250}@x.io>"}, "message_id"),
        ({"references": ["no"]}, "references"),
        ({"references": "<1@x.io>"}, "references"),
        ({"tags": "one"}, "tags"),
        ({"tags": [7]}, "tags"),
        ({"headers": {"X Y": "v"}}, "headers"),
        ({"headers": {"X:Y": "v"}}, "headers"),
        ({"headers": {"": "v"}}, "headers"),
        ({"headers": {"\u00e9": "v"}}, "headers"),
        ({"headers": {"X-A": 7}}, "headers.X-A"),
        ({"headers": {"Subject": "v"}}, "headers.Subject"),
        ({"headers": {"bcc": "v"}}, "headers.bcc"),
        ({"headers": {"Content-Type": "v"}}, "headers.Content-Type"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers.x-a"),
        ({"metadata": {"a b": "v"}}, "metadata"),
        ({"metadata": {"a": 7}}, "metadata.a"),
        ({"attachments": ["a.pdf"]}, "attachments"),
        ({"inline": ["a.pdf"]}, "inline"),
        ({"sender": ["a@x.io", "b@x.io"]}, "sender"),
    ],
)
def test_a_field_that_can_not_be_sent_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        message(**fields)

    assert raised.value.field == field


@pytest.mark.parametrize("field", ["text", "html"])
def test_half_a_pair_in_a_body_is_refused(field: str) -> None:
    with pytest.raises(InvalidMessage, match=f'"{field}" .*half a surrogate'):
        message(**{field: "\ud800"}).as_bytes()


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="neither text nor html"):
        message(text=None).as_bytes()


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match=r'no "subjekt". Did you mean "subject"'):
        message(subjekt="Hi")


def test_it_does_not_change() -> None:
    sent = message(subject="Hi")

    with pytest.raises(AttributeError):
        sent.subject = "Other"  # type: ignore[misc]
    assert sent.changed(subject="Other").subject == "Other"
    assert sent.subject == "Hi"
    assert sent.to == (Address("b@x.io"),)


@pytest.mark.parametrize("size", [25 * 2**20])
def test_a_large_file_is_never_in_memory(tmp_path: Path, size: int) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file_:
        file_.truncate(size)
    sent = message(attachments=[Attachment.from_path(path)])
    out = tmp_path / "out.eml"

    tracemalloc.start()
    try:
        with out.open("wb") as stream:
            sent.write_to(stream)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert out.stat().st_size > size * 4 / 3
    assert peak < 2**21


def test_each_attempt_reads_files_anew() -> None:
    calls: list[int] = []
    late = Attachment.from_data(lambda: calls.append(1) or b"x", "a.bin")
    sent = message(attachments=[late])

    assert calls == []
    assert sent.as_bytes() == sent.as_bytes()
    assert len(calls) == 2


def test_only_to_some_changes_nobody_elses_view() -> None:
    sent = message(to=["Ann <a@x.io>", "b@x.io"], cc="c@X.io", bcc="d@x.io", idempotency_key="7")

    late = sent.only_to("c@x.IO", ["d@x.io"])

    assert late.recipients() == ["c@X.io", "d@x.io"]
    assert late.as_bytes() == sent.as_bytes()
    assert late.message_id == sent.message_id
    assert late.changed(sender="other@x.io", reply_to="r@x.io").recipients() == late.recipients()
    assert late.changed(subject="Again").message_id == sent.message_id
    assert late.only_to("d@x.io").recipients() == ["d@x.io"]


def test_only_to_some_has_an_idempotency_key_of_its_own() -> None:
    sent = message(to=["a@x.io", "b@x.io", "c@x.io"], idempotency_key="k" * 255)

    late = sent.only_to("b@x.io", "c@x.io")

    assert late.idempotency_key != sent.idempotency_key
    assert late.idempotency_key == sent.only_to("c@x.io", "b@x.io").idempotency_key
    assert late.idempotency_key != sent.only_to("b@x.io").idempotency_key
    assert message(to="a@x.io").only_to("a@x.io").idempotency_key == ""


@pytest.mark.parametrize("who", [[], ["e@x.io"], ["a@x.io", "e@x.io"], ["not an address"]])
def test_only_to_somebody_else_is_refused(who: list[str]) -> None:
    with pytest.raises(InvalidMessage, match='"only"'):
        message(to="a@x.io").only_to(*who)


def test_only_to_does_not_widen() -> None:
    with pytest.raises(InvalidMessage, match=r'"b@x\.io" is none of those'):
        message(to=["a@x.io", "b@x.io"]).only_to("a@x.io").only_to("b@x.io")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": "\u00e9" * 500},
        {"text": "no end"},
        {"text": "an end\n"},
        {"text": "\u65e5\u672c" * 100, "subject": "\u00e9" * 300},
        {"html": "<p>", "inline": [file("a.png", bytes(57))], "attachments": [file("b.bin")]},
        {"text": None, "attachments": [file("a.bin", bytes(n)) for n in (0, 1, 56, 57, 58, 200)]},
        {"attachments": [file("a.eml", b"Subject: Hi\r\n\r\nThere")]},
        {"to": "j\u00f6rg@x.io"},
    ],
)
def test_the_size_is_known_before_it_is_written(fields: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100_000))
    files = [*fields.get("attachments", ()), Attachment.from_path(tmp_path / "a")]
    for sent in (message(**fields), message(**fields | {"attachments": files})):
        with sent.prepare(utf8=True) as prepared:
            assert prepared.size == len(sent.as_bytes(utf8=True))


def test_the_size_is_unknown_where_only_reading_would_tell(tmp_path: Path) -> None:
    for late in (Attachment.from_data(lambda: b"", "a"), Attachment.from_path(tmp_path / "gone")):
        with message(attachments=[late]).prepare() as prepared:
            assert prepared.size is None


def test_the_html_of_services_names_pictures_as_the_wire_does() -> None:
    logo = file("logo.png")
    sent = message(html='<img src="cid:logo.png"><a href="cid:other">', inline=[logo])

    assert sent.linked_html == f'<img src="{logo.cid}"><a href="cid:other">'
    assert message().linked_html is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("attachments", Attachment.from_data(b"", "a.txt"), "Give a list, even of one"),
        ("inline", None, "it is None. Give a list"),
        ("headers", ["X-A: 1"], "a dict of names and values, not list"),
        ("metadata", 7, "a dict of names and values, not int"),
        ("tags", 7, "it has to be a list, not int"),
        ("references", None, "it has to be a list, not NoneType"),
        ("priority", [1], "none of 1"),
        ("date", "today", "seconds since 1970, not 'today'"),
    ],
)
def test_what_is_of_another_kind_is_named(field: str, value: Any, reason: str) -> None:
    with pytest.raises(InvalidMessage, match=rf'field "{field}" .*{reason}'):
        Message(**{field: value})
