"""What each field of an expression may say, and what is said of one that is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from securely.schedule.cron.fields import ALIASES, Fields, values
from securely.schedule.exceptions import InvalidExpression

_FIVE = "minute, hour, day of the month, month, day of the week"


@pytest.mark.parametrize(
    ("field", "minutes"),
    [
        ("*", [*range(60)]),
        ("0", [0]),
        ("07", [7]),
        ("5,3,5", [3, 5]),
        ("10-12", [10, 11, 12]),
        ("7-7", [7]),
        ("*/20", [0, 20, 40]),
        ("*/59", [0, 59]),
        ("*/60", [0]),
        ("10-20/5", [10, 15, 20]),
        ("1-3,50-58/4,30", [1, 2, 3, 30, 50, 54, 58]),
        ("5,*", [*range(60)]),
    ],
)
def test_parse_when_minutes_are_given_then_has_a_bit_for_each(
    field: str, minutes: list[int]
) -> None:
    assert values(Fields.parse(f"{field} * * * *").minutes) == minutes


@pytest.mark.parametrize(
    ("field", "hours", "is_elapsed"),
    [
        ("*", [*range(24)], True),
        ("*/6", [0, 6, 12, 18], True),
        ("1-9/4", [1, 5, 9], True),
        ("0-23", [*range(24)], True),
        ("9-11", [9, 10, 11], False),
        ("1,13", [1, 13], False),
        ("23", [23], False),
    ],
)
def test_parse_when_hours_are_all_or_in_steps_then_elapsed_time_is_followed(
    field: str, hours: list[int], is_elapsed: bool
) -> None:
    fields = Fields.parse(f"0 {field} * * *")

    assert values(fields.hours) == hours
    assert fields.follows_elapsed_time is is_elapsed


@pytest.mark.parametrize(
    ("field", "months"),
    [
        ("*", [*range(1, 13)]),
        ("*/5", [1, 6, 11]),
        ("JAN,mar", [1, 3]),
        ("oct-Dec", [10, 11, 12]),
        ("FEB-10/4", [2, 6, 10]),
    ],
)
def test_parse_when_months_are_given_then_names_of_any_case_will_do(
    field: str, months: list[int]
) -> None:
    assert values(Fields.parse(f"0 0 1 {field} *").months) == months


@pytest.mark.parametrize(
    ("field", "weekdays"),
    [
        ("0", [0]),
        ("7", [0]),
        ("SUN", [0]),
        ("mon-FRI", [1, 2, 3, 4, 5]),
        ("5-7", [0, 5, 6]),
        ("7-1", [0, 1]),
        ("0-7", [*range(7)]),
        ("SUN-TUE", [0, 1, 2]),
        ("MON-SUN/3", [0, 1, 4]),
        ("MON-SUN", [*range(7)]),
        ("*/3", [0, 3, 6]),
    ],
)
def test_parse_when_weekdays_are_given_then_sunday_is_first_and_last(
    field: str, weekdays: list[int]
) -> None:
    days = Fields.parse(f"0 0 * * {field}").days

    assert values(days.weekdays) == weekdays
    assert days.is_weekly
    assert not days.is_dated


def test_parse_when_days_are_special_then_each_has_its_place() -> None:
    def days(date: str, weekday: str) -> object:
        return Fields.parse(f"0 0 {date} * {weekday}").days

    plain = Fields.parse("0 0 * * *").days

    assert days("L", "*") == plain._replace(is_dated=True, has_last=True)
    assert days("LW", "?") == plain._replace(is_dated=True, has_last_weekday=True)
    assert days("15W", "*") == plain._replace(is_dated=True, nearest=(15,))
    assert days("?", "FRIL") == plain._replace(is_weekly=True, last=(5,))
    assert days("*", "7L,MON#2,3") == plain._replace(
        is_weekly=True, weekdays=1 << 3, nth=((1, 2),), last=(0,)
    )


@pytest.mark.parametrize(("alias", "meant"), ALIASES.items())
def test_parse_when_an_alias_is_given_then_is_what_it_stands_for(alias: str, meant: str) -> None:
    assert Fields.parse(alias) == Fields.parse(alias.upper()) == Fields.parse(meant)
    assert Fields.parse(alias).texts == tuple(meant.split())


def test_parse_when_there_are_six_fields_then_the_second_is_first() -> None:
    fields = Fields.parse("*/20 5 4 3 2 1")

    assert values(fields.seconds) == [0, 20, 40]
    assert values(fields.minutes) == [5]
    assert values(fields.hours) == [4]
    assert values(fields.months) == [2]
    assert Fields.parse("5 4 3 2 1").seconds == 1


def test_parse_when_blanks_are_odd_then_any_of_ascii_separate() -> None:
    assert Fields.parse(" 0\t1\n2  3 4\r\n").texts == ("0", "1", "2", "3", "4")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("60 * * * *", 'the minute "60" is out of range: use 0 to 59.'),
        ("60 * * * * *", 'the second "60" is out of range: use 0 to 59.'),
        ("* 24 * * *", 'the hour "24" is out of range: use 0 to 23.'),
        ("* * 0 * *", 'the day of the month "0" is out of range: use 1 to 31.'),
        ("* * 32W * *", 'the day of the month "32W" is out of range: use 1 to 31.'),
        ("* * * 13 *", 'the month "13" is out of range: use 1 to 12, or JAN to DEC.'),
        ("* * * * 8", 'the day of the week "8" is out of range: use 0 to 7, or SUN to SAT.'),
        ("* * * * 8L", 'the day of the week "8L" is out of range: use 0 to 7, or SUN to SAT.'),
        ("x * * * *", 'the minute "x" has "x" where a number belongs: use 0 to 59.'),
        ("1,,2 * * * *", 'the minute "1,,2" has "" where a number belongs: use 0 to 59.'),
        ("-1 * * * *", 'the minute "-1" has "" where a number belongs: use 0 to 59.'),
        ("1-2-3 * * * *", 'the minute "1-2-3" has "2-3" where a number belongs: use 0 to 59.'),
        ("\u0663 * * * *", 'the minute "\u0663" has "\u0663" where a number belongs: use 0 to 59.'),
        (
            "0000000001 * * * *",
            'the minute "0000000001" has "0000000001" where a number belongs: use 0 to 59.',
        ),
        (
            "* * * FOO *",
            'the month "FOO" has "FOO" where a number belongs: use 1 to 12, or JAN to DEC.',
        ),
        ("*/0 * * * *", 'the minute "*/0" has the step "0": use a number from 1 to 59.'),
        ("*/5/2 * * * *", 'the minute "*/5/2" has the step "5/2": use a number from 1 to 59.'),
        (
            "* */25 * * *",
            (
                'the hour "*/25" has the step 25, and goes from 0 to 23 only: use a'
                " smaller step, or `every(...)` for an interval."
            ),
        ),
        (
            "5-59/60 * * * *",
            (
                'the minute "5-59/60" has the step 60, and goes from 0 to 59 only: use a'
                " smaller step, or `every(...)` for an interval."
            ),
        ),
        ("5/15 * * * *", 'the minute "5/15" has a step without a range: write "5-59/15".'),
        ("/5 * * * *", 'the minute "/5" has a step without a range: write "*/5".'),
        (
            "* 22-5 * * *",
            'the hour "22-5" has a range that runs backwards: write "22-23,0-5".',
        ),
        (
            "* * * OCT-MAR *",
            'the month "OCT-MAR" has a range that runs backwards: write "OCT-DEC,JAN-MAR".',
        ),
        (
            "* * * * FRI-MON",
            (
                'the day of the week "FRI-MON" has a range that runs backwards: write'
                ' "FRI-SAT,SUN-MON".'
            ),
        ),
        (
            "* * * * 6-1",
            'the day of the week "6-1" has a range that runs backwards: write "6-6,0-1".',
        ),
        (
            "* * 1,L * *",
            (
                'the day of the month "1,L" has "L" or "W" in a list: they stand alone; make it two'
                " tasks."
            ),
        ),
        (
            "* * * * 5#6",
            (
                'the day of the week "5#6" has "#6": a month has the first to the fifth of a'
                ' day, "#1" to "#5".'
            ),
        ),
        (
            "* * * * 1#1#2",
            (
                'the day of the week "1#1#2" has "#1#2": a month has the first to the fifth of a'
                ' day, "#1" to "#5".'
            ),
        ),
        (
            "H * * * *",
            'the minute "H" has "H", which is computed from the name of a task: give it one.',
        ),
    ],
)
def test_parse_when_a_field_is_wrong_then_names_field_value_and_remedy(
    text: str, said: str
) -> None:
    with pytest.raises(InvalidExpression) as caught:
        Fields.parse(text)

    assert str(caught.value) == f'Cron expression "{text}": {said}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f"has 0 fields: write five ({_FIVE}), or six with the second first."),
        ("* * * *", f"has 4 fields: write five ({_FIVE}), or six with the second first."),
        ("* * * * * * *", f"has 7 fields: write five ({_FIVE}), or six with the second first."),
        ("@reboot", f"is no alias: use one of {', '.join(ALIASES)}."),
        (
            "0 0 30 2 *",
            (
                'never comes true: no month of "2" has a day "30"; choose a day that it'
                ' has, or "L" for its last.'
            ),
        ),
        (
            "0 0 31 4,JUN *",
            (
                'never comes true: no month of "4,JUN" has a day "31"; choose a day that it'
                ' has, or "L" for its last.'
            ),
        ),
        (
            "0 0 31W 11 *",
            (
                'never comes true: no month of "11" has a day "31W"; choose a day that it'
                ' has, or "L" for its last.'
            ),
        ),
    ],
)
def test_parse_when_the_whole_is_wrong_then_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        Fields.parse(text)

    assert str(caught.value) == f'Cron expression "{text}" {said}'


@pytest.mark.parametrize("text", ["? * * * *", "* ? * * *", "* * * ? *", "* * ? * ?"])
def test_parse_when_a_question_mark_is_elsewhere_then_says_where_it_belongs(text: str) -> None:
    with pytest.raises(InvalidExpression, match=r"for one of them; write \"\*\" elsewhere\.$"):
        Fields.parse(text)


def test_parse_when_a_no_break_space_separates_then_is_refused() -> None:
    with pytest.raises(InvalidExpression, match="has 4 fields"):
        Fields.parse("0 0\u00a01 * *")


def test_parse_when_text_is_long_then_the_message_is_not() -> None:
    with pytest.raises(InvalidExpression) as caught:
        Fields.parse("* " * 10_000)

    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("date", ["29 2", "31 1,4", "30W 4", "L 2", "LW 2"])
def test_parse_when_some_month_has_the_day_then_is_possible(date: str) -> None:
    assert Fields.parse(f"0 0 {date} *").texts[2:4] == tuple(date.split())


def test_parse_when_a_weekday_will_do_then_the_date_need_not_exist() -> None:
    assert values(Fields.parse("0 0 30 2 1").days.weekdays) == [1]


@pytest.mark.parametrize(
    "text",
    ["H * * * *", "* H * * *", "* * H * *", "* * * H *", "* * * * H", "H * * * * *"],
)
def test_parse_when_hashed_then_the_same_seed_gives_the_same_value(text: str) -> None:
    seeds = [f"task {number}" for number in range(40)]
    read = [Fields.parse(text, seed) for seed in seeds]

    assert read == [Fields.parse(text, seed) for seed in seeds]
    assert len({each[1:] for each in read}) > 1
    assert all(each.texts == tuple(text.split()) for each in read)


@pytest.mark.parametrize(
    ("field", "count", "low", "high"),
    [
        ("H", 1, 0, 59),
        ("H(10-19)", 1, 10, 19),
        ("H/15", 4, 0, 59),
        ("H(0-29)/10", 3, 0, 29),
    ],
)
def test_parse_when_hashed_within_a_range_then_stays_in_it(
    field: str, count: int, low: int, high: int
) -> None:
    for number in range(50):
        found = values(Fields.parse(f"{field} * * * *", f"task {number}").minutes)

        assert len(found) == count
        assert low <= found[0]
        assert found[-1] <= high


def test_parse_when_hashed_then_croniter_has_the_same() -> None:
    from croniter import croniter

    for seed in ("backup", "mail:send", "é"):
        ours = values(Fields.parse("H H * * *", seed).minutes)

        assert ours == croniter.expand("H H * * *", hash_id=seed.encode())[0][0]


@pytest.mark.parametrize("field", ["Hx", "H(5-1)", "H(", "H(0-99)", "H/0"])
def test_parse_when_a_hash_is_wrong_then_says_how_it_is_written(field: str) -> None:
    with pytest.raises(InvalidExpression, match=r'cannot be read .*: write "H", "H/5" or "H\(0-29'):
        Fields.parse(f"{field} * * * *", "seed")


@pytest.mark.integration
def test_parse_when_nothing_is_hashed_then_croniter_is_not_imported() -> None:
    program = (
        "import sys\n"
        "from datetime import UTC\n"
        "from securely.schedule.cron import Cron\n"
        "for text in ('*/5 * * * *', '0 0 L * *', '0 9 * * MON#1', '@daily', '1 2 3 4 5 6'):\n"
        "    Cron.parse(text, UTC, seed='x').next(0)\n"
        "print('croniter' in sys.modules)\n"
        "Cron.parse('H * * * *', UTC, seed='x')\n"
        "print('croniter' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["False", "True"]
