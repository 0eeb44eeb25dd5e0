"""The queue's commands in a booted application, with real executors."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from securely.console import Artisan as Console
from securely.console import Output
from securely.foundation import Application
from securely.queue import QueueManager
from securely.queue.bus.dispatcher import Bus
from securely.testing.application import TestEnvironment, fresh_application
from securely.testing.console import Artisan

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SHOP = Path(__file__).parent / "shop"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop_app(
    securely_environment: TestEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """An application whose jobs wait in a sqlite queue of this test's own."""
    monkeypatch.syspath_prepend(str(SHOP))
    paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(SHOP))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("SHOP_JOURNAL", str(tmp_path / "journal"))
    sqlite = {"QUEUE_CONNECTION": "sqlite"}
    with fresh_application(securely_environment, tmp_path / "storage", sqlite) as app:
        yield app


@pytest.fixture
def artisan(shop_app: Application) -> Artisan:
    return Artisan(shop_app)


@pytest.fixture
def queue(shop_app: Application) -> QueueManager:
    return shop_app.make(QueueManager)


@pytest.fixture
def work(shop_app: Application) -> Any:
    import shop_jobs

    return shop_jobs


def journal(tmp_path: Path, event: str) -> list[str]:
    path = tmp_path / "journal"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split()[1] for line in lines if line.startswith(event)]


def test_work_when_jobs_wait_prints_a_line_each_and_a_summary(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    queue.push(work.Work("a"))
    queue.push(work.Broken("b"))

    result = artisan("queue:work --stop-when-empty-for=500ms")

    result.assert_ok().assert_output(
        "shop_jobs.Work · attempt 1 ...",
        "DONE",
        "shop_jobs.Broken · attempt 1 ...",
        "RETRY in 50.00ms → ValueError: no such customer",
        "shop_jobs.Broken · attempt 2 ...",
        "FAIL → ValueError: no such customer",
        "Processed 3 jobs in",
        "1 done, 1 retried, 1 failed.",
    )
    assert journal(tmp_path, "end") == ["a"]


def test_work_when_a_job_fails_with_secrets_they_are_neither_shown_nor_kept(
    artisan: Artisan, queue: QueueManager, work: Any, shop_app: Application
) -> None:
    key = shop_app.make("config").get("app.key")
    uuid = queue.push(work.Leaks())
    masked = "OSError: ******** was refused, token=********"

    said = artisan("queue:work --stop-when-empty").assert_ok().assert_output(f"FAIL → {masked}")
    listed = artisan("queue:failed").assert_ok().assert_output(masked)
    shown = artisan(f"queue:failed {uuid}").assert_ok().assert_output(masked)

    kept = next(iter(queue.failed.all())).error.decode()
    assert kept.count("******** was refused, token=********") == 2
    for text in (said.output, listed.output, shown.output, kept):
        assert key not in text
        assert key.removeprefix("base64:") not in text
        assert "planted" not in text


def test_work_when_a_thread_of_a_job_fails_its_error_is_shown_masked(
    artisan: Artisan,
    queue: QueueManager,
    work: Any,
    shop_app: Application,
    capfd: pytest.CaptureFixture[str],
) -> None:
    queue.push(work.LeaksInThread())

    artisan("queue:work --stop-when-empty").assert_ok()

    said = capfd.readouterr().err
    assert "Exception in thread shop:" in said
    assert "OSError: ******** was refused in a thread" in said
    assert shop_app.make("config").get("app.key") not in said


def test_work_when_json_is_asked_for_prints_objects_only(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    uuid = queue.push(work.Work("a"))

    result = artisan("queue:work --once --json").assert_ok()

    job, stopped = [json.loads(line) for line in result.output.splitlines()]
    assert (job["event"], job["status"], job["name"]) == ("job", "done", "shop_jobs.Work")
    assert job["id"] == uuid
    assert (stopped["event"], stopped["reason"]) == ("stopped", "max_jobs")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("queue:listen --tries=x", '--tries is "x", but it takes an integer of at least 0.'),
        ("queue:listen --sleep=soon", "--sleep: 'soon' is not a duration."),
        ("queue:work --watch --processes=0", "--processes is"),
        ("queue:work --queue=high,*", 'there is no "*". Name each, the most urgent first'),
        (
            "queue:work --watch --once --max-time=1h",
            "--watch works until a signal says to stop: leave out --once, --max-time.",
        ),
    ],
)
def test_listen_when_an_option_is_wrong_says_so_and_starts_no_worker(
    artisan: Artisan, line: str, said: str
) -> None:
    artisan(line).assert_exit(1).assert_output(said)


