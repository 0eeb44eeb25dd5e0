"""Commands that are functions are scheduled where they are made: `.schedule(…)`."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.console import Artisan
from securely.console.manifest.scan import scan
from securely.container import Container
from securely.container.exceptions import NotBound
from securely.schedule import InvalidTask, Schedule
from securely.schedule.definition.actions import CommandAction


@pytest.fixture
def schedule() -> Schedule:
    return Schedule()


@pytest.fixture
def artisan(schedule: Schedule) -> Artisan:
    container = Container()
    container.instance("schedule", schedule)
    return Artisan(container)


def test_a_command_is_scheduled_under_its_name(artisan: Artisan, schedule: Schedule) -> None:
    @artisan.command("inspire {name?}").purpose("Say something good").schedule(daily_at="8:00")
    def inspire(name: str = "you") -> None: ...

    (task,) = schedule.tasks()
    assert task.action == CommandAction("inspire")
    assert task.expression == "0 8 * * *"
    assert artisan.has("inspire")


def test_arguments_and_options_are_given_by_name(artisan: Artisan, schedule: Schedule) -> None:
    @artisan.command("inspire {name} {--loud}").schedule(
        {"name": "Ada", "--loud": True}, hourly=True, on_one_server=True
    )
    def inspire(name: str) -> None: ...

    (task,) = schedule.tasks()
    assert task.action == CommandAction("inspire", ("Ada", "--loud"))
    assert task.is_on_one_server


def test_it_is_scheduled_several_times(artisan: Artisan, schedule: Schedule) -> None:
    @artisan.command("inspire {name?}").schedule(["Ada"], daily=True).schedule(weekly=True)
    def inspire(name: str = "you") -> None: ...

    assert [task.expression for task in schedule.tasks()] == ["0 0 * * *", "0 0 * * 0"]
    assert [task.summary for task in schedule.tasks()] == ["inspire Ada", "inspire"]


def test_its_place_is_that_of_the_function(artisan: Artisan, schedule: Schedule) -> None:
    @artisan.command("inspire").schedule(daily=True)
    def inspire() -> None: ...

    place, _, line = schedule.tasks()[0].place.rpartition(":")
    assert Path(place) == Path(__file__)
    code = inspire.__code__
    assert code.co_firstlineno <= int(line) <= code.co_firstlineno + 1


def test_what_groups_do_not_take_is_refused(artisan: Artisan) -> None:
    with pytest.raises(InvalidTask, match=r'test_function_commands\.py:\d+.*Did you mean "daily"'):

        @artisan.command("inspire").schedule(dayly=True)
        def inspire() -> None: ...


def test_without_a_schedule_that_is_said() -> None:
    with pytest.raises(NotBound, match="schedule"):

        @Artisan(Container()).command("inspire").schedule(daily=True)
        def inspire() -> None: ...


def test_a_scanned_file_has_the_command_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "routes").mkdir()
    (tmp_path / "routes/console.py").write_text(
        "@Artisan.command('inspire {name}').purpose('Be good').schedule(['Ada'], daily_at='8:00')\n"
        "def inspire(): ...\n"
    )

    found = [each for each in scan(tmp_path).entries if each.target.startswith("routes.")]

    assert [(entry.name, entry.description) for entry in found] == [("inspire", "Be good")]
