"""Where a database lies: directories that are not safe, and processes that fork."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from securely.store import Database, StoreUnavailable

from .conftest import SEAL, engine


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users have no numbers")
@pytest.mark.parametrize("driver", ["lmdb", "sqlite"])
def test_directory_when_everyone_may_write_to_it_then_refused_with_the_remedy(
    driver: str, tmp_path: Path
) -> None:
    directory = tmp_path / "store"
    directory.mkdir()
    directory.chmod(0o777)
    store = Database.over(engine(driver, directory), SEAL)

    with pytest.raises(StoreUnavailable, match=r"mode 0777.*chmod o-w"):
        store.get("k")
    assert list(directory.iterdir()) == []
    directory.chmod(0o770)
    store.put("k", 1)

    assert store.get("k") == 1
    store.close()


@pytest.mark.parametrize("driver", ["lmdb", "sqlite"])
@pytest.mark.parametrize("under", ["", "below/it"])
def test_directory_when_a_file_is_in_the_way_then_it_is_named(
    driver: str, under: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")

    with pytest.raises(StoreUnavailable, match="is a file, where a directory") as caught:
        Database.over(engine(driver, file / under), SEAL).get("k")

    assert f"{file} is a file" in str(caught.value)
    assert "writable" not in str(caught.value)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
@pytest.mark.parametrize("driver", ["lmdb", "sqlite"])
def test_directory_when_none_can_be_made_there_then_writable_is_no_remedy(driver: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"can be made in /proc\. Use another") as caught:
        Database.over(engine(driver, Path("/proc/store")), SEAL).get("k")

    assert "writable" not in str(caught.value)


@pytest.mark.parametrize(("driver", "file"), [("lmdb", "data.mdb"), ("sqlite", "store.db")])
def test_file_when_it_is_damaged_then_told_what_to_do(
    driver: str, file: str, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir(mode=0o700)
    (tmp_path / "store" / file).write_bytes(b"no database at all" * 1_000)

    with pytest.raises(StoreUnavailable, match="move it away and import a backup"):
        Database.over(engine(driver, tmp_path / "store"), SEAL).get("k")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("driver", ["array", "lmdb", "sqlite"])
def test_fork_when_another_thread_has_the_store_open_then_the_child_uses_it(
    driver: str, tmp_path: Path
) -> None:
    program = f"""
import os, threading, warnings
from pathlib import Path
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: what is tested
from securely.store import Database
from tests.unit.store.conftest import SEAL, engine
store = Database.over(engine({driver!r}, Path({str(tmp_path / "store")!r})), SEAL)
store.put("parent", 1)
opened, over = threading.Event(), threading.Event()
def idle():
    store.get("parent"); opened.set(); over.wait(30); store.put("thread", 3)
thread = threading.Thread(target=idle); thread.start(); opened.wait(30)
child = os.fork()
if child == 0:
    try:
        store.put("child", 2)
        os._exit(0 if dict(store.range()) == {{"child": 2, "parent": 1}} else 2)
    except BaseException as error:
        print(repr(error), flush=True)
        os._exit(1)
_, status = os.waitpid(child, 0)
over.set(); thread.join()
print(status, sorted(key for key, _ in store.range()), bool(store.verify()))
"""
    run = subprocess.run(  # the program above
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )

    shared = ["parent", "thread"] if driver == "array" else ["child", "parent", "thread"]
    assert run.stdout.strip() == f"0 {shared} True"
