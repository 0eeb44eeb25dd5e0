"""What arrives is what was written: read by the strict parser of the standard library."""

from __future__ import annotations

import re
import unicodedata
from email import message_from_bytes, message_from_string
from email.header import decode_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, SMTPUTF8
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from securely.mail import Address, Attachment, InvalidMessage, Message

pytestmark = pytest.mark.property

STRICT = SMTP.clone(raise_on_defect=True)
STRICT_UTF8 = SMTPUTF8.clone(raise_on_defect=True)

BODY = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
# What a field may hold: no controls, and no halves of pairs.
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200)
ODD_WORDS = WORDS | st.text(
    st.sampled_from(' ",;:<>()[]@\\=?_.aZ\u00e9\u2028\U0001f600'), max_size=200
)
NAMES = ODD_WORDS.map(str.strip)
LOCALS = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[a-z0-9]{1,20}){0,2}", fullmatch=True)
DOMAINS = st.from_regex(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?\.(example|x\.io)", fullmatch=True)
EMAILS = st.builds("{}@{}".format, LOCALS, DOMAINS)
ADDRESSES = st.builds(Address, EMAILS, NAMES)


def read(message: Message) -> EmailMessage:
    """Return *message* as a strict reader sees it, after a look at the raw bytes."""
    raw = message.as_bytes()
    check_raw(raw)
    found = BytesParser(policy=STRICT).parsebytes(raw)
    assert isinstance(found, EmailMessage)
    for part in found.walk():
        assert not part.defects
    return found


def check_raw(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    for line in head:
        assert line.strip(), "a line of spaces alone may be taken for the end of the fields"
        folded = len(line) <= 78
        # What is longer is one word behind the name of its field, or behind a space.
        assert folded or len(line.split()) <= 2, line
        if b"=?utf-8?" in line:
            assert len(line) <= 76 or line.count(b"=?utf-8?") == 1


def unfolded(raw: bytes, name: str) -> str:
    """Return the field *name* of *raw* by the older reader, which knows nothing of structure."""
    return str(message_from_bytes(raw)[name]).replace("\r\n", "").replace("\n", "")


def decoded(value: str) -> str:
    return "".join(
        part if isinstance(part, str) else part.decode(charset or "ascii")
        for part, charset in decode_header(value)
    )


def unencoded(raw: bytes, name: str) -> str:
    return decoded(unfolded(raw, name))


def message(**fields: Any) -> Message:
    return Message(**({"sender": "a@x.io", "to": "b@x.io", "text": "There"} | fields))


@given(ODD_WORDS)
@example("")
@example(" ")
@example("  two  spaces  ")
@example("=?utf-8?q?no_word?=")
@example("x" * 2000)
@example("a " + "x" * 990)
@example("x" * 69)
@example("x" * 70)
@example("x" * 70 + " y")
@example("\u00e9" * 500)
@example("tab\there")
def test_a_subject_arrives(subject: str) -> None:
    raw = message(subject=subject).as_bytes()

    read(message(subject=subject))
    assert unencoded(raw, "Subject") == subject
    lines = re.split(r"\r?\n", str(message_from_bytes(raw)["Subject"]))
    assert len(f"Subject: {lines[0]}") <= 78
    assert max(map(len, lines or [""])) <= 78


@given(ODD_WORDS)
@example("{" + '"json":1,' * 200 + "}")
@example("x" * 998)
def test_another_field_arrives(value: str) -> None:
    sent = message(headers={"X-Entity-Ref-ID": value})

    read(sent)
    assert unencoded(sent.as_bytes(), "X-Entity-Ref-ID") == value


@given(st.lists(ADDRESSES, min_size=1, max_size=6, unique_by=lambda each: each.email))
@example([Address("a@x.io", '"quoted" \\ , <b@x.io>')])
@example([Address("a@x.io", "\u00e9, <b@x.io>")])
@example([Address("a@x.io", "=?utf-8?q?b=40x=2Eio?=")])
@example([Address("a@x.io", "x" * 300)])
@example([Address("a@x.io", "\\" * 59)])
@example([Address('"odd one"@x.io', "Odd")])
@example([Address(f"{'a' * 64}@{'b' * 60}.example", "N" * 59)])
def test_addresses_arrive(people: list[Address]) -> None:
    sent = message(to=people, cc=people, sender=people[0], reply_to=people)
    found = read(sent)

    for field in ("To", "Cc", "Reply-To"):
        addresses = found[field].addresses
        assert [each.addr_spec for each in addresses] == [each.wire for each in people]
        written = f"{field}: {message_from_bytes(sent.as_bytes())[field]}"
        for line in written.splitlines():
            # An address is all that must not be broken.
            assert len(line) <= 78 or ("@" in line and len(line.split()) <= 2), line
        named = getaddresses([unfolded(sent.as_bytes(), field)])
        assert [decoded(name) for name, _ in named] == [each.name for each in people]
    assert len(found["From"].addresses) == 1


@given(BODY, BODY)
@example("", "")
@example("a\rb\nc\r\nd", "\x85\x0b\x0c\x1c\u2028")
@example(".\n..\nFrom me\n", "x" * 5000)
@example("trailing \n spaces\t\n", "nul\0")
@example("é" * 5000 + "\n", "=\n==\n")
def test_bodies_arrive(text: str, html: str) -> None:
    found = read(message(text=text, html=html))

    plain, rich = found.iter_parts()
    assert lines_of(content(plain)) == lines_of(text)
    assert lines_of(content(rich)) == lines_of(html)


def content(part: Any) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def lines_of(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@given(BODY)
def test_a_body_alone_arrives(text: str) -> None:
    found = read(message(text=text))

    # The end of a message is the end of a line.
    assert lines_of(content(found))[: len(lines_of(text))] == lines_of(text)


@given(NAMES.filter(bool), st.binary(max_size=300))
@example("a" * 400 + ".pdf", b"")
@example("\u00e9" * 100 + ".pdf", b"")
@example('quo"te\\.pdf', b"\r\n")
@example("=?utf-8?q?x?=.pdf", b"--=_.")
@example("letter.eml", b"Subject: Hi\n\nThere\n")
@example("letter.eml", b"Subject: \xff\n\nThere\n")
@example("semi;colon='x'%41.pdf", b"")
def test_files_arrive(name: str, data: bytes) -> None:
    found = read(message(attachments=[Attachment.from_data(data, name)]))

    file = list(found.iter_parts())[1]
    assert file["Content-Disposition"].params["filename"] == name
    if file.get_content_type() != "message/rfc822":
        assert file.get_payload(decode=True) == data


@given(BODY, BODY, st.lists(st.binary(max_size=100), max_size=2))
def test_it_is_the_same_however_it_is_written(text: str, html: str, files: list[bytes]) -> None:
    sent = message(
        subject="\u00e9" * 60,
        text=text,
        html=html,
        attachments=[
            Attachment.from_data(data, f"{number}.bin") for number, data in enumerate(files)
        ],
    )

    assert sent.as_bytes() == sent.as_bytes()
    assert sent.build().as_bytes() == sent.as_bytes()


@given(
    st.text(
        st.characters(exclude_categories=["C", "Z"], exclude_characters='<>()[],;:\\"@.'),
        min_size=1,
        max_size=15,
    ).filter(lambda local: not local.isascii())
)
def test_a_mailbox_in_another_script_arrives_where_servers_know_it(local: str) -> None:
    sent = message(to=f"{local}@x.io")

    assert sent.needs_utf8
    found = message_from_string(sent.as_bytes(utf8=True).decode(), policy=STRICT_UTF8)
    assert found["To"].addresses[0].addr_spec == f"{unicodedata.normalize('NFC', local)}@x.io"
    with pytest.raises(InvalidMessage, match='"to"'):
        sent.as_bytes()


BREAKS = st.sampled_from(["\r", "\n", "\r\n", "\0", "\x0b", "\x85", "\x1c"])


@given(st.sampled_from(["X", "", "é"]), BREAKS, st.sampled_from(["Bcc: c@x.io", "", " x"]))
def test_nothing_breaks_out_of_its_field(before: str, end: str, after: str) -> None:
    text = f"{before}{end}{after}"
    fields: dict[str, Any] = {
        "subject": text,
        "tags": [text],
        "references": [f"<a{text}@x.io>"],
        "message_id": f"<a{text}@x.io>",
        "headers": {"X-A": text},
        "metadata": {"key": text},
        "to": f"a{text}b@x.io",
        "cc": [f"Ann{text} <a@x.io>"],
        "bcc": f"a@x{text}.io",
        "reply_to": [f"a@x.io{text}b"],
        "sender": f"An{text}n <a@x.io>",
        "return_path": f"a{text}@x.io",
    }

    for field, value in fields.items():
        with pytest.raises(InvalidMessage) as raised:
            message(**{field: value})
        assert raised.value.field.partition(".")[0] == field
    for field in ("headers", "metadata"):
        with pytest.raises(InvalidMessage, match=f'"{field}"'):
            message(**{field: {f"X{text}Y": "value"}})
    for change in (
        lambda file: file.as_(f"a{text}b"),
        lambda file: file.with_mime(f"text/{text}"),
        lambda file: file.with_id(f"a{text}b"),
    ):
        with pytest.raises(InvalidMessage, match="attachments"):
            change(Attachment.from_data(b"", "a.bin"))
