"""From a directory to an application that can run jobs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

from securely.queue.contracts import Runner
from securely.support.importing import import_object

__all__ = ["Loaded", "load_application"]


class Loaded(NamedTuple):
    """An application, as an executor needs it.

    Attributes:
        runner: Runs its jobs.
        close: Ends it: stores closed, logs flushed.
    """

    runner: Runner
    close: Callable[[], object]


class _Application(Protocol):
    def boot(self) -> object: ...
    def terminate(self) -> object: ...
    def make(self, key: object, /) -> object: ...


def load_application(base_path: str) -> Loaded:
    """Boot the application that lives at *base_path*: its `bootstrap/app.py` defines `app`.

    Raises:
        ImportFailed: There is no such module, or it does not import.
    """
    from securely.queue.runner import JobRunner

    sys.path.insert(0, base_path)
    app = cast(_Application, import_object("bootstrap.app:app"))
    app.boot()
    return Loaded(cast(Runner, app.make(JobRunner)), app.terminate)
