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
    store.get("parent"); opened.set(); over.wait(5); store.put("thread", 3)
thread = threading.Thread(target=idle); thread.start(); opened.wait(5)
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
