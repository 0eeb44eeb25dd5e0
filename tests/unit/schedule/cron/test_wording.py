"""Expressions in words."""

from __future__ import annotations

from datetime import UTC

import pytest

from securely.schedule.cron import Cron


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every five minutes"),
        ("*/10 * * * *", "every 10 minutes"),
        ("0 * * * *", "every hour"),
        ("1 * * * *", "at 1 minute past every hour"),
        ("17 * * * *", "at 17 minutes past every hour"),
        ("15,45 * * * *", "at 15 and 45 minutes past every hour"),
        ("*/7 * * * *", "every seven minutes from 0 to 56 past every hour"),
        ("0-10 * * * *", "every minute from 0 to 10 past every hour"),
        ("30 2 * * *", "at 02:30 every day"),
        ("0 8,20 * * *", "at 08:00 and 20:00 every day"),
        ("30 2 * * 1-5", "at 02:30 on weekdays"),
        ("0 9 * * MON", "at 09:00 on Mondays"),
        ("0 9 * * 0,6", "at 09:00 on weekends"),
        ("0 0 1 * *", "at 00:00 on the 1st of the month"),
        ("0 0 1 1 *", "at 00:00 on the 1st of January"),
        ("0 0 * * 0", "at 00:00 on Sundays"),
        ("0 */2 * * *", "every two hours"),
        ("15 */6 * * *", "every six hours at 15 minutes past"),
        ("0 9-17 * * 1-5", "every hour from 09:00 until 17:00 on weekdays"),
        ("*/10 8-10 * * *", "every 10 minutes from 08:00 until 10:50"),
        ("*/15 9 * * *", "at 09:00, 09:15, 09:30 and 09:45 every day"),
        ("0 0 L * *", "at 00:00 on the last day of the month"),
        ("0 0 LW * *", "at 00:00 on the last weekday of the month"),
        ("0 0 15W * *", "at 00:00 on the weekday nearest to the 15th of the month"),
        ("0 9 * * MON#1", "at 09:00 on the first Monday of the month"),
        ("0 9 * * 5L", "at 09:00 on the last Friday of the month"),
        ("0 9 13 * 5", "at 09:00 on the 13th of the month and on Fridays"),
        ("0 0 29 2 *", "at 00:00 on the 29th of February"),
        ("0 0 1,15 * *", "at 00:00 on the 1st and 15th of the month"),
        ("0 12 1 1,4,7,10 *", "at 12:00 on the 1st of January, April, July and October"),
        ("0 0 * 6-8 *", "at 00:00 every day in the months June to August"),
        ("*/30 * * * * *", "every 30 seconds"),
        ("10 * * * * *", "at 10 seconds past every minute"),
        ("*/20 30 2 * * *", "every 20 seconds, for a minute, at 02:30 every day"),
        ("0 0 */5 * *", "at 00:00 every fifth day from the 1st of the month"),
        ("0 1-23/2 * * *", "every two hours from 01:00 until 23:00"),
        ("5,10,20 1,4,7,10 * * *", "at 5, 10 and 20 minutes past every third hour from 1 until 10"),
        ("0 0 * * MON-SAT", "at 00:00 from Monday to Saturday"),
        (
            "0 0 * * 1#5,3L,2",
            "at 00:00 on Tuesdays, the fifth Monday and the last Wednesday of the month",
        ),
        ("0 0 * 12 MON", "at 00:00 on Mondays in December"),
        ("0 0 1 1 MON#1", "at 00:00 on the 1st of January and on the first Monday of January"),
        ("1-59/2 * * * *", "every two minutes from 1 to 59 past every hour"),
        ("0 0 */2 * *", "at 00:00 every second day from the 1st of the month"),
        ("@hourly", "every hour"),
        ("0 0 1-7 * *", "at 00:00 from the 1st to the 7th of the month"),
        ("0 0 1-7 * 1", "at 00:00 from the 1st to the 7th of the month and on Mondays"),
        ("* 9-17 * * *", "every minute from 09:00 until 17:59"),
        ("0 0,12 * * *", "at 00:00 and 12:00 every day"),
        ("30 8 23 11 *", "at 08:30 on the 23rd of November"),
        ("* 3 * * *", "every minute from 03:00 until 03:59"),
        ("*/5 0-23/3 * * *", "every five minutes of every third hour"),
        ("0 0 13 * 0-6", "at 00:00 every day"),
        ("0 0 * 1 0-6", "at 00:00 every day in January"),
    ],
)
def test_words_when_told_then_are_as_people_say(text: str, words: str) -> None:
    assert Cron.parse(text, UTC).words() == words


@pytest.mark.parametrize(
    ("text", "seconds", "words"),
    [
        ("* * * * *", 1, "every second"),
        ("* * * * *", 10, "every 10 seconds"),
        ("* * * * *", 60, "every minute"),
        ("0 9 * * *", 15, "every 15 seconds, for a minute, at 09:00 every day"),
        ("*/5 * * * *", 30, "every 30 seconds, for a minute, every five minutes"),
    ],
)
def test_words_when_it_repeats_within_minutes_then_say_so(
    text: str, seconds: int, words: str
) -> None:
    assert Cron.parse(text, UTC, seconds).words() == words
