"""Where a module lies is found without importing anything, also as editable installs have it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest

from securely.support.packages import Package, announced, find_source, undiscovered, wanted


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with a package that cannot be imported."""
    (tmp_path / "acme/deep").mkdir(parents=True)
    for file in ("acme/__init__.py", "acme/deep/__init__.py", "acme/deep/till.py"):
        (tmp_path / file).write_text("raise ImportError\n")
    return tmp_path


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("acme", "acme/__init__.py"),
        ("acme.deep", "acme/deep/__init__.py"),
        ("acme.deep.till", "acme/deep/till.py"),
        ("acme.other", None),
        ("acme.deep.till.more", None),
        ("no_such_package.at_all", None),
        ("sys", None),  # it has no source
    ],
)
def test_a_module_is_found_without_being_imported(
    base: Path, module: str, file: str | None
) -> None:
    found = find_source(module, base)

    assert found == (None if file is None else str(base / file))
    assert "acme" not in sys.modules


class Editable:
    """What an editable install puts into `sys.meta_path`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: Sequence[str] | None) -> ModuleSpec | None:
        if name != "acme":
            return None
        return spec_from_file_location(
            name,
            self.folder / "acme/__init__.py",
            submodule_search_locations=[str(self.folder / "acme")],
        )


class Broken:
    """A finder of somebody else's."""

    def find_spec(self, name: str, path: Sequence[str] | None) -> ModuleSpec | None:
        raise RuntimeError("not today")


def test_a_module_of_an_editable_install_is_found(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Broken(), object(), Editable(base)])

    assert find_source("acme.deep.till", tmp_path / "x") == str(base / "acme/deep/till.py")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("[tool.securely]\ndont_discover = ['a', 'b']\n", ("a", "b")),
        ("[tool.securely]\ndont_discover = 'a'\n", ("a",)),
        ("[tool.securely]\ndont_discover = 5\n", ()),
    ],
)
def test_what_an_application_does_not_want_is_read(
    tmp_path: Path, text: str, names: tuple[str, ...]
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    assert undiscovered(tmp_path) == names


def test_an_application_without_a_project_file_wants_everything(tmp_path: Path) -> None:
    assert undiscovered(tmp_path) == ()


def test_names_are_compared_as_installers_do() -> None:
    packages = [Package("Acme.Shop", "1.0", ()), Package("other", "", ())]

    assert wanted(packages, ["acme_shop"]) == packages[1:]
    assert wanted(packages, ["*"]) == []
    assert [str(each) for each in packages] == ["Acme.Shop 1.0", "other"]


def announcing(site: Path, name: str, entry_points: bytes) -> None:
    """Put the metadata of a package where an installer puts it."""
    folder = site / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_bytes(entry_points)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x = !!", '"x = !!" is not "x = package.module:Class"'),
        ("x = ", '"x = " is not'),
        ("x = acme.module", '"x = acme.module" is not'),
        ("junk", "entry_points.txt cannot be parsed"),
    ],
)
def test_announced_when_one_cannot_be_read_then_the_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, problem: str
) -> None:
    announcing(tmp_path, "acme", f"[securely.providers]\n{line}\n".encode())
    announcing(tmp_path, "bolt", b"[securely.providers]\nx = bolt.provider:Bolt [extra]\n")
    announcing(tmp_path, "cord", b"\xff\xfe\x00")
    announcing(tmp_path, "dust", b"[console_scripts]\njunk\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    acme, bolt = announced()

    assert (acme.name, acme.providers) == ("acme", ())
    assert acme.problem.startswith(problem)
    assert bolt == Package("bolt", "1.0", ("bolt.provider:Bolt",))
