"""Dumps: all trees as lines of JSON, independent of driver and key, and back.

{"securely-store": 1}
["tree", "key in base64", null, "codec and value in base64"]
{"rows": 1, "crc32": 12345}
"""

from __future__ import annotations

import io
import json
import math
import zlib
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

from securely.store.codec import Codec, Seal
from securely.store.contracts import Engine, Span
from securely.store.exceptions import DumpInvalid
from securely.store.keys import decode_key
from securely.support.replacing import replacing

__all__ = ["Plain", "crc32", "plain_rows", "private_file", "read_dump", "reseal", "write_dump"]

_VERSION: Final = 1
# How many rows are read at once.
_PAGE: Final = 500


class Plain(NamedTuple):
    """A row without its signature: it means the same in every database."""

    tree: str
    key: bytes
    expires: float | None
    body: bytes

    def stamp(self, crc: int) -> int:
        """Return the checksum that goes on from *crc* with this row."""
        head = f"{len(self.tree.encode())}:{self.tree}:{len(self.key)}:{self.expires!r}:".encode()
        return zlib.crc32(self.body, zlib.crc32(self.key, zlib.crc32(head, crc)))


def plain_rows(engine: Engine, codec: Codec[Any]) -> Iterator[Plain]:
    """Give all rows of all trees, in the order of trees and keys.

    Raises:
        Corrupted: One of them is not ours.
    """
    for tree in engine.trees():
        reader = codec.for_tree(tree, object)
        span = Span()
        while rows := engine.rows(tree, span, limit=_PAGE):
            for key, expires, data in rows:
                reader.key(key)
                yield Plain(tree, key, expires, reader.unsealed(key, expires, data))
            span = Span(rows[-1][0] + b"\x00")


def reseal(engine: Engine, codec: Codec[Any], seal: Seal) -> int:
    """Sign all rows of all trees anew, in a transaction that is open; return how many.

    Args:
        engine: Where they are.
        codec: Reads them as they are.
        seal: Signs them.

    Raises:
        Corrupted: One of them is not ours.
    """
    count = 0
    for tree in engine.trees():
        reader = codec.for_tree(tree, object)
        writer = reader.signed_by(seal)
        span = Span()
        while rows := engine.rows(tree, span, limit=_PAGE):
            anew = [
                (key, expires, writer.sealed(key, expires, reader.unsealed(key, expires, data)))
                for key, expires, data in rows
            ]
            engine.put_many(tree, anew)
            count += len(anew)
            span = Span(rows[-1][0] + b"\x00")
    return count


def crc32(rows: Iterable[Plain]) -> int:
    """Return the checksum of *rows*: equal where trees, keys, values and lifetimes are."""
    crc = 0
    for row in rows:
        crc = row.stamp(crc)
    return crc


def write_dump(rows: Iterable[Plain], file: IO[str]) -> int:
    """Write *rows* to *file*; return how many there are."""
    count = crc = 0
    file.write(json.dumps({"securely-store": _VERSION}) + "\n")
    for row in rows:
        line = [row.tree, _text(row.key), row.expires, _text(row.body)]
        file.write(json.dumps(line) + "\n")
        count, crc = count + 1, row.stamp(crc)
    file.write(json.dumps({"rows": count, "crc32": crc}) + "\n")
    return count


def read_dump(file: Iterable[str]) -> Iterator[Plain]:
    """Give the rows of a dump.

    Raises:
        DumpInvalid: It is none, or not whole. It may be the last line that says so: what was
            given before must not be kept then.
    """
    count = crc = 0
    number = 0
    lines = _text_lines(file)
    for number, line in enumerate(lines, 1):  # it is used behind the loop
        found = _parsed(line, number)
        if number == 1:
            if found != {"securely-store": _VERSION}:
                raise DumpInvalid(1, f"it does not begin an export of version {_VERSION}")
        elif isinstance(found, dict):
            if found != {"rows": count, "crc32": crc}:
                raise DumpInvalid(number, "what is counted is not what is there")
            if next(lines, "").strip():
                raise DumpInvalid(number + 1, "it stands behind the end of the export")
            return
        else:
            row = _row(found, number)
            count, crc = count + 1, row.stamp(crc)
            yield row
    raise DumpInvalid(number + 1, "the end of the export is missing")


@contextmanager
def private_file(path: Path) -> Generator[IO[str]]:
    """Write a file that only its owner can read; it gets its name when it is whole."""
    with replacing(path) as beside:
        file = io.TextIOWrapper(beside, encoding="utf-8")
        yield file
        file.detach()  # it is written out, and closed by who has made it


def _text_lines(file: Iterable[str]) -> Iterator[str]:
    """Give the lines of *file*, which may turn out not to be text."""
    number = 0
    try:
        for line in file:
            number += 1
            yield line
    except UnicodeDecodeError as error:
        raise DumpInvalid(number + 1, "it is not text in UTF-8") from error


def _parsed(line: str | bytes, number: int) -> object:
    try:
        return cast("object", json.loads(line, parse_constant=_refuse))
    except (ValueError, RecursionError) as error:
        raise DumpInvalid(number, "it is not JSON") from error


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _row(found: object, number: int) -> Plain:
    try:
        tree, key, expires, body = cast("list[Any]", found)
        row = Plain(
            str(tree),
            b64decode(key, validate=True),
            None if expires is None else float(expires),
            b64decode(body, validate=True),
        )
        decode_key(row.key)
        if row.expires is not None and not math.isfinite(row.expires):
            raise ValueError("its end is no time")  # noqa: TRY301  # one place answers
    except (TypeError, ValueError, IndexError) as error:
        raise DumpInvalid(number, f"it is no row ({error})") from error
    if row.body[:1] == b"J":
        _parsed(row.body[1:], number)
    elif row.body[:1] != b"B":
        raise DumpInvalid(number, "its codec is not known")
    return row


def _text(data: bytes) -> str:
    return b64encode(data).decode()
