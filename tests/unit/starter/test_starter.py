"""What the start answers itself, and what it hands on; real processes are in tests/architecture."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely import __version__
from securely.starter import artisan

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def collection() -> Iterator[None]:
    """A start sets up a process of its own; this one goes on with other tests."""
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An application whose bootstrap notes the command lines it is given."""
    (tmp_path / "app/console/commands").mkdir(parents=True)
    (tmp_path / "app/console/commands/send.py").write_text(
        "class Send(Command):\n"
        "    signature = 'post:send {user : Who}'\n"
        "    description = 'Send a mail'\n"
        "    aliases = ['ms']\n"
    )
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / "bootstrap/app.py").write_text(
        "class App:\n"
        "    def handle_command(self, argv):\n"
        "        print('application:', *argv)\n"
        "        return 7\n"
        "app = App()\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])
    names = ("bootstrap", "bootstrap.app")
    others = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    yield tmp_path
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(others)


def run(base: Path, line: str) -> int:
    return artisan(str(base / "artisan.py"), line.split())


def test_version(base: Path, capsys: Capture) -> None:
    assert run(base, "--version") == 0
    assert capsys.readouterr().out == f"Securely {__version__}\n"


@pytest.mark.parametrize("line", ["", "list", "-v list", "list --env=x", "--env x list -n"])
def test_list_however_asked(base: Path, line: str, capsys: Capture) -> None:
    assert run(base, line) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Securely {__version__}\n\nUsage:\n")
    assert "  post:send             [ms] Send a mail\n" in out


def test_list_of_a_namespace_and_forms(base: Path, capsys: Capture) -> None:
    assert run(base, "list post --raw") == 0
    assert capsys.readouterr().out == "post:send [ms] Send a mail\n"
    assert run(base, "list post --format json --short") == 0
    assert capsys.readouterr().out.startswith('{"application":{"name":"Securely"')


@pytest.mark.parametrize("line", ["list -q", "list --silent"])
def test_list_when_quiet_prints_nothing(base: Path, line: str, capsys: Capture) -> None:
    assert run(base, line) == 0
    assert capsys.readouterr().out == ""


def test_list_when_forced_is_coloured(base: Path, capsys: Capture) -> None:
    assert run(base, "list --ansi") == 0
    assert "\x1b[32mpost:send\x1b[0m" in capsys.readouterr().out


def test_list_when_a_file_is_broken_warns(base: Path, capsys: Capture) -> None:
    (base / "app/console/commands/broken.py").write_text("class Broken(\n")

    assert run(base, "list") == 0

    captured = capsys.readouterr()
    assert "post:send" in captured.out
    assert captured.err.startswith("app/console/commands/broken.py:1 cannot be read")


@pytest.mark.parametrize("line", ["help post:send", "post:send --help", "ms -h", "help ms"])
def test_help_of_a_known_command(base: Path, line: str, capsys: Capture) -> None:
    assert run(base, line) == 0
    assert capsys.readouterr().out.startswith("Description:\n  Send a mail\n\nUsage:\n")


def test_help_alone_is_that_of_list(base: Path, capsys: Capture) -> None:
    assert run(base, "--help") == 0
    assert "list [options] [--] [<namespace>]" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        "post:send ada",
        "post:sned",
        "help nope",
        "list nope",
        "list --frmat=json",
        "list a b",
        "post:send ada --help",
        "completion tcsh",
        "list --format=xml",
        "list --env",
        "--env= -V",
    ],
)
def test_anything_else_goes_to_the_application(base: Path, line: str, capsys: Capture) -> None:
    assert run(base, line) == 7
    assert capsys.readouterr().out == f"application: {line}\n"


def test_completion_and_its_words(base: Path, capsys: Capture) -> None:
    assert run(base, "completion fish") == 0
    assert "complete -c python" in capsys.readouterr().out
    assert run(base, "_complete post:") == 0
    assert capsys.readouterr().out == "post:send\n"


def test_argv_when_not_given_is_the_processes(
    base: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["artisan.py", "-V"])

    assert artisan(str(base / "artisan.py")) == 0
    assert __version__ in capsys.readouterr().out


def test_where_there_is_no_application_says_how_to_make_one(
    tmp_path: Path, capsys: Capture
) -> None:
    assert run(tmp_path, "migrate") == 1
    assert "bootstrap/app.py is missing. Make one with `securely new NAME`" in (
        capsys.readouterr().err
    )


def test_when_the_application_cannot_be_imported_shows_where(base: Path, capsys: Capture) -> None:
    (base / "bootstrap/app.py").write_text("import json\nraise RuntimeError('not today')\n")

    assert run(base, "about") == 1

    errors = capsys.readouterr().err
    assert errors.startswith("ERROR  RuntimeError: not today\n")
    assert "bootstrap/app.py:2" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("line", ["about", "about -v"])
def test_when_the_application_cannot_be_imported_then_its_secrets_are_not_shown(
    base: Path, line: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("BANK_PASSWORD", "planted-by-value")
    (base / "bootstrap/app.py").write_text(
        "import os\n"
        "said = 'no ' + os.environ['BANK_PASSWORD'] + ', https://ann:planted-in-url@bank'\n"
        "raise RuntimeError(said) from ValueError('password=planted-by-name')\n"
    )

    assert run(base, line) == 1

    errors = capsys.readouterr().err
    assert "RuntimeError: no ********, https://ann:********@bank" in errors
    assert "password=********" in errors
    assert "planted" not in errors


def test_when_the_application_is_interrupted_exits_130(base: Path, capsys: Capture) -> None:
    (base / "bootstrap/app.py").write_text("raise KeyboardInterrupt\n")

    assert run(base, "about") == 130
    assert capsys.readouterr() == ("", "")


def test_when_the_reader_is_gone_is_quiet(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Gone())

    assert run(base, "list") == 141


def test_when_the_encoding_lacks_a_character_replaces_it(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (base / "app/console/commands/odd.py").write_text(
        "class Odd(Command):\n    signature = 'odd'\n    description = 'naïve ✓'\n", "utf-8"
    )
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    assert run(base, "list --raw") == 0
    assert b"na?ve ?" in raw.getvalue()
