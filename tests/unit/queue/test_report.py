"""Lines per job, and numbers that add up."""

from __future__ import annotations

import json
from datetime import UTC

import pytest

from securely.queue.contracts import Charge, Delivery, Kind, Outcome
from securely.queue.crew.report import Ended, Page, Report, Tally, cut, duration
from securely.support import clock
from securely.support.clock import FrozenClock

DELIVERY = Delivery(7, 1, "mail", "app.jobs.SendInvoice", 2, 0, 0, 0, None, 3, b"p")


def ended(
    kind: Kind, charge: Charge = Charge.NONE, reason: str = "", delay: float = 0.0, id_: int = 7
) -> Ended:
    outcome = Outcome(id_, 1, kind, delay=delay, charge=charge)
    return Ended(DELIVERY._replace(id=id_), outcome, 0.0125, reason, lambda: None)


class Paper:
    """Collects what a report writes."""

    def __init__(self, page: Page | None = None, **options: bool) -> None:
        self.text = ""
        self.report = Report(self.write, page or Page(), timezone=UTC, **options)

    def write(self, text: str) -> None:
        self.text += text


@pytest.fixture(autouse=True)
def _noon() -> object:
    with clock.using(FrozenClock(at=1_767_268_800.0)) as frozen:
        yield frozen


def test_line_when_done_names_job_attempt_duration_and_status() -> None:
    paper = Paper()

    paper.report.ended([ended(Kind.DONE)])

    assert paper.text.startswith("  2026-01-01 12:00:00 app.jobs.SendInvoice · attempt 2 ...")
    assert paper.text.endswith("... 12.50ms DONE\n")
    assert len(paper.text.rstrip("\n")) == 80


@pytest.mark.parametrize(
    ("one", "tail"),
    [
        (ended(Kind.FAIL, reason="Declined: no funds"), "FAIL → Declined: no funds"),
        (ended(Kind.RELEASE, Charge.EXCEPTION, "Busy: later", 5.0), "RETRY in 5.00s → Busy: later"),
        (ended(Kind.RELEASE, Charge.EXCEPTION), "RETRY"),
        (ended(Kind.RELEASE, Charge.DEFERRAL, delay=90.0), "RELEASED in 1m 30s"),
        (ended(Kind.RELEASE, Charge.LOST), "LOST → the process that ran it died"),
        (ended(Kind.DROP), "DELETED"),
        (ended(Kind.SKIP)._replace(is_cancelled=True), "CANCELLED"),
    ],
)
def test_line_when_not_done_says_what_comes_of_it(one: Ended, tail: str) -> None:
    paper = Paper()

    paper.report.ended([one])

    assert paper.text.rstrip("\n").endswith(f"12.50ms {tail}")


def test_line_when_stale_says_what_may_have_happened_to_it() -> None:
    paper = Paper()

    paper.report.ended([ended(Kind.DONE)], stale={7})

    assert "STALE → it was cleared, or another worker holds it by now; nothing was" in paper.text


@pytest.mark.parametrize("one", [ended(Kind.DONE), ended(Kind.RELEASE, Charge.EXCEPTION)])
def test_line_when_the_terminal_is_narrow_has_the_last_part_of_the_name_and_fits(
    one: Ended,
) -> None:
    paper = Paper(Page(80, is_terminal=True))

    paper.report.ended([one])

    assert paper.text.startswith("  2026-01-01 12:00:00 SendInvoice · attempt 2 ...")
    assert [len(line) for line in paper.text.splitlines()] == [80]


def test_line_when_the_name_is_long_is_cut_on_a_terminal_only() -> None:
    delivery = DELIVERY._replace(name="app.jobs.TellAboutTheInvoicesOfTheLastQuarter")
    one = ended(Kind.DONE)._replace(delivery=delivery)
    papers = [Paper(Page(80, is_terminal=True)), Paper()]

    for paper in papers:
        paper.report.ended([one])

    assert " TellAboutTheInvoicesOfTheLas… · attempt 2 ... 12.50ms DONE\n" in papers[0].text
    assert len(papers[0].text.rstrip("\n")) == 80
    assert " TellAboutTheInvoicesOfTheLastQuarter · attempt 2 ... " in papers[1].text


@pytest.mark.parametrize("page", [Page(150, is_terminal=True), Page(150)])
def test_line_when_there_is_room_has_the_whole_name(page: Page) -> None:
    paper = Paper(page)

    paper.report.ended([ended(Kind.DONE)])

    assert " app.jobs.SendInvoice · " in paper.text
    assert len(paper.text.rstrip("\n")) == 150


def test_line_when_on_a_terminal_puts_the_reason_below_and_cuts_it() -> None:
    paper = Paper(Page(80, is_terminal=True))

    paper.report.ended([ended(Kind.RELEASE, Charge.EXCEPTION, "Busy: " + "later " * 20, 5.0)])

    first, second = paper.text.splitlines()
    assert first.endswith("... 12.50ms RETRY")
    assert second.startswith("    in 5.00s → Busy: later later")
    assert second.endswith("…")
    assert max(len(first), len(second)) <= 80


