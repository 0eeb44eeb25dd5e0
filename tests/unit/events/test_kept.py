"""What discovery found, kept in a file for as long as it is true."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.events import CacheNotWritable, Dispatcher
from securely.events.commands import CacheCommand, ClearCommand, ListCommand
from securely.events.kept import ClassName, KeptListeners

PACKAGE = "kept_shop.listeners"
HAPPENINGS = """
from typing import Protocol, runtime_checkable
class Shipped:
    number = 1
@runtime_checkable
class Numbered(Protocol):
    number: int
"""
MAIL = """
from kept_shop.happenings import Numbered, Shipped
from securely.events import listens_to
TOLD = []
class SendMail:
    def handle(self, event: Shipped) -> None:
        TOLD.append("mail")
class Count:
    def handle(self, event: Numbered) -> None:
        TOLD.append("count")
@listens_to("order.*")
def note(name: str) -> None:
    TOLD.append(name)
"""

Start = Callable[[], Dispatcher]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "kept_shop"
    (folder / "listeners").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "happenings.py").write_text(HAPPENINGS)
    (folder / "listeners" / "__init__.py").write_text("")
    (folder / "listeners" / "mail.py").write_text(MAIL)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    forget_modules()


def forget_modules() -> None:
    for name in [name for name in sys.modules if name.startswith("kept_shop")]:
        del sys.modules[name]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "events.json"


@pytest.fixture
def start(shop: Path, file: Path) -> Start:
    """Start anew, as another process would."""

    def start() -> Dispatcher:
        forget_modules()
        events = Dispatcher(Container(), KeptListeners(file))
        events.discover(PACKAGE)
        return events

    return start


def told() -> list[str]:
    found: list[str] = sys.modules[f"{PACKAGE}.mail"].TOLD
    return found


def test_kept_listeners_are_not_looked_for_and_imported_when_their_event_happens(
    start: Start,
) -> None:
    assert start().keep_discovered() == 3

    events = start()
    assert not events.has_listeners("nothing.happened")
    assert f"{PACKAGE}.mail" not in sys.modules
    from kept_shop import happenings  # type: ignore[import-not-found]  # made by the fixture

    events.dispatch(happenings.Shipped())
    events.dispatch("order.paid")

    assert told() == ["mail", "count", "order.paid"]


def test_kept_listeners_that_are_registered_too_run_once(start: Start) -> None:
    start().keep_discovered()
    events = start()
    events.listen("kept_shop.happenings.Shipped", f"{PACKAGE}.mail.SendMail")
    from kept_shop import happenings

    events.dispatch(happenings.Shipped())

    assert told() == ["mail", "count"]


def test_registrations_of_classes_that_were_kept_are_known_as_such(start: Start) -> None:
    start().keep_discovered()

    found = {one.event: one for one in start().registrations()}

    assert isinstance(
        next(key for key in found if key == "kept_shop.happenings.Shipped"), ClassName
    )
    assert not isinstance(next(key for key in found if key == "order.*"), ClassName)
    assert all(one.discovered for one in found.values())


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_what_was_kept_when_a_file_has_changed_is_looked_for_anew(
    start: Start, shop: Path, change: str
) -> None:
    start().keep_discovered()
    mail = shop / "listeners" / "mail.py"
    if change == "edit":
        mail.write_text(MAIL.replace('TOLD.append("mail")', 'TOLD.append("new mail")  # edited'))
    elif change == "add":
        more = MAIL.replace("SendMail", "More")
        (shop / "listeners" / "more.py").write_text(more)
    else:
        mail.unlink()

    events = start()
    from kept_shop import happenings

    events.dispatch(happenings.Shipped())
    names = [each.name for each in events.listeners(happenings.Shipped)]
    if change == "edit":
        assert told() == ["new mail", "count"]
    elif change == "add":
        assert f"{PACKAGE}.more:More@handle" in names
    else:
        assert names == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"format": 0, "packages": {}}',
        '{"format": 1}',
        '{"format": 1, "packages": 3}',
    ],
)
def test_what_was_kept_when_it_is_damaged_is_looked_for_anew(
    start: Start, file: Path, content: str
) -> None:
    file.parent.mkdir()
    file.write_text(content)

    assert len(start().registrations()) == 3


def test_what_was_kept_when_its_rows_are_damaged_is_looked_for_anew(
    start: Start, file: Path
) -> None:
    start().keep_discovered()
    content = json.loads(file.read_text())
    content["packages"][PACKAGE]["listeners"] = [["a", "interface", "b"], 7]
    file.write_text(json.dumps(content))

    assert len(start().registrations()) == 3


def test_forget_discovered_removes_the_file(start: Start, file: Path) -> None:
    events = start()
    events.keep_discovered()

    assert events.forget_discovered() is True
    assert not file.exists()
    assert events.forget_discovered() is False


def test_a_folder_that_cannot_be_written_is_named(start: Start, file: Path) -> None:
    file.parent.write_text("a file in the way")

    with pytest.raises(CacheNotWritable, match=r"events\.json"):
        start().keep_discovered()
    file.parent.unlink()
    file.mkdir(parents=True)
    with pytest.raises(CacheNotWritable, match=r"events\.json"):
        start().forget_discovered()
    file.rmdir()


def test_without_discovery_nothing_is_found(start: Start, file: Path) -> None:
    events = start()
    events.without_discovery()
    events.discover(PACKAGE)

    assert events.registrations() == ()
    assert events.keep_discovered() == 0


def test_without_a_place_nothing_is_kept(shop: Path) -> None:
    events = Dispatcher(Container())
    events.discover(PACKAGE)

    assert events.keep_discovered() == 3
    assert events.forget_discovered() is False


def run(events: Dispatcher, *line: str) -> str:
    container = Container()
    container.instance(Dispatcher, events)
    artisan = Artisan(container)
    for command in (CacheCommand, ClearCommand, ListCommand):
        artisan.register(command.signature.split()[0], command)
    output = BufferedOutput()
    assert artisan.run(list(line), output=output) == 0
    return output.fetch()


def test_the_commands_keep_list_and_forget(start: Start, file: Path) -> None:
    assert "3 discovered listeners kept" in run(start(), "event:cache")
    listed = json.loads(run(start(), "event:list", "--json"))
    assert "forgotten" in run(start(), "event:clear")
    assert "No listeners were kept" in run(start(), "event:clear")

    by_name = {each["event"]: each["listeners"] for each in listed}
    shipped = by_name["kept_shop.happenings.Shipped"]
    assert [each["listener"].rpartition(":")[2] for each in shipped] == [
        "SendMail@handle",
        "Count@handle",
    ]
    assert all(each["discovered"] for each in shipped)
    assert shipped[0]["place"].endswith("mail.py:6")
    assert listed == json.loads(run(start(), "event:list", "--json"))


def test_event_list_marks_what_events_and_listeners_say() -> None:
    class Durable:
        after_commit = True
        durable = True

    class Waits:
        after_commit = True
        queued = True

        def handle(self, event: Durable) -> None: ...

    class Answers:
        async def __call__(self, event: Durable) -> None: ...

    events = Dispatcher(Container())
    events.listen(Durable, Waits)
    events.listen(Durable, Answers(), priority=3)
    events.listen(Durable, print)

    lines = run(events, "event:list").splitlines()

    assert lines[0].endswith("Durable (after commit, durable)")
    assert "Answers (async, priority 3)" in lines[1]
    assert lines[2].strip().startswith(__file__)
    assert "Waits@handle (queued, after commit)" in lines[3]
    assert lines[-1].strip() == "builtins:print"
