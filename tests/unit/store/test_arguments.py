"""Arguments of another kind than is wanted are named, and nothing is written for them."""

from __future__ import annotations

import io
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from securely.store import (
    AsyncFunction,
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
