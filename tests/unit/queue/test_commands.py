"""The queue's commands, over a connection in memory: what they say, and their exit codes."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from securely.config import Config
from securely.console import Artisan, BufferedOutput, Command
from securely.console.command.mutex import FileMutex
from securely.console.contracts import CommandMutex
from securely.container import Container
from securely.encryption import Encrypter, KeyRing
from securely.events import Dispatcher
from securely.log import LogManager
from securely.log.hub import Hub
from securely.queue import QueueManager
from securely.queue.bus.dispatcher import Bus
from securely.queue.commands import batches, failed, queues, retry, status
from securely.queue.contracts import Attempt, BatchRecord, Envelope, Gauge, Measure, WorkerRecord
from securely.queue.delivery.runner import JobRunner
from securely.queue.events import (
    BatchCanceled,
    JobRetryRequested,
    QueueBusy,
    QueuePaused,
    QueuesPaused,
)
from securely.queue.manager import Materials
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.support import clock

from .shelf import Shelf

Run = Callable[[str], tuple[int, str]]
COMMANDS: tuple[type[Command], ...] = (
    batches.BatchCommand,
    batches.BatchesCommand,
    batches.CancelBatchCommand,
    batches.PruneBatchesCommand,
    failed.FailedCommand,
    failed.FlushCommand,
    failed.ForgetCommand,
    failed.PruneFailedCommand,
    queues.CancelCommand,
    queues.ClearCommand,
    queues.PauseCommand,
    queues.RestartCommand,
    queues.ResumeCommand,
    retry.RetryBatchCommand,
    retry.RetryCommand,
    status.MonitorCommand,
    status.StatusCommand,
)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf("shelf")


@pytest.fixture
def manager(shelf: Shelf, events: Dispatcher, codec: Codec, container: Container) -> QueueManager:
    options = QueueOptions.parse(
        {
            "default": "shelf",
            "connections": {
                "shelf": {"driver": "shelf"},
                "other": {"driver": "shelf", "queue": "main"},
                "sync": {"driver": "sync"},
            },
        },
        "queue",
    )
    runner = JobRunner(container, codec, events)
    materials = Materials(codec=lambda: codec, runner=lambda: runner)
    manager = QueueManager(options.default, options.connections, events, materials)
    manager.extend("shelf", lambda name, _: shelf if name == "shelf" else Shelf(name))
    return manager


@pytest.fixture
def run(
    manager: QueueManager,
    container: Container,
    codec: Codec,
    events: Dispatcher,
    tmp_path: Path,
) -> Run:
    """What runs a command line, and returns exit code and output."""
    container.instance(QueueManager, manager)
    container.instance(Codec, codec)
    container.instance(Dispatcher, events)
    container.instance(Bus, Bus(container, events, lambda *_, **__: None))
    container.instance(CommandMutex, FileMutex(tmp_path))
    container.instance(Config, Config({"app": {"env": "testing"}}))
    artisan = Artisan(container)
    for command in COMMANDS:
        artisan.add(command)

    def run(line: str) -> tuple[int, str]:
        output = BufferedOutput()
        code = artisan.run(shlex.split(line), output)
        return code, output.all_text.strip()

    return run


@pytest.fixture
def errands(jobs: ModuleType) -> ModuleType:
    """Jobs that fail."""
    import sample_errands  # lies beside the module that the fixture imports

    return sample_errands


@pytest.fixture
def fail(shelf: Shelf, codec: Codec, errands: ModuleType) -> Callable[..., str]:
    """What lets a job fail, and returns its uuid."""

    def fail(kind: str = "Tagged", *args: object, queue: str = "default", ago: float = 0.0) -> str:
        envelope = codec.envelope(getattr(errands, kind)(*args), queue)
        return shelf.fail(envelope, ValueError("no such customer"), ago).uuid

    return fail


def told(events: Dispatcher, *kinds: type) -> list[Any]:
    heard: list[Any] = []
    for kind in kinds:
        events.listen(kind, heard.append)
    return heard


# -- pausing


def test_pause_when_a_queue_is_named_pauses_it_and_tells(
    run: Run, shelf: Shelf, events: Dispatcher, manager: QueueManager
) -> None:
    heard = told(events, QueuePaused)

    code, said = run("queue:pause mail")

    assert code == 0
    assert 'Queue "mail" of "shelf" is paused until queue:resume' in said
    assert shelf.pauses == {"mail": None}
    assert heard == [QueuePaused("shelf", "mail", None)]
    assert manager.is_paused("mail")
    assert not manager.is_paused()


def test_pause_when_a_time_is_given_ends_by_itself(
    run: Run, manager: QueueManager, clock: Any
) -> None:
    code, said = run("queue:pause default --for=10m")

    assert code == 0
    assert "paused for 10m 00s" in said
    assert manager.is_paused()
    clock(601)
    assert not manager.is_paused()


def test_pause_when_all_is_said_pauses_the_connection(
    run: Run, shelf: Shelf, events: Dispatcher, manager: QueueManager
) -> None:
    heard = told(events, QueuesPaused)

    assert "until queue:resume --all; what" in run("queue:pause --all")[1]
    heard.clear()
    assert run("queue:pause --all --for=1m")[0] == 0

    assert [*shelf.pauses] == ["*"]
    assert heard == [QueuesPaused("shelf", 60.0)]
    assert manager.is_paused("anything")


def test_pause_when_a_connection_is_before_the_queue_pauses_it_there(
    run: Run, shelf: Shelf, manager: QueueManager
) -> None:
    assert run("queue:pause other:mail")[0] == 0

    assert shelf.pauses == {}
    assert manager.connection("other").is_paused("mail")


@pytest.mark.parametrize("name", ["queue:resume", "queue:continue"])
def test_resume_when_paused_lets_it_go_on(run: Run, shelf: Shelf, name: str) -> None:
    shelf.pause("mail")

    code, said = run(f"{name} mail")

    assert (code, shelf.pauses) == (0, {})
    assert 'Queue "mail" of "shelf" goes on.' in said


def test_resume_when_all_are_paused_says_so_of_a_single_one(run: Run, shelf: Shelf) -> None:
    shelf.pause("*")
    shelf.pause("mail")

    code, said = run("queue:resume mail")
    assert code == 0
    assert "`queue:resume --all` ends that" in said
    assert [*shelf.pauses] == ["*"]

    assert run("queue:resume --all")[0] == 0
    assert shelf.pauses == {}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("queue:status bills,mail", "is not one queue"),
        ("queue:status shel:bills", 'Did you mean "shelf"?'),
        ("queue:clear shlf", 'Did you mean "shelf"?'),
        ("queue:clear bills", "A queue is named with --queue=bills."),
        ("queue:resume shlf:bills", 'Did you mean "shelf"?'),
        ("queue:resume bils", 'is not paused. Did you mean "bills"?'),
        ("queue:pause", 'Name a queue, as in "mail"'),
        ("queue:resume", 'Name a queue, as in "mail"'),
        ("queue:pause mail,default", "is not one queue"),
        ("queue:pause mail --for=soon", "--for: 'soon' is not a duration"),
        ("queue:pause mail --for=-5", "--for: -5 is negative"),
        ("queue:pause sync:mail", "keeps no jobs that a worker could take"),
        ("queue:pause othr:mail", 'Did you mean "other"?'),
        ("queue:restart sync", "keeps no jobs that a worker could take"),
        ("queue:cancel nowhere", 'No job "nowhere" is on "shelf"'),
        ("queue:cancel done", 'The job "done" is over already'),
        ("queue:cancel a --connection=sync", "keeps no jobs that a worker could take"),
        ("queue:status --connection=shel", 'Did you mean "shelf"?'),
        ("queue:monitor default --max=0", "max"),
        ("queue:monitor ,", 'Name queues, as in "mail"'),
        ("queue:retry", "Say which jobs to retry"),
        ("queue:retry --range=5-1", '"5-1" is no range'),
        ("queue:retry --range=some", '"some" is no range'),
        ("queue:failed --since=yesterday", "neither a duration"),
        ("queue:failed --connection=sync", "keeps no jobs"),
        ("queue:prune-failed --hours=-1", "hours"),
        ("queue:batch nowhere", 'There is no batch "nowhere". `queue:batches` lists them.'),
        ("queue:cancel-batch nowhere", 'There is no batch "nowhere"'),
        ("queue:retry-batch nowhere", 'There is no batch "nowhere"'),
        ("queue:batches --before=nowhere", 'There is no batch "nowhere"'),
    ],
)
def test_command_when_it_is_told_nonsense_says_so_and_exits_1(
    run: Run, shelf: Shelf, line: str, text: str
) -> None:
    shelf.pause("bills")

    code, said = run(line)

    assert code in {1, 2}
    assert text in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "line",
    [
        "queue:pause mial",
        "queue:clear --queue=mial",
        "queue:resume mial",
        "queue:status mial",
        "queue:status shelf:mial",
        "queue:status mial --connection=shelf",
    ],
)
def test_command_when_a_queue_is_mistyped_warns(run: Run, shelf: Shelf, line: str) -> None:
    shelf.put("a", queue="mail")

    code, said = run(line)

    assert code == 0
    assert 'queue "mial". Did you mean "mail"?' in said


# -- single jobs and whole queues


def test_cancel_takes_out_what_waits_and_stops_what_runs(run: Run, shelf: Shelf) -> None:
    shelf.put("a")
    shelf.put("b", state="reserved", worker="7")

    said = [run("queue:cancel a"), run("queue:cancel b")]

    assert said == [
        (0, 'The job "a" is cancelled: it is out of its queue.'),
        (0, 'The job "b" runs: its worker is told to stop it.'),
    ]

    assert [job.uuid for job in shelf.kept] == ["b"]


def test_clear_when_a_queue_is_named_deletes_its_jobs_only(run: Run, shelf: Shelf) -> None:
    shelf.put("a", queue="mail")
    shelf.put("b")

    assert run("queue:clear --queue=mail") == (0, 'Deleted 1 job of queue "mail" of "shelf".')
    assert [job.uuid for job in shelf.kept] == ["b"]


def test_restart_when_called_leaves_the_request(run: Run, shelf: Shelf) -> None:
    assert run("queue:restart")[0] == 0

    assert shelf.restarts == 1


# -- failed jobs


def test_failed_when_filters_are_given_lists_what_fits(run: Run, fail: Callable[..., str]) -> None:
    old = fail("Tagged", "red", ago=7200)
    mail = fail("Tagged", "blue", queue="mail", ago=60)
    plain = fail("Plain")

    def found(options: str) -> list[str]:
        code, said = run(f"queue:failed --json {options}")
        assert code == 0
        return [one["id"] for one in json.loads(said)]

    assert found("") == [plain, mail, old]
    assert found("--queue=mail") == [mail]
    assert found("--class=Plain") == [plain]
    assert found("--class=sample_errands.Tagged") == [mail, old]
    assert found("--class=sample_errands:Tagged --queue=default") == [old]
    assert found("--tag=blue") == [mail]
    assert found("--since=1h") == [plain, mail]
    assert found("--since=2000-01-01") == [plain, mail, old]


def test_failed_when_nothing_fits_says_what_may_have_been_meant(
    run: Run, fail: Callable[..., str]
) -> None:
    assert run("queue:failed") == (0, "No failed jobs.")
    fail("Tagged", "red", queue="mail")

    assert run("queue:failed --class=Taged")[1].endswith('Did you mean "Tagged"?')
    assert run("queue:failed --queue=mial")[1].endswith('Did you mean "mail"?')
    assert run("queue:failed --tag=rod")[1].endswith('Did you mean "red"?')
    assert run("queue:failed --tag=weather") == (0, "No failed jobs match.")


def test_failed_when_an_id_is_given_shows_its_attributes_and_its_trace(
    run: Run, fail: Callable[..., str]
) -> None:
    uuid = fail("Tagged", "red")

    code, said = run(f"queue:failed {uuid}")
    record = json.loads(run(f"queue:failed {uuid} --json")[1])

    assert code == 0
    assert "ValueError: no such customer" in said
    assert '"red"' in said
    assert (record["class"], record["tags"]) == ("sample_errands:Tagged", ["red"])


def test_failed_when_a_store_holds_a_secret_shows_it_masked(run: Run, shelf: Shelf) -> None:
    kept = shelf.fail(Envelope("u-1", "Odd", "default", b"x" * 64), ValueError("odd"))
    data = json.dumps({"type": "OSError", "message": "no ftp://ann:planted@host", "trace": ""})
    shelf.failed.kept = [dataclasses.replace(kept, error=data.encode())]

    for line in ("queue:failed", "queue:failed --json", "queue:failed u-1"):
        said = run(line)[1]
        assert "ftp://ann:********@host" in said
        assert "planted" not in said


def test_failed_when_an_id_is_given_shows_how_each_attempt_ended(run: Run, shelf: Shelf) -> None:
    kept = shelf.fail(Envelope("u-1", "Odd", "default", b"x" * 64), ValueError("odd"))
    history = (
        Attempt(1, 0.0, "OSError: no ftp://ann:planted@host"),
        Attempt(2, 60.0, "lost with its worker"),
        Attempt(3, 3_600.0, "ValueError: [red]odd\x1b[2J"),
    )
    shelf.failed.kept = [dataclasses.replace(kept, history=history)]

    code, said = run("queue:failed u-1")
    record = json.loads(run("queue:failed u-1 --json")[1])

    assert code == 0
    told = [line.strip("| ").split() for line in said.splitlines() if line.startswith("|")]
    assert [" ".join(word for word in words if word != "|") for words in told] == [
        "Attempt When What",
        "1 1970-01-01T00:00:00+00:00 OSError: no ftp://ann:********@host",
        "2 1970-01-01T00:01:00+00:00 lost with its worker",
        "3 1970-01-01T01:00:00+00:00 ValueError: [red]odd [2J",
    ]
    assert record["history"][0] == {
        "attempt": 1,
        "at": "1970-01-01T00:00:00+00:00",
        "reason": "OSError: no ftp://ann:********@host",
    }
    assert len(record["history"]) == 3


def test_failed_when_attributes_are_secret_shows_them_masked(
    run: Run, fail: Callable[..., str], container: Container
) -> None:
    logs = LogManager("none", {}, Hub())
    logs.masker.hide("planted-by-value")
    logs.masker.hide_fields("iban")
    container.instance(LogManager, logs)
    deeper = {"iban": "planted-iban", "token": 17_171_717, "open": "shown"}
    uuid = fail("Login", "ann", "planted-password", "it is planted-by-value", deeper)

    for line in (f"queue:failed {uuid}", f"queue:failed {uuid} --json"):
        code, said = run(line)
        assert code == 0
        assert "ann" in said
        assert "shown" in said
        assert "planted" not in said
        assert "17171717" not in said


def test_failed_when_the_log_is_broken_masks_attributes_by_their_names(
    run: Run, fail: Callable[..., str], container: Container
) -> None:
    def broken() -> LogManager:
        raise OSError("no log")

    container.singleton(LogManager, broken)

    code, said = run(f"queue:failed {fail('Login', 'ann', 'planted', 'note', {})}")

    assert code == 0
    assert '"ann"' in said
    assert "planted" not in said


def test_failed_when_the_payload_is_encrypted_shows_none_of_it(
    run: Run, shelf: Shelf, keys: KeyRing, errands: ModuleType
) -> None:
    sealing = Codec(keys.purpose("queue"), encrypter=lambda: Encrypter(b"e" * 32))
    job = errands.Sealed("ann-of-the-sealed", "pw", "note", {})
    uuid = shelf.fail(sealing.envelope(job, "default"), ValueError("no")).uuid

    for line in (f"queue:failed {uuid}", f"queue:failed {uuid} --json"):
        said = run(line)[1]
        assert "(encrypted)" in said
        assert "ann-of-the-sealed" not in said


def test_failed_when_the_payload_is_not_ours_shows_the_rest(run: Run, shelf: Shelf) -> None:
    shelf.fail(Envelope("u-1", "Odd", "default", b"x" * 64), ValueError("odd"))

    code, said = run("queue:failed u-1")

    assert code == 0
    assert "signature does not match" in said
    assert run("queue:failed --class=Odd --json")[0] == 0


def test_failed_when_an_id_is_mistyped_names_the_near_one(
    run: Run, fail: Callable[..., str]
) -> None:
    uuid = fail("Plain")

    assert f'Did you mean "{uuid}"?' in run(f"queue:failed {uuid[:-1]}")[1]
    assert f'Did you mean "{uuid}"?' in run(f"queue:forget {uuid[:-1]}")[1]


def test_failed_when_listed_shows_the_numbers_that_ranges_take(
    run: Run, fail: Callable[..., str]
) -> None:
    uuids = [fail("Plain") for _ in range(4)]

    listed = [line for line in run("queue:failed")[1].splitlines() if "Plain" in line]
    assert [line.split()[0] for line in listed] == ["4", "3", "2", "1"]

    code, said = run("queue:retry --range=2-3")
    assert code == 0
    assert uuids[1] in said
    assert uuids[2] in said
    assert [one["number"] for one in json.loads(run("queue:failed --json")[1])] == [2, 1]


def test_number_of_the_list_is_taken_where_an_id_is(
    run: Run, fail: Callable[..., str], shelf: Shelf
) -> None:
    uuids = [fail("Plain") for _ in range(4)]

    assert uuids[1] in run("queue:failed 2")[1]
    assert run("queue:retry 2")[0] == 0
    assert [job.uuid for job in shelf.kept] == [uuids[1]]
    assert run("queue:forget 3")[0] == 0
    listed = json.loads(run("queue:failed --json")[1])
    assert [one["id"] for one in listed] == [uuids[2], uuids[0]]
    for number in ("3", "9" * 5000):
        code, said = run(f"queue:retry {number}")
        assert code == 1
        assert f'No failed job has the id "{number}"' in said


def test_numbers_of_the_list_are_those_of_one_look_at_it(
    run: Run, fail: Callable[..., str], shelf: Shelf
) -> None:
    uuids = [fail("Plain") for _ in range(3)]

    assert run("queue:retry 1 2")[0] == 0
    assert {job.uuid for job in shelf.kept} == {*uuids[:2]}


def test_retry_when_filters_and_ids_are_given_takes_what_is_in_both(
    run: Run, fail: Callable[..., str], shelf: Shelf
) -> None:
    red, blue = fail("Tagged", "red"), fail("Tagged", "blue")
    mail = fail("Plain", queue="mail")

    assert run(f"queue:retry {red} {blue} --tag=blue")[0] == 0
    assert [job.uuid for job in shelf.kept] == [blue]
    assert run("queue:retry --queue=mail")[0] == 0
    assert [job.uuid for job in shelf.kept] == [blue, mail]
    assert run("queue:retry all --class=Tagged")[0] == 0
    assert [job.uuid for job in shelf.kept] == [blue, mail, red]
    assert run("queue:retry all") == (0, "No failed jobs.")


def test_retry_when_a_unique_key_is_taken_says_so_and_exits_1(
    run: Run, fail: Callable[..., str], shelf: Shelf, events: Dispatcher
) -> None:
    heard = told(events, JobRetryRequested)
    free, taken = fail("Plain"), fail("Plain")
    shelf.failed.taken.add(taken)

    code, said = run("queue:retry all")

    assert code == 1
    assert f"{free} sample_errands.Plain" in said
    assert f"{taken} sample_errands.Plain stays failed: another job holds its unique key." in said
    assert {event.id for event in heard} == {free, taken}


def test_retry_when_one_id_is_unknown_puts_nothing_back(
    run: Run, fail: Callable[..., str], shelf: Shelf
) -> None:
    uuid = fail("Plain")

    code, said = run(f"queue:retry {uuid} nowhere")

    assert code == 1
    assert 'No failed job has the id "nowhere"' in said
    assert shelf.kept == []


def test_flush_and_prune_when_hours_are_given_leave_younger_ones(
    run: Run, fail: Callable[..., str]
) -> None:
    for hours in (1, 3, 30):
        fail("Plain", ago=hours * 3600)

    assert run("queue:prune-failed") == (0, "Deleted 1 failed job.")
    assert run("queue:flush --hours=2") == (0, "Deleted 1 failed job.")
    assert run("queue:flush --hours=2") == (0, "Deleted 0 failed jobs.")
    assert run("queue:flush") == (0, "Deleted 1 failed job.")


# -- monitor and status


def test_monitor_when_a_queue_is_full_or_old_tells(
    run: Run, shelf: Shelf, events: Dispatcher, clock: Any
) -> None:
    heard = told(events, QueueBusy)
    shelf.put("a", queue="mail")
    shelf.put("b", queue="mail", state="delayed")
    shelf.put("c")
    shelf.age(90)

    full = run("queue:monitor mail,default --max=2 --fail")
    assert full[0] == 1
    assert heard == [QueueBusy("shelf", "mail", 2, 90.0)]
    assert run("queue:monitor mail,default --max=2")[0] == 0
    assert run("queue:monitor mail,default --max=3 --fail")[0] == 0
    assert run("queue:monitor default --max-age=60s --fail")[0] == 1
    assert run("queue:monitor default --max-age=91s --fail")[0] == 0


def test_monitor_when_json_is_asked_for_prints_it(run: Run, shelf: Shelf) -> None:
    shelf.put("a", state="reserved", worker="7")

    code, said = run("queue:monitor default,other:main,sync:default --max=1 --json")

    assert code == 0
    first, second, third = json.loads(said)
    assert (first["connection"], first["reserved"], first["status"]) == ("shelf", 1, "ALERT")
    assert (second["connection"], second["queue"], second["status"]) == ("other", "main", "OK")
    assert third["size"] == 0


def test_monitor_when_a_queue_is_mistyped_warns(run: Run, shelf: Shelf) -> None:
    shelf.put("a", queue="mail")

    assert 'Did you mean "mail"?' in run("queue:monitor mial")[1]
    assert "Did you mean" not in run("queue:monitor default")[1]


def test_status_when_asked_shows_queues_pauses_and_workers(
    run: Run, shelf: Shelf, fail: Callable[..., str], clock: Any
) -> None:
    shelf.put("a")
    shelf.age(90)
    shelf.put("b", "app.jobs.Import", queue="mail", state="reserved", worker="7f")
    shelf.put("d", "app.jobs.Lost", queue="mail", state="reserved", worker="1")
    shelf.living = [WorkerRecord("7f", 4711, "north", ("mail", "default"), 1.0)]
    shelf.pause("reports")
    fail("Plain", queue="bills")

    code, said = run("queue:status")
    view = json.loads(run("queue:status --json")[1])

    assert code == 0
    worker = "Worker 4711 on north, for mail, default"
    dead = "With dead workers"
    for words in ("default", "1m 30s", "reports", "paused", "bills", worker, "Import", dead):
        assert words in said
    states = {one["queue"]: one for one in view["queues"]}
    assert [*states] == ["bills", "default", "mail", "reports"]
    assert (states["bills"]["failed"], states["default"]["oldest_age"]) == (1, 90.0)
    assert (states["reports"]["paused"], states["mail"]["paused"]) == (True, False)
    assert [(one["id"], one["jobs"][0]["uuid"]) for one in view["workers"]] == [("7f", "b")]
    assert [one["uuid"] for one in view["orphans"]] == ["d"]


def test_status_when_the_store_measures_shows_how_many_jobs_run(
    run: Run, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    minute = int(clock.timestamp() // 60)
    shelf.put("a", queue="mail")
    assert json.loads(run("queue:status --json")[1])["queues"][0]["per_minute"] is None
    ran = [Measure(minute, "mail", "Send", Gauge.DONE, 0, 8, 1.0)]
    ran.append(Measure(minute, "mail", "Send", Gauge.FAILED, 0, 2, 1.0))
    monkeypatch.setattr(shelf, "measured", lambda since: ran, raising=False)
    monkeypatch.setattr(shelf, "alert", lambda what, seconds: False, raising=False)

    view = json.loads(run("queue:status --json")[1])

    states = {one["queue"]: one["per_minute"] for one in view["queues"]}
    assert states["default"] == 0.0
    assert 1.5 < states["mail"] <= 2.5
    assert "/min" in run("queue:status")[1]


def test_status_when_nobody_works_says_so(run: Run, shelf: Shelf) -> None:
    shelf.living = [WorkerRecord("7f", 4711, "north", ("mail",), 1.0)]

    assert "idle" in run("queue:status")[1]
    assert "idle" in run("queue:status mail")[1]
    assert "Nobody works on these queues" in run("queue:status default")[1]


def test_status_when_all_is_paused_for_a_time_says_until_when(
    run: Run, shelf: Shelf, clock: Any
) -> None:
    shelf.pause("*", 600)
    shelf.pause("default", 60)

    view = json.loads(run("queue:status --json")[1])
    assert view["paused"] is True
    assert view["queues"][0]["paused_until"] == view["paused_until"]

    clock(601)
    view = json.loads(run("queue:status --json")[1])
    assert (view["paused"], view["queues"][0]["paused"]) == (False, False)


def test_status_when_a_queue_is_named_shows_its_first_jobs(run: Run, shelf: Shelf) -> None:
    for uuid in "abc":
        shelf.put(uuid)
    shelf.put("d", queue="mail")

    code, said = run("queue:status default --limit=2")
    view: Mapping[str, Any] = json.loads(run("queue:status default --limit=2 --json")[1])

    assert code == 0
    assert "a app.jobs.Send" in said
    assert "c app.jobs.Send" not in said
    assert [one["uuid"] for one in view["jobs"]] == ["a", "b"]
    assert [one["queue"] for one in view["queues"]] == ["default"]


def test_status_when_watched_looks_again_until_it_is_interrupted(
    run: Run, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    looks: list[int] = []

    def workers() -> list[WorkerRecord]:
        looks.append(1)
        if len(looks) == 3:
            raise KeyboardInterrupt
        return []

    monkeypatch.setattr(shelf, "workers", workers)

    code, said = run("queue:status --watch --json")

    assert code == 130
    assert [json.loads(look)["connection"] for look in said.splitlines()] == ["shelf", "shelf"]


# -- batches


@pytest.mark.parametrize("line", ["queue:retry-batch b-1", "queue:prune-batches --hours=0"])
def test_isolated_command_when_another_runs_does_nothing(
    run: Run,
    container: Container,
    batch: Callable[..., str],
    fail: Callable[..., str],
    shelf: Shelf,
    line: str,
) -> None:
    batch("b-1", total=1, failed=1, failed_ids=(fail("Plain"),), created_at=1.0, finished_at=2.0)
    name = "queue:retry-batch-b-1" if "retry" in line else "queue:prune-batches"
    lock = container.make(CommandMutex).acquire(name, 60)
    assert lock is not None

    assert run(line)[0] == 0
    assert run(f"{line} --isolated=7")[0] == 7

    assert (shelf.kept, len(shelf.batches.all())) == ([], 1)
    lock.release()
    assert run(line)[0] == 0
    assert (len(shelf.kept), len(shelf.batches.all())) != (0, 1)


@pytest.fixture
def batch(shelf: Shelf) -> Callable[..., str]:
    """What keeps a batch, and returns its id."""

    def batch(id_: str, **facts: Any) -> str:
        record = BatchRecord(id_, **facts)
        assert shelf.batches.create(record, [])
        shelf.batches._records[id_] = record  # as it is told, not as it would be counted
        return id_

    return batch


def test_batches_when_there_are_some_lists_them(run: Run, batch: Callable[..., str]) -> None:
    assert run("queue:batches") == (0, "No batches.")
    batch("b-1", name="Import", total=8, done=5, failed=1, created_at=1.0)
    batch("b-2", total=2, done=2, created_at=2.0, finished_at=3.0)

    code, said = run("queue:batches")
    listed = json.loads(run("queue:batches --json --limit=1")[1])

    assert code == 0
    assert "b-1 Import" in said
    assert "63% of 8 jobs · 1 failed · failing" in said
    assert [(one["id"], one["state"]) for one in listed] == [("b-2", "finished")]
    assert 'Did you mean "b-1"?' in run("queue:batch b-11")[1]


def test_batch_when_named_shows_it(run: Run, batch: Callable[..., str]) -> None:
    batch("b-1", name="Import", total=4, done=1, failed=1, failed_ids=("u-1",), created_at=1.0)

    code, said = run("queue:batch b-1")
    record = json.loads(run("queue:batch b-1 --json")[1])

    assert code == 0
    assert "Import" in said
    assert "u-1" in said
    assert (record["progress"], record["failed_ids"]) == (25, ["u-1"])
    assert record["finished_at"] is None


def test_cancel_batch_when_it_runs_cancels_it_once_and_tells(
    run: Run, batch: Callable[..., str], shelf: Shelf, events: Dispatcher
) -> None:
    heard = told(events, BatchCanceled)
    batch("b-1", total=2, created_at=1.0)
    batch("b-2", total=2, done=2, created_at=1.0, finished_at=2.0)

    assert "is cancelled" in run("queue:cancel-batch b-1")[1]
    assert run("queue:cancel-batch b-1") == (0, 'The batch "b-1" was cancelled before.')
    assert run("queue:cancel-batch b-2")[0] == 1

    assert [event.batch.id for event in heard] == ["b-1"]
    found = shelf.batches.find("b-1")
    assert found is not None
    assert found.cancelled_at is not None


def test_retry_batch_when_it_has_failed_jobs_puts_them_back(
    run: Run, batch: Callable[..., str], fail: Callable[..., str], shelf: Shelf
) -> None:
    uuid = fail("Plain")
    fail("Plain")
    batch("b-1", total=2, done=1, failed=1, failed_ids=(uuid,), created_at=1.0)
    batch("b-2", total=2, done=2, created_at=1.0)

    code, said = run("queue:retry-batch b-1 b-2")

    assert code == 0
    assert f"{uuid} sample_errands.Plain" in said
    assert 'The batch "b-2" has no failed jobs.' in said
    assert [job.uuid for job in shelf.kept] == [uuid]
    assert run("queue:retry-batch b-1 b-9")[0] == 1


def test_prune_batches_when_old_forgets_what_it_is_told_to(
    run: Run, batch: Callable[..., str], shelf: Shelf
) -> None:
    old, now = clock.timestamp() - 3 * 24 * 3600, clock.timestamp()
    batch("finished", total=1, done=1, created_at=old, finished_at=old)
    batch("young", total=1, done=1, created_at=now, finished_at=now)
    batch("endless", total=1, created_at=old)
    batch("cancelled", total=1, created_at=old, cancelled_at=old)

    assert run("queue:prune-batches") == (0, "Deleted 1 batch.")
    assert run("queue:prune-batches --cancelled=48")[1].startswith("Deleted 1 batch")
    assert run("queue:prune-batches --unfinished=48")[1].startswith("Deleted 1 batch")
    assert [one.id for one in shelf.batches.all()] == ["young"]


def test_clear_when_a_job_runs_says_that_it_goes_on(run: Run, shelf: Shelf) -> None:
    shelf.put("a")
    shelf.put("b", state="reserved", worker="7f")

    code, said = run("queue:clear")

    assert code == 0
    assert said.splitlines() == [
        'Deleted 2 jobs of queue "default" of "shelf".',
        "1 of them runs: what has begun goes on to its end, and nothing is recorded of it.",
    ]


# -- names that somebody gave

EVIL = "q\x1b[2J\x07"


@pytest.mark.parametrize(
    "line",
    [
        "queue:batch b-1",
        "queue:batches",
        "queue:clear --queue=qx[2J",
        "queue:failed",
        "queue:failed --queue=qx[2J",
        "queue:monitor default,qx[2J",
        f"queue:monitor '{EVIL}'",
        f"queue:pause '{EVIL}'",
        "queue:resume qx[2J",
        "queue:retry 1",
        "queue:retry 2",
        "queue:status",
        f"queue:status '{EVIL}'",
    ],
)
def test_command_when_names_hold_escapes_writes_none_of_them(
    run: Run, shelf: Shelf, batch: Callable[..., str], codec: Codec, jobs: ModuleType, line: str
) -> None:
    envelope = codec.envelope(jobs.Plain(1), "mail")._replace(name=f"Send{EVIL}", queue=EVIL)
    shelf.fail(envelope, ValueError(EVIL))
    shelf.failed.taken.add(shelf.fail(envelope._replace(uuid="u-2"), ValueError(EVIL)).uuid)
    shelf.put("a", f"Send{EVIL}", queue=EVIL)
    shelf.put("b", f"Send{EVIL}", queue=EVIL, state="reserved", worker="7f")
    shelf.put("c", f"Send{EVIL}", queue=EVIL, state="reserved", worker="1")
    shelf.living = [WorkerRecord("7f", 4711, EVIL, (EVIL,), 1.0)]
    shelf.pause(EVIL)
    batch("b-1", name=EVIL, total=2, created_at=1.0)

    said = run(line)[1]

    assert "[2J" in said
    assert not {"\x1b", "\x07"} & {*said}
