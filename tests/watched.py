"""An application whose queue is looked at, with a worker that is turned by hand."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from securely import Application
from securely.container import set_process_container
from securely.lookout import Lookout
from securely.queue import Job, QueueManager
from securely.queue.contracts import Defaults
from securely.queue.delivery.runner import JobRunner
from securely.testing.application import ISOLATED

__all__ = ["RAN", "Charge", "Send", "World", "watched"]

RAN: list[str] = []
BROKEN: set[str] = set()
HOST = "localhost:8199"

QUEUE = """config = {{
    "default": "main",
    "connections": {{
        "main": {main!r},
        "spare": {spare!r},
        "sync": {{"driver": "sync"}},
    }},
}}
"""


@dataclass
class Send(Job):
    """A job that fails while its name is among BROKEN."""

    name: str
    api_key: str = "none"
    error: str = "no such customer"
    words: tuple[str, ...] = ()
    shown: str = ""

    def display_name(self) -> str:
        return self.shown or "shop.jobs.Send"

    def tags(self) -> list[str]:
        return [f"customer:{self.name}", *self.words]

    def handle(self) -> None:
        if self.name in BROKEN:
            raise ValueError(self.error)
        RAN.append(self.name)


@dataclass
class Charge(Job):
    """A job whose attributes are encrypted."""

    card: str

    encrypted = True

    def handle(self) -> None:
        raise ValueError("declined")


class World:
    """The application, its default connection, and a browser that looks at it."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.queues = app.make(QueueManager)
        self.queue = self.queues.connection("main")
        self.store: Any = self.queue.driver
        self.seat = self.store.join(["default", "mail"])
        self.lookout = app.make(Lookout)
        self.client = self.browser()

    def browser(self, base_url: str = f"http://{HOST}", **app: Any) -> TestClient:
        """Return a browser with no cookies."""
        return TestClient(
            self.lookout.app(**app), base_url, raise_server_exceptions=False, follow_redirects=False
        )

    def mounted(self) -> TestClient:
        """Return a browser before the dashboard in another application."""
        outer = Starlette(routes=[Mount("/staff/lookout", self.lookout.app())])
        return TestClient(outer, f"http://{HOST}", follow_redirects=False)

    def push(self, job: Job, queue: str = "default") -> str:
        return self.queue.place(job, _on(queue)).id

    def fail(self, job: Any, queue: str = "default", tries: int = 1) -> str:
        """Let *job* fail, and return its id."""
        BROKEN.add(getattr(job, "name", ""))
        id_ = self.push(job, queue)
        self.work(tries)
        BROKEN.clear()
        assert self.store.failed.find(id_) is not None
        return id_

    def work(self, tries: int = 1) -> None:
        """Run all jobs that are due."""
        runner = self.app.make(JobRunner)
        runner.configure(Defaults(connection="main", tries=tries))
        while deliveries := self.seat.turn([], 1).deliveries:
            self.seat.turn([runner.run(deliveries[0])], 0)

    def page(self, path: str, **query: Any) -> str:
        """Return a page as it is written."""
        response = self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.text

    def token(self, client: TestClient | None = None) -> str:
        """Return the token of a form; there must be one on the list of failed jobs."""
        text = (client or self.client).get("/failed").text
        found = re.search(r'name="token" value="([0-9a-f]+)"', text)
        assert found is not None, text
        return found[1]

    def press(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Any:
        """Press a button, as a browser does it."""
        said = {"token": self.token(), "connection": "main", **(fields or {})}
        browser = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, data=said, headers={**browser, **sent})


@contextmanager
def watched(
    base: Path,
    main: Mapping[str, object] | None = None,
    spare: Mapping[str, object] | None = None,
    **variables: str,
) -> Generator[World]:
    """Boot an application in *base* with the connection *main*, and make it current."""
    (base / "config").mkdir(parents=True, exist_ok=True)
    first, second = (
        dict(given or {"driver": "sqlite", "path": str(base / name)})
        for name, given in (("main", main), ("spare", spare))
    )
    written = QUEUE.format(main=first, spare=second)
    (base / "config" / "queue.py").write_text(written, encoding="utf-8")
    environment = {**ISOLATED, "APP_ENV": "local", "QUEUE_CONNECTION": "main", **variables}
    app = Application.configure(base).build(environment=environment)
    before = set_process_container(app)
    RAN.clear()
    BROKEN.clear()
    try:
        with app.active():
            try:
                world = World(app.boot())
                yield world
                world.seat.leave()
                world.queues.close()
            finally:
                app.terminate()
    finally:
        set_process_container(before)


def text_of(page: str) -> str:
    """Return what a reader sees of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def _on(queue: str) -> Any:
    from securely.queue.job import Placement

    return Placement(queue=queue)
