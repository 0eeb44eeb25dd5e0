"""The commands of the schedule, in an application."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from securely import Application
from securely.console.output.writer import Output, Verbosity
from securely.events import Dispatcher
from securely.facades import Artisan as Console
from securely.facades import Schedule
from securely.schedule.contracts import Claim, Ending, Ledger, State
from securely.schedule.events import SchedulePaused, ScheduleResumed
from securely.schedule.schedule import Schedule as Tasks
from securely.schedule.task import Task
from securely.testing import Artisan, Travel

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
AT = int(NOON.timestamp())
LONG = "a very long name that somebody has given to a task because nobody has said how it looks"

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def noon(clock: Travel) -> None:
    """It is noon."""
    clock.to(NOON)


@pytest.fixture
def ran(app: Application) -> list[str]:
    """Which tasks have run."""
    return []


def define(ran: list[str], name: str) -> Any:
    def act() -> None:
        ran.append(name)

    return Schedule.call(act).name(name)


class Screen(io.StringIO):
    """A terminal that nobody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[80, 120])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How wide the terminal is."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


def seen(command: str, verbosity: Verbosity = Verbosity.NORMAL) -> list[str]:
    """Return what is seen on a terminal."""
    screen = Screen()
    name, *options = command.split()
    given = dict(option.split("=") for option in options)
    Console.call(name, given, Output(screen, screen, ansi=False, verbosity=verbosity))
    return screen.getvalue().splitlines()


# -- schedule:list


def test_list_shows_expression_words_name_next_and_last_run(
    artisan: Artisan, ran: list[str], clock: Travel
) -> None:
    define(ran, "stats").every_five_minutes()
    define(ran, "greet").weekdays().at("8:00").timezone("America/New_York")
    artisan("schedule:trigger stats").assert_ok()
    clock(90)

    lines = artisan("schedule:list").assert_ok().output.splitlines()

    (stats,) = (line for line in lines if "stats" in line)
    cells = [cell.strip() for cell in stats.strip("|").split("|")]
    assert cells == [
        "*/5 * * * *",
        "every five minutes",
        "stats",
        "Mon 2026-03-02 12:05:00",
        "done 90 seconds ago",
    ]
    (greet,) = (line for line in lines if "greet" in line)
    assert "at 08:00 on weekdays (America/New_York)" in greet
    assert "Mon 2026-03-02 13:00:00" in greet
    assert ran == ["stats"]


def test_list_runs_nothing(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "stats").every_minute()

    artisan("schedule:list").assert_ok().assert_output("stats", "every minute")

    assert ran == []


def test_list_shows_times_in_another_zone(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "stats").hourly()

    shown = artisan("schedule:list --timezone=Asia/Kathmandu").assert_ok()
    assert "Mon 2026-03-02 18:45:00" in shown.output

    for name in ("Mars/Olympus", "Europe"):
        refused = artisan(f"schedule:list --timezone={name}").assert_failed()
        assert f'"{name}" is no time zone' in refused.errors


def test_list_shows_the_tasks_of_an_environment(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "everywhere").hourly()
    define(ran, "in production").hourly().environments("production")

    shown = artisan("schedule:list --environment=staging").assert_ok()

    shown.assert_output("everywhere").assert_no_output("in production")
    artisan("schedule:list --environment=staging --environment=production").assert_output(
        "in production"
    )


def test_list_shows_which_locks_are_held(app: Application, artisan: Artisan) -> None:
    define([], "stats").hourly().without_overlapping()
    member = app.make(Ledger).join()
    member.claim(Claim("stats", AT, "", "stats", lock="stats"))

    artisan("schedule:list").assert_output("stats (locked)", "running")
    (found,) = [
        each for each in json.loads(artisan("schedule:list --json").output) if each["id"] == "stats"
    ]
    assert found["has_mutex"] is True


