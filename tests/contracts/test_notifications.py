"""Runs the suite that every channel of notifications must pass against each of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from securely.container import Container
from securely.log.drivers.array import ArrayHandler
from securely.log.hub import Hub
from securely.log.manager import LogManager
from securely.log.options import ArrayChannel
from securely.mail import MailManager, Once
from securely.mail.drivers.array import ArrayTransport
from securely.mail.markdown import Markdown
from securely.mail.once.store import StoreLedger
from securely.mail.options import ArrayOptions
from securely.notifications import AnonymousNotifiable, Channel, Notifiable
from securely.notifications.drivers.log import LogChannel
from securely.notifications.drivers.mail import MailChannel
from securely.notifications.drivers.store import StoreChannel
from securely.notifications.drivers.webhook import WebhookChannel
from securely.notifications.manager import Materials
from securely.store import Database
from securely.testing.suites.notifications import ChannelSuite
from securely.translation import ArrayLoader, Translator
from securely.view import ViewFactory
from tests.http_host import HttpHost

Arrived = Callable[[], list[str]]


@dataclass
class User(Notifiable):
    id: int = 7
    email: str = "ann@x.io"


class OfNobody(ChannelSuite):
    @pytest.fixture
    def notifiable(self) -> Any:
        return User()

    @pytest.fixture
    def nobody(self) -> Any:
        return AnonymousNotifiable({})


class TestStoreChannel(OfNobody):
    @pytest.fixture
    def channel(self) -> StoreChannel:
        tree = Database.temporary().tree("notifications")
        return StoreChannel("store", Container(), lambda: tree)

    @pytest.fixture
    def arrived(self, channel: StoreChannel) -> Arrived:
        return lambda: [row["data"]["word"] for _, row in channel.tree.range()]


class TestLogChannel(OfNobody):
    once = False

    @pytest.fixture
    def log(self) -> LogManager:
        return LogManager("memory", {"memory": ArrayChannel(driver="array")}, Hub())

    @pytest.fixture
    def channel(self, log: LogManager) -> LogChannel:
        return LogChannel("log", Container(), lambda: log)

    @pytest.fixture
    def nobody(self) -> None:
        return None

    @pytest.fixture
    def arrived(self, log: LogManager) -> Arrived:
        (handler,) = log.channel("memory").handlers
        assert isinstance(handler, ArrayHandler)
        return lambda: [record.message for record in handler.records]


class TestMailChannel(OfNobody):
    @pytest.fixture
    def mail(self) -> MailManager:
        once = Once(lambda: StoreLedger(Database.temporary()))
        mail = MailManager("memory", {"memory": ArrayOptions(transport="array")}, once=once)
        mail.always_from("shop@x.io")
        return mail

    @pytest.fixture
    def channel(self, mail: MailManager, tmp_path: Path) -> MailChannel:
        views = ViewFactory([tmp_path])
        translator, markdown = Translator(ArrayLoader()), Markdown(views)
        materials = Materials(
            Container(),
            mail=lambda: mail,
            translator=lambda: translator,
            markdown=lambda: markdown,
            views=lambda: views,
        )
        return MailChannel("mail", materials)

    @pytest.fixture
    def arrived(self, mail: MailManager) -> Arrived:
        transport = mail.mailer().transport
        assert isinstance(transport, ArrayTransport)
        return lambda: [message.subject for message in transport.messages]


@pytest.mark.integration
class TestWebhookChannel(OfNobody):
    once = False  # its server has the id

    @pytest.fixture
    def host(self) -> Iterator[HttpHost]:
        host = HttpHost()
        yield host
        host.close()

    @pytest.fixture
    def channel(self) -> WebhookChannel:
        return WebhookChannel("webhook", Container(), secrets=["secret"])

    @pytest.fixture
    def notifiable(self, host: HttpHost) -> Any:
        return AnonymousNotifiable({"webhook": host.url()})

    @pytest.fixture
    def arrived(self, host: HttpHost) -> Arrived:
        return lambda: [json.loads(each.body)["word"] for each in host.asked]

    def test_it_is_a_channel(self, channel: Channel) -> None:
        assert isinstance(channel, Channel)
