"""store:compact, store:export, store:get, store:import, store:info, store:scan, store:verify."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from securely.console import Command
from securely.console.output.style import escape
from securely.store.database import DEFAULT_TREE, Database
from securely.store.dump import private_file
from securely.store.keys import Key, read_key
from securely.store.manager import StoreManager
from securely.support.missing import MISSING

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
        if self.boolean("json"):
            trees = {name: database.tree(name).len() for name in database.trees()}
            shown = {"database": engine.name, "place": engine.place, "trees": trees}
            self.line(json.dumps({**shown, "bytes": database.size_on_disk()}))
            return self.SUCCESS
        self.two_column_detail("Database", escape(engine.name))
        self.two_column_detail("Place", escape(engine.place))
        self.two_column_detail("Size", f"{database.size_on_disk():,} bytes")
        for name in database.trees():
            self.two_column_detail(escape(f"Tree {name}"), f"{database.tree(name).len():,} keys")
        return self.SUCCESS


class GetCommand(_OfDatabase):
    """Shows the value of one key."""

    signature: ClassVar[str] = """store:get
        {key : The key}
        {tree? : The tree; "default" if left out}
        {--literal : The key is written as in Python: 7, b"raw", ("user", 7)}
        {--database= : The database; the default one if left out}"""
    description: ClassVar[str] = "Show the value of a key"

    def handle(self, store: StoreManager) -> int:
        """Show it."""
        key = self.key(self.string("key"))
        tree = _tree(self)
        value = self.chosen(store).tree(tree).get(key, MISSING)
        if value is MISSING:
            self.error(f'The key {escape(repr(key))} is not in the tree "{escape(tree)}".')
            return self.FAILURE
        self.line(escape(value if isinstance(value, str) else _shown(value)))
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
        tree = self.chosen(store).tree(_tree(self))
        reverse = self.boolean("reverse")
        if self.argument("prefix") is None:
            found = tree.range(reverse=reverse)
        else:
            found = tree.scan_prefix(self.key(self.string("prefix")), reverse=reverse)
        pairs = islice(found, self.integer("limit", minimum=1))
        if self.boolean("json"):
            self.line(json.dumps([[key, value] for key, value in pairs], default=repr))
            return self.SUCCESS
        for key, value in pairs:
            self.line(escape(f"{key!r}  {_shown(value)}"))
        return self.SUCCESS


class VerifyCommand(_OfDatabase):
    """Looks at the file and at every row."""

    signature: ClassVar[str] = (
        "store:verify {--database= : The database; the default one if left out}"
    )
    description: ClassVar[str] = "Check the file, and the signature of every row"

    def handle(self, store: StoreManager) -> int:
        """Verify all of it."""
        found = self.chosen(store).verify()
        for problem in found.problems:
            where = f'Tree "{problem.tree}", key {problem.key!r}: ' if problem.tree else ""
            self.error(escape(f"{where}{problem.reason}"))
        if found:
            self.info(f"{found.rows:,} rows, and nothing is wrong.")
            return self.SUCCESS
        self.error(f"{found.rows:,} rows, {len(found.problems):,} of these things are wrong.")
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
            f"{done.expired:,} expired keys removed; "
            f"{done.bytes_before:,} bytes before, {done.bytes_after:,} now."
        )
        return self.SUCCESS


class ExportCommand(_OfDatabase):
    """Writes all trees to a file."""

    signature: ClassVar[str] = """store:export
        {file : The file; it must not be there yet}
        {--force : Replace it if it is}
        {--database= : The database; the default one if left out}"""
    description: ClassVar[str] = "Write all trees to a file, for another database or a backup"

    def handle(self, store: StoreManager) -> int:
        """Export to the file."""
        path = Path(self.string("file"))
        if path.exists() and not self.boolean("force"):
            self.fail(f"{escape(str(path))} is there already. Use --force to replace it.")
        with private_file(path) as file:
            rows = self.chosen(store).export(file)
        self.info(f"{rows:,} rows written to {escape(str(path))}. They are readable: guard them.")
        return self.SUCCESS


class ImportCommand(_OfDatabase):
    """Writes all rows of an exported file."""

    signature: ClassVar[str] = """store:import
        {file : A file of store:export}
        {--database= : The database; the default one if left out}"""
    description: ClassVar[str] = "Write all rows of an exported file into a database"

    def handle(self, store: StoreManager) -> int:
        """Import from the file."""
        path = Path(self.string("file"))
        try:
            with path.open(encoding="utf-8") as file:
                rows = self.chosen(store).import_(file)
        except FileNotFoundError:
            self.fail(f"There is no file {escape(str(path))}.")
        self.info(f"{rows:,} rows imported from {escape(str(path))}.")
        return self.SUCCESS


def _tree(command: Command) -> str:
    """Return the tree that the command line names, as an argument or an option."""
    reads = command.option if isinstance(command, ScanCommand) else command.argument
    return command.string("tree") if reads("tree") else DEFAULT_TREE


def _shown(value: Any) -> str:
    """Return *value* for a terminal: JSON where it is plain, Python's own form elsewhere."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return repr(value)
