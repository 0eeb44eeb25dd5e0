"""From a directory to an application that can run jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from securely.queue.contracts import Runner
from securely.queue.crew.telling import Telling
from securely.support.importing import import_object, make_importable
from securely.support.paths import Paths

__all__ = ["Loaded", "Place", "load_application", "place_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """Which application an executor is to load.

    Attributes:
        base_path: The directory that holds `bootstrap/`.
        storage: Where it may write, if not in `storage/`.
        environment: Variables that win over the process's and over `.env`.
    """

    base_path: str
    storage: str | None = None
    environment: dict[str, str] = field(default_factory=dict[str, str])


class Loaded(NamedTuple):
    """An application, as an executor needs it.

    Attributes:
        runner: Runs its jobs.
        close: Ends it: stores closed, logs flushed.
        aboot: Boots what boots in a loop; None where nothing does.
        telling: Tells listeners of the worker; None where nobody can listen.
        interrupt: Tells the jobs that run of a signal that says to stop; None where none heeds it.
        follow: Lets the configuration have the new values of these variables.
        prove: Raises what would keep a worker of this connection, None for the default one, from
            working.
    """

    runner: Runner
    close: Callable[[], object]
    aboot: Callable[[], Awaitable[object]] | None = None
    telling: Telling | None = None
    interrupt: Callable[[int], object] | None = None
    follow: Callable[[Sequence[str]], object] = lambda names: None
    prove: Callable[[str | None], object] = lambda connection: None


def place_of(app: object, paths: Paths) -> Place:
    """Return where another process finds the application *app*, as it is configured here."""
    overrides: dict[str, str] = getattr(app, "environment_overrides", {})
    storage = None if paths.storage == paths.base / "storage" else str(paths.storage)
    return Place(str(paths.base.resolve()), storage, dict(overrides))


def load_application(place: Place) -> Loaded:
    """Boot the application at *place*: its `bootstrap/app.py` defines `app`.

    Raises:
        ImportFailed: There is no such module, or it does not import.
        SecurelyError: Something in its environment, configuration or providers is wrong.
    """
    from securely.container import set_process_container
    from securely.events import Dispatcher
    from securely.log import LogManager, bridge
    from securely.queue.delivery.runner import JobRunner

    make_importable(place.base_path)
    app: Any = import_object("bootstrap.app:app")
    if place.storage is not None or place.environment:
        storage = None if place.storage is None else Path(place.storage)
        app = app.fresh(place.environment, storage)
        # Importing `bootstrap.app` has made its own application that of the process: facades in
        # jobs, and in threads that they start, are to find this one.
        set_process_container(app)
    app.boot()
    # What libraries tell `logging` while a job runs belongs with what the job itself tells.
    bridge.install(app.make(LogManager), "info")
    # A loop is made for it, which an application without async jobs need not pay for.
    aboot = app.aboot if app.providers.boots_async else None
    report = app.make(LogManager).error

    def complain(error: BaseException, facts: Mapping[str, object]) -> None:
        report("a listener raised an exception", exception=error, **facts)

    telling = Telling(app.make(Dispatcher), complain)
    runner = app.make(JobRunner)

    def follow(names: Sequence[str]) -> None:
        from securely.settings.hooks.following import Follower  # most workers live without a change

        try:
            app.make(Follower).follow(names)
        except Exception as error:  # the border to the application's files: jobs go on as before
            report("a change of the settings could not be followed", exception=error)

    def prove(connection: str | None) -> None:
        from securely.queue.manager import QueueManager  # executors know no store, but in a trial
        from securely.queue.upkeep.controls import workable

        workable(app.make(QueueManager).connection(connection).driver).queues()

    return Loaded(runner, app.terminate, aboot, telling, runner.interrupt, follow, prove)
