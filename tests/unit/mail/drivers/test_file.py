"""Messages as files: whole or not at all, and for their owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from securely.mail import Attachment, InvalidMessage, Message, TransportError
from securely.mail.drivers.file import FileTransport


def message(**fields: Any) -> Message:
    usual: dict[str, Any] = {
        "sender": "ann@example.com",
        "to": ["bob@example.com"],
        "subject": "Greetings",
        "text": "Hello Bob\n",
    }
    return Message(**(usual | fields))


def test_send_when_written_then_the_reply_is_the_path(tmp_path: Path) -> None:
    mail = message()

    sent = FileTransport("file", tmp_path).send(mail)

    (path,) = tmp_path.iterdir()
    assert sent.reply == str(path)
    assert path.suffix == ".eml"
    assert path.read_bytes() == mail.as_bytes()


def test_send_when_several_then_their_names_sort_by_time(tmp_path: Path) -> None:
    transport = FileTransport("file", tmp_path)

    paths = [transport.send(message()).reply for _ in range(20)]

    assert paths == sorted(paths)
    assert len(set(paths)) == 20


@pytest.mark.skipif(os.name == "nt", reason="has no modes")
def test_send_when_the_directory_is_made_then_it_is_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "mail"

    sent = FileTransport("file", folder).send(message())

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(Path(sent.reply).stat().st_mode) == 0o600


def test_send_when_an_attachment_fails_then_no_file_is_left(tmp_path: Path) -> None:
    """Nor a part of one; and the error is not taken for one of the disk."""
    gone = tmp_path / "gone.pdf"
    folder = tmp_path / "mail"

    with pytest.raises(InvalidMessage, match=r"gone\.pdf"):
        FileTransport("file", folder).send(message(attachments=[Attachment.from_path(gone)]))

    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_send_when_the_disk_is_full_then_it_may_be_better_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.open

    def full(_path: object, _flags: int, mode: int = 0o600) -> int:
        return whole("/dev/full", os.O_WRONLY, mode)

    monkeypatch.setattr(os, "open", full)

    with pytest.raises(TransportError) as caught:
        FileTransport("file", tmp_path).send(message())

    assert caught.value.is_retryable is True
    assert str(tmp_path) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_send_when_a_file_is_in_the_way_then_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "mail").touch()

    with pytest.raises(TransportError) as caught:
        FileTransport("file", tmp_path / "mail").send(message())

    assert caught.value.is_retryable is False
    assert str(tmp_path / "mail") in str(caught.value)
    assert '"file"' in str(caught.value)


def test_build_when_a_path_is_given_then_it_is_located(tmp_path: Path) -> None:
    class Options:
        path = "storage/mail"

    class Materials:
        def locate(self, path: str) -> Path:
            return tmp_path / path

    transport = FileTransport.build("file", Options(), Materials())  # type: ignore[arg-type]

    assert transport.directory == tmp_path / "storage" / "mail"