def test_work_when_nobody_knows_a_queue_warns_until_somebody_names_it(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    line = "queue:work --queue=defualt,reports --stop-when-empty"
    said = artisan(line).assert_ok().errors

    assert 'No job waits in queue "reports", and nobody names it' in said
    assert 'Known queues: default. Did you mean "default"?' in said

    queue.route(work.Broken, queue="reports")

    assert '"reports"' not in artisan(line).assert_ok().errors


def test_doctor_of_the_queue_looks_at_its_stores_only(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Work("a"))

    findings = json.loads(artisan("queue:doctor --json").assert_ok().output)

    assert {one["name"].split()[0] for one in findings} == {"queue", "failed"}
    artisan("queue:doctor").assert_ok().assert_output("write-ahead log")


def test_work_when_quiet_prints_nothing(artisan: Artisan, queue: QueueManager, work: Any) -> None:
    queue.push(work.Work("a"))

    artisan("queue:work --stop-when-empty --quiet").assert_ok().assert_no_output()


def test_work_when_tries_and_backoff_are_given_they_hold_for_jobs_that_say_nothing(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Raises("r"))

    result = artisan("queue:work --stop-when-empty-for=500ms --tries=3 --backoff=0,0.1")

    result.assert_output("RETRY →", "RETRY in 100.00ms →", "2 retried, 1 failed.")


def test_work_when_down_waits_unless_forced(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Work("a"))
    artisan("down").assert_ok()

    waiting = artisan("queue:work --max-time=1")
    forced = artisan("queue:work --stop-when-empty --force")

    waiting.assert_output("maintenance mode", "Processed 0 jobs")
    forced.assert_output("Processed 1 job ")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--stop-when-empty", "no job is due"),
        ("--stop-when-empty-for=10ms", "no job has been due for long enough"),
    ],
)
def test_work_when_delayed_jobs_are_left_does_not_call_the_queue_empty(
    artisan: Artisan, queue: QueueManager, work: Any, option: str, words: str
) -> None:
    queue.later("1h", work.Work("a"))
    artisan(f"queue:work {option}").assert_ok().assert_output(f"Stopped: {words}; 1 is delayed.")

    queue.later("2h", work.Work("b"))
    artisan(f"queue:work {option}").assert_ok().assert_output(f"Stopped: {words}; 2 are delayed.")

    queue.clear()
    artisan(f"queue:work {option}").assert_ok().assert_output("Stopped: the queue ")


@pytest.mark.parametrize("option", ["--once", "--stop-when-empty", "--stop-when-empty-for=1h"])
def test_work_when_down_and_told_not_to_wait_stops_at_once(
    artisan: Artisan, queue: QueueManager, work: Any, option: str
) -> None:
    queue.push(work.Work("a"))
    artisan("down").assert_ok()

    result = artisan(f"queue:work {option}").assert_ok()

    result.assert_output(
        "Processed 0 jobs",
        "Stopped: the application is in maintenance mode; --force works on.",
    )
    assert queue.size() == 1


def test_work_when_started_from_a_test_gives_jobs_the_application_of_the_test(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    queue.push(work.Facades("f"))

    artisan("queue:work --stop-when-empty").assert_ok().assert_output("1 done, 0 failed.")

    assert journal(tmp_path, "facade") == ["f:testing:testing"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("queue:work sync", "keeps no jobs that a worker could take"),
        ("queue:work sqlit", 'Did you mean "sqlite"?'),
        ("queue:work --timeout=soon", "--timeout: 'soon' is not a duration"),
        ("queue:work --processes=0", "processes"),
        ("queue:retry nowhere", 'No failed job has the id "nowhere"'),
        ("queue:forget nowhere", 'No failed job has the id "nowhere"'),
        ("queue:retry here there", 'No failed job has the id "here" or "there"'),
        ("queue:failed nowhere", 'No failed job has the id "nowhere"'),
    ],
)
def test_command_when_it_is_told_nonsense_says_so_in_a_line(
    artisan: Artisan, line: str, text: str
) -> None:
    result = artisan(line).assert_exit(1).assert_output("ERROR  ", text)

    assert "Traceback" not in result.output + result.errors


