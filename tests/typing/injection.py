"""What both type checkers must say of injection. Never executed; mypy and basedpyright read it."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Annotated, Protocol, assert_type

from securely.cache import Repository
from securely.cache.manager import CacheManager
from securely.container import (
    Container,
    Lazy,
    Named,
    Tag,
    binds_to,
    binds_when,
    scoped,
    singleton,
)
from securely.container.verbs.tags import TaggedObjects
from securely.queue.manager import QueueManager


class Clerk:
    """What a container builds: it names what it needs."""

    def __init__(self, cache: CacheManager, queue: QueueManager) -> None:
        self.cache = cache
        self.queue = queue


class Report:
    """What bears a tag."""

    title = ""


@binds_to(Report)
class Printable(Protocol):
    """What something stands for."""


@singleton
@binds_when(lambda app: True, Report)
class Ledger:
    """What says of itself how it is kept."""

    def __init__(self, year: int) -> None:
        self.year = year


@scoped
class Basket:
    """What says of itself how it is kept."""


REPORTS = Tag[Report]("reports")


async def what_later_is_right(app: Container) -> None:
    """The async twins have the same types."""
    assert_type(await app.amake(Ledger), Ledger)


def what_decorators_leave(app: Container) -> None:
    """A decorated class or function is what it was."""
    assert_type(Ledger(2026), Ledger)
    assert_type(Ledger(2026).year, int)
    assert_type(Basket(), Basket)
    assert_type(app.make(Printable), Printable)

    @app.singleton
    def ledger() -> Ledger:
        return Ledger(2026)

    assert_type(ledger(), Ledger)


def what_is_lazy(
    lazy: Lazy[Report], cache: Annotated[Repository, Named("disk")], app: Container
) -> None:
    """What is given later, by name, or by tag has its type."""
    assert_type(lazy(), Report)
    assert_type(cache.increment("k"), int)
    assert_type(app.tagged(REPORTS), TaggedObjects[Report])
    assert_type([report.title for report in app.tagged(REPORTS)], list[str])
    assert_type(app.factory(Report)(), Report)
    assert_type(app.call(ledger_of), Ledger)
    assert_type(app.wrap(ledger_of)(), Ledger)
    assert_type(app.instance(Report, Report()), Report)


def ledger_of(year: int = 0) -> Ledger:
    """Make one."""
    return Ledger(year)


def what_is_right(app: Container) -> None:
    """A class that is asked for comes back as itself, and has its types."""
    assert_type(app.make(CacheManager), CacheManager)
    assert_type(app.make(Clerk), Clerk)
    assert_type(app.make(Clerk).cache.remember("k", 60, lambda: 1), int)


def what_is_wrong(app: Container) -> None:
    """Each of these is an error under both checkers."""
    app.make(CacheManager).incremnt("k")  # type: ignore[attr-defined]  # misspelt
    Ledger("2026")  # type: ignore[arg-type]  # no year
    app.make(Ledger).yaer  # type: ignore[attr-defined]  # misspelt
    for report in app.tagged(REPORTS):
        report.titel  # type: ignore[attr-defined]  # misspelt
    app.make(Clerk).queue.push("not a job")  # type: ignore[arg-type]  # no job
