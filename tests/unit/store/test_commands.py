"""store:compact, store:export, store:get, store:import, store:info, store:scan, store:verify."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    for words in ("main", "store.db", "bytes", "Tree orders", "Tree [stock]", "1 key"):
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
    assert run("store:scan a: --tree=t --reverse --limit=1")[1].splitlines() == [
        "'a:2'  {1}",
        "There are more; --limit=1 ends it here.",
    ]
    assert run("""store:scan "('a',)" --tree=t --literal""")[1] == "('a', 1)  {1}"
    assert run("store:scan --limit=0")[0] != 0
    store.tree("u").put(b"\xff", {"n": 1})
    assert run("store:scan --tree=u --json")[1] == '[["b\'\\\\xff\'", {"n": 1}]]'


def test_verify_when_a_row_is_not_ours_then_named_and_fails(store: StoreManager, run: Run) -> None:
    store.tree("t").put("k", 1)
    assert run("store:verify") == (0, "1 row, and nothing is wrong.")
    store.database().bound.engine.put("t", b"\x02planted", (None, b"J" + bytes(40)))

    code, output = run("store:verify")

    assert code == 1
    assert "Tree \"t\", key 'planted': its signature does not match" in output
    assert "2 rows, and 1 problem with them or the file." in output


def test_compact_when_some_are_over_then_counted(
    store: StoreManager, run: Run, frozen: FrozenClock
) -> None:
    store.put("k", 1, 5)
    frozen.travel(6)

    code, output = run("store:compact")

    assert code == 0
    assert output.startswith("1 expired key removed;")


def test_export_when_imported_elsewhere_then_the_same(
    store: StoreManager, run: Run, tmp_path: Path
) -> None:
    store.tree("t").put("k", {"a": (1,)})
    file = tmp_path / "dump.jsonl"

    code, output = run(f"store:export {file}")
    assert (code, "1 row written" in output) == (0, True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(f"store:export {file}")[0] == 1
    assert run(f"store:export {file} --force")[0] == 0
    code, output = run(f"store:import {file} --database=other")

    assert (code, "1 row imported" in output) == (0, True)
    assert store.database("other").tree("t").get("k") == {"a": (1,)}


def test_import_when_the_file_is_none_then_told_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dump").write_text("no dump")

    code, output = run(f"store:import {tmp_path / 'dump'}")
    assert (code, "Line 1 can not be imported" in output) == (1, True)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    code, output = run(f"store:import {tmp_path / 'binary'}")
    assert (code, "it is not text in UTF-8" in output) == (1, True)
    code, output = run(f"store:import {tmp_path / 'absent'}")
    assert (code, "No such file" in output) == (1, True)


@dataclass(frozen=True)
class Money:
    cents: int


def test_rows_when_their_class_is_not_allowed_then_shown_as_written(
    store: StoreManager, run: Run
) -> None:
    store.tree("t", Money).put("a", Money(5))
    store.tree("t").put("b", 2)

    code, output = run("store:scan --tree=t")
    assert code == 0
    first, second, note = output.splitlines()
    assert first.startswith("'a'  {")
    assert "Money" in first
    assert second == "'b'  2"
    assert "A value is shown as written" in note
    code, output = run("store:get a t")
    assert (code, "Money" in output, "shown as written" in output) == (0, True, True)
    assert '"cents":5' in run("store:get a --tree=t")[1].replace(" ", "")


def test_row_when_it_is_not_ours_then_not_shown_as_written(store: StoreManager, run: Run) -> None:
    store.tree("t").put("a", 1)
    store.database().bound.engine.put("t", b"\x02b", (None, bytes(32) + b"Jfalse"))

    code, output = run("store:get b t")

    assert (code, "refused the row" in output) == (1, True)


def test_scan_when_there_is_more_then_told_so_aside(store: StoreManager, run: Run) -> None:
    for number in range(3):
        store.put(number, number)

    assert "There are more; --limit=2" in run("store:scan --limit=2")[1]
    assert "There are more" not in run("store:scan --limit=3")[1]
    assert run("store:scan --limit=2 --json")[1].splitlines()[0] == "[[0, 0], [1, 1]]"


@pytest.mark.parametrize("line", ["store:get k ordres", "store:get k --tree=ordres"])
def test_tree_when_there_is_none_then_those_there_are_named(
    store: StoreManager, run: Run, line: str
) -> None:
    store.tree("orders").put("k", 1)

    for each in (line, "store:scan --tree=ordres"):
        code, output = run(each)
        assert code == 1
        assert 'no tree "ordres" in main. Trees: orders. Did you mean "orders"?' in output
    assert run("store:scan") == (0, "")


def test_json_when_asked_then_for_machines(store: StoreManager, run: Run) -> None:
    store.put("k", "text")
    store.put("d", {"a": b"x"})
    assert run("store:get k --json") == (0, '"text"')
    assert run("store:get d --json") == (0, """{"a": "b'x'"}""")
    assert json.loads(run("store:verify --json")[1]) == {"rows": 2, "problems": []}
    store.database().bound.engine.put("t", b"\x02planted", (None, b"J" + bytes(40)))

    code, output = run("store:verify --json")

    assert code == 1
    (problem,) = json.loads(output)["problems"]
    assert (problem["tree"], problem["key"]) == ("t", "planted")


@pytest.mark.parametrize(
    "line",
    [
        "store:export {dir} --force",
        "store:export {dir}/absent/file",
        "store:import {dir}",
        "store:import {dir}/absent",
    ],
)
def test_file_when_it_can_not_be_used_then_one_line(run: Run, tmp_path: Path, line: str) -> None:
    place = tmp_path / "folder"
    place.mkdir()

    code, output = run(line.format(dir=place))

    assert code == 1
    assert len(output.splitlines()) == 1
    assert str(place) in output
    assert "Errno" not in output


def test_info_when_the_file_is_damaged_then_no_half_table(
    store: StoreManager, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "main").mkdir(mode=0o700)
    (tmp_path / "main" / "store.db").write_bytes(b"no database at all" * 1_000)

    code, output = run("store:info")

    assert code == 1
    assert "Place" not in output


def test_import_when_the_database_is_in_memory_then_warned(
    store: StoreManager, run: Run, tmp_path: Path
) -> None:
    store.put("k", 1)
    run(f"store:export {tmp_path / 'dump'}")

    assert (
        "gone when the process ends" in run(f"store:import {tmp_path / 'dump'} --database=other")[1]
    )
    assert "gone" not in run(f"store:import {tmp_path / 'dump'}")[1]


def test_export_when_to_the_output_or_a_pipe_then_nothing_else_is_written(
    store: StoreManager,
    run: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.put("k", 1)
    assert run("store:export -") == (0, "")
    dump = capsys.readouterr().out
    assert len(dump.splitlines()) == 3
    monkeypatch.setattr("sys.stdin", io.StringIO(dump))

    assert "1 row imported from -" in run("store:import - --database=other")[1]
    assert store.database("other").get("k") == 1
    assert run("store:export /dev/null")[0] == 0
    assert Path("/dev/null").is_char_device()
