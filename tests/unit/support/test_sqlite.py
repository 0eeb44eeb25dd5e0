from __future__ import annotations

import copy
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from securely.support import sqlite
from securely.support.sqlite import (
    Database,
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseError,
    DatabaseFull,
    DatabaseUnavailable,
    SchemaTooNew,
)
from securely.support.sqlite_handles import Handle


def first(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE notes (text TEXT)")


def second(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE notes ADD COLUMN size INTEGER")
    connection.execute("UPDATE notes SET size = length(text)")


def write(database: Database, text: str) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))


def texts(database: Database) -> list[str]:
    return [text for (text,) in database.query("SELECT text FROM notes ORDER BY rowid")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "notes.db"


@pytest.fixture
def database(path: Path):
    database = Database(path, migrations=[first])
    yield database
    database.close()


def test_directory_and_files_when_created_belong_to_their_owner_only(database, path):
    write(database, "hello")

    assert path.parent.stat().st_mode & 0o777 == 0o700
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_transaction_when_it_ends_is_seen_by_others(database, path):
    write(database, "hello")

    other = Database(path, migrations=[first])
    assert texts(other) == ["hello"]
    other.close()


def test_transaction_when_the_block_raises_is_rolled_back(database):
    def half() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO notes (text) VALUES ('half')")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half()

    assert texts(database) == []
    write(database, "usable after it")
    assert texts(database) == ["usable after it"]


def test_transaction_when_a_statement_fails_raises_our_error_and_rolls_back(database):
    def half() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO notes (text) VALUES ('half')")
            connection.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(DatabaseError, match="nowhere"):
        half()

    assert texts(database) == []


def test_writer_when_another_writes_waits_for_it(database, path):
    database.query("SELECT 1")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.1, lambda: other.execute("COMMIT"))
    timer.start()

    write(database, "patient")

    timer.join()
    other.close()
    assert texts(database) == ["patient"]


