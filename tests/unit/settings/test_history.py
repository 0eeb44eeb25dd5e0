"""History: what was changed, with values that only the key opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.encryption import KeyRing
from securely.settings import Change, History

RING = KeyRing(b"k" * 32)
CHANGE = Change("SHOP_TOKEN", "secrets.enc", None, "t0ps3cret", secret=True)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "settings/history.jsonl", "default")


def test_a_revision_is_read_again_without_its_values(history: History) -> None:
    history.append(history.next("set", [CHANGE], RING).row())

    (found,) = history.revisions()

    assert (found.number, found.command) == (1, "set")
    assert found.changes == (Change("SHOP_TOKEN", "secrets.enc", None, "********", secret=True),)
    assert "t0ps3cret" not in history.file.read_text()
    assert history.file.stat().st_mode & 0o777 == 0o600


def test_the_key_opens_the_values(history: History) -> None:
    history.append(history.next("set", [CHANGE], RING).row())
    (found,) = history.revisions()

    assert history.opened(found, RING) == (CHANGE,)
    assert history.opened(found, None) is None
    assert history.opened(found, KeyRing(b"o" * 32)) is None


def test_values_of_one_revision_are_none_of_another(history: History) -> None:
    first = history.next("set", [CHANGE], RING)
    history.append({**first.row(), "revision": 2})

    assert history.opened(history.revisions()[0], RING) is None


def test_a_line_that_was_cut_is_left_out_and_spoils_no_other(history: History) -> None:
    history.append(history.next("set", [CHANGE], RING).row())
    with history.file.open("a") as file:
        file.write('{"revision": 2, "at"')

    history.append(history.next("unset", [CHANGE], RING).row())

    assert [each.command for each in history.revisions()] == ["set", "unset"]


def test_appending_a_revision_twice_writes_it_once(history: History) -> None:
    row = history.next("set", [CHANGE], RING).row()

    history.append(row)
    history.append(row)

    assert len(history.revisions()) == 1


def test_resealed_is_opened_by_the_new_key_alone(history: History) -> None:
    history.append(history.next("set", [CHANGE], RING).row())
    new = KeyRing(b"n" * 32, [b"k" * 32])

    history.file.write_text(history.resealed(new))

    assert history.opened(history.revisions()[0], KeyRing(b"n" * 32)) == (CHANGE,)


def test_a_change_does_not_show_itself() -> None:
    assert "t0ps3cret" not in repr(CHANGE)
