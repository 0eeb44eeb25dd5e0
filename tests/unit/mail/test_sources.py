"""Attachments that are elsewhere: what their URLs and paths say, before anything is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from securely.container import Container, NotBooted
from securely.container.current import activated
from securely.mail import Attachable, Attachment, InvalidMessage, Message
from securely.mail.message import sources
from securely.support.paths import Paths


def message(**fields: Any) -> Message:
    return Message(**({"sender": "a@x.io", "to": "b@x.io", "text": "There"} | fields))


@pytest.fixture
def storage(tmp_path: Path) -> Any:
    """A folder storage/app of an application that is current."""
    folder = tmp_path / "storage" / "app"
    folder.mkdir(parents=True)
    app = Container()
    app.instance(Paths, Paths(tmp_path))
    with activated(app):
        yield folder


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.io/bills/7.pdf?key=1#p2", "7.pdf"),
        ("http://x.io/a%20b.txt", "a b.txt"),
        ("https://x.io", "download"),
        ("https://x.io/bills/", "download"),
        ("https://x.io/..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("https://x.io/a%0Ab%00.txt", "ab.txt"),
        ("https://x.io/" + "a" * 300 + ".pdf", "a" * 180 + ".pdf"),
        ("HTTPS://X.io/r%C3%A9sum%C3%A9.pdf", "r\u00e9sum\u00e9.pdf"),
    ],
)
def test_from_url_when_nothing_else_is_said_then_the_path_names_it(url: str, name: str) -> None:
    assert Attachment.from_url(url).name == name


@pytest.mark.parametrize(
    "url",
    [
        "ftp://ann:hunter2@x.io/a",
        "file:///etc/passwd",
        "/a",
        "",
        "https:///a",
        "https://ann:hunter2@x.io:port/a",
        "https://ann:hunter2@[x/a",
        "https://x.io/a\r\nX: hunter2",
        "https://x.io/hunter2 b",
    ],
)
def test_from_url_when_it_is_none_then_it_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(InvalidMessage, match=r"attachments\.url") as caught:
        Attachment.from_url(url)

    assert "hunter2" not in str(caught.value)


def test_from_url_when_shown_then_without_what_is_secret() -> None:
    remote = sources.Remote("https://ann:hunter2@x.io:8443/a.pdf?sign=hunter2#hunter2")

    assert remote.place == "https://x.io:8443/a.pdf"
    assert "hunter2" not in repr(Attachment.from_url(remote.url))


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="bill.pdf"', "bill.pdf"),
        ("attachment; filename=bill.pdf", "bill.pdf"),
        (
            "attachment; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf; filename=r.pdf",
            "r\u00e9sum\u00e9.pdf",
        ),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="C:\\x\\a.txt"', "a.txt"),
        ('attachment; filename=".."', ""),
        ("attachment", ""),
        ("", ""),
        ('attachment; filename="a\x07\u202eb.txt"', "ab.txt"),
        ("attachment; filename=r.pdf; FileName* = utf-8'fr'%C3%A9.pdf", "\u00e9.pdf"),
        ("attachment; filename*=iso-8859-1''%E9.pdf", "\u00e9.pdf"),
        ("attachment; filename*=UTF-8''%2Fetc%2Fpasswd", "passwd"),
        ("attachment; filename*=UTF-8''%ff.pdf", "\ufffd.pdf"),
    ],
)
def test_named_when_a_server_says_odd_things_then_it_is_a_name(disposition: str, name: str) -> None:
    assert sources._named(disposition) == name


@pytest.mark.parametrize(
    ("field", "mime"),
    [
        ("application/pdf", "application/pdf"),
        ("Application/PDF; version=1.7", "application/pdf"),
        ('text/csv; charset="UTF-8"', "text/csv; charset=utf-8"),
        ("text/csv; charset=not a charset", "text/csv"),
        ("application/octet-stream", ""),
        ("nonsense", ""),
        ("", ""),
        ("a/b\r\nX: y", ""),
    ],
)
def test_mime_when_a_server_says_it_then_it_can_stand_in_a_message(field: str, mime: str) -> None:
    assert sources._mime(field) == mime
    if mime:
        Attachment.from_data(b"", "a").with_mime(mime)


def test_from_storage_when_it_is_read_then_it_is_that_of_the_application(storage: Path) -> None:
    attachment = Attachment.from_storage("bills/7.pdf")
    (storage / "bills").mkdir()
    (storage / "bills" / "7.pdf").write_bytes(b"%PDF")

    assert (attachment.name, attachment.type) == ("7.pdf", "application/pdf")
    assert b"".join(attachment.pieces()) == b"%PDF"
    (part,) = message(attachments=[attachment]).build().iter_attachments()
    assert part.get_content() == b"%PDF"


def test_from_storage_when_it_is_gone_then_the_field_is_named(storage: Path) -> None:
    with pytest.raises(InvalidMessage, match=r'"inline" .*gone\.png" can not be read'):
        message(html="<p>", inline=[Attachment.from_storage("gone.png")]).as_bytes()


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", "..", "", ".", "a\0b"])
def test_from_storage_when_the_path_leads_out_then_it_is_refused(path: str) -> None:
    with pytest.raises(InvalidMessage, match=r"attachments\.path"):
        Attachment.from_storage(path)


def test_from_storage_when_a_link_leads_out_then_it_is_refused(
    storage: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (storage / "link.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(InvalidMessage, match=r"storage/app"):
        message(attachments=[Attachment.from_storage("link.txt")]).as_bytes()


def test_from_storage_when_no_application_runs_then_it_is_told() -> None:
    with pytest.raises(NotBooted):
        list(Attachment.from_storage("a.txt").pieces())


class Invoice:
    def __mail_attachment__(self) -> Attachment:
        return Attachment.from_data(b"%PDF", "invoice.pdf")


class Wrong:
    def __mail_attachment__(self) -> str:
        return "invoice.pdf"


def test_attachable_when_it_is_attached_then_its_file_is() -> None:
    mail = message(attachments=[Invoice()], html="<p>", inline=[Invoice()])

    assert isinstance(Invoice(), Attachable)
    assert mail.attachments == mail.inline == (Invoice().__mail_attachment__(),)


@pytest.mark.parametrize(("given", "said"), [(Wrong(), r"Wrong gives \(str\)"), ("a.pdf", "str")])
def test_attachable_when_it_is_none_then_the_field_is_named(given: Any, said: str) -> None:
    with pytest.raises(InvalidMessage, match=f'"attachments" .*{said}'):
        message(attachments=[given])
