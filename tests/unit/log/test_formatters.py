"""Records as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from securely.log import Record
from securely.log.formatters import (
    ConsoleFormatter,
    JsonFormatter,
    LineFormatter,
    LogfmtFormatter,
    MessageFormatter,
    formatter,
)
from securely.log.masking import Masker


def record(message: str = "shipped", level: int = 20, **fields: object) -> Record:
    return Record(1_793_872_800.25, level, "local", message, fields, {})


def caught() -> BaseException:
    def lookup() -> None:
        raise LookupError("nobody\n[2026-11-05 10:00:00] local.INFO: forged")

    def fail() -> None:
        try:
            lookup()
        except LookupError as error:
            raise ValueError("bad token=sup3r-secret") from error

    with pytest.raises(ValueError, match="bad") as caught:
        fail()
    return caught.value


def test_line_when_plain_has_laravels_shape() -> None:
    assert LineFormatter().format(record()) == "[2026-11-05 10:00:00] local.INFO: shipped\n"


def test_line_with_fields_and_extra_has_both_as_json() -> None:
    text = LineFormatter().format(record(a=1, b="é/x")._replace(extra={"trace": "t"}))

    assert text == '[2026-11-05 10:00:00] local.INFO: shipped {"a":1,"b":"é/x"} {"trace":"t"}\n'


def test_line_in_a_time_zone_has_its_date() -> None:
    text = LineFormatter(timezone="Europe/Berlin").format(record())

    assert text.startswith("[2026-11-05 11:00:00]")


def test_line_when_the_second_changes_has_the_new_date() -> None:
    line = LineFormatter()
    line.format(record())

    text = line.format(record()._replace(timestamp=1_793_872_861.0))

    assert text.startswith("[2026-11-05 10:01:01]")


def test_line_with_line_breaks_in_the_message_stays_one_line() -> None:
    text = LineFormatter().format(record("a\n[2026] local.INFO: forged\r\x1b[31m\tend\u2028"))

    assert text.count("\n") == 1
    assert r"a\n[2026] local.INFO: forged\r\x1b[31m" in text


def test_line_with_an_exception_has_the_chain_indented() -> None:
    text = LineFormatter().format(record(level=40)._replace(exception=caught()))

    head, *rest = text.splitlines()
    assert head == "[2026-11-05 10:00:00] local.ERROR: shipped"
    assert all(line.startswith("  ") for line in rest)
    assert "LookupError: nobody" in text
    assert "ValueError: bad" in text


def test_secrets_in_exceptions_and_odd_values_are_masked() -> None:
    class Client:
        def __repr__(self) -> str:
            return "<Client sup3r-secret>"

    masker = Masker(["sup3r-secret"])
    failed = record(client=Client())._replace(exception=caught())

    for made in (LineFormatter(masker=masker), JsonFormatter(masker=masker)):
        text = made.format(failed)
        assert "sup3r-secret" not in text
        assert "<Client ********>" in text


def test_json_has_the_keys_of_monolog() -> None:
    entry = json.loads(JsonFormatter(timezone="Europe/Berlin").format(record(order=5)))

    assert entry == {
        "message": "shipped",
        "context": {"order": 5},
        "level": 20,
        "level_name": "INFO",
        "channel": "local",
        "datetime": "2026-11-05T11:00:00.250000+01:00",
        "extra": {},
    }


def test_json_with_an_exception_tells_its_chain() -> None:
    entry = json.loads(JsonFormatter().format(record()._replace(exception=caught())))

    assert entry["exception"]["class"] == "builtins.ValueError"
    assert entry["exception"]["message"].startswith("bad")
    assert entry["exception"]["previous"][0].startswith("LookupError: nobody")
    assert "Traceback" in entry["exception"]["trace"]


def test_any_value_is_written() -> None:
    fields = {
        "path": Path("/srv"),
        "money": Decimal("1.10"),
        "when": datetime(2026, 1, 1, tzinfo=UTC),
        "set": {1},
        "big": 2**100,
        "class": int,
        "keys": {(1, 2): "x"},
        "half": "\ud800",
    }

    entry = json.loads(JsonFormatter().format(record(**fields)))["context"]

    assert entry["path"] == "/srv"
    assert entry["set"] == [1]
    assert entry["big"] == str(2**100)
    assert entry["keys"] == {"(1, 2)": "x"}
    assert entry["half"] == "\\ud800"


def test_console_is_coloured_when_asked() -> None:
    plain = ConsoleFormatter().format(record(order=5, note="two words"))
    bright = ConsoleFormatter(colour=True).format(record(level=60))

    assert plain == '10:00:00 INFO      shipped order=5 note="two words"\n'
    assert "\x1b[1;37;41mEMERGENCY\x1b[0m" in bright


def test_formatter_finds_ours_and_classes_by_dotted_name() -> None:
    made = formatter("securely.log.formatters:JsonFormatter", timezone="UTC", masker=Masker())

    assert isinstance(made, JsonFormatter)
    assert isinstance(formatter("line", timezone="UTC", masker=Masker()), LineFormatter)
    with pytest.raises(ImportError):
        formatter("nowhere.Formatter", timezone="UTC", masker=Masker())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("word", "word"),
        ("two words", '"two words"'),
        ('say "hi" = \\', r'"say \"hi\" = \\"'),
        ("two\nlines", r'"two\nlines"'),
        ("", '""'),
        (5, "5"),
        (None, "null"),
        (True, "true"),
        (Path("/srv"), "/srv"),
        ({"a": [1]}, r'"{\"a\":[1]}"'),
    ],
)
def test_logfmt_quotes_what_it_must(value: object, text: str) -> None:
    line = LogfmtFormatter().format(record(value=value))

    assert line == (
        f"time=2026-11-05T10:00:00.250+00:00 level=info channel=local msg=shipped value={text}\n"
    )


def test_logfmt_keeps_names_apart_and_lines_whole() -> None:
    fields = {"msg": "mine", "two words": 1, "a=b\n": 2}
    line = LogfmtFormatter().format(record(**fields)._replace(extra={"trace": "t"}))

    assert " trace=t field.msg=mine two_words=1 a_b_=2\n" in line
    assert line.count("\n") == 1


def test_logfmt_tells_the_exception() -> None:
    line = LogfmtFormatter().format(record()._replace(exception=caught()))

    assert 'error="ValueError: bad' in line
    assert r"\nLookupError: nobody" in line
    assert line.count("\n") == 1


def test_message_has_no_date_and_no_level() -> None:
    made = record("a\nb", order=5)._replace(extra={"trace": "t"}, exception=caught())

    head, *rest = MessageFormatter().format(made).splitlines()

    assert head == r'a\nb {"order":5} {"trace":"t"}'
    assert "ValueError: bad" in rest[-1]


def test_what_cannot_be_written_as_it_is_is_noted_by_its_kind() -> None:
    notes: list[str] = []

    for made in (LineFormatter(note=notes.append), JsonFormatter(note=notes.append)):
        made.format(record(lock=object()))

    assert set(notes) == {"A value of type object in a log record is written as its repr."}
