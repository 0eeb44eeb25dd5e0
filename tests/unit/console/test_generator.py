from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from securely.console import Artisan, BufferedOutput, FileExists, Generator
from securely.console.commands import MakeCommandCommand, MakeTestCommand
from securely.container import Container
from securely.support.paths import Paths


@pytest.fixture
def console(
    artisan: Artisan, container: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Artisan:
    """A console with a generator whose stub lies beside its module."""
    module = ModuleType("making")
    module.__file__ = str(tmp_path / "framework/making.py")
    monkeypatch.setitem(sys.modules, "making", module)
    (tmp_path / "framework/stubs").mkdir(parents=True)
    (tmp_path / "framework/stubs/job.stub").write_text("# {{ module }}\nclass {{class}}: {{ x }}\n")

    class MakeJob(Generator):
        signature = "make:job {name} {--force} {--test}"
        kind = "job"
        folder = "app/jobs"
        stub = "job.stub"
        suffix = "Job"

    MakeJob.__module__ = "making"
    (tmp_path / "site").mkdir()
    container.instance(Paths, Paths(tmp_path / "site"))
    artisan.add(MakeJob)
    return artisan


def test_generator_fills_the_stub_and_makes_packages(
    console: Artisan, tmp_path: Path, output: BufferedOutput
) -> None:
    assert console.run(["make:job", "billing/SendHTMLInvoice"], output) == 0

    file = tmp_path / "site/app/jobs/billing/send_html_invoice_job.py"
    assert file.read_text() == (
        "# app.jobs.billing.send_html_invoice_job\nclass SendHTMLInvoiceJob: {{ x }}\n"
    )
    assert (tmp_path / "site/app/jobs/billing/__init__.py").is_file()
    assert (tmp_path / "site/app/__init__.py").is_file()
    assert output.text == "Job app/jobs/billing/send_html_invoice_job.py created.\n"


def test_generator_when_the_file_is_there_refuses_unless_forced(
    console: Artisan, tmp_path: Path, output: BufferedOutput
) -> None:
    file = tmp_path / "site/app/jobs/send_job.py"
    file.parent.mkdir(parents=True)
    file.write_text("mine")

    with pytest.raises(FileExists, match=r'"app/jobs/send_job.py" exists already.*--force'):
        console.call("make:job", {"name": "send"})
    assert file.read_text() == "mine"

    assert console.run(["make:job", "send", "--force"], output) == 0
    assert "class SendJob" in file.read_text()


@pytest.mark.parametrize("name", ["class", "None", "a-b", "../x", "billing/1st", "", "true"])
def test_generator_when_the_name_is_none_of_pythons_refuses(
    console: Artisan, name: str, output: BufferedOutput
) -> None:
    assert console.run(["make:job", name], output) == 1
    assert "cannot name a job" in output.error_text


@pytest.mark.parametrize(
    ("name", "kept"), [("Import", "import"), ("class", "class"), ("true", "True")]
)
def test_generator_when_python_keeps_a_name_says_which_word(
    console: Artisan, name: str, kept: str, output: BufferedOutput
) -> None:
    assert console.run(["make:job", name], output) == 1
    assert f'Python keeps the word "{kept}" for itself' in output.error_text


def test_generator_takes_the_applications_own_stub_first(console: Artisan, tmp_path: Path) -> None:
    (tmp_path / "site/stubs").mkdir()
    (tmp_path / "site/stubs/job.stub").write_text("own {{ name }}")

    console.call("make:job", {"name": "x"})

    assert (tmp_path / "site/app/jobs/x_job.py").read_text() == "own x_job"


def test_generator_when_the_stub_is_missing_says_where_it_looked(
    console: Artisan, tmp_path: Path, output: BufferedOutput
) -> None:
    (tmp_path / "framework/stubs/job.stub").unlink()

    assert console.run(["make:job", "x"], output) == 1
    assert 'The stub "job.stub" is missing. Looked in:' in output.error_text


def test_generator_writes_a_test_where_that_is_asked_for(
    console: Artisan, tmp_path: Path, output: BufferedOutput
) -> None:
    assert console.run(["make:job", "billing/Send", "--test"], output) == 0

    test = tmp_path / "site/tests/feature/jobs/billing/test_send_job.py"
    assert "from app.jobs.billing.send_job import SendJob\n" in test.read_text()
    assert output.text.splitlines() == [
        "Job app/jobs/billing/send_job.py created.",
        "Test tests/feature/jobs/billing/test_send_job.py created.",
    ]


def test_generator_keeps_a_test_that_is_there_even_with_force(
    console: Artisan, tmp_path: Path, output: BufferedOutput
) -> None:
    test = tmp_path / "site/tests/feature/jobs/test_send_job.py"
    test.parent.mkdir(parents=True)
    test.write_text("mine")

    assert console.run(["make:job", "Send", "--test", "--force"], output) == 0

    assert test.read_text() == "mine"
    assert "test_send_job.py exists already and was kept." in output.error_text


def test_make_test_takes_the_name_of_what_is_tested(
    artisan: Artisan, container: Container, tmp_path: Path, output: BufferedOutput
) -> None:
    container.instance(Paths, Paths(tmp_path))
    artisan.add(MakeTestCommand)

    assert artisan.run(["make:test", "shop/BasketTest"], output) == 0
    assert artisan.run(["make:test", "shop.Basket", "--unit"], output) == 0
    assert artisan.run(["make:test", "shop/Basket"], output) == 1

    made = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.py"))
    assert made == ["tests/feature/shop/test_basket.py", "tests/unit/shop/test_basket.py"]
    assert '"tests/feature/shop/test_basket.py" exists already' in output.error_text


def test_make_command_takes_the_name_on_the_command_line(
    artisan: Artisan, container: Container, tmp_path: Path, output: BufferedOutput
) -> None:
    container.instance(Paths, Paths(tmp_path))
    artisan.add(MakeCommandCommand)

    assert artisan.run(["make:command", "SendAll", "--command=mail:all"], output) == 0
    assert artisan.run(["make:command", "SendHTMLMail"], output) == 0

    folder = tmp_path / "app/console/commands"
    assert 'signature = "mail:all"' in (folder / "send_all.py").read_text()
    assert 'signature = "app:send-html-mail"' in (folder / "send_html_mail.py").read_text()