def test_writer_when_another_never_ends_says_so_in_time(path):
    database = Database(path, migrations=[first], busy_seconds=0.05)
    database.query("SELECT 1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseBusy, match=r"locked by another process") as caught:
        write(database, "too late")

    assert isinstance(caught.value, TimeoutError)
    assert str(path) in str(caught.value)
    other.close()
    database.close()


def test_sixteen_threads_when_they_write_all_get_their_turn(database):
    def work(number: int) -> None:
        for step in range(20):
            write(database, f"{number}:{step}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(texts(database))) == 16 * 20


def test_connection_when_in_another_thread_is_another_one(database):
    mine = database.connection()
    seen: list[sqlite3.Connection] = []

    thread = threading.Thread(target=lambda: seen.append(database.connection()))
    thread.start()
    thread.join()

    assert database.connection() is mine
    assert seen[0] is not mine


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_connection_after_a_fork_is_a_fresh_one(path):
    script = f"""
import os
from securely.support.sqlite import Database
def first(c): c.execute("CREATE TABLE notes (text TEXT)")
database = Database({str(path)!r}, migrations=[first])
with database.transaction() as c: c.execute("INSERT INTO notes VALUES ('parent')")
mine = database.connection()
child = os.fork()
if child == 0:
    fresh = database.connection() is not mine
    with database.transaction() as c: c.execute("INSERT INTO notes VALUES ('child')")
    os._exit(0 if fresh else 1)
_, status = os.waitpid(child, 0)
with database.transaction() as c: c.execute("INSERT INTO notes VALUES ('parent again')")
assert status == 0, status
print(database.query("SELECT text FROM notes"), database.query("PRAGMA integrity_check"))
"""  # noqa: S608  # a path of the test's own
    run = subprocess.run(  # the script above
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "[('parent',), ('child',), ('parent again',)] [('ok',)]"


def forking(path: Path, body: str) -> str:
    """What a program says that forks with threads: *body* has `database` and `write(text)`."""
    head = f"""
import os, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: what is tested
from securely.support.sqlite import Database, DatabaseUnavailable
def first(c): c.execute("CREATE TABLE notes (text TEXT)")
database = Database({str(path)!r}, migrations=[first])
def write(text):
    with database.transaction() as c: c.execute("INSERT INTO notes VALUES (?)", (text,))
def texts(): return [text for (text,) in database.query("SELECT text FROM notes ORDER BY text")]
def fork(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print("child:", type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    return child
opened, over = threading.Event(), threading.Event()
"""  # noqa: S608  # a path of the test's own
    run = subprocess.run(  # a program of the test's own
        [sys.executable, "-c", head + body], capture_output=True, text=True, check=True, timeout=50
    )
    assert run.stderr == ""
    return run.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_when_other_threads_have_the_file_open_and_idle_then_all_go_on(path):
    said = forking(
        path,
        """
def idle():
    write("thread before"); opened.set(); over.wait(30); write("thread after")
thread = threading.Thread(target=idle); thread.start(); opened.wait(30)
write("parent before")
_, status = os.waitpid(fork(lambda: write("child")), 0)
over.set(); thread.join(); write("parent after")
print(status, texts(), database.query("PRAGMA integrity_check"))
""",
    )

    wanted = ["child", "parent after", "parent before", "thread after", "thread before"]
    assert said.strip() == f"0 {wanted} [('ok',)]"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_when_a_parent_dies_at_once_then_its_child_keeps_what_it_writes(path):
    """A child that had its locks from its parent's memory would lose them with the parent."""
    said = forking(
        path,
        """
def idle():
    write("thread"); opened.set(); over.wait(30)
threading.Thread(target=idle, daemon=True).start(); opened.wait(30)
read, done = os.pipe()
def go_on():
    write("child")
    # Another process opens the file as the last one would, and leaves it.
    import subprocess, sys
    look = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM notes')"
    subprocess.run([sys.executable, "-c", look, str(database.path)], check=True)
    write("child again")
    print(texts(), flush=True); os.write(done, b"x")
def middle():
    fork(go_on); os._exit(0)
os.waitpid(fork(middle), 0)
os.read(read, 1); over.set()
print(texts(), database.query("PRAGMA integrity_check"))
""",
    )

    assert said.splitlines() == [
        "['child', 'child again', 'thread']",
        "['child', 'child again', 'thread'] [('ok',)]",
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_when_another_thread_is_within_a_transaction_then_the_child_is_turned_away(path):
    """SQLite would take the parent's locks for the child's, and lose what the child commits."""
    said = forking(
        path,
        """
def hold():
    with database.transaction() as c:
        c.execute("INSERT INTO notes VALUES ('first half')")
        opened.set(); over.wait(30)
        database.connection().execute("INSERT INTO notes VALUES ('second half')")
thread = threading.Thread(target=hold); thread.start(); opened.wait(30)
_, status = os.waitpid(fork(texts), 0)
over.set(); thread.join()
print(status != 0, texts(), database.query("PRAGMA integrity_check"))
""",
    )

    assert "child: DatabaseUnavailable" in said
    assert "forked while a transaction was open on it" in said
    assert said.splitlines()[-1] == "True ['first half', 'second half'] [('ok',)]"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_when_a_thread_has_just_opened_its_connection_then_it_is_not_closed_in_its_hand(path):
    said = forking(
        path,
        """
from securely.support import sqlite
class Guard(sqlite.Guard):
    def __init__(self, *given):
        super().__init__(*given)
        opened.set(); over.wait(0.2)  # the fork waits for what this thread has in hand
sqlite.Guard = Guard
thread = threading.Thread(target=write, args=("thread",)); thread.start(); opened.wait(30)
_, status = os.waitpid(fork(lambda: write("child")), 0)
over.set(); thread.join()
print(status, texts())
""",
    )

    assert said == "0 ['child', 'thread']\n"


def test_a_connection_that_its_thread_goes_on_with_does_not_give_way(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = Handle(sqlite3.connect(path, check_same_thread=False), path)

    def gives_way() -> bool:
        with ThreadPoolExecutor(1) as another:
            return another.submit(handle.give_way).result()

    taken = handle.continued()
    assert taken is not None
    assert not gives_way()
    assert handle.continued() is None  # until it may again
    handle.take_back()
    assert handle.continued() is taken

    del taken
    assert gives_way()
    assert handle.continued() is None  # it is closed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_when_threads_write_all_the_time_then_nothing_is_lost(path):
    said = forking(
        path,
        """
written = []
def busy(name):
    while not over.is_set():
        write(f"{name}{len(written)}"); written.append(name); database.query("SELECT 1")
threads = [threading.Thread(target=busy, args=(name,)) for name in "abc"]
for thread in threads: thread.start()
children = 0
for number in range(12):
    _, status = os.waitpid(fork(lambda: write(f"child {number}")), 0)
    children += status == 0
over.set()
for thread in threads: thread.join()
found = texts()
print(children, sum(text.startswith("child") for text in found), len(found) - len(written))
print(database.query("PRAGMA integrity_check"))
""",
    )

    assert said.splitlines() == ["12 12 12", "[('ok',)]"]


def test_second_opening_when_the_first_is_in_use_keeps_its_locks(path):
    first_one = Database(path, migrations=[first])
    write(first_one, "mine")
    script = f"""
import fcntl, sqlite3, sys
try:
    with open({str(path)!r}, "r+b") as file:
        # The byte range that SQLite's shared locks live in: free means nobody is known to read.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
    print("free")
except OSError:
    print("held")
"""

    second_one = Database(path, migrations=[first])
    write(second_one, "mine too")
    second_one.close()

    run = subprocess.run(  # the script above
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "held"
    first_one.close()


def test_full_database_when_written_raises_and_writes_nothing(path):
    database = Database(path, migrations=[first], pragmas={"max_page_count": 20})

    def fill() -> None:
        for _ in range(100):
            with database.transaction() as connection:
                connection.execute("INSERT INTO notes (text) VALUES ('first half')")
                connection.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 9_000,))

    with pytest.raises(DatabaseFull, match="no room") as caught:
        fill()

    assert isinstance(caught.value, OSError)
    found = texts(database)
    assert found.count("first half") * 2 == len(found)
    assert database.query("PRAGMA integrity_check") == [("ok",)]
    with database.transaction() as connection:
        connection.execute("DELETE FROM notes")
    write(database, "room again")
    assert texts(database) == ["room again"]
    database.close()


def test_file_that_is_no_database_is_named_with_a_remedy(path):
    path.parent.mkdir()
    path.write_bytes(b"this is not a database at all, it is a letter to my aunt" * 100)
    database = Database(path, migrations=[first])

    with pytest.raises(DatabaseCorrupt, match="Move it away") as caught:
        database.connection()

    assert str(path) in str(caught.value)
    assert path.read_bytes().startswith(b"this is not")


def test_directory_that_can_not_be_made_is_named_with_a_remedy(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    database = Database(blocked / "data" / "notes.db", migrations=[first])

    with pytest.raises(DatabaseUnavailable, match="is a file, where a directory") as caught:
        database.connection()

    assert str(blocked) in str(caught.value)
    assert "writable" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users have no numbers")
def test_directory_that_everyone_may_write_to_is_refused_with_its_mode_and_a_remedy(path):
    path.parent.mkdir()
    path.parent.chmod(0o777)
    database = Database(path, migrations=[first])

    with pytest.raises(DatabaseUnavailable, match=r"mode 0777.*chmod o-w") as caught:
        database.connection()

    assert str(path.parent) in str(caught.value)
    assert list(path.parent.iterdir()) == []
    path.parent.chmod(0o700)
    write(database, "mended")
    database.close()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users have no numbers")
def test_directory_that_its_group_may_write_to_is_used(path):
    path.parent.mkdir()
    path.parent.chmod(0o2775)
    database = Database(path, migrations=[first])

    write(database, "as an umask of 002 makes them")

    assert texts(database) == ["as an umask of 002 makes them"]
    database.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_directory_of_another_user_is_refused_with_the_owner(path):
    path.parent.mkdir(mode=0o700)
    os.chown(path.parent, 12_345, -1)
    database = Database(path, migrations=[first])

    with pytest.raises(DatabaseUnavailable, match=r"belongs to another user .uid 12345, mode 0700"):
        database.connection()

    assert list(path.parent.iterdir()) == []


def test_older_schema_when_opened_is_upgraded_with_its_rows(path):
    old = Database(path, migrations=[first])
    write(old, "kept")
    old.close()

    new = Database(path, migrations=[first, second])

    assert new.query("SELECT text, size FROM notes") == [("kept", 4)]
    new.close()


def test_newer_schema_when_opened_is_refused_and_left_alone(path):
    new = Database(path, migrations=[first, second])
    write(new, "from the future")
    new.close()
    old = Database(path, migrations=[first])

    with pytest.raises(SchemaTooNew, match="version 2, this code knows up to 1"):
        old.connection()

    again = Database(path, migrations=[first, second])
    assert texts(again) == ["from the future"]
    again.close()


def test_migration_that_fails_leaves_the_old_schema(path):
    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (done INTEGER)")
        connection.execute("THIS IS NOT SQL")

    old = Database(path, migrations=[first])
    write(old, "kept")
    old.close()

    with pytest.raises(DatabaseError):
        Database(path, migrations=[first, broken]).connection()

    old = Database(path, migrations=[first])
    assert texts(old) == ["kept"]
    assert old.query("SELECT count(*) FROM sqlite_master WHERE name = 'half'") == [(0,)]
    old.close()


@pytest.mark.parametrize(("wanted", "level"), [("FULL", 2), ("NORMAL", 1), ("OFF", 0)])
def test_synchronous_when_asked_for_is_set_on_every_connection(path, wanted, level):
    database = Database(path, migrations=[first], synchronous=wanted)

    assert database.query("PRAGMA synchronous") == [(level,)]
    assert database.query("PRAGMA journal_mode") == [("wal",)]
    database.close()


def test_discard_when_a_connection_is_broken_gives_a_fresh_one(database):
    before = database.connection()

    database.discard()

    assert database.connection() is not before
    assert texts(database) == []


def test_checkpoint_when_nobody_else_reads_empties_the_log(database, path):
    write(database, "x" * 50_000)
    log = path.with_name("notes.db-wal")
    assert log.stat().st_size > 50_000

    database.checkpoint()

    assert log.stat().st_size == 0


_TABLE = """\
22 1 252:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:25 / /mnt/team rw - nfs4 server:/team rw
31 30 0:26 / /mnt/team/local rw - xfs /dev/vdb rw
32 22 0:27 / /mnt/with\\040space rw master:1 - cifs //server/share rw
malformed line
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/srv/app/storage", None),
        ("/mnt/team", "nfs4"),
        ("/mnt/team/queue", "nfs4"),
        ("/mnt/team/local/queue", None),
        ("/mnt/teamwork", None),
        ("/mnt/with space/queue", "cifs"),
    ],
)
def test_network_file_system_is_told_by_the_innermost_mount(directory, kind):
    assert sqlite._kind_of_mount(_TABLE, directory) == kind


@pytest.mark.parametrize(
    "kind",
    [
        DatabaseError,
        DatabaseBusy,
        DatabaseCorrupt,
        DatabaseFull,
        DatabaseUnavailable,
        SchemaTooNew,
    ],
)
def test_errors_when_copied_keep_their_message_and_data(kind):
    error = kind("/data/notes.db", "a reason")

    twin = copy.copy(error)

    assert (type(twin), str(twin)) == (kind, str(error))
    assert (twin.path, twin.reason) == ("/data/notes.db", "a reason")
    assert "/data/notes.db" in str(error)


def test_database_when_threads_make_and_drop_others_then_each_opens(tmp_path: Path) -> None:
    def use(number: int) -> int:
        database = Database(tmp_path / f"{number % 4}.db", migrations=[])
        database.query("SELECT 1")
        database.close()
        return number

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(use, range(400))) == sum(range(400))
