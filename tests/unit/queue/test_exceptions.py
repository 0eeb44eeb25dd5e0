from __future__ import annotations

import copy

import pytest

from securely.queue import exceptions
from securely.queue.contracts import Attempt, Charge, Kind, Outcome
from securely.queue.delivery.failure import history_of, note_of, pack_error, unpack_error
from securely.queue.delivery.stopping import JobCancelled
from securely.queue.exceptions import (
    BackgroundFailed,
    BatchEnded,
    BatchesUnsupported,
    ConnectionUndefined,
    DriverUnknown,
    Drop,
    EmptyChain,
    EntityNotFound,
    Fail,
    Instruction,
    InvalidPayload,
    JobTimedOut,
    LeaseTooShort,
    ManuallyFailed,
    MaxAttemptsExceeded,
    NeverAwaited,
    NotQueueable,
    NotRunning,
    PayloadTooLarge,
    QueueError,
    QueueUnavailable,
    RecordedFailure,
    Release,
    ResultFailed,
    ResultPending,
    ResultUnknown,
    Skip,
    StoreFull,
    UnknownJob,
    WorkerLost,
)

SAMPLES = [
    exceptions.AlreadySupervised("master"),
    exceptions.EnvironmentUnsupervised("prod", ("production",), "production"),
    exceptions.NotSupervised("mial", ("mail",), "mail"),
    exceptions.NotSupervised(None, ()),
    BatchEnded("b-1", "import", "gone"),
    BatchesUnsupported("null"),
    EmptyChain(),
    BackgroundFailed(["Send"], -9, "background.log"),
    Release(5, ValueError("why")),
    ConnectionUndefined("sqlight", ["sqlite", "sync"], "sqlite"),
    DriverUnknown("own", "sqlight", ["sqlite"], None),
    Drop(),
    Fail("why"),
    InvalidPayload("its signature does not match"),
    JobTimedOut("Send", 9.5),
    LeaseTooShort("own", 60.0, 30.0),
    ManuallyFailed("why"),
    MaxAttemptsExceeded("Send", "it has failed 3 times"),
    NeverAwaited("jobs.Send", "stages.Quiet"),
    NotQueueable("Send.file", "a reason"),
    NotRunning("attempts"),
    NotRunning("release", "Send"),
    PayloadTooLarge("Send", 2_000, 1_000, "blob"),
    PayloadTooLarge("Send", 2_000, 1_000, "blob", "Store"),
    QueueUnavailable("sqlite", "a reason"),
    RecordedFailure("app.NoMoney", "empty", "trace"),
    Release("2m"),
    Skip("too late"),
    EntityNotFound("Order", 7),
    ResultFailed("u-1", "ValueError", "no"),
    ResultPending("u-1", 5.0),
    ResultUnknown("u-1", "sqlite"),
    StoreFull("sqlite", "disk"),
    UnknownJob("app:Gone", "a reason"),
    WorkerLost("Send", 3),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_error_when_copied_keeps_class_message_and_data(error):
    twin = copy.copy(error)

    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert str(error)
    assert vars(twin) == vars(error)
    assert isinstance(error, QueueError)


def test_every_error_has_a_sample():
    named = {getattr(exceptions, name) for name in exceptions.__all__}

    assert named - {type(sample) for sample in SAMPLES} == {QueueError, Instruction}


def test_job_cancelled_is_no_exception_that_a_job_might_swallow_and_can_be_copied():
    error = JobCancelled("Send")

    twin = copy.copy(error)

    assert (type(twin), str(twin), twin.job) == (JobCancelled, "Send was cancelled.", "Send")
    assert not isinstance(error, Exception)


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (ConnectionUndefined, LookupError),
        (InvalidPayload, ValueError),
        (JobTimedOut, TimeoutError),
        (NeverAwaited, RuntimeError),
        (NotQueueable, TypeError),
        (QueueUnavailable, OSError),
        (StoreFull, OSError),
        (UnknownJob, LookupError),
    ],
)
def test_error_can_be_caught_by_the_builtin_people_expect(kind, base):
    assert issubclass(kind, base)


def test_release_reads_durations_and_never_goes_back_in_time():
    assert (Release("1m").delay, Release(-5).delay, Release().delay) == (60.0, 0.0, 0.0)


def test_error_that_was_packed_tells_type_message_and_trace():
    with pytest.raises(KeyError) as caught:
        {}["no such customer"]

    report = unpack_error(pack_error(caught.value))
    assert (report.type, report.message) == ("KeyError", "'no such customer'")
    assert "test_exceptions.py" in report.trace


