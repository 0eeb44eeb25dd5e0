"""store:compact, store:export, store:get, store:import, store:info, store:scan, store:verify."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from securely.console import Command
from securely.console.output.style import escape
from securely.exceptions import SecurelyError
from securely.store.codec import AsWritten
from securely.store.contracts import IN_MEMORY
from securely.store.database import DEFAULT_TREE, Database
from securely.store.dump import private_file
from securely.store.keys import Key, read_key
from securely.store.manager import StoreManager
from securely.store.tree import Tree, as_written
from securely.support.missing import MISSING
from securely.support.suggest import did_you_mean

__all__ = [
    "CompactCommand",
    "ExportCommand",
    "GetCommand",
    "ImportCommand",
    "InfoCommand",
    "ScanCommand",
    "VerifyCommand",
]


class _OfDatabase(Command):
    """What the commands share: which database and tree, and how keys and values are shown."""

    def chosen(self, store: StoreManager) -> Database:
        """Return the database that the command line names."""
        return store.database(self.string("database") if self.option("database") else None)

    def key(self, text: str) -> Key:
        """Return the key that is written as *text*."""
        return read_key(text) if self.boolean("literal") else text

    def begun(self, store: StoreManager, name: str) -> Tree[Any]:
        """Return the tree *name*, if it has begun; values are read whatever their class."""
        database = self.chosen(store)
        names = database.trees()
        if name not in {*names, DEFAULT_TREE}:
            near = did_you_mean(name, names)
            hint = f' Did you mean "{near}"?' if near else ""
            there = f'There is no tree "{name}" in {database.bound.engine.name}'
            self.fail(escape(f"{there}. Trees: {', '.join(names) or 'none'}.{hint}"))
        return as_written(database.tree(name))


class InfoCommand(_OfDatabase):
    """Shows what is in a database."""

    signature: ClassVar[str] = """store:info
        {--database= : The database; the default one if left out}
        {--json : For machines}"""
    description: ClassVar[str] = "Show where a database lies, how large it is, and its trees"

    def handle(self, store: StoreManager) -> int:
        """Show it."""
        database = self.chosen(store)
        engine = database.bound.engine
        # All of it is asked for first: an error leaves no half table.
        trees = {name: database.tree(name).len() for name in database.trees()}
        size = database.size_on_disk()
        if self.boolean("json"):
            shown = {"database": engine.name, "place": engine.place, "trees": trees}
            self.line(json.dumps({**shown, "bytes": size}))
            return self.SUCCESS
        self.two_column_detail("Database", escape(engine.name))
        self.two_column_detail("Place", escape(engine.place))
        self.two_column_detail("Size", f"{size:,} bytes")
        for name, count in trees.items():
            self.two_column_detail(escape(f"Tree {name}"), _count(count, "key"))
        return self.SUCCESS


class GetCommand(_OfDatabase):
    """Shows the value of one key."""

    signature: ClassVar[str] = """store:get
        {key : The key}
        {tree? : The tree; "default" if left out}
        {--tree= : The same, as the other commands have it}
        {--literal : The key is written as in Python: 7, b"raw", ("user", 7)}
        {--json : For machines: the value, as Python writes what JSON has not}
        {--database= : The database; the default one if left out}"""
    description: ClassVar[str] = "Show the value of a key"

    def handle(self, store: StoreManager) -> int:
        """Show it."""
        key = self.key(self.string("key"))
        wanted = self.option("tree") or self.argument("tree")
        tree = self.begun(store, str(wanted or DEFAULT_TREE))
        value = tree.get(key, MISSING)
        if value is MISSING:
            self.error(f'The key {escape(repr(key))} is not in the tree "{escape(tree.name)}".')
            return self.FAILURE
        if self.boolean("json"):
            self.line(escape(json.dumps(value, default=repr)))
        else:
            self.line(escape(value if isinstance(value, str) else _shown(value)))
        _tell_written(self, int(isinstance(value, AsWritten)))
        return self.SUCCESS


class ScanCommand(_OfDatabase):
    """Shows keys in order, with their values."""

    signature: ClassVar[str] = """store:scan
        {prefix? : What the keys begin with; all if left out}
        {--tree= : The tree; "default" if left out}
        {--limit=20 : How many}
        {--reverse : From the last one down}
        {--literal : The prefix is written as in Python: b"raw", ("user", 7)}
        {--json : For machines: pairs of key and value, as Python writes what JSON has not}
        {--database= : The database; the default one if left out}"""
    description: ClassVar[str] = "Show keys in order, with their values"

    def handle(self, store: StoreManager) -> int:
        """Show them."""
        tree = self.begun(store, self.string("tree") if self.option("tree") else DEFAULT_TREE)
        reverse = self.boolean("reverse")
        if self.argument("prefix") is None:
            found = tree.range(reverse=reverse)
        else:
            found = tree.scan_prefix(self.key(self.string("prefix")), reverse=reverse)
        limit = self.integer("limit", minimum=1)
        pairs = list(islice(found, limit))
        if self.boolean("json"):
            self.line(escape(json.dumps([[key, value] for key, value in pairs], default=repr)))
        for key, value in () if self.boolean("json") else pairs:
            self.line(escape(f"{key!r}  {_shown(value)}"))
        if next(found, None) is not None:
            _aside(self, f"There are more; --limit={limit} ends it here.")
        _tell_written(self, sum(isinstance(value, AsWritten) for _, value in pairs))
        return self.SUCCESS


class VerifyCommand(_OfDatabase):
    """Looks at the file and at every row."""

    signature: ClassVar[str] = """store:verify
        {--json : For machines}
        {--database= : The database; the default one if left out}"""
    description: ClassVar[str] = "Check the file, and the signature of every row"

    def handle(self, store: StoreManager) -> int:
        """Verify all of it."""
        found = self.chosen(store).verify()
        if self.boolean("json"):
            shown = [
                {"tree": each.tree, "key": each.key, "reason": each.reason}
                for each in found.problems
            ]
            text = json.dumps({"rows": found.rows, "problems": shown}, default=repr)
            self.line(escape(text))
            return self.SUCCESS if found else self.FAILURE
        for problem in found.problems:
            where = f'Tree "{problem.tree}", key {problem.key!r}: ' if problem.tree else ""
            self.error(escape(f"{where}{problem.reason}"))
        if found:
            self.info(f"{_count(found.rows, 'row')}, and nothing is wrong.")
            return self.SUCCESS
        wrong = _count(len(found.problems), "problem")
        self.error(f"{_count(found.rows, 'row')}, and {wrong} with them or the file.")
        return self.FAILURE


class CompactCommand(_OfDatabase):
    """Removes what has expired, and gives room back."""

    signature: ClassVar[str] = (
        "store:compact {--database= : The database; the default one if left out}"
    )
    description: ClassVar[str] = (
        "Remove keys whose lifetime is over, and give room back to the disk"
    )

    def handle(self, store: StoreManager) -> int:
        """Compact it."""
        done = self.chosen(store).compact()
        self.info(
            f"{_count(done.expired, 'expired key')} removed; "
            f"{done.bytes_before:,} bytes before, {done.bytes_after:,} now."
        )
        return self.SUCCESS


class ExportCommand(_OfDatabase):
    """Writes all trees to a file."""

    signature: ClassVar[str] = """store:export
        {file : The file; it must not be there yet; "-" for the output of the command}
        {--force : Replace it if it is}
        {--database= : The database; the default one if left out}"""
    description: ClassVar[str] = "Write all trees to a file, for another database or a backup"

    def handle(self, store: StoreManager) -> int:
        """Export to the file."""
        if self.string("file") == "-":
            with _told(self, "the output"):
                self.chosen(store).export(sys.stdout)
            return self.SUCCESS
        path = Path(self.string("file"))
        with _told(self, str(path)):
            if path.is_dir():
                self.fail(f"{escape(str(path))} is a directory. Name a file in it.")
            # A pipe or a device takes what it is given; it is not replaced.
            is_stream = path.exists() and not path.is_file()
            if path.exists() and not is_stream and not self.boolean("force"):
                self.fail(f"{escape(str(path))} is there already. Use --force to replace it.")
            with path.open("w", encoding="utf-8") if is_stream else private_file(path) as file:
                rows = self.chosen(store).export(file)
        written = f"{_count(rows, 'row')} written to {escape(str(path))}."
        self.info(f"{written} Anyone who can read it reads the values: guard it.")
        return self.SUCCESS


class ImportCommand(_OfDatabase):
    """Writes all rows of an exported file."""

    signature: ClassVar[str] = """store:import
        {file : A file of store:export; "-" for the input of the command}
        {--database= : The database; the default one if left out}"""
    description: ClassVar[str] = "Write all rows of an exported file into a database"

    def handle(self, store: StoreManager) -> int:
        """Import from the file."""
        named = self.string("file")
        database = self.chosen(store)
        with _told(self, named):
            if named == "-":
                rows = database.import_(sys.stdin)
            else:
                with Path(named).open(encoding="utf-8") as file:
                    rows = database.import_(file)
        self.info(f"{_count(rows, 'row')} imported from {escape(named)}.")
        if database.bound.engine.place == IN_MEMORY:
            name = escape(database.bound.engine.name)
            self.warn(f'The database "{name}" is in memory: this is gone when the process ends.')
        return self.SUCCESS


@contextmanager
def _told(command: Command, place: str) -> Generator[None]:
    """Tell in one line why a file of the user's could not be used; what is ours says so itself."""
    try:
        yield
    except OSError as error:
        if isinstance(error, SecurelyError):
            raise
        command.fail(escape(f"{place} can not be used: {error.strerror or error}."))


def _tell_written(command: Command, count: int) -> None:
    if count:
        what = "A value is" if count == 1 else f"{count:,} values are"
        classes = "what classes they hold is not in store.serializable_classes"
        _aside(command, f"{what} shown as written: {classes}.")


def _aside(command: Command, text: str) -> None:
    """Say something that does not belong into what another program reads."""
    command.output.error_line(text)


def _count(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _shown(value: Any) -> str:
    """Return *value* for a terminal: JSON where it is plain, Python's own form elsewhere."""
    if isinstance(value, AsWritten):
        return repr(value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return repr(value)
