"""Runs the suite that every mail transport must pass against each of ours."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from securely.mail import Transport
from securely.mail.drivers.array import ArrayTransport
from securely.mail.drivers.failover import FailoverTransport
from securely.mail.drivers.file import FileTransport
from securely.mail.drivers.log import LogTransport
from securely.mail.drivers.null import NullTransport
from securely.mail.drivers.roundrobin import RoundrobinTransport
from securely.mail.drivers.sendmail import SendmailTransport
from securely.mail.drivers.smtp import SmtpTransport
from securely.mail.drivers.smtp_server import Server
from securely.testing.suites.mail import TransportSuite
from tests.smtp import MailHost

Arrived = Callable[[], list[bytes]]
Envelopes = Callable[[], list[list[str]]]
SENDMAIL = Path(__file__).parents[1] / "sendmail.py"


def nobody(name: str = "smtp") -> SmtpTransport:
    """Return a transport to a port on which nobody listens."""
    # The discard service of old; a port that is free could be taken meanwhile.
    return SmtpTransport(name, Server(port=9))


class TestArrayTransport(TransportSuite):
    tells_recipients = True
    breaks = False

    @pytest.fixture
    def transport(self) -> ArrayTransport:
        return ArrayTransport("array")

    @pytest.fixture
    def arrived(self, transport: ArrayTransport) -> Arrived:
        return lambda: [one.raw for one in transport.kept]

    @pytest.fixture
    def envelopes(self, transport: ArrayTransport) -> Envelopes:
        return lambda: [list(one.recipients) for one in transport.kept]


class TestNullTransport(TransportSuite):
    keeps = False
    breaks = False

    @pytest.fixture
    def transport(self) -> NullTransport:
        return NullTransport("null")

    @pytest.fixture
    def arrived(self) -> Arrived:
        return list


class TestLogTransport(TransportSuite):
    """The log is read by people: what stands in it is tested beside its module."""

    keeps = False
    breaks = False

    @pytest.fixture
    def transport(self) -> LogTransport:
        return LogTransport("log", lambda _: None)

    @pytest.fixture
    def arrived(self) -> Arrived:
        return list


class TestFileTransport(TransportSuite):
    @pytest.fixture
    def transport(self, tmp_path: Path) -> FileTransport:
        return FileTransport("file", tmp_path / "deep" / "mail")

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> Arrived:
        folder = tmp_path / "deep" / "mail"
        return lambda: [path.read_bytes() for path in sorted(folder.glob("*"))]

    @pytest.fixture
    def broken(self, tmp_path: Path) -> FileTransport:
        (tmp_path / "file").touch()
        return FileTransport("file", tmp_path / "file")


@pytest.mark.integration
class TestSmtpTransport(TransportSuite):
    tells_recipients = True

    @pytest.fixture
    def host(self) -> Iterator[MailHost]:
        with MailHost() as host:
            yield host

    @pytest.fixture
    def transport(self, host: MailHost) -> Iterator[SmtpTransport]:
        transport = SmtpTransport("smtp", Server(port=host.port))
        yield transport
        transport.close()

    @pytest.fixture
    def arrived(self, host: MailHost) -> Arrived:
        return lambda: [mail.raw for mail in host.arrived]

    @pytest.fixture
    def envelopes(self, host: MailHost) -> Envelopes:
        return lambda: [mail.recipients for mail in host.arrived]

    @pytest.fixture
    def broken(self) -> SmtpTransport:
        return nobody()


@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="a command of Unix")
class TestSendmailTransport(TransportSuite):
    tells_recipients = True

    @pytest.fixture(params=["-bs", "-t -i", "-oi"])
    def transport(self, tmp_path: Path, request: pytest.FixtureRequest) -> SendmailTransport:
        box = tmp_path / "box"
        box.mkdir()
        command = f'"{sys.executable}" "{SENDMAIL}" "{box}" {request.param}'
        return SendmailTransport("sendmail", command)

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> Arrived:
        def read() -> list[bytes]:
            texts = [path.read_bytes() for path in sorted((tmp_path / "box").glob("*.eml"))]
            # The command takes the line ends of this machine; a mailbox has no others.
            return [text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for text in texts]

        return read

    @pytest.fixture
    def envelopes(self, tmp_path: Path) -> Envelopes:
        paths = (tmp_path / "box").glob
        return lambda: [path.read_text().splitlines()[1:] for path in sorted(paths("*.to"))]

    @pytest.fixture
    def broken(self, tmp_path: Path) -> SendmailTransport:
        return SendmailTransport("sendmail", str(tmp_path / "not there"))


class Members:
    """Three transports that work, by their names; and one that does not."""

    def __init__(self) -> None:
        self.arrays = {name: ArrayTransport(name) for name in ("one", "two", "three")}

    def __call__(self, name: str) -> Transport:
        return self.arrays.get(name) or nobody(name)

    def arrived(self) -> list[bytes]:
        return [one.raw for array in self.arrays.values() for one in array.kept]

    def envelopes(self) -> list[list[str]]:
        return [list(one.recipients) for array in self.arrays.values() for one in array.kept]


class TestFailoverTransport(TransportSuite):
    tells_recipients = True
    kind: type[FailoverTransport | RoundrobinTransport] = FailoverTransport

    @pytest.fixture
    def members(self) -> Members:
        return Members()

    @pytest.fixture
    def transport(self, members: Members) -> Transport:
        return self.kind("both", ["gone", "one", "two"], members)

    @pytest.fixture
    def arrived(self, members: Members) -> Arrived:
        return members.arrived

    @pytest.fixture
    def envelopes(self, members: Members) -> Envelopes:
        return members.envelopes

    @pytest.fixture
    def broken(self, members: Members) -> Transport:
        return self.kind("both", ["gone", "lost"], members)


class TestRoundrobinTransport(TestFailoverTransport):
    kind = RoundrobinTransport


def test_reader_when_mail_is_malformed_then_the_suite_would_see_it() -> None:
    """The strict reader is one."""
    with pytest.raises(Exception, match=r".*"):
        BytesParser(policy=policy.SMTP + policy.strict).parsebytes(
            b'Content-Type: multipart/mixed; boundary="x"\r\n\r\nnothing\r\n'
        )
