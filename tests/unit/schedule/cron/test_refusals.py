"""Odd texts that are no expressions, though some programs take them."""

from __future__ import annotations

from datetime import UTC

import pytest

from securely.schedule.cron import Cron
from securely.schedule.exceptions import InvalidExpression


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,60 * * * *", 'the minute "1,60" is out of range'),
        ("+5 * * * *", 'has "+5" where a number belongs'),
        ("1e1 * * * *", 'has "1e1" where a number belongs'),
        ("*-5 * * * *", 'has "*" where a number belongs'),
        ("5-* * * * *", 'has "*" where a number belongs'),
        ("*/ * * * *", 'has the step ""'),
        ("*/05 * * * *", 'has the step "05"'),
        ("*/-5 * * * *", 'has the step "-5"'),
        ("L * * * *", 'the minute "L" has "L" where a number belongs'),
        ("0 0 W * *", 'has "" where a number belongs'),
        ("0 0 15w * *", 'has "15w" where a number belongs'),
        ("0 0 L-3 * *", 'has "L" where a number belongs'),
        ("0 0 1-5W * *", 'has "1-5" where a number belongs'),
        ("0 0 1,? * *", 'has "?" where a number belongs'),
        ("0 0 * JAN/2 *", 'has a step without a range: write "1-12/2"'),
        ("0 0 * * L", 'the day of the week "L" has "" where a number belongs'),
        ("0 0 * * #1", 'has "" where a number belongs'),
        ("0 0 * * 1#0", 'has "#0"'),
        ("0 0 * * 1#x", 'has "#x"'),
        ("0 0 * * 1-5#1", 'has "1-5" where a number belongs'),
        ("0 0 * * MONDAY", 'has "MONDAY" where a number belongs'),
        ("0 0 * * FRI-MON/2", 'runs backwards: write "FRI-SAT,SUN-MON"'),
        ("@daily ", "is no alias"),
        ("@ daily", "has 2 fields"),
        ("*\n*\t*  * 99", 'Cron expression "* * * * 99": the day of the week "99" is out of range'),
    ],
)
def test_expression_when_it_is_none_then_one_line_says_why(text: str, told: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        Cron.parse(text, UTC)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