def test_error_whose_message_can_not_be_made_is_packed_all_the_same():
    class Broken(Exception):
        def __str__(self) -> str:
            raise ValueError("no message")

    report = unpack_error(pack_error(Broken()))

    assert report.message == "(its message cannot be shown: ValueError)"
    assert report.type.endswith("Broken")


def test_error_of_megabytes_is_cut():
    data = pack_error(ValueError("x" * 5_000_000))

    assert len(data) < 100_000


@pytest.mark.parametrize("data", [b"", b"not json", b"[1]", b'{"type": 5}'])
def test_report_that_is_damaged_reads_as_what_is_there(data):
    report = unpack_error(data)

    assert report.message == ""
    assert report.type in {"", "5"}


@pytest.mark.parametrize("reason", ["it is gone", "it is gone."])
def test_reason_of_an_unknown_job_ends_with_one_stop(reason):
    assert "it is gone. Its payload" in str(UnknownJob("app:Gone", reason))


def test_error_with_half_a_surrogate_pair_is_kept_as_text_that_can_be_written():
    error = ValueError(f"broken {chr(0xD800)} here")

    packed = pack_error(error)

    assert unpack_error(packed).message == "broken \\ud800 here"
    assert "broken \\ud800 here" in unpack_error(packed).trace


def test_error_that_was_kept_with_half_a_surrogate_pair_can_be_written():
    record = unpack_error(b'{"type": "ValueError", "message": "broken \\ud800", "trace": ""}')

    assert record.message.encode() == b"broken \\ud800"


def test_error_that_was_packed_tells_no_secret():
    with pytest.raises(OSError, match="refused") as caught:
        raise OSError("refused: redis://ann:hunter2@host, token=planted")

    report = unpack_error(pack_error(caught.value))
    masked = "refused: redis://ann:********@host, token=********"
    assert report.message == masked
    assert report.trace.endswith(f"OSError: {masked}\n")

    own = unpack_error(pack_error(OSError("it is the key"), lambda text: text.replace("key", "*")))
    assert (own.message, own.trace) == ("it is the *", "OSError: it is the *\n")


def test_error_is_packed_masked_where_the_log_can_not_be_asked():
    def hide(text):
        raise LookupError(text)

    assert unpack_error(pack_error(OSError("token=planted"), hide)).message == "token=********"


def test_error_is_masked_before_it_is_cut():
    data = pack_error(OSError("x" * 7_990 + " token=" + "planted" * 2_000))

    assert "planted" not in unpack_error(data).message


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("id"), "KeyError: 'id'"),
        (ValueError(), "ValueError"),
        (ValueError("\n  first\nsecond"), "ValueError: first"),
        (ValueError("to redis://ann:planted@host"), "ValueError: to redis://ann:********@host"),
        (
            exceptions.JobTimedOut("Send", 5.0),
            f"JobTimedOut: {exceptions.JobTimedOut('Send', 5.0)}",
        ),
        (ValueError("x" * 400), f"ValueError: {'x' * 187}…"),
        (ValueError(f"half {chr(0xD800)}"), "ValueError: half \\ud800"),
    ],
)
def test_attempt_that_ended_in_an_error_is_noted_in_one_line(error, reason):
    outcome = Outcome(1, 1, Kind.RELEASE, charge=Charge.EXCEPTION, error=pack_error(error))

    note = note_of(outcome)

    assert len(note.splitlines()) == 1
    assert history_of(f"[3,5.5,{note}]", b"{}", 4, 9.0) == (
        Attempt(3, 5.5, reason),
        Attempt(4, 9.0, ""),
    )


@pytest.mark.parametrize(
    ("outcome", "note"),
    [
        (Outcome(1, 1, Kind.RELEASE, charge=Charge.LOST), '"lost with its worker"'),
        (Outcome(1, 1, Kind.RELEASE, charge=Charge.DEFERRAL), None),
        (Outcome(1, 1, Kind.RETURN), None),
        (Outcome(1, 1, Kind.DONE), None),
        (Outcome(1, 1, Kind.FAIL, error=b"{}"), None),
    ],
)
def test_attempt_without_an_error_is_noted_where_it_was_lost(outcome, note):
    assert note_of(outcome) == note


def test_history_that_is_damaged_reads_as_what_is_there():
    kept = '5.0,"cut off"]\n[]\n[1,2.0]\n{"a":1}\n5\n[2,6.0,"whole"]\n["x",6.0,"odd"]\n'

    assert history_of(kept, b"{}", 3, 9.0) == (Attempt(2, 6.0, "whole"), Attempt(3, 9.0, ""))