def test_list_prints_json_for_programs(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "stats").every_ten_seconds().description("Counts.").timezone("Europe/Prague")
    artisan("schedule:trigger stats").assert_ok()

    (found,) = [
        each
        for each in json.loads(artisan("schedule:list --json").assert_ok().output)
        if each["id"] == "stats"
    ]

    assert found == {
        "id": "stats",
        "expression": "* * * * * 10s",
        "words": "every 10 seconds",
        "repeat_seconds": 10,
        "command": "stats",
        "description": "Counts.",
        "kind": "call",
        "timezone": "Europe/Prague",
        "next_due_date": "2026-03-02T12:00:10+00:00",
        "next_due_date_human": "in 10 seconds",
        "has_mutex": False,
        "environments": [],
        "last_run": {"state": "done", "at": "2026-03-02T12:00:00+00:00", "seconds": 0.0},
    }


def test_list_shows_the_next_runs_of_all_in_their_order(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "quarter").every_fifteen_minutes()
    define(ran, "ten").every_ten_minutes()

    lines = artisan("schedule:list --next=4").assert_ok().output.splitlines()

    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[3:-1]]
    assert cells == [
        ["Mon 2026-03-02 12:10:00", "10 minutes", "ten"],
        ["Mon 2026-03-02 12:15:00", "15 minutes", "quarter"],
        ["Mon 2026-03-02 12:20:00", "20 minutes", "ten"],
        ["Mon 2026-03-02 12:30:00", "30 minutes", "quarter"],
    ]
    found = json.loads(artisan("schedule:list --next=1 --json").output)
    assert found == [{"at": "2026-03-02T12:10:00+00:00", "task": "ten", "summary": "ten"}]


@pytest.mark.parametrize("count", ["0", "-1", "ten"])
def test_list_refuses_no_count_of_runs(artisan: Artisan, count: str) -> None:
    artisan(f"schedule:list --next={count}").assert_failed()


def test_list_fits_a_terminal(columns: int, ran: list[str]) -> None:
    define(ran, LONG).weekdays().at("8:00").timezone("America/Argentina/Buenos_Aires")
    define(ran, "日本語の名前" * 8).cron("*/15 8-18 1,15 * 1-5")
    define(ran, "<fg=red>tag</>").yearly().description("Says when.")
    Console.call("schedule:trigger", {"name": LONG})

    lines = seen("schedule:list") + seen("schedule:list --next=5") + seen("schedule:history")

    from securely.console.output.style import escape, plain_width

    assert max(plain_width(escape(line)) for line in lines) <= columns
    text = "\n".join(lines)
    assert "0 8 * * 1-5" in text
    assert "<fg=red>tag</>" in text
    assert "\x1b" not in text
    assert LONG[:20] in text
    assert LONG not in text or columns > 110
    assert "in 11m" not in text  # a day has hours
    (line,) = (each for each in lines if "tag" in each and "0 0 1 1 *" in each)
    assert "in 304d" in line
    assert "2027-01-01" in lines[lines.index(line) + 1]


def test_list_when_verbose_then_nothing_is_cut(columns: int, ran: list[str]) -> None:
    define(ran, LONG).hourly().description("Says what it is for.")

    lines = seen("schedule:list", Verbosity.VERBOSE)

    words = " ".join(" ".join(lines).split())
    assert "somebody" in words
    assert "looks" in words
    assert "Says what it" in words
    assert "…" not in words


