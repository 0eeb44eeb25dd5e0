"""store:compact, store:export, store:get, store:import, store:info, store:scan, store:verify."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.store import StoreManager, commands
from securely.store.manager import Materials
from securely.store.options import StoreOptions
from securely.support.clock import FrozenClock

from .conftest import SEAL

Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreManager]:
    options = StoreOptions.parse(
        {
            "default": "main",
            "databases": {
                "main": {"driver": "sqlite", "path": "main"},
                "other": {"driver": "array"},
            },
        },
        "store",
    )
    materials = Materials(locate=tmp_path.joinpath, seal=lambda: SEAL)
    manager = StoreManager(options.default, options.databases, materials)
    yield manager
    manager.close()


@pytest.fixture
def run(store: StoreManager) -> Run:
    """What runs a command line, and returns exit code and output."""
    container = Container()
    container.instance(StoreManager, store)
    artisan = Artisan(container)
    for name in commands.__all__:
        artisan.add(getattr(commands, name))

    def run(line: str) -> tuple[int, str]:
        output = BufferedOutput()
        code = artisan.run(shlex.split(line), output)
        return code, output.fetch().strip()

    return run


def test_info_when_asked_then_place_size_and_trees(store: StoreManager, run: Run) -> None:
    store.tree("orders").put(1, 1)
    store.tree("[stock]").put(1, 1)

    code, output = run("store:info")

    assert code == 0
    for words in ("main", "store.db", "bytes", "Tree orders", "Tree [stock]", "1 keys"):
        assert words in output
    assert "memory" in run("store:info --database=other")[1]
    shown = json.loads(run("store:info --json")[1])
    assert shown["trees"] == {"[stock]": 1, "orders": 1}
    assert shown["database"] == "main"
    assert shown["bytes"] > 0


def test_get_when_there_then_its_value(store: StoreManager, run: Run) -> None:
    store.put("k", "[red]text")
    store.tree("t").put(("user", 7), {"name": "Ann"})

    assert run("store:get k") == (0, "[red]text")
    assert run("""store:get "('user', 7)" t --literal""") == (0, '{"name": "Ann"}')
    assert run("store:get absent") == (
        1,
        "The key 'absent' is not in the tree \"default\".",
    )
    code, output = run("store:get [] --literal")
    assert code == 1
    assert "can not be a key" in output


def test_scan_when_asked_then_keys_in_order(store: StoreManager, run: Run) -> None:
    for key in ("b", "a:1", "a:2", 5, ("a", 1)):
        store.tree("t").put(key, {1})

    assert run("store:scan --tree=t")[1].splitlines()[0] == "'a:1'  {1}"
    assert run("store:scan a: --tree=t --reverse --limit=1")[1] == "'a:2'  {1}"
    assert run("""store:scan "('a',)" --tree=t --literal""")[1] == "('a', 1)  {1}"
    assert run("store:scan --limit=0")[0] != 0
    store.tree("u").put(b"\xff", {"n": 1})
    assert run("store:scan --tree=u --json")[1] == '[["b\'\\\\xff\'", {"n": 1}]]'


def test_verify_when_a_row_is_not_ours_then_named_and_fails(store: StoreManager, run: Run) -> None:
    store.tree("t").put("k", 1)
    assert run("store:verify") == (0, "1 rows, and nothing is wrong.")
    store.database().bound.engine.put("t", b"\x02planted", (None, b"J" + bytes(40)))

    code, output = run("store:verify")

    assert code == 1
    assert "Tree \"t\", key 'planted': its signature does not match" in output
    assert "2 rows, 1 of these things are wrong." in output


def test_compact_when_some_are_over_then_counted(
    store: StoreManager, run: Run, frozen: FrozenClock
) -> None:
    store.put("k", 1, 5)
    frozen.travel(6)

    code, output = run("store:compact")

    assert code == 0
    assert output.startswith("1 expired keys removed;")


def test_export_when_imported_elsewhere_then_the_same(
    store: StoreManager, run: Run, tmp_path: Path
) -> None:
    store.tree("t").put("k", {"a": (1,)})
    file = tmp_path / "dump.jsonl"

    code, output = run(f"store:export {file}")
    assert (code, "1 rows written" in output) == (0, True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(f"store:export {file}")[0] == 1
    assert run(f"store:export {file} --force")[0] == 0
    code, output = run(f"store:import {file} --database=other")

    assert (code, "1 rows imported" in output) == (0, True)
    assert store.database("other").tree("t").get("k") == {"a": (1,)}


def test_import_when_the_file_is_none_then_told_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dump").write_text("no dump")

    code, output = run(f"store:import {tmp_path / 'dump'}")
    assert (code, "Line 1 can not be imported" in output) == (1, True)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    code, output = run(f"store:import {tmp_path / 'binary'}")
    assert (code, "it is not text in UTF-8" in output) == (1, True)
    code, output = run(f"store:import {tmp_path / 'absent'}")
    assert (code, "There is no file" in output) == (1, True)
