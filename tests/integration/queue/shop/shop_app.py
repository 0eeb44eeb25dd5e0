"""The fixture application, and a worker for it: `python shop_app.py '{"path": …}'`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue import events as kinds
from securely.queue.contracts import Defaults, QueueLimit
from securely.queue.crew.crew import Size
from securely.queue.crew.loading import Loaded, Place
from securely.queue.crew.orders import Orders
from securely.queue.crew.process import Launch
from securely.queue.crew.report import Report
from securely.queue.crew.telling import Telling
from securely.queue.crew.worker import Worker
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.payload import Codec

sys.path.insert(0, str(Path(__file__).parent))
from shop_jobs import note  # beside this file
from shop_kills import FatalConnection  # as well

KEY = bytes(range(32))


def codec() -> Codec:
    return Codec(KeyRing(KEY).purpose("queue"))


def load(place: Place) -> Loaded:
    container = Container()
    events = Dispatcher(container)
    container.instance(Dispatcher, events)
    runner = JobRunner(container, codec(), events)
    return Loaded(runner, lambda: None, interrupt=runner.interrupt)


def listening(place: Place) -> Loaded:
    """An application that notes what happens to its worker, and holds jobs back on demand."""
    container = Container()
    events = Dispatcher(container)
    for name in kinds.__all__:
        if name.startswith("Worker") or name == "LongWaitDetected":
            events.listen(getattr(kinds, name), _note)
    events.listen(kinds.WorkerStarting, _fail)
    hold = Path(place.base_path, "hold")
    events.listen(kinds.Looping, lambda event: not hold.exists())
    telling = Telling(events, lambda error, facts: note("reported", str(error)))
    return Loaded(JobRunner(container, codec(), events), lambda: None, None, telling)


def telling(place: Place) -> Loaded:
    """An application that notes what happens to its jobs."""
    container = Container()
    events = Dispatcher(container)
    for kind in (kinds.JobCancelled, kinds.JobFailed, kinds.JobReleasedAfterException):
        events.listen(kind, lambda event: note(type(event).__name__, event.job.tag))
    return Loaded(JobRunner(container, codec(), events), lambda: None)


def _note(event: Any) -> None:
    keys = ("signal", "queue", "reason", "status", "processed")
    details = [f"{key}={getattr(event, key)}" for key in keys if hasattr(event, key)]
    source = f"{event.connection}/{','.join(event.queues)}"
    note(type(event).__name__, ";".join([source, *details]))


def _fail(event: Any) -> None:
    raise ValueError("a-listener")


def refuse(place: Place) -> Loaded:
    raise ValueError("no configuration here")


def die(place: Place) -> Loaded:
    raise SystemExit(3)


def main(wishes: dict[str, Any]) -> int:
    connection: Any = SqliteConnection(
        "sqlite",
        wishes["path"],
        durability="relaxed",
        lease_seconds=wishes.get("lease", 30.0),
    )
    limits = wishes.get("limits", {})
    connection.limits = {queue: QueueLimit(*limit) for queue, limit in limits.items()}
    if "kill" in wishes:
        connection = FatalConnection(connection, wishes["kill"])
    defaults = Defaults("sqlite", timeout=60.0, **wishes.get("defaults", {}))
    size = Size(**wishes.get("size", {}))
    orders = Orders(size=size, defaults=defaults, **wishes.get("orders", {}))
    launch = Launch(Place(wishes["path"]), loader=wishes.get("loader", "shop_app:load"))
    report = Report(_write, as_json=True)
    return Worker(connection, orders, launch, report).run()


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
