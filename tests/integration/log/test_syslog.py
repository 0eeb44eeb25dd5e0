"""Syslog: real sockets, and receivers that go and come back."""

from __future__ import annotations

import os
import re
import socket
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.log import LogManager, Record
from securely.log.drivers.syslog import SyslogHandler
from securely.log.drivers.syslog_wire import Head, parse_address
from securely.log.hub import Hub
from securely.log.options import LogOptions, SyslogChannel
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.paths import Paths
from tests.receivers import Receiver
from tests.smtp import Authority

pytestmark = pytest.mark.integration

WHEN = 1_793_872_800.25  # 2026-11-05 10:00:00.25 UTC


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder whose path fits the name of a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="log") as folder:
        yield Path(folder)


def handler(address: str | None, **settings: object) -> SyslogHandler:
    said = {"driver": "syslog", "address": address, **settings}
    return SyslogHandler(SyslogChannel.parse(said, "log.channels.syslog"), timezone="Europe/Berlin")


def record(message: str = "shipped", level: int = 20, **fields: object) -> Record:
    return Record(WHEN, level, "local", message, fields, {})


def test_rfc_5424_over_udp(folder: Path) -> None:
    with Receiver("udp", folder) as receiver:
        made = handler(receiver.address, facility="local3", ident="shop")
        made.handle(record("order shipped", 55, order=5))
        made.close()

        text = receiver.text()

    # Facility 19, severity 1: 19 * 8 + 1. RFC 5424, section 6.2.1.
    head = rf"<153>1 2026-11-05T11:00:00\.250000\+01:00 (\S+) shop {os.getpid()} local - "
    assert re.fullmatch(head + re.escape('order shipped {"order":5}'), text), text


def test_rfc_3164_has_host_and_tag(folder: Path) -> None:
    with Receiver("udp", folder) as receiver:
        made = handler(receiver.address, protocol="rfc3164", ident="shop")
        made.handle(record("order shipped", 40))
        made.close()

        text = receiver.text()

    host = re.escape(socket.gethostname().partition(".")[0])
    assert re.fullmatch(rf"<11>Nov  5 11:00:00 {host} shop\[{os.getpid()}\]: order shipped", text)


def test_a_local_socket_gets_what_syslog_3_writes(folder: Path) -> None:
    with Receiver("datagram", folder) as receiver:
        made = handler(receiver.address)
        made.handle(record("order shipped"))
        made.close()

        assert receiver.text() == f"<14>Nov  5 11:00:00 securely[{os.getpid()}]: order shipped"


def test_tcp_counts_octets_so_that_lines_may_hold_anything(folder: Path) -> None:
    with Receiver("tcp", folder) as receiver:
        made = handler(receiver.address)
        made.handle(record("é"))
        made.handle(record("failed", 40)._replace(exception=ValueError("two\nlines")))
        made.close()

        rest = receiver.data(1)

    messages = []
    while rest:
        count, _, rest = rest.partition(b" ")
        messages.append(rest[: int(count)].decode())
        rest = rest[int(count) :]
    assert [message.startswith("<") for message in messages] == [True, True]
    assert messages[0].endswith("é")
    assert r"ValueError: two\n" in messages[1]


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts, and no other."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return made


def test_tls_encrypts_and_counts_octets(folder: Path, authority: Authority) -> None:
    with Receiver("tls", folder, context=authority.context()) as receiver:
        made = handler(receiver.address, ident="shop")
        made.handle(record("é shipped"))
        made.handle(record("paid"))
        made.close()

        rest = receiver.data(2)

    messages: list[str] = []
    while rest:
        count, _, rest = rest.partition(b" ")
        messages.append(rest[: int(count)].decode())
        rest = rest[int(count) :]
    assert [each.rpartition(" - ")[2] for each in messages] == ["é shipped", "paid"]
    assert all(each.startswith("<14>1 2026-11-05T11:00:00.25") for each in messages)


def test_a_receiver_of_tls_that_was_started_anew_loses_nothing(
    folder: Path, authority: Authority
) -> None:
    with Receiver("tls", folder, context=authority.context()) as first:
        port = first.port
        made = handler(first.address)
        made.handle(record("<before>"))
        assert "<before>" in first.text()
    with Receiver("tls", folder, port, authority.context()) as second:
        made.handle(record("<after>"))
        made.close()

        assert "<after>" in second.text()


def test_a_receiver_of_tls_whom_nobody_trusts_is_told_nothing(
    folder: Path, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(other).file))
    with Receiver("tls", folder, context=authority.context()) as receiver:
        made = handler(receiver.address)
        with pytest.raises(ssl.SSLCertVerificationError):
            made.handle(record("<secret>"))

    assert receiver.data(0) == b""


def test_a_receiver_of_tls_of_another_name_is_told_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with Receiver("tls", folder, context=authority.context()) as receiver:
        made = handler(receiver.address)
        with pytest.raises(ssl.SSLCertVerificationError, match=r"127\.0\.0\.1"):
            made.handle(record("<secret>"))

    assert receiver.data(0) == b""