def test_cut_when_characters_are_wide_counts_columns() -> None:
    assert cut("日本語", 6) == "日本語"
    assert cut("日本語", 5) == "日本…"
    assert cut("日本語", 4) == "日…"


def test_line_when_coloured_colours_the_status_alone() -> None:
    paper = Paper(Page(is_coloured=True))

    paper.report.ended([ended(Kind.FAIL)])

    assert "\x1b[31mFAIL\x1b[0m" in paper.text


def test_summary_when_all_kinds_came_adds_up() -> None:
    paper = Paper()
    kinds = [
        ended(Kind.DONE),
        ended(Kind.DONE),
        ended(Kind.FAIL),
        ended(Kind.RELEASE, Charge.EXCEPTION),
        ended(Kind.RELEASE, Charge.DEFERRAL),
        ended(Kind.RELEASE, Charge.LOST),
        ended(Kind.DROP),
        ended(Kind.RETURN),
        ended(Kind.DONE, id_=8),
    ]

    paper.report.ended(kinds, stale=frozenset({8}))
    paper.report.returned(3)
    paper.text = ""
    paper.report.summary("empty", "the queue is empty", 0)

    assert paper.text == (
        "\n  Processed 8 jobs in 0.00ms: 2 done, 1 retried, 1 released, 1 failed, 1 deleted, "
        "1 lost, 1 stale. 3 given back unstarted.\n  Stopped: the queue is empty.\n"
    )
    assert paper.report.tally.processed == 8


@pytest.mark.parametrize(
    ("interrupted", "returned", "words"),
    [
        (1, 0, "1 done, 0 failed. 1 given back while running.\n"),
        (2, 3, "1 done, 0 failed. 2 given back while running, 3 unstarted.\n"),
    ],
)
def test_summary_when_running_jobs_were_given_up_names_them(
    interrupted: int, returned: int, words: str
) -> None:
    paper = Paper()
    paper.report.ended([ended(Kind.DONE)])

    for _ in range(interrupted):
        paper.report.interrupted("app.jobs.SendInvoice")
    paper.report.returned(returned)
    paper.report.summary("interrupted", "asked to by a signal", 0)

    assert "Processed 1 job in" in paper.text
    assert words in paper.text
    assert "INFO  app.jobs.SendInvoice was given up while it ran" in paper.text


def test_summary_when_nothing_came_still_names_done_and_failed() -> None:
    paper = Paper()

    paper.report.summary("empty", "the queue is empty", 0)

    assert "Processed 0 jobs in 0.00ms: 0 done, 0 failed." in paper.text


def test_json_when_asked_for_is_one_object_per_line() -> None:
    paper = Paper(as_json=True)

    paper.report.ended([ended(Kind.DONE), ended(Kind.FAIL, reason="Declined: no")])
    paper.report.notice("Waiting.")
    paper.report.summary("max_jobs", "as many jobs as asked for", 0)

    done, failed, notice, stopped = [json.loads(line) for line in paper.text.splitlines()]
    assert (done["event"], done["status"], done["seconds"]) == ("job", "done", 0.0125)
    assert (failed["status"], failed["reason"], failed["queue"]) == (
        "failed",
        "Declined: no",
        "mail",
    )
    assert notice["text"] == "Waiting."
    assert (stopped["reason"], stopped["processed"], stopped["done"]) == ("max_jobs", 2, 1)


def test_quiet_when_asked_for_counts_and_says_what_is_wrong_only() -> None:
    paper = Paper(is_quiet=True)

    paper.report.ended([ended(Kind.DONE)])
    paper.report.notice("Waiting.")
    paper.report.summary("empty", "the queue is empty", 0)
    paper.report.error("Gone.")

    assert paper.text == "  ERROR  Gone.\n"
    assert paper.report.tally.done == 1


def test_write_when_nobody_reads_any_more_goes_silent() -> None:
    def refuse(text: str) -> None:
        raise BrokenPipeError

    report = Report(refuse)

    report.notice("one")
    report.notice("two")
    report.ended([ended(Kind.DONE)])

    assert report.tally.done == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.00ms"), (0.9994, "999.40ms"), (59.0, "59.00s"), (60, "1m 00s"), (7265, "2h 01m")],
)
def test_duration_when_read_by_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_tally_when_returned_only_has_processed_nothing() -> None:
    assert Tally(returned=4).processed == 0


def test_warning_when_a_name_has_escapes_keeps_them_from_the_terminal():
    from securely.queue.crew.report import Report

    written: list[str] = []

    Report(written.append).warning("bad\x1b[2J\x07 name")

    assert "\x1b" not in written[0]
    assert "\x07" not in written[0]
    assert written[0].endswith("name\n")