def test_list_without_tasks_says_so(artisan: Artisan, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_tasks(self: Tasks) -> list[Task]:
        return []

    monkeypatch.setattr(Tasks, "tasks", no_tasks)

    artisan("schedule:list").assert_ok().assert_output("No task is scheduled.")
    artisan("schedule:list --next=3").assert_ok().assert_output("No task is scheduled.")
    artisan("schedule:test").assert_ok().assert_output("No task is scheduled.")
    assert json.loads(artisan("schedule:list --json").output) == []


# -- schedule:run


def test_run_when_nothing_is_due(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "stats").daily()

    artisan("schedule:run").assert_ok().assert_output("No scheduled task is due.")
    assert artisan("schedule:run --whisper").assert_ok().output == ""
    assert ran == []


def test_run_runs_what_is_due_in_its_order_and_tells_it(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "second").every_minute()
    define(ran, "not now").hourly_at(5)
    define(ran, "first").hourly()

    shown = artisan("schedule:run").assert_ok()

    assert ran == ["second", "first"]
    shown.assert_output("2026-03-02 12:00:00 second", "DONE", "first")


def test_run_twice_in_a_minute_runs_once(artisan: Artisan, ran: list[str], clock: Travel) -> None:
    define(ran, "stats").every_minute()

    artisan("schedule:run").assert_ok()
    clock(59)
    artisan("schedule:run").assert_ok().assert_no_output("DONE")
    assert ran == ["stats"]
    clock(1)
    artisan("schedule:run").assert_ok()

    assert ran == ["stats", "stats"]


def test_run_late_in_the_minute_runs_it(artisan: Artisan, ran: list[str], clock: Travel) -> None:
    define(ran, "stats").cron("0 12 * * *")
    clock(59.9)

    artisan("schedule:run").assert_ok()

    assert ran == ["stats"]


def test_run_when_a_task_fails_then_the_others_run_and_it_is_told(
    artisan: Artisan, ran: list[str]
) -> None:
    def fail() -> None:
        raise RuntimeError("no room left\nreally")

    Schedule.call(fail).name("broken").every_minute()
    define(ran, "stats").every_minute()

    shown = artisan("schedule:run").assert_ok()

    shown.assert_output("broken", "FAIL", "no room left").assert_no_output("really")
    assert ran == ["stats"]


def test_run_leaves_tasks_of_other_environments_alone(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "elsewhere").every_minute().environments("production")
    define(ran, "here").every_minute().environments("testing")

    artisan("schedule:run").assert_ok().assert_no_output("elsewhere")

    assert ran == ["here"]


def test_run_tells_why_a_task_was_skipped(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "stats").every_minute().when(False)

    artisan("schedule:run").assert_ok().assert_output("stats", "SKIPPED")

    assert ran == []


def test_run_catches_up_what_was_missed(artisan: Artisan, ran: list[str], clock: Travel) -> None:
    define(ran, "all").hourly_at(30).catch_up("all")
    define(ran, "skip").hourly_at(30)
    artisan("schedule:run").assert_ok()
    artisan("schedule:trigger skip").assert_ok()  # what never ran has missed nothing
    clock(hours=3)

    shown = artisan("schedule:run").assert_ok()

    assert ran == ["skip", "all", "all", "all"]
    shown.assert_output("missed 3 times: the last was noticed 30 minutes too late")


# -- schedule:test and schedule:trigger


def test_test_runs_a_task_by_its_name_without_a_record(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "stats").yearly().when(False)

    artisan("schedule:test --name=stats").assert_ok().assert_output("stats", "DONE")

    assert ran == ["stats"]
    artisan("schedule:history").assert_output("Nothing has run yet.")


def test_test_asks_which_task(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "stats").yearly()
    define(ran, "other").yearly()

    titles = ["stats", "other"]
    titles += [f"{task.summary} [{task.id}]" for task in Schedule.tasks() if not task.manners.name]
    asking = artisan("schedule:test")
    asking.expects_choice("Which task is to run?", "other", titles).assert_ok()

    assert ran == ["other"]


def test_trigger_runs_a_task_on_the_record(artisan: Artisan) -> None:
    def say() -> None:
        print("all is well")  # noqa: T201  # what it writes is kept

    Schedule.call(say).name("say").yearly()

    artisan("schedule:trigger say").assert_ok().assert_output("all is well", "DONE")

    artisan("schedule:history").assert_output("2026-03-02 12:00:00", "say", "done")


def test_trigger_when_it_fails_then_the_command_does(artisan: Artisan) -> None:
    def fail() -> None:
        raise RuntimeError("no room left")

    Schedule.call(fail).name("broken").yearly()

    artisan("schedule:trigger broken").assert_exit_code(1).assert_output("FAIL", "no room left")
    artisan("schedule:test --name=broken").assert_exit_code(1)


def test_trigger_twice_in_a_second_says_why_it_does_not_run(
    artisan: Artisan, ran: list[str]
) -> None:
    define(ran, "stats").yearly()

    artisan("schedule:trigger stats").assert_ok()
    artisan("schedule:trigger stats").assert_exit_code(1).assert_output(
        "SKIPPED", "it was started in this second already"
    )

    assert ran == ["stats"]


def test_trigger_while_it_may_not_overlap(app: Application, artisan: Artisan) -> None:
    ran: list[str] = []
    define(ran, "stats").yearly().without_overlapping()
    member = app.make(Ledger).join()
    member.claim(Claim("stats", AT - 60, "", "stats", lock="stats"))

    artisan("schedule:trigger stats").assert_exit_code(1).assert_output("it still runs")

    assert ran == []


@pytest.mark.parametrize(
    "command",
    ["schedule:test --name=statz", "schedule:trigger statz", "schedule:history statz",
     "schedule:clear-cache statz"],
)  # fmt: skip
def test_an_unknown_name_gives_the_nearest_one(artisan: Artisan, command: str) -> None:
    define([], "stats").yearly()

    refused = artisan(command).assert_failed()

    assert "statz" in refused.errors
    assert "stats" in refused.errors.replace("statz", "")


# -- schedule:history


def put(app: Application, at: int, ending: Ending, name: str = "stats", host: str = "") -> None:
    """Put a run into the ledger."""
    member: Any = app.make(Ledger).join()
    if host:
        member.host = host
    member.settle(member.claim(Claim(name, at, "", name)), ending)


def test_history_shows_the_newest_first(app: Application, artisan: Artisan) -> None:
    put(app, AT - 120, Ending(State.FAILED, 3, "one\n", "it exited with 3\nTraceback"))
    put(app, AT - 60, Ending(State.DONE, 0, "two\x1b[2J <b>\n"))

    lines = artisan("schedule:history").assert_ok().output.splitlines()

    assert ["11:59:00" in lines[3], "done" in lines[3]] == [True, True]
    assert ["11:58:00" in lines[4], "failed" in lines[4]] == [True, True]
    assert "it exited with 3" in lines[4]
    assert "Traceback" not in lines[4]
    assert artisan("schedule:history --limit=1").output.count("stats") == 1


def test_history_shows_what_runs_have_written(app: Application, artisan: Artisan) -> None:
    put(app, AT - 60, Ending(State.DONE, 0, "two\x1b[2J <b>\n"))

    artisan("schedule:history").assert_no_output("two")
    shown = artisan("schedule:history -v").assert_ok()

    shown.assert_output("two [2J <b>")
    assert "\x1b" not in shown.output


def test_history_of_one_task(app: Application, artisan: Artisan) -> None:
    define([], "stats").yearly()
    define([], "other").yearly()
    put(app, AT - 60, Ending(State.DONE))
    put(app, AT - 60, Ending(State.DONE), "other")

    artisan("schedule:history other").assert_output("other").assert_no_output("stats")


def test_history_prints_json_for_programs(app: Application, artisan: Artisan) -> None:
    put(app, AT - 60, Ending(State.FAILED, 3, "one\n", "it exited with 3"))

    (found,) = json.loads(artisan("schedule:history --json").assert_ok().output)

    assert found.pop("pid") > 0
    assert found.pop("host")
    assert found == {
        "task": "stats",
        "name": "stats",
        "due_at": AT - 60,
        "state": "failed",
        "started_at": AT,
        "finished_at": AT,
        "seconds": 0.0,
        "exit_code": 3,
        "reason": "it exited with 3",
        "output": "one\n",
    }
    artisan("schedule:history --limit=0").assert_failed()


def test_history_names_machines_where_there_are_several(app: Application, columns: int) -> None:
    put(app, AT - 120, Ending(State.DONE), host="web-1")
    assert "web-1" not in "\n".join(seen("schedule:history"))

    put(app, AT - 60, Ending(State.FAILED, reason="it exited with 3"), host="web-2")
    text = "\n".join(seen("schedule:history"))

    assert "web-1" in text
    assert "web-2" in text
    assert "it exited with 3" in text


# -- schedule:pause, schedule:resume, schedule:interrupt, schedule:clear-cache


def test_pause_and_resume(
    app: Application, artisan: Artisan, ran: list[str], clock: Travel
) -> None:
    define(ran, "stats").every_minute()
    define(ran, "always").every_minute().even_when_paused()
    told: list[str] = []

    def hear(event: SchedulePaused | ScheduleResumed) -> None:
        told.append(type(event).__name__)

    app.make(Dispatcher).listen([SchedulePaused, ScheduleResumed], hear)

    artisan("schedule:pause").assert_ok().assert_output("schedule:resume")
    artisan("schedule:run").assert_ok().assert_output("SKIPPED")
    assert ran == ["always"]
    artisan("schedule:resume").assert_ok()
    artisan("schedule:resume").assert_ok().assert_output("was not paused")
    clock(60)
    artisan("schedule:run").assert_ok()

    assert ran == ["always", "stats", "always"]
    assert told == ["SchedulePaused", "ScheduleResumed"]


def test_interrupt_is_counted(app: Application, artisan: Artisan) -> None:
    before = app.make(Ledger).interrupts()

    artisan("schedule:interrupt").assert_ok()

    assert app.make(Ledger).interrupts() != before


def test_clear_cache_frees_locks(app: Application, artisan: Artisan) -> None:
    define([], "stats").hourly().without_overlapping()
    define([], "other").hourly().without_overlapping()
    member = app.make(Ledger).join()
    for name in ("stats", "other"):
        member.claim(Claim(name, AT, "", name, lock=name))

    artisan("schedule:clear-cache stats").assert_ok().assert_output("1 lock was freed")
    artisan("schedule:clear-cache").assert_ok().assert_output("1 lock was freed")
    artisan("schedule:clear-cache").assert_ok().assert_output("No lock was held")


# -- mail


def test_the_output_of_a_task_is_mailed(artisan: Artisan, app: Application) -> None:
    tasks = app.make(Tasks)
    tasks.exec("echo Two bills").name("bills").email_output_to("ann@example.com")

    artisan("schedule:test --name=bills").assert_ok()

    (sent,) = app.make("mail").mailer("array").transport.messages
    assert [address.email for address in sent.to] == ["ann@example.com"]
    assert "Two bills" in sent.text


# -- what people are told


def test_the_place_of_each_task_is_that_of_its_line(app: Application) -> None:
    first = Schedule.command("about")
    second = Schedule.command("env")

    lines = [int(task.place.rpartition(":")[2]) for task in (first, second)]
    assert first.place.rpartition(":")[0].endswith("test_schedule.py")
    assert lines[1] == lines[0] + 1


def test_list_warns_of_commands_that_there_are_not_and_of_a_pause(artisan: Artisan) -> None:
    Schedule.command("abuot").daily()
    artisan("schedule:pause").assert_ok()

    shown = artisan("schedule:list").assert_ok()

    shown.assert_output('no artisan command is called "abuot"', "The schedule is paused")


def test_list_shows_windows_and_next_runs_within_them(artisan: Artisan, ran: list[str]) -> None:
    define(ran, "office").hourly().between("8:00", "9:00")
    define(ran, "never").daily_at("3:00").between("8:00", "9:00")

    artisan("schedule:list").assert_output("every hour between 08:00 and 09:00", "never")


def test_run_says_that_what_is_due_was_started_already(
    artisan: Artisan, ran: list[str], clock: Travel
) -> None:
    define(ran, "stats").every_minute()
    artisan("schedule:run").assert_ok()

    artisan("schedule:run").assert_output("What is due was started already")
    artisan("schedule:run --whisper").assert_ok()

    assert ran == ["stats"]