def test_a_stream_socket_gets_lines(folder: Path) -> None:
    with Receiver("stream", folder) as receiver:
        made = handler(receiver.address)
        made.handle(record("one"))
        made.handle(record("two"))
        made.close()

        assert [line[-3:] for line in receiver.text().splitlines()] == ["one", "two"]


@pytest.mark.parametrize("kind", ["tcp", "stream", "datagram"])
def test_a_receiver_that_was_started_anew_loses_nothing(folder: Path, kind: str) -> None:
    with Receiver(kind, folder) as first:
        port = first.port if kind == "tcp" else 0
        made = handler(first.address)
        made.handle(record("<before>"))
        assert "<before>" in first.text()
    with Receiver(kind, folder, port) as second:
        made.handle(record("<after>"))
        made.close()

        assert "<after>" in second.text()


def test_a_connection_that_was_dropped_is_opened_again(folder: Path) -> None:
    with Receiver("tcp", folder) as receiver:
        made = handler(receiver.address)
        made.handle(record("<one>"))
        receiver.data()
        receiver.drop()
        made.handle(record("<two>"))
        made.close()

        assert "<two>" in receiver.data(2).decode()


def test_who_is_gone_is_not_asked_each_time(folder: Path) -> None:
    made = handler(str(folder / "nobody"))
    with clock.using(FrozenClock(at=0.0)) as frozen:
        assert isinstance(frozen, FrozenClock)
        with pytest.raises(FileNotFoundError):
            made.handle(record())
        with Receiver("datagram", folder) as receiver:
            (folder / "log").rename(folder / "nobody")
            with pytest.raises(FileNotFoundError):
                made.handle(record())
            frozen.travel(1)
            made.handle(record("back"))
            (folder / "nobody").rename(folder / "log")
            made.close()

            assert receiver.text().endswith("back")


def test_a_child_has_a_connection_of_its_own(folder: Path) -> None:
    with Receiver("tcp", folder) as receiver:
        made = handler(receiver.address)
        made.handle(record("<parent>"))
        receiver.data()
        child = os.fork()
        if child == 0:  # pragma: no cover  # another process
            made.handle(record("<child>"))
            os._exit(0)
        os.waitpid(child, 0)
        made.handle(record("<parent again>"))
        made.close()

        text = receiver.data(3).decode()

    assert all(word in text for word in ("<parent>", "<child>", "<parent again>"))


def test_a_long_message_is_cut_where_a_letter_ends(folder: Path) -> None:
    with Receiver("datagram", folder) as receiver:
        made = handler(receiver.address)
        made.handle(record("é" * 100_000))
        made.close()

        data = receiver.data()

    assert 8_000 < len(data) <= 8_192
    assert data.decode().endswith("é")


def test_a_dead_syslog_raises_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    channel = {"driver": "syslog", "address": str(tmp_path / "nobody")}
    options = LogOptions.parse({"default": "s", "channels": {"s": channel}}, key="log")
    log = LogManager(options.default, options.channels, Hub(paths=Paths(tmp_path)))

    for number in range(100):
        log.error("not lost", number=number)

    assert capsys.readouterr().err.count("\n") == 1
    kept = (tmp_path / "storage" / "logs" / "emergency.log").read_text()
    assert kept.count("not lost {") == 100


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (None, ("unix", "", 0)),
        ("/run/log", ("unix", "/run/log", 0)),
        ("unix:///run/log", ("unix", "/run/log", 0)),
        ("udp://logs.example.com", ("udp", "logs.example.com", 514)),
        ("udp://[::1]:5514", ("udp", "::1", 5514)),
        ("tls://logs.example.com", ("tls", "logs.example.com", 6514)),
    ],
)
def test_addresses(text: str | None, address: tuple[str, str, int]) -> None:
    assert parse_address(text) == address


def test_heads_hold_no_blanks_and_no_foreign_letters() -> None:
    head = Head("rfc5424", "user", "my shop é")

    from datetime import UTC, datetime

    data = head.data(10, datetime(2026, 1, 1, tzinfo=UTC), "two words", "text\n")

    assert data.startswith(b"<15>1 2026-01-01T00:00:00.000000+00:00 ")
    assert data.endswith(f" my_shop_ {os.getpid()} two_words - text".encode())


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ({"facility": "locla0"}, "did you mean"),
        ({"address": "http://x"}, "no path, and no address"),
        ({"protocol": "rfc1"}, "protocol"),
    ],
)
def test_settings_that_are_wrong_are_refused(setting: dict[str, str], problem: str) -> None:
    with pytest.raises(Exception, match=problem):
        SyslogChannel.parse({"driver": "syslog", **setting}, "log.channels.syslog")


def test_without_an_address_the_systems_own_socket_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    from securely.log.drivers import syslog_wire

    with Receiver("datagram", folder) as receiver:
        # As on Darwin, whose socket is the second in the list.
        monkeypatch.setattr(syslog_wire, "_SOCKETS", (str(folder / "none"), receiver.address))
        made = handler(None)
        made.handle(record("found"))
        made.close()

        assert receiver.text().endswith("found")