def test_failed_when_there_are_some_lists_shows_retries_forgets_and_flushes(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    for tag in "xyz":
        queue.push(work.Raises(tag))
    artisan("queue:work --stop-when-empty").assert_ok()

    listed = json.loads(artisan("queue:failed --json").assert_ok().output)
    artisan("queue:failed").assert_output("shop_jobs.Raises", "ValueError: no such customer")
    artisan(f"queue:failed {listed[0]['id']}").assert_output("Traceback", "no such customer")
    artisan(f"queue:forget {listed[0]['id']}").assert_ok()
    artisan(f"queue:retry {listed[1]['id']}").assert_ok().assert_output("back in default")

    assert len(listed) == 3
    assert queue.size() == 1
    artisan("queue:work --stop-when-empty").assert_output("attempt 1", "1 failed.")
    artisan("queue:retry all").assert_output(listed[1]["id"], listed[2]["id"])
    artisan("queue:retry all").assert_output("No failed jobs.")
    artisan("queue:work --stop-when-empty").assert_output("2 failed.")
    artisan("queue:flush --hours=1").assert_output("Deleted 0 failed jobs.")
    artisan("queue:flush").assert_output("Deleted 2 failed jobs.")
    artisan("queue:failed").assert_output("No failed jobs.")


def test_failed_when_a_job_was_tried_again_tells_of_each_attempt_until_it_is_retried(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Raises("x"))
    artisan("queue:work --stop-when-empty --tries=3").assert_ok()
    (failed,) = queue.failed.all()

    shown = artisan(f"queue:failed {failed.uuid}").assert_ok().output
    (listed,) = json.loads(artisan("queue:failed --json").output)

    reason = "ValueError: no such customer"
    told = [(one["attempt"], one["reason"]) for one in listed["history"]]
    assert told == [(1, reason), (2, reason), (3, reason)]
    assert [one["at"] for one in listed["history"]] == sorted(
        one["at"] for one in listed["history"]
    )
    for number in (1, 2, 3):
        assert re.search(rf"^\| {number} +\| \S+ +\| {reason} +\|$", shown, re.MULTILINE)
    artisan(f"queue:retry {failed.uuid}").assert_ok()
    artisan("queue:work --stop-when-empty").assert_ok()
    assert [one.number for one in queue.failed.all()[0].history] == [1]


class Terminal(io.StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self) -> bool:
        return True


def seen(app: Application, line: str, width: int) -> list[str]:
    """Return the lines that *line* writes on a terminal of *width* columns."""
    stream = Terminal()
    assert app.make(Console).run(line.split(), Output(stream, ansi=False, width=width)) == 0
    return stream.getvalue().splitlines()


def test_failed_when_the_terminal_is_narrow_fits_and_keeps_ids_whole(
    shop_app: Application, artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Raises("x"))
    artisan("queue:work --stop-when-empty").assert_ok()
    (failed,) = queue.failed.all()

    first, second = seen(shop_app, "queue:failed", 80)
    wide, _ = seen(shop_app, "queue:failed", 140)
    piped = artisan("queue:failed").output.splitlines()
    (retried,) = seen(shop_app, f"queue:retry {failed.uuid}", 80)

    assert re.fullmatch(rf"  1 [\d-]{{10}} [\d:]{{8}} {failed.uuid} \.{{3,}} Raises", first)
    assert second == "    default · 1 attempt · ValueError: no such customer"
    in_full = rf"  1 \S+ \S+ {failed.uuid}  default  shop_jobs.Raises \.+ 1 attempt"
    assert re.fullmatch(in_full, wide)
    assert re.fullmatch(in_full, piped[0])
    assert piped[1] == "    ValueError: no such customer"
    assert re.fullmatch(rf"  {failed.uuid} shop_jobs.Raises \.{{3,}} back in default", retried)
    assert max(map(len, (first, second, retried))) <= 80


def test_clear_when_in_production_asks_first(
    securely_environment: TestEnvironment, tmp_path: Path, work: Any
) -> None:
    variables = {"QUEUE_CONNECTION": "sqlite", "APP_ENV": "production"}
    with fresh_application(securely_environment, tmp_path / "other", variables) as app:
        queue, artisan = app.make(QueueManager), Artisan(app)
        queue.push(work.Work("a"))

        artisan("queue:clear --no-interaction").assert_exit(1).assert_output(
            "ERROR  Nothing was deleted"
        )
        artisan("queue:clear --force").assert_output('Deleted 1 job of queue "default"')

        assert queue.size() == 0


def test_restart_when_called_leaves_new_workers_alone(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    queue.push(work.Work("a"))

    artisan("queue:restart").assert_ok().assert_output("stop after their current job")
    artisan("queue:work --stop-when-empty").assert_ok()

    assert journal(tmp_path, "end") == ["a"]


# -- options of queue:work


def lines(result: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.output.splitlines()]


def test_work_when_queues_are_given_takes_them_in_their_order(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    for tag, name in (("d", "default"), ("l", "low"), ("h", "high")):
        queue.push(work.Work(tag), name)

    artisan("queue:work --queue=high,default,low --stop-when-empty --prefetch=1").assert_ok()

    assert journal(tmp_path, "end") == ["h", "d", "l"]


def test_work_when_jobs_are_limited_leaves_the_others(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.bulk([work.Work(tag) for tag in "abc"])

    artisan("queue:work --max-jobs=2").assert_ok().assert_output("as many jobs as asked for")

    assert queue.size() == 1


def test_work_when_a_process_is_over_its_memory_exits_12(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Work("a", 0.2))
    queue.push(work.Work("b", 0.2))

    result = artisan("queue:work --memory=1 --json").assert_exit(12)

    assert lines(result)[-1]["reason"] == "memory"


def test_work_when_told_to_rest_waits_after_each_job(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    queue.bulk([work.Work(tag) for tag in "ab"])

    artisan("queue:work --max-jobs=2 --rest=300ms").assert_ok()

    rows = [row.split() for row in (tmp_path / "journal").read_text().splitlines()]
    assert [row[:2] for row in rows] == [[word, tag] for tag in "ab" for word in ("start", "end")]
    assert float(rows[2][3]) - float(rows[1][3]) >= 0.3


def test_work_when_told_of_a_timeout_ends_jobs_that_take_longer(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Work("a", 30.0))

    result = artisan("queue:work --once --timeout=200ms").assert_ok()

    result.assert_output("FAIL → JobTimedOut")


def test_work_when_it_has_a_name_waits_under_it_for_as_long_as_told(
    artisan: Artisan, queue: QueueManager
) -> None:
    result = artisan("queue:work --name=north --once --sleep=600ms").assert_ok()

    result.assert_output("north: waiting for jobs in default.", "nothing came within the time")


def test_work_when_several_processes_run_jobs_they_run_side_by_side(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    queue.bulk([work.Together(tag, 2) for tag in "ab"])
    queue.bulk([work.AsyncWork(tag, 0.1) for tag in "cd"])

    line = "queue:work --processes=2 --concurrency=2 --prefetch=1 --stop-when-empty"
    artisan(line).assert_ok().assert_output("4 done, 0 failed.")

    events = [row.split() for row in (tmp_path / "journal").read_text().splitlines()]
    assert len({row[2] for row in events}) == 2


def test_work_when_a_store_cannot_renew_a_lease_refuses_to_start(
    shop_app: Application, artisan: Artisan, queue: QueueManager
) -> None:
    driver: Any = queue.driver
    driver.retry_after = 90.0

    artisan("queue:work --stop-when-empty").assert_ok()
    for option in ("--timeout=90", "--timeout=0"):
        artisan(f"queue:work --once {option}").assert_exit(1).assert_output(
            "hands them to another worker after 90 seconds (retry_after)"
        )


# -- what acts on workers and jobs, on the store itself


def test_pause_when_a_worker_comes_holds_jobs_back_until_resume(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    queue.push(work.Work("a"))

    artisan("queue:pause default").assert_ok()
    artisan("queue:work --stop-when-empty").assert_ok().assert_output(
        "Queue default is paused; its jobs wait.", "no job is due; 1 is in a paused queue"
    )
    assert journal(tmp_path, "end") == []
    artisan("queue:status").assert_ok().assert_output("paused", "Nobody works on these queues")

    artisan("queue:continue default").assert_ok()
    artisan("queue:work --stop-when-empty").assert_ok()
    assert journal(tmp_path, "end") == ["a"]


def test_pause_when_all_is_said_ends_by_itself(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    queue.push(work.Work("a"))

    artisan("queue:pause --all --for=5s").assert_ok()
    artisan("queue:work --max-jobs=1 --sleep=500ms").assert_ok().assert_output("goes on.")

    assert journal(tmp_path, "end") == ["a"]


def test_cancel_when_a_job_waits_takes_it_out(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    uuid = queue.push(work.Work("a"))

    artisan(f"queue:cancel {uuid}").assert_ok()

    assert queue.size() == 0
    artisan(f"queue:cancel {uuid}").assert_exit(1).assert_output("No job")


def test_retry_when_its_unique_key_is_taken_leaves_it_failed(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.OnlyOne("x"))
    artisan("queue:work --stop-when-empty").assert_output("1 failed.")
    queue.push(work.OnlyOne("x"))

    artisan("queue:retry all").assert_exit(1).assert_output("another job holds its unique key")

    assert (queue.size(), queue.failed.count()) == (1, 1)
    queue.clear()
    artisan("queue:retry all").assert_ok().assert_output("back in default")


def test_status_when_jobs_wait_and_have_failed_counts_them(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Raises("x"))
    artisan("queue:work --stop-when-empty").assert_ok()
    uuid = queue.push(work.Work("a"))
    queue.later("1h", work.Work("b"), "mail")

    view = json.loads(artisan("queue:status default --json").assert_ok().output)
    states = json.loads(artisan("queue:status --json").output)["queues"]

    assert [one["uuid"] for one in view["jobs"]] == [uuid]
    assert [(s["queue"], s["pending"], s["delayed"], s["failed"]) for s in states] == [
        ("default", 1, 0, 1),
        ("mail", 0, 1, 0),
    ]


def test_doctor_when_the_queue_is_well_says_what_it_saw(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Work("a"))

    artisan("doctor --only=queue").assert_output("queue sqlite: ", "MiB free", "held by workers")


def test_batches_when_one_has_failed_are_shown_and_retried(
    shop_app: Application, artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    jobs = [work.Work("a"), work.Raises("b")]
    batch = shop_app.make(Bus).batch(jobs).name("Import").allow_failures().dispatch()
    artisan("queue:work --stop-when-empty").assert_output("1 done, 1 failed.")

    artisan("queue:batches").assert_ok().assert_output(batch.id, "Import", "1 failed", "50%")
    shown = json.loads(artisan(f"queue:batch {batch.id} --json").assert_ok().output)
    artisan(f"queue:retry-batch {batch.id}").assert_ok().assert_output(*shown["failed_ids"])

    assert (shown["done"], shown["failed"], len(shown["failed_ids"])) == (1, 1, 1)
    assert queue.size() == 1
    artisan(f"queue:batch {batch.id[:-2]}").assert_exit(1).assert_output(batch.id)


def test_cancel_batch_when_its_jobs_wait_marks_it_and_it_may_be_pruned(
    shop_app: Application, artisan: Artisan, work: Any
) -> None:
    batch = shop_app.make(Bus).batch([work.Work("a"), work.Work("b")]).dispatch()

    artisan(f"queue:cancel-batch {batch.id}").assert_ok().assert_output("is cancelled")
    artisan("queue:prune-batches --hours=0").assert_output("Deleted 0 batches.")
    artisan(f"queue:batch {batch.id}").assert_output("cancelled")
    artisan("queue:prune-batches --cancelled=0").assert_output("Deleted 1 batch.")


def test_outbox_when_jobs_were_committed_moves_them_once_or_beside_a_worker(
    artisan: Artisan, queue: QueueManager, work: Any, tmp_path: Path
) -> None:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as database:
        with database:
            queue.outbox(database).push(work.Work("a"))

        artisan(f"queue:outbox {path} --once").assert_ok().assert_output("Moved 1 job.")

    assert queue.size() == 1
    artisan("queue:outbox missing.db").assert_exit(1).assert_output("There is no database")


def test_metrics_when_jobs_have_run_shows_their_number_and_their_time(
    artisan: Artisan, queue: QueueManager, work: Any
) -> None:
    queue.push(work.Work("a"))
    queue.push(work.Broken("b"))
    artisan("queue:metrics").assert_ok().assert_output("No job has run since")
    artisan("queue:work --stop-when-empty-for=500ms")

    artisan("queue:metrics --since=10m").assert_ok().assert_output("shop_jobs.Broken", "Wait p50")
    told = json.loads(artisan("queue:metrics --json").output)

    (one,) = told["queues"]
    assert (one["queue"], one["count"], one["done"], one["failed"]) == ("default", 3, 1, 1)
    assert one["run"]["count"] == one["wait"]["count"] == 3
    assert [job["name"] for job in told["jobs"]] == ["shop_jobs.Broken", "shop_jobs.Work"]
    assert json.loads(artisan("queue:metrics --queue=mail --json").output)["queues"] == []
