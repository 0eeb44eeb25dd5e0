"""Arguments of another kind than is wanted are named, and nothing is written for them."""

from __future__ import annotations

import asyncio
import gzip
import io
import tempfile
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from securely.store import (
    AsyncFunction,
    Database,
    InvalidArgument,
    InvalidDriver,
    InvalidKey,
    InvalidTree,
)
from securely.store.arguments import check_engine, made


class Colour(Enum):
    RED = "red"


async def later(old: object) -> int:
    return 1


@pytest.mark.parametrize("of", [list[int], int | None, "int", 5])
def test_type_of_a_tree_that_is_no_class_is_named(store: Any, of: object) -> None:
    with pytest.raises(InvalidArgument, match="Give a class"):
        store.tree("numbers", of)


@pytest.mark.parametrize("name", [5, None, b"tree", ""])
def test_name_of_a_tree_that_is_no_text_is_named(store: Any, name: object) -> None:
    with pytest.raises(InvalidTree, match="no name of a tree"):
        store.tree(name)


def test_function_that_must_be_awaited_writes_nothing(store: Any) -> None:
    with pytest.raises(AsyncFunction, match="update_and_fetch"):
        store.update_and_fetch("n", later)

    assert "n" not in store


@pytest.mark.parametrize("file", ["export.jsonl", Path("export.jsonl"), b"{}"])
def test_import_of_a_path_says_to_open_it(store: Any, file: object) -> None:
    with pytest.raises(InvalidArgument, match="Open it as text"):
        store.import_(file)


@pytest.mark.parametrize("file", ["export.jsonl", io.BytesIO()])
def test_export_to_what_is_no_text_file_says_so(store: Any, file: object) -> None:
    with pytest.raises(InvalidArgument, match="Open it as text"):
        store.export(file)


def test_transaction_over_what_is_no_tree_says_so(store: Any) -> None:
    with pytest.raises(InvalidArgument, match="Give trees"):
        store.transact(lambda tree: None, "users")


def test_batch_that_is_none_is_named(store: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"Batch\(\)"):
        store.apply_batch([("a", 1)])


@pytest.mark.parametrize(("key", "hint"), [(Colour.RED, ".value"), ([1, 2], "tuple")])
def test_key_that_nearly_is_one_says_what_to_give(store: Any, key: object, hint: str) -> None:
    with pytest.raises(InvalidKey, match=hint):
        store.get(key)


def test_driver_that_makes_no_engine_is_named_with_what_it_lacks() -> None:
    with pytest.raises(InvalidDriver, match=r'"own" can not make the database "main".*lacks'):
        check_engine("own", "main", object())


def test_driver_that_takes_other_arguments_is_named() -> None:
    with pytest.raises(InvalidDriver, match="can not be called with name and options"):
        made("own", "main", object(), lambda name: object())  # type: ignore[arg-type,misc]


def test_driver_that_asks_for_a_setting_nobody_gave_names_it() -> None:
    with pytest.raises(InvalidDriver, match='"entries"'):
        made("own", "main", object(), lambda name, options: options.entries)


@pytest.mark.parametrize("operation", ["update_and_fetch", "fetch_and_update", "merge"])
def test_function_that_must_be_awaited_is_refused_by_the_async_twin_too(
    store: Any, operation: str
) -> None:
    async def merged(*_: object) -> int:
        return 1

    store.put("k", 7)
    store.set_merge_operator(merged)

    with pytest.raises(AsyncFunction, match=rf"^{operation}\(\).*atransact"):
        asyncio.run(getattr(store, f"a{operation}")("k", 1 if operation == "merge" else later))

    assert store.get("k") == 7


def test_export_to_any_file_of_text_is_written(store: Any, tmp_path: Path) -> None:
    store.put("k", 1)
    with gzip.open(tmp_path / "dump.gz", "wt", encoding="utf-8") as packed:
        assert store.export(packed) == 1
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:
        assert store.export(file) == 1
        file.seek(0)
        assert Database.temporary().import_(file) == 1

    with (
        tempfile.NamedTemporaryFile() as binary,
        pytest.raises(InvalidArgument, match="a file of bytes"),
    ):
        store.export(binary)


def test_repr_of_a_database_has_its_name(store: Any) -> None:
    assert repr(store) == "<Database 'test'>"
    assert repr(store.tree("t")) == "<Tree 't'>"
