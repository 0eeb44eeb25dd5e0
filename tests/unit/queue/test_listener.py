"""Which files make a worker stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.queue.upkeep.listener import SourceFiles


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("app/jobs/send.py", "config/queue.yaml", "storage/x.py", ".git/hook.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    (tmp_path / ".env").write_text("A=1")
    (tmp_path / "env/lib").mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").write_text("")
    (tmp_path / "env/lib/package.py").write_text("1")
    (tmp_path / "notes.txt").write_text("1")
    return tmp_path


@pytest.fixture
def files(base: Path) -> SourceFiles:
    files = SourceFiles(base)
    files.look()
    return files


def test_changed_when_nothing_is_written_gives_none(files: SourceFiles) -> None:
    assert files.changed() is None


@pytest.mark.parametrize("name", ["app/jobs/send.py", "config/queue.yaml", ".env", "app/new.py"])
def test_changed_when_code_or_configuration_is_written_names_it(
    base: Path, files: SourceFiles, name: str
) -> None:
    (base / name).write_text("longer")

    assert files.changed() == name
    files.look()
    assert files.changed() is None


def test_changed_when_a_file_goes_names_it(base: Path, files: SourceFiles) -> None:
    (base / "app/jobs/send.py").unlink()

    assert files.changed() == "app/jobs/send.py"


@pytest.mark.parametrize(
    "name", ["storage/x.py", ".git/hook.py", "env/lib/package.py", "notes.txt"]
)
def test_changed_when_it_is_no_code_of_the_application_gives_none(
    base: Path, files: SourceFiles, name: str
) -> None:
    (base / name).write_text("longer")

    assert files.changed() is None
