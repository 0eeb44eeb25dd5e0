"""The example as its users run it: real processes, real files, and workers killed in between."""

from __future__ import annotations

import csv
import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from securely.support import clock, entropy

pytestmark = pytest.mark.integration

GOOD_ROWS = 312
PERMANENT = "INV-0137"
SECONDS = 50

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


def issued(project: Path) -> list[str]:
    files = (project / "storage/app/invoices").glob("*")
    return sorted(file.name for file in files)


def ledger(project: Path) -> list[str]:
    with (project / "storage/app/ledger.csv").open(encoding="utf-8") as stream:
        return sorted(row[0] for row in csv.reader(stream))


def shorten(project: Path, rows: int) -> None:
    """Leave the first *rows* in the CSV."""
    file = project / "storage/app/invoices.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[: 1 + rows]), encoding="utf-8")


def mailed(project: Path) -> list[str]:
    """The subjects of the mails that lie in files."""
    read = BytesParser(policy=policy.default).parsebytes
    files = (project / "storage/mail").glob("**/*.eml")
    return sorted(str(read(file.read_bytes())["Subject"]) for file in files)


def jobs_left(project: Path) -> int:
    """How many jobs wait, are delayed or reserved."""
    database = sqlite3.connect(project / "storage/framework/queue/jobs.db")
    try:
        return int(database.execute("SELECT count(*) FROM jobs").fetchone()[0])
    finally:
        database.close()


def expected(project: Path) -> list[str]:
    """Every row that can be issued: the good ones, without the one that is refused for good."""
    from app.invoices import Row, read_rows
    from app.invoices.taxes import FixedTaxTable
    from app.providers.app_provider import RATES

    rows = read_rows(project / "storage/app/invoices.csv", FixedTaxTable(RATES))
    return sorted(row.number for row in rows if isinstance(row, Row) and row.number != PERMANENT)


def test_the_invoice_run_issues_every_good_row_once_and_keeps_one_failure(
    project: Path, run: Run
) -> None:
    imported = run("invoices:import", "storage/app/invoices.csv")
    assert imported.returncode == 0, imported.stderr
    assert f"{GOOD_ROWS} invoices queued, 9 rows rejected." in imported.stdout
    assert "invoices.csv:24: customer: is empty" in imported.stderr

    worked = run("queue:work", "--stop-when-empty")

    assert worked.returncode == 0, worked.stderr
    assert "IssueInvoice" in worked.stdout
    summary = re.search(
        r"Processed (\d+) jobs in .*: (\d+) done, (\d+) retried, (\d+) failed", worked.stdout
    )
    assert summary is not None, worked.stdout
    processed, done, retried_count, failed_count = map(int, summary.groups())
    assert processed == done + retried_count + failed_count
    assert (done, failed_count) == (2 * (GOOD_ROWS - 1), 1)  # each invoice, and its mail
    assert retried_count > 2  # the gateway's failures, beside those of the one that is refused
    assert issued(project) == [f"{number}.txt" for number in expected(project)]
    assert ledger(project) == expected(project)
    failed = run("queue:failed")
    assert PERMANENT not in ledger(project)
    assert "the customer's account is closed" in failed.stdout

    retried = run("queue:retry", "all")
    assert retried.returncode == 0, retried.stderr
    again = run("queue:work", "--stop-when-empty")
    assert again.returncode == 0, again.stderr
    assert "the customer's account is closed" in run("queue:failed").stdout


def test_the_invoice_run_done_twice_issues_nothing_twice(project: Path, run: Run) -> None:
    shorten(project, 40)
    for _ in range(2):
        run("invoices:import", "storage/app/invoices.csv")
        assert run("queue:work", "--stop-when-empty", MAIL_MAILER="file").returncode == 0

    assert ledger(project) == expected(project)
    assert issued(project) == [f"{number}.txt" for number in expected(project)]
    assert mailed(project) == [f"Invoice {number}" for number in expected(project)]


def test_an_invoice_is_mailed_with_its_file_to_be_looked_at_first(project: Path, run: Run) -> None:
    shorten(project, 1)
    run("invoices:import", "storage/app/invoices.csv")
    assert run("queue:work", "--stop-when-empty", MAIL_MAILER="file").returncode == 0

    (mail,) = (project / "storage/mail").glob("**/*.eml")
    message = BytesParser(policy=policy.default).parsebytes(mail.read_bytes())
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "INV-0001.txt"
    assert attached.get_content().startswith("Invoice INV-0001")
    assert message["To"].addresses[0].addr_spec == "accounts@kessler-optik.example"
    assert "119.64" in message.get_body(("html",)).get_content()
    assert "119.64" in message.get_body(("plain",)).get_content()
    assert "Written to" in run("mail:preview", "InvoiceMail").stdout


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kills", [6, pytest.param(20, marks=pytest.mark.slow)])
def test_the_invoice_run_survives_workers_killed_at_random_moments(
    project: Path, run: Run, start: Start, kills: int
) -> None:
    run("invoices:import", "storage/app/invoices.csv")
    in_the_middle = 0
    for _ in range(kills):
        if not (left := jobs_left(project)):
            break  # this process was kept from killing them sooner
        worker = start("queue:work")
        assert worker.stdout is not None
        wanted = 1 + entropy.below(min(6, left))
        while wanted:
            line = worker.stdout.readline()
            assert line, f"it ended by itself: {worker.wait()}"
            wanted -= bool(re.search("DONE|RETRY|FAIL", line))
        clock.sleep(entropy.uniform(0.0, 0.01))
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=SECONDS)
        in_the_middle += jobs_left(project) > 0
    assert in_the_middle, "no kill was in the middle"

    last = run("queue:work", "--stop-when-empty")

    assert last.returncode == 0, last.stderr
    assert ledger(project) == expected(project)
    assert issued(project) == [f"{number}.txt" for number in expected(project)]
    total = run("invoices:total")
    assert re.search(rf"{len(expected(project))} invoices issued", total.stdout), total.stdout
    assert jobs_left(project) == 0


def test_sigterm_finishes_the_running_job_and_exits_0(
    project: Path, run: Run, start: Start
) -> None:
    run("invoices:import", "storage/app/invoices.csv")
    worker = start("queue:work", stdout=subprocess.PIPE)
    assert worker.stdout is not None
    for line in worker.stdout:
        if "DONE" in line:
            break

    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=SECONDS)

    assert worker.returncode == 0
    assert run("queue:work", "--stop-when-empty").returncode == 0
    assert ledger(project) == expected(project)
