"""Bad input: one clear line, exit code 1, no traceback without -v, and nothing lost."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., subprocess.CompletedProcess[str]]


def refused(result: subprocess.CompletedProcess[str], *texts: str) -> None:
    """Check that a command failed with one line that says all of *texts*, and no traceback."""
    said = result.stdout + result.stderr
    assert result.returncode == 1, said
    assert "Traceback" not in said
    for text in texts:
        assert text in said, f"{text!r} is not in:\n{said}"


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_missing_key_names_the_command_that_makes_one(project: Path, run: Run) -> None:
    text = (project / ".env").read_text(encoding="utf-8")
    (project / ".env").write_text(re.sub("APP_KEY=.*", "APP_KEY=", text), encoding="utf-8")

    refused(run("invoices:import", "storage/app/invoices.csv"), "python artisan.py key:generate")


def test_a_malformed_env_line_is_shown_by_place_and_not_by_value(project: Path, run: Run) -> None:
    with (project / ".env").open("a", encoding="utf-8") as stream:
        stream.write("PASSWORD 'hunter2\n")

    result = run("about")

    refused(result, ".env:17:9", "^")
    assert "hunter2" not in result.stdout + result.stderr


def test_an_unknown_config_key_suggests_the_nearest(project: Path, run: Run) -> None:
    replace(project / "config/cache.py", '"prefix"', '"prefiks"')

    refused(run("about"), "cache.prefiks", "prefix")


def test_a_wrong_type_in_config_names_key_and_value(project: Path, run: Run) -> None:
    replace(project / "config/cache.py", '"entries_max": 10_000', '"entries_max": "many"')

    refused(run("about"), "cache.stores.array.entries_max", "many")


def test_an_unknown_driver_suggests_the_nearest(project: Path, run: Run) -> None:
    replace(project / "config/queue.py", '"driver": "sqlite"', '"driver": "sqlight"')

    refused(run("queue:work", "--once"), "sqlight", "sqlite")


def test_a_provider_that_does_not_import_is_named_with_file_and_line(
    project: Path, run: Run
) -> None:
    provider = project / "app/providers/app_provider.py"
    provider.write_text("import nothing_of_that_name\n", encoding="utf-8")

    refused(run("about"), "app.providers.app_provider", "app_provider.py", "line 1")


def test_an_unknown_command_suggests_the_nearest(run: Run) -> None:
    refused(run("queue:wrok"), "queue:wrok", "queue:work")


def test_a_missing_argument_is_named_with_the_usage(run: Run) -> None:
    refused(run("invoices:import"), "file", "invoices:import")


def test_an_unreadable_csv_is_named(run: Run) -> None:
    refused(run("invoices:import", "no/such.csv"), "no/such.csv", "No such file")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_an_unwritable_storage_is_named(project: Path, run: Run) -> None:
    (project / "storage/framework").chmod(0o500)

    refused(run("invoices:import", "storage/app/invoices.csv"), "storage/framework")


def test_a_storage_that_is_no_folder_is_named(project: Path, run: Run) -> None:
    (project / "storage/framework").rmdir()
    (project / "storage/framework").write_text("in the way", encoding="utf-8")

    refused(run("invoices:import", "storage/app/invoices.csv"), "storage/framework")


def test_a_job_class_that_is_gone_goes_to_failed_with_its_payload(project: Path, run: Run) -> None:
    run("invoices:import", "storage/app/invoices.csv")
    replace(project / "app/jobs/issue_invoice.py", "class IssueInvoice", "class IssueBill")
    replace(project / "app/jobs/issue_invoice.py", '["IssueInvoice"]', '["IssueBill"]')

    worked = run("queue:work", "--once")

    assert "Traceback" not in worked.stdout + worked.stderr
    failed = run("queue:failed", "--json")
    assert "IssueInvoice" in failed.stdout
    replace(project / "app/jobs/issue_invoice.py", "class IssueBill", "class IssueInvoice")
    assert run("queue:retry", "all").returncode == 0
    assert run("queue:work", "--stop-when-empty").returncode == 0
    assert "UnknownJob" not in run("queue:failed").stdout


def test_a_payload_signed_with_another_key_is_refused_and_kept(project: Path, run: Run) -> None:
    run("invoices:import", "storage/app/invoices.csv")
    text = (project / ".env").read_text(encoding="utf-8")
    other = "base64:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    (project / ".env").write_text(re.sub("APP_KEY=.*", f"APP_KEY={other}", text), encoding="utf-8")

    worked = run("queue:work", "--once")

    assert "Traceback" not in worked.stdout + worked.stderr
    assert not (project / "storage/app/ledger.csv").exists()
    assert "ignature" in run("queue:failed").stdout


def test_verbose_shows_the_whole_story(run: Run) -> None:
    result = run("queue:wrok", "-v")

    assert result.returncode == 1
    assert "Traceback" in result.stderr
