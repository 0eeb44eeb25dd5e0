from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from securely.mail import Attachment, InvalidMessage


def content(attachment: Attachment) -> bytes:
    return b"".join(attachment.pieces())


def test_a_file_is_read_when_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    attachment = Attachment.from_path(path)
    path.write_bytes(b"later")

    assert attachment.name == "report.csv"
    assert attachment.type == "text/csv"
    assert content(attachment) == b"later"


def test_a_file_comes_in_pieces_of_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(200_000))

    pieces = list(Attachment.from_path(str(path)).pieces())

    assert b"".join(pieces) == bytes(200_000)
    assert len(pieces) > 2
    assert all(len(piece) % 57 == 0 for piece in pieces[:-1])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidMessage, match=r'"inline" .* file ".*gone\.bin" can not be read'):
        list(Attachment.from_path(tmp_path / "gone.bin").pieces("inline"))


@pytest.mark.parametrize("data", [b"\xc3\xa9", "\u00e9", lambda: b"\xc3\xa9", lambda: "\u00e9"])
def test_data_are_bytes_or_text_or_a_function(data: Any) -> None:
    assert content(Attachment.from_data(data, "a.txt")) == b"\xc3\xa9"


def test_a_function_is_called_each_time() -> None:
    calls: list[int] = []
    attachment = Attachment.from_data(lambda: calls.append(1) or str(len(calls)), "a.txt")

    assert calls == []
    assert (content(attachment), content(attachment)) == (b"1", b"2")


@pytest.mark.parametrize(("data", "said"), [(7, "int"), (lambda: None, "NoneType")])
def test_other_data_are_refused_by_their_type(data: Any, said: str) -> None:
    with pytest.raises(InvalidMessage, match=f'"attachments" .*"a.txt" are {said}'):
        content(Attachment.from_data(data, "a.txt"))


def test_half_a_pair_in_text_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="half a surrogate pair"):
        content(Attachment.from_data("\ud800", "a.txt"))


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("a.pdf", "application/pdf"),
        ("a.tar.gz", "application/gzip"),
        ("a.unheard-of", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_type_is_guessed(name: str, type_: str) -> None:
    assert Attachment.from_data(b"", name).type == type_


def test_text_says_how_it_is_written() -> None:
    assert Attachment.from_data("\u00e9", "a.csv").type == "text/csv; charset=utf-8"
    assert Attachment.from_data("\u00e9", "a.csv").with_mime("text/csv").type == "text/csv"
    assert Attachment.from_data(b"", "a.csv").type == "text/csv"
    assert Attachment.from_data("{}", "a.json").type == "application/json"


def test_data_come_in_pieces_of_whole_lines() -> None:
    pieces = list(Attachment.from_data(bytes(200_000), "a.bin").pieces())

    assert b"".join(pieces) == bytes(200_000)
    assert len(pieces) > 2
    assert all(len(piece) % 57 == 0 for piece in pieces[:-1])


def test_name_type_and_id_can_be_given() -> None:
    attachment = Attachment.from_data(b"", "a.bin").as_("b.csv").with_mime("text/x-b").with_id("b")

    assert (attachment.name, attachment.type) == ("b.csv", "text/x-b")
    assert (attachment.id, attachment.cid) == ("b@inline", "cid:b@inline")
    assert attachment.with_id("c@x.io").id == "c@x.io"


def test_the_id_is_stable() -> None:
    one, two = Attachment.from_data(b"1", "logo.png"), Attachment.from_data(b"2", "logo.png")

    assert one.id == two.id != one.as_("other.png").id


@pytest.mark.parametrize("mime", ["text", "text/", "text/x y", "a/b;c", "a/b\r\nX: y", "\u00e9/b"])
def test_a_type_that_is_none_is_refused(mime: str) -> None:
    with pytest.raises(InvalidMessage, match=r"attachments\.mime"):
        Attachment.from_data(b"", "a").with_mime(mime)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\0b", "\ud800"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidMessage, match=r"attachments\.name"):
        Attachment.from_data(b"", name)


@pytest.mark.parametrize("id_", ["a b", "<a@b>", "a@b@c", "\u00e9", "a" * 201])
def test_an_id_that_is_none_is_refused(id_: str) -> None:
    with pytest.raises(InvalidMessage, match=r"attachments\.content_id"):
        Attachment.from_data(b"", "a").with_id(id_)


@pytest.mark.parametrize("name", ['data:text/x" \u00fc,a.pdf', "data:text/html,a.pdf"])
def test_a_name_that_looks_like_a_url_does_not_say_its_type(name: str) -> None:
    assert Attachment.from_data(b"", name).type == "application/pdf"
