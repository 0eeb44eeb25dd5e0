"""Records of files are read in every form, filtered, and followed over every rotation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from securely.log.commands.entries import Entry, Filter, entries
from securely.log.commands.following import Files, Watch
from securely.log.formatters import ConsoleFormatter, JsonFormatter, LineFormatter, LogfmtFormatter
from securely.log.record import Record

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
RECORD = Record(1_793_872_800.0, 30, "local", "order late", {"order": 7}, {"trace_id": TRACE})


def line(text: str, level: str = "INFO") -> str:
    return f"[2026-11-05 10:00:00] local.{level}: {text}\n"


def texts(found: object) -> list[str]:
    return [entry.message for entry in found]  # type: ignore[attr-defined]  # of entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


# Forms


@pytest.mark.parametrize(
    "formatter", [LineFormatter(), JsonFormatter(), LogfmtFormatter(), ConsoleFormatter()]
)
def test_level_time_and_trace_are_read_in_every_form(formatter: LineFormatter) -> None:
    entry = Entry.read(formatter.format(RECORD).rstrip("\n"))

    assert entry.level == "warning"
    assert entry.trace == TRACE
    assert "order late" in entry.message
    assert "10:00:00" in entry.time


def test_logfmt_is_read_in_its_parts() -> None:
    said = RECORD._replace(
        message='two "words"\nand \\ more \x07',
        fields={"order": 7, "empty": "", "path": "a b", "list": [1, "x"]},
        exception=ValueError("broken"),
    )

    entry = Entry.read(LogfmtFormatter().format(said).rstrip("\n"))

    assert (entry.level, entry.message) == ("warning", said.message)
    assert entry.fields is not None
    assert entry.fields["channel"] == RECORD.channel
    assert {name: entry.fields[name] for name in said.fields} == {
        "order": "7",
        "empty": "",
        "path": "a b",
        "list": '[1,"x"]',
    }
    assert "ValueError: broken" in entry.fields["trace"].splitlines()[-1]


@pytest.mark.parametrize(
    "text", ["plain words", "{no json", "[1, 2]", "{}", '{"level": 7}', "[x] y: z", "", '"text"']
)
def test_what_is_in_no_form_of_ours_is_a_record_too(text: str) -> None:
    entry = Entry.read(text)

    assert entry.text == text
    assert not Filter(level=10).wants(entry)
    assert Filter().wants(entry)


def test_a_traceback_belongs_to_its_record() -> None:
    record = RECORD._replace(exception=ValueError("broken"))
    text = LineFormatter().format(record) + line("next")

    first, second = entries(text.splitlines())
    assert "ValueError: broken" in first.text
    assert second.message == "next"


# Filters


def test_all_that_is_named_must_hold() -> None:
    entry = Entry.read(LineFormatter().format(RECORD).rstrip())

    assert Filter(30, re.compile("order.*late"), TRACE[:8]).wants(entry)
    assert Filter(30, re.compile('"order":7')).wants(entry)
    assert not Filter(40).wants(entry)
    assert not Filter(pattern=re.compile("Order")).wants(entry)
    assert not Filter(trace="f" * 8).wants(entry)
    assert not Filter(trace=TRACE).wants(Entry.read(line("no trace")))


# The end of what there is


def last(count: int, files: Files, wanted: Filter | None = None) -> list[Entry]:
    watch = Watch(files, wanted or Filter())
    found = watch.last(count)
    watch.close()
    return found


def test_the_last_records_are_found_from_the_end(path: Path) -> None:
    path.write_text(
        "".join(line(str(number), "ERROR" if number % 2 else "INFO") for number in range(30_000))
    )

    assert texts(last(3, Files(path))) == ["29997", "29998", "29999"]
    assert texts(last(2, Files(path), Filter(level=40))) == ["29997", "29999"]
    assert last(0, Files(path)) == []


def test_there_may_be_fewer_than_wanted(path: Path) -> None:
    assert last(5, Files(path)) == []
    path.write_text(line("one"))
    assert texts(last(5, Files(path))) == ["one"]


def test_a_traceback_comes_with_its_record_from_the_end(path: Path) -> None:
    path.write_text(line("one") + line("two") + "  Traceback\n    File\n")

    [entry] = last(1, Files(path))
    assert entry.text.splitlines()[1:] == ["  Traceback", "    File"]


def test_earlier_days_give_what_the_newest_lacks(tmp_path: Path) -> None:
    for day, text in (("09", "a"), ("10", "b"), ("11", "c")):
        (tmp_path / f"app-2026-11-{day}.log").write_text(line(text))
    (tmp_path / "app-notes.log").write_text(line("not a day"))
    (tmp_path / "other-2026-11-12.log").write_text(line("another"))

    assert texts(last(2, Files(tmp_path / "app.log", "{name}-{date}"))) == ["b", "c"]


# What comes


@pytest.fixture
def watch(path: Path) -> Watch:
    return Watch(Files(path), Filter())


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_what_is_added_is_given_once_and_in_whole_lines(path: Path, watch: Watch) -> None:
    path.write_text(line("old") + "[2026-11-05 10:00:00] local.INFO: ha")

    assert texts(watch.last(9)) == ["old"]
    assert texts(watch.more()) == []
    append(path, "lf\n" + line("new"))
    assert texts(watch.more()) == ["half", "new"]
    assert texts(watch.more()) == []
    watch.close()


def test_a_file_that_comes_later_is_read_from_its_beginning(path: Path, watch: Watch) -> None:
    assert watch.last(9) == []
    path.write_text(line("first"))

    assert texts(watch.more()) == ["first"]
    watch.close()


def test_a_file_that_is_renamed_is_read_to_its_end(path: Path, watch: Watch) -> None:
    path.write_text(line("old"))
    watch.last(9)
    append(path, line("last"))
    path.rename(path.with_name("app.log.1"))
    path.write_text(line("first"))

    assert texts(watch.more()) == ["last", "first"]
    append(path.with_name("app.log.1"), line("late"))
    append(path, line("second"))
    assert texts(watch.more()) == ["late", "second"]
    watch.close()


def test_a_file_that_is_renamed_and_not_made_again_is_waited_for(path: Path, watch: Watch) -> None:
    path.write_text(line("old"))
    watch.last(9)
    path.unlink()
    assert texts(watch.more()) == []
    path.write_text(line("again"))

    assert texts(watch.more()) == ["again"]
    watch.close()


def test_a_file_that_is_cut_is_read_from_its_beginning(path: Path, watch: Watch) -> None:
    path.write_text(line("old") * 9)
    watch.last(9)
    path.write_text(line("new"))

    assert texts(watch.more()) == ["new"]
    watch.close()


def test_the_file_of_the_next_day_follows_and_the_old_one_is_read_on(tmp_path: Path) -> None:
    files = Files(tmp_path / "app.log", "{name}-{date}")
    old, new = tmp_path / "app-2026-11-05.log", tmp_path / "app-2026-11-06.log"
    old.write_text(line("old"))
    watch = Watch(files, Filter())
    watch.last(9)
    append(old, line("last"))
    new.write_text(line("first"))

    assert texts(watch.more()) == ["last", "first"]
    append(old, line("late"))
    append(new, line("second"))
    assert texts(watch.more()) == ["late", "second"]
    watch.close()


def test_many_rotations_leave_no_files_open(path: Path, watch: Watch) -> None:
    watch.last(9)
    for number in range(9):
        path.write_text(line(str(number)))
        assert texts(watch.more()) == [str(number)]
        path.rename(path.with_name(f"app.log.{number}"))

    assert len(watch._open) <= 2
    watch.close()


def test_a_line_that_does_not_end_is_given_in_parts(
    path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from securely.log.commands import following

    monkeypatch.setattr(following, "_LINE_BYTES_MAX", 100)
    watch.last(0)
    path.write_text("x" * 150)

    assert texts(watch.more()) == ["x" * 150]
    watch.close()


def test_filters_hold_for_what_comes(path: Path) -> None:
    watch = Watch(Files(path), Filter(level=40))
    watch.last(9)
    path.write_text(line("fine") + line("bad", "ERROR"))

    assert texts(watch.more()) == ["bad"]
    watch.close()
