"""What a booted application injects: stores, channels, connections by name; the environment."""

from __future__ import annotations

from typing import Annotated, Protocol

from securely import Application
from securely.cache import Repository
from securely.container import Named, Setting, binds_to, singleton
from securely.log import Logger
from securely.queue import Queue


class Clerk:
    """Takes one of each by name, and the default of each by type."""

    def __init__(
        self,
        named: Annotated[Repository, Named("array")],
        cache: Repository,
        log: Annotated[Logger, Named("stderr")],
        queue: Annotated[Queue, Named("null")],
        default: Queue,
        name: Annotated[str, Setting("app.name")],
    ) -> None:
        self.named, self.cache, self.log = named, cache, log
        self.queue, self.default, self.name = queue, default, name


class Live:
    """It runs elsewhere."""


class Tested:
    """It runs in tests."""


@singleton
@binds_to(Live)
@binds_to(Tested, env="testing")
class Gateway(Protocol):
    """What stands for it depends on the environment."""


def test_named_instances_are_those_of_their_managers(app: Application) -> None:
    clerk = app.make(Clerk)

    assert clerk.named is app.make("cache").store("array")
    assert clerk.cache is app.make("cache") is app.make("cache.store")
    assert clerk.log is app.make("log").channel("stderr")
    assert clerk.queue is app.make("queue").connection("null")
    assert clerk.default is app.make("queue") is app.make("queue.connection")
    assert clerk.name == app.make("config").get("app.name")


def test_channel_that_is_not_defined_breaks_nothing(app: Application) -> None:
    def wants(log: Annotated[Logger, Named("nowhere")]) -> Logger:
        return log

    app.call(wants).info("heard")


def test_named_instance_is_of_what_an_application_binds(app: Application) -> None:
    mine = Repository.__new__(Repository)
    app.instance(Repository, mine)

    assert app.make(Repository) is mine
    assert app.make("cache") is not mine


def test_class_is_bound_by_the_environment_of_the_application(app: Application) -> None:
    assert app.env == "testing"

    assert isinstance(app.make(Gateway), Tested)
    assert app.make(Gateway) is app.make(Gateway)
