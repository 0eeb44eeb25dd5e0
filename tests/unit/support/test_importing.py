"""Import by dotted name, and the word somebody probably meant."""

from __future__ import annotations

import copy
import os
import sys
from pathlib import Path

import pytest

from securely.exceptions import MissingExtra
from securely.support import clock
from securely.support.importing import (
    ImportFailed,
    dotted,
    import_object,
    make_importable,
    require,
    run_file,
)
from securely.support.suggest import did_you_mean


class Outer:
    class Inner:
        def method(self) -> None: ...


@pytest.mark.parametrize("path", ["pathlib:Path", "pathlib.Path"])
def test_import_object_takes_a_colon_or_a_dot(path: str) -> None:
    assert import_object(path) is Path
    assert import_object("pathlib:Path.exists") is Path.exists


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("pathlib", 'write "package.module:Name"'),
        ("", 'write "package.module:Name"'),
        ("pathlib:", 'write "package.module:Name"'),
        ("nowhere.at:All", 'there is no module "nowhere"'),
        ("pathlib:Pth", '"pathlib" has no "Pth". Did you mean "Path"?'),
        ("pathlib:zzzzzz", '"pathlib" has no "zzzzzz".$'),
    ],
)
def test_import_object_when_it_fails_names_the_path(path: str, reason: str) -> None:
    with pytest.raises(ImportFailed, match=reason) as caught:
        import_object(path)

    assert caught.value.target == path
    assert f'"{path}"' in str(caught.value)
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_import_object_when_a_module_raises_tells_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_module_of_a_test.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / "lacking_module_of_a_test.py").write_text("import nowhere\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ImportFailed, match="raised ZeroDivisionError") as caught:
        import_object("broken_module_of_a_test:X")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(ImportFailed, match="raised ModuleNotFoundError: No module named 'nowhere'"):
        import_object("lacking_module_of_a_test:X")
    with pytest.raises(ModuleNotFoundError):
        require("lacking_module_of_a_test", "speed")


def test_dotted_is_what_import_object_takes() -> None:
    assert import_object(dotted(Path)) is Path
    assert dotted(Outer()) == dotted(Outer)
    assert dotted(Outer.Inner.method).endswith(":Outer.Inner.method")


def test_require_when_the_package_is_missing_names_the_extra() -> None:
    assert require("json", "none").__name__ == "json"
    with pytest.raises(MissingExtra, match=r"securely\[redis\]"):
        require("nowhere_to_be_found.sub", "redis")


def test_did_you_mean_finds_the_nearest() -> None:
    choices = ["array", "disk", "Redis"]

    assert did_you_mean("rediss", choices) == "Redis"
    assert did_you_mean("disk", choices) is None
    assert did_you_mean("mail", choices) is None
    assert did_you_mean("x", []) is None


def test_make_importable_puts_a_folder_first_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", ["elsewhere"])

    make_importable(tmp_path)
    make_importable(str(tmp_path))

    assert sys.path == [str(tmp_path), "elsewhere"]


def test_run_file_runs_what_was_written_twice_in_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    now = clock.SystemClock().timestamp()
    monkeypatch.setattr(clock.SystemClock, "timestamp", lambda _: now + 0.5)
    file = tmp_path / "rates.py"
    found: list[object] = []
    for rate in (19, 21):
        file.write_text(f"rate = {rate}\n", encoding="utf-8")
        os.utime(file, (now, now))
        found.append(run_file(file, "rates")["rate"])

    assert found == [19, 21]


def test_run_file_keeps_byte_code_of_what_has_been_there_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "rates.py"
    file.write_text("rate = 19\nhere = (__name__, __file__)\n", encoding="utf-8")
    kept = tmp_path / "__pycache__"
    run_file(file, "rates")
    assert not kept.exists()
    then = clock.SystemClock().timestamp() - 60
    os.utime(file, (then, then))

    assert run_file(file, "rates")["here"] == ("rates", str(file))
    assert [each.name.split(".")[0] for each in kept.iterdir()] == ["rates"]
