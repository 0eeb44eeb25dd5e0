"""The make:… commands in a new application: what they make imports, runs, and passes checks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from securely.foundation.commands.new import create_application

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SECONDS = 50

Artisan = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    return create_application(tmp_path / "blog")


@pytest.fixture
def artisan(blog: Path) -> Artisan:
    names = ("APP_", "CACHE_", "QUEUE_", "LOG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}

    def artisan(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "artisan.py", *words],
            cwd=blog,
            capture_output=True,
            text=True,
            env={**kept, "PYTHONPATH": str(ROOT)},
            timeout=SECONDS,
            check=False,
        )

    return artisan


MADE = {
    ("make:command", "SendReports"): "app/console/commands/send_reports.py",
    ("make:event", "InvoiceIssued"): "app/events/invoice_issued.py",
    ("make:job", "billing/SendInvoice"): "app/jobs/billing/send_invoice.py",
    ("make:listener", "KeepLedger", "--event=InvoiceIssued"): "app/listeners/keep_ledger.py",
    ("make:listener", "HearAll"): "app/listeners/hear_all.py",
    ("make:listener", "Note", "--event=InvoiceIssued", "--queued"): "app/listeners/note.py",
    ("make:provider", "Billing"): "app/providers/billing_provider.py",
    ("make:facade", "Bills", "app.providers.billing_provider:BillingProvider"): "app/facades.py",
    ("make:config", "shop"): "config/shop.py",
}


def test_what_is_made_runs_and_passes_format_and_lint(blog: Path, artisan: Artisan) -> None:
    for words, file in MADE.items():
        made = artisan(*words)
        assert made.returncode == 0, made.stderr
        assert file in made.stdout
        assert (blog / file).is_file()

    assert "Done." in artisan("app:send-reports").stdout
    listed = artisan("event:list").stdout
    assert "app.events.invoice_issued.InvoiceIssued" in listed
    assert "KeepLedger" in listed
    assert "Note@handle (queued, discovered)" in listed
    providers = (blog / "bootstrap/providers.py").read_text(encoding="utf-8")
    assert providers.count('"app.providers.billing_provider:BillingProvider",') == 1
    assert artisan("about").returncode == 0
    ruff = Path(sys.executable).parent / "ruff"
    for command in (["format", "--check"], ["check"]):
        checked = subprocess.run(
            [ruff, *command, "--config", str(ROOT / "pyproject.toml"), "app"],
            cwd=blog,
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_file_that_is_there_is_kept_unless_forced(blog: Path, artisan: Artisan) -> None:
    artisan("make:job", "Ship")
    file = blog / "app/jobs/ship.py"
    file.write_text("mine = True\n", encoding="utf-8")

    refused = artisan("make:job", "Ship")

    assert refused.returncode == 1
    assert "app/jobs/ship.py" in refused.stderr
    assert file.read_text(encoding="utf-8") == "mine = True\n"
    assert artisan("make:job", "Ship", "--force").returncode == 0
    assert "class Ship(Job)" in file.read_text(encoding="utf-8")


def test_a_provider_is_added_to_a_list_on_one_line_and_only_once(
    blog: Path, artisan: Artisan
) -> None:
    file = blog / "bootstrap/providers.py"
    file.write_text('providers = ["app.providers.app_provider:AppProvider"]\n', encoding="utf-8")

    artisan("make:provider", "Billing")
    artisan("make:provider", "Billing", "--force")

    assert file.read_text(encoding="utf-8") == (
        "providers = [\n"
        '    "app.providers.app_provider:AppProvider",\n'
        '    "app.providers.billing_provider:BillingProvider",\n'
        "]\n"
    )


def test_an_application_without_a_list_is_told_what_to_do(blog: Path, artisan: Artisan) -> None:
    (blog / "bootstrap/providers.py").unlink()

    made = artisan("make:provider", "Billing")

    assert made.returncode == 0
    assert '"app.providers.billing_provider:BillingProvider"' in made.stderr + made.stdout


def test_the_stubs_of_the_application_come_first(blog: Path, artisan: Artisan) -> None:
    (blog / "stubs").mkdir()
    (blog / "stubs/job.stub").write_text("# {{ class }} of ours\n", encoding="utf-8")

    artisan("make:job", "Ship")

    assert (blog / "app/jobs/ship.py").read_text(encoding="utf-8") == "# Ship of ours\n"


def test_a_word_that_is_no_name_is_refused(artisan: Artisan) -> None:
    refused = artisan("make:job", "9lives")

    assert refused.returncode == 1
    assert '"9lives"' in refused.stderr


def test_what_is_registered_and_missing_is_generated(blog: Path, artisan: Artisan) -> None:
    file = blog / "app/providers/app_provider.py"
    text = file.read_text(encoding="utf-8")
    text = text.replace("from __future__ import annotations\n", "")
    file.write_text(f"from securely.events import Dispatcher\n{text}\n" + HEARING, encoding="utf-8")
    listed = blog / "bootstrap/providers.py"
    listed.write_text('providers = ["app.providers.app_provider:Hearing"]\n', encoding="utf-8")

    made = artisan("event:generate")

    assert made.returncode == 0, made.stderr
    assert (blog / "app/events/billing/paid.py").is_file()
    listener = (blog / "app/listeners/thank.py").read_text(encoding="utf-8")
    assert "def handle(self, event: Paid)" in listener
    assert "from app.events.billing.paid import Paid" in listener
    assert "are there" in artisan("event:generate").stdout


HEARING = """

class Hearing(Provider):
    def boot(self, events: Dispatcher) -> None:
        events.listen("app.events.billing.paid.Paid", "app.listeners.thank.Thank")
        events.listen("order.paid", "app.listeners.elsewhere")
"""
