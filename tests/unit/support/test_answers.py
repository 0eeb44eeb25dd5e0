"""Answers: what was shown once is shown again as long as nothing it depends on has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.support.answers import answer, answers_path, keep


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Answers that depend on a file, on one that is not there, and on two variables."""
    monkeypatch.setenv("SHOP_MODE", "a\tb")
    monkeypatch.delenv("SHOP_OTHER", raising=False)
    (tmp_path / "settings").mkdir()
    (tmp_path / ".env").write_text("A=1\n")
    path = answers_path(str(tmp_path))
    sources = [str(tmp_path / ".env"), str(tmp_path / ".env.local")]
    variables = {"SHOP_MODE": "a\tb", "SHOP_OTHER": None}
    values = {"a.b": "one", "a.text": "two\nlines\\n\tand"}
    assert keep(path, "1.0", sources, variables, values)
    return path


def test_answer_while_all_is_as_it_was_then_is_what_was_kept(kept: str) -> None:
    assert answer(kept, "a.b", "1.0") == "one"
    assert answer(kept, "a.text", "1.0") == "two\nlines\\n\tand"
    assert answer(kept, "a.c", "1.0") is None


def test_answer_when_the_version_is_another_then_is_none(kept: str) -> None:
    assert answer(kept, "a.b", "1.1") is None


def test_answer_when_a_file_changes_then_is_none(kept: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=22\n")

    assert answer(kept, "a.b", "1.0") is None


def test_answer_when_a_file_comes_then_is_none(kept: str, tmp_path: Path) -> None:
    (tmp_path / ".env.local").touch()

    assert answer(kept, "a.b", "1.0") is None


@pytest.mark.parametrize(("name", "value"), [("SHOP_MODE", "c"), ("SHOP_OTHER", "")])
def test_answer_when_a_variable_changes_then_is_none(
    kept: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert answer(kept, "a.b", "1.0") is None


def test_answer_when_the_file_was_cut_then_is_none(kept: str) -> None:
    text = Path(kept).read_text()
    Path(kept).write_text(text[:-5])

    assert answer(kept, "a.b", "1.0") is None


def test_answer_when_there_is_no_file_then_is_none(tmp_path: Path) -> None:
    assert answer(answers_path(str(tmp_path)), "a.b", "1.0") is None


def test_keep_where_nothing_can_be_written_then_says_so(tmp_path: Path) -> None:
    assert not keep(answers_path(str(tmp_path / "absent")), "1.0", [], {}, {})


def test_keep_makes_a_file_for_its_owner_alone(kept: str) -> None:
    assert Path(kept).stat().st_mode & 0o777 == 0o600
