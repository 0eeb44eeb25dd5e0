"""Notifications in a real store: signed, shared by processes, told once."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from securely import Application
from securely.facades import Config, Notifications, Store
from securely.notifications import Notifiable, Notification
from securely.store import Corrupted

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
# Another process of the same application reads, marks, and tells one more.
PROGRAM = """
import sys
from pathlib import Path
from securely import Application
from securely.testing.application import ISOLATED
app = Application.configure(Path(sys.argv[1])).build(
    environment={**ISOLATED, "STORE_DATABASE": "sqlite"}
)
with app.active():
    app.boot()
    from securely.facades import Notifications
    ann = Notifications.route("store", "ann")
    inbox = Notifications.inbox(ann)
    print(len(inbox.all()), inbox.mark_as_read())
    inbox.add("zz", "Other", {"n": 9})
"""


@dataclass
class User(Notifiable):
    id: int = 7

    def route_notification_for_store(self) -> str:
        return "ann"


@dataclass
class Paid(Notification):
    number: int

    def via(self, notifiable: Any) -> list[str]:
        return ["store"]

    def to_array(self, notifiable: Any) -> dict[str, Any]:
        return {"n": self.number}


@pytest.fixture
def real(app: Application) -> None:
    Config.set("store.default", "sqlite")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[], str]:
    def elsewhere() -> str:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return elsewhere


def test_other_processes_see_what_was_told(real: None, elsewhere: Callable[[], str]) -> None:
    User().notify(Paid(1))
    asyncio.run(User().anotify(Paid(2)))

    assert elsewhere() == "2 2\n"

    assert [each.data["n"] for each in User().unread_notifications()] == [9]
    assert len(User().notifications()) == 3


def test_what_was_forged_in_the_file_is_not_read(real: None) -> None:
    User().notify(Paid(1))
    file = Store.database("sqlite").bound.engine.place
    Store.close()
    connection = sqlite3.connect(file)
    (tree,) = connection.execute("SELECT id FROM trees WHERE name = 'notifications'").fetchone()
    with connection:
        connection.execute(
            f"UPDATE tree_{tree} SET v = substr(v, 1, length(v) - 1) || x'00'"  # noqa: S608  # its own
        )
    connection.close()

    with pytest.raises(Corrupted):
        User().notifications()


def test_threads_that_tell_one_id_tell_it_once(real: None) -> None:
    paid = Paid(1)._numbered("same")
    threads = [Thread(target=Notifications.deliver, args=(User(), paid, "store")) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each.id for each in User().notifications()] == ["same"]
