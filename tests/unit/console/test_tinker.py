"""The shell: names, await, what code raises, history."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from securely.console import CommandFailed, Output, Verbosity
from securely.console.tinker import Names, Tinker, classes_in


@pytest.fixture
def printed() -> io.StringIO:
    return io.StringIO()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1 + 1", "2\n"),
        ("x = 3\nx * 2", "6\n"),
        ("x = 3", ""),
        ("None", ""),
        ("", ""),
        ("import asyncio\nawait asyncio.sleep(0, 'awaited')", "'awaited'\n"),
        ("async def f():\n    return 1\nx = await f()\n[x for _ in range(2)]", "[1, 1]\n"),
    ],
)
def test_execute_when_code_ends_in_an_expression_then_prints_its_value(
    source: str, shown: str, printed: io.StringIO
) -> None:
    assert Tinker({}, output=Output(printed)).execute(source)
    assert printed.getvalue() == shown


@pytest.mark.parametrize("source", ["1 / 0", "def", "await nothing()", "raise ValueError('x')"])
def test_execute_when_code_fails_then_shows_the_error_without_frames_of_the_shell(
    source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not Tinker({}).execute(source)

    shown = capsys.readouterr().err
    assert "Error" in shown
    assert "tinker.py" not in shown


def test_execute_when_an_error_is_of_our_family_then_shows_it_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"error": CommandFailed("The bank is closed.")}

    assert not Tinker(names).execute("raise error")

    assert capsys.readouterr().err == "ERROR  The bank is closed.\n"


def test_execute_when_code_fails_then_shows_the_frames_of_the_application_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "till.py").write_text(
        "import json\n"
        "from securely.console.prompts.checks import settled\n"
        "async def read(): return json.loads('{')\n"
        "def sums():\n"
        "    try: json.loads('{')\n"
        "    except ValueError as error: raise KeyError('till') from error\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    assert not Tinker({}).execute("import till\ntill.settled(till.read())")
    awaited = capsys.readouterr().err
    assert not Tinker({}).execute("import till\ntill.sums()")
    caused = capsys.readouterr().err
    assert not Tinker({}, output=Output(verbosity=Verbosity.VERBOSE)).execute("till.x")
    del sys.modules["till"]

    files = [line.split('"')[1] for line in awaited.splitlines() if line.startswith("  File")]
    assert files == ["<tinker>", str(tmp_path / "till.py")]
    assert "JSONDecodeError" in awaited
    assert "json/decoder.py" not in caused
    assert "The above exception was the direct cause" in caused
    assert "securely/console/tinker.py" in capsys.readouterr().err


def test_execute_when_things_are_awaited_twice_then_they_share_a_loop(
    printed: io.StringIO,
) -> None:
    source = """
import asyncio
lock = asyncio.Event()
async def loop(): return asyncio.get_running_loop()
first = await loop()
second = await loop()
first is second
"""
    assert Tinker({}, output=Output(printed)).execute(source)
    assert printed.getvalue() == "True\n"


def test_names_when_a_class_of_the_application_is_used_then_it_is_imported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/order.py").write_text("class Order: ...\nclass _Hidden: ...\n")
    (tmp_path / "shop/two.py").write_text("class Twice: ...\nclass print: ...\n")
    (tmp_path / "shop/three.py").write_text("class Twice: ...\n")
    (tmp_path / "shop/broken.py").write_text("class\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    told: list[str] = []
    classes = classes_in(tmp_path / "shop", "shop")
    names = Names({}, classes, told.append)
    output = io.StringIO()

    assert "shop.order" not in sys.modules
    assert Tinker(names, output=Output(output)).execute(
        "def f():\n    return Order\nf().__name__, Order"
    )

    assert "'Order'" in output.getvalue()
    assert told == ["[!] Order is shop.order.Order"]
    assert "Twice" not in classes
    assert "_Hidden" not in classes
    assert not Tinker(names, output=Output(output)).execute("Twice")
    assert Tinker(names, output=Output(output)).execute("print('mine')")
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def test_include_when_a_file_is_run_then_its_names_are_there(
    tmp_path: Path, printed: io.StringIO
) -> None:
    (tmp_path / "seed.py").write_text("rows = [1, 2]\n")
    tinker = Tinker({}, output=Output(printed))

    tinker.include(tmp_path / "seed.py")

    assert tinker.execute("sum(rows)")
    assert printed.getvalue() == "3\n"


def test_interact_when_lines_are_typed_then_runs_them_and_keeps_the_history_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "x = 20\n1 / 0\nimport asyncio\nawait asyncio.sleep(0, x + 1)\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    history = tmp_path / "framework" / "tinker_history"

    Tinker({}, history).interact("Welcome")

    shown = capsys.readouterr()
    assert "Welcome" in shown.err
    assert "ZeroDivisionError" in shown.err
    assert "21" in shown.out
    assert history.stat().st_mode & 0o777 == 0o600


# What we use of IPython 9: the shell's class, and what it calls with the lines of a traceback.
IPYTHON = """
def start_ipython(argv, user_ns, interactive_shell_class):
    print('IPython with', sorted(user_ns))
    shell = interactive_shell_class()
    shell._showtraceback(None, None, ['plain \x1b[31mred\x1b[0m'])
    shell._showtraceback(None, None, ['\x1b[31mValueError\x1b[0m: ', 'token\x1b[0m=abc'])
"""
IPYTHON_SHELL = """
class TerminalInteractiveShell:
    def _showtraceback(self, etype, evalue, stb):
        print(''.join(stb).replace(': \\n', ': '))
"""


def test_interact_when_ipython_is_installed_then_it_is_the_shell_and_masks_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "IPython/terminal").mkdir(parents=True)
    (tmp_path / "IPython/__init__.py").write_text(IPYTHON)
    (tmp_path / "IPython/terminal/interactiveshell.py").write_text(IPYTHON_SHELL)
    monkeypatch.syspath_prepend(str(tmp_path))

    Tinker({"answer": 42}, mask=lambda text: text.replace("token=abc", "token=***")).interact("Hi")

    shown = capsys.readouterr().out
    for name in [each for each in sys.modules if each.partition(".")[0] == "IPython"]:
        del sys.modules[name]
    assert shown.splitlines() == [
        "Hi",
        "IPython with ['__name__', 'answer']",
        "plain \x1b[31mred\x1b[0m",
        "ValueError: token=***",
    ]
