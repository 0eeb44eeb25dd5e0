"""The delivery board: cells, marks, and what others read after a death."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from securely.queue.crew import board as module
from securely.queue.crew.board import Board, State, boot_id, read


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path / "w.board", cells=4)


def test_place_when_read_by_another_is_handed(board: Board) -> None:
    board.place(2, 77, 1)

    assert read(board.path) == {(77, 1): State.HANDED}


def test_marks_when_made_through_a_second_map_are_seen_by_all(board: Board) -> None:
    board.place(0, 5, 1)
    board.place(1, 6, 3)
    executor = Board(board.path)

    executor.start(0, 12.5)
    executor.start(1, 13.5)
    executor.finish(1)

    assert board.look(0) == (State.STARTED, 12.5)
    assert read(board.path) == {(5, 1): State.STARTED, (6, 3): State.FINISHED}


def test_place_when_cell_was_used_forgets_the_old_mark(board: Board) -> None:
    board.place(0, 5, 1)
    board.finish(0)

    board.place(0, 6, 1)

    assert read(board.path) == {(6, 1): State.HANDED}


def test_read_when_a_delivery_stands_twice_tells_the_furthest(board: Board) -> None:
    board.place(0, 5, 1)
    board.start(0, 1.0)
    board.place(3, 5, 1)

    assert read(board.path) == {(5, 1): State.STARTED}


def test_read_when_there_is_no_board_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "none.board") == {}


@pytest.mark.parametrize("content", [b"", b"short", b"XXXX" + bytes(60)])
def test_read_when_damaged_is_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.board"
    path.write_bytes(content)

    assert read(path) == {}


def test_read_when_cut_short_gives_what_is_whole(board: Board, tmp_path: Path) -> None:
    board.place(0, 5, 1)
    board.place(1, 6, 1)
    cut = tmp_path / "cut.board"
    cut.write_bytes(board.path.read_bytes()[: 32 + 32 + 10])

    assert read(cut) == {(5, 1): State.HANDED}


def test_read_when_of_another_boot_is_empty(board: Board, tmp_path: Path) -> None:
    board.place(0, 5, 1)
    content = bytearray(board.path.read_bytes())
    content[8:24] = bytes(16)
    other = tmp_path / "other.board"
    other.write_bytes(content)

    assert read(other) == {}


def test_file_when_made_is_for_the_owner_only(board: Board) -> None:
    assert stat.S_IMODE(board.path.stat().st_mode) == 0o600


def test_boot_id_when_asked_twice_is_the_same_sixteen_bytes() -> None:
    assert len(boot_id()) == 16
    assert boot_id() == module.boot_id()
