"""Frequencies: when a task is due: every_minute, daily_at, weekdays, cron, every …

A method changes the part of the expression that it speaks of, and leaves the rest.

Source: Laravel 13, Illuminate\\Console\\Scheduling\\ManagesFrequencies.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, tzinfo
from enum import IntEnum
from typing import Final, Generic, TypeVar

from securely.schedule.cron import Cron
from securely.schedule.definition.given import plain, shown
from securely.schedule.definition.manners import Manners
from securely.schedule.definition.values import Values, flat, period_of, written, zone_of
from securely.schedule.definition.windows import Window, minutes_of
from securely.schedule.exceptions import InvalidExpression, InvalidTask
from securely.support.durations import Duration
from securely.support.missing import MISSING

__all__ = ["Day", "Frequencies", "Shaped"]

_FIELDS: Final = 5  # of an expression without seconds
_MINUTE: Final = 60  # seconds
# Why days and an interval do not stand together: one of them would be lost unsaid.
_NO_DAYS: Final = (
    "an interval of minutes or more goes on on all days, so that no days can be named beside it; "
    "write a cron expression, or a condition with when(…)"
)


class Day(IntEnum):
    """The days of the week, as cron counts them."""

    SUNDAY = 0
    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6


class Shaped(ABC):
    """What has manners that can be changed: a task, or what a group has in common."""

    manners: Manners

    @abstractmethod
    def wrong(self, error: InvalidTask) -> InvalidTask:
        """Return *error*, with the name and the place of what it is about."""


S = TypeVar("S", bound=Shaped)


class Frequencies(ABC, Generic[S]):
    """When something is due; each method returns what it has changed."""

    @abstractmethod
    def shaped(self) -> S:
        """Return what is to be changed."""

    # -- expressions and intervals

    def cron(self, expression: str) -> S:
        """Be due as a cron expression says.

        Args:
            expression: "30 2 * * 1-5", six fields with seconds in front, or "@daily".

        Raises:
            InvalidExpression: It is none, or it never comes true.
        """
        target = self.shaped()
        text = plain(expression)
        if not isinstance(text, str):
            raise target.wrong(
                InvalidExpression(f'cron({shown(text)}): give a text as "30 2 * * 1-5"')
            )
        return _changed(target, text, target.manners.repeat_seconds)

    def every(
        self,
        duration: Duration | None = None,
        *,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
    ) -> S:
        """Be due again and again after the same time, by elapsed time.

        It is counted from 1970-01-01 UTC, so that all machines agree. It knows no days: named days
        and an interval can not stand together.

        Args:
            duration: "90m", a timedelta, or seconds.
            seconds: Added to it; as the others.

        Raises:
            InvalidExpression: It is no whole number of seconds above 0, or, below a minute, none
                that divides it; or days are named already.
        """
        target = self.shaped()
        units = {"seconds": seconds, "minutes": minutes, "hours": hours, "days": days}
        try:
            period = period_of(duration, units)
            _check_period(target, period)
        except InvalidExpression as error:
            raise target.wrong(error) from None
        if period < _MINUTE:
            return self._repeat(target, period)
        target.manners.expression = "* * * * *"
        target.manners.every_seconds = period
        target.manners.repeat_seconds = None
        return target

    # -- seconds

    def every_second(self) -> S:
        """Be due every second."""
        return self._repeat(self.shaped(), 1)

    def every_two_seconds(self) -> S:
        """Be due every two seconds."""
        return self._repeat(self.shaped(), 2)

    def every_five_seconds(self) -> S:
        """Be due every five seconds."""
        return self._repeat(self.shaped(), 5)

    def every_ten_seconds(self) -> S:
        """Be due every ten seconds."""
        return self._repeat(self.shaped(), 10)

    def every_fifteen_seconds(self) -> S:
        """Be due every fifteen seconds."""
        return self._repeat(self.shaped(), 15)

    def every_twenty_seconds(self) -> S:
        """Be due every twenty seconds."""
        return self._repeat(self.shaped(), 20)

    def every_thirty_seconds(self) -> S:
        """Be due every thirty seconds."""
        return self._repeat(self.shaped(), 30)

    # -- minutes

    def every_minute(self) -> S:
        """Be due every minute."""
        return self._splice(minute="*")

    def every_two_minutes(self) -> S:
        """Be due every two minutes."""
        return self._splice(minute="*/2")

    def every_three_minutes(self) -> S:
        """Be due every three minutes."""
        return self._splice(minute="*/3")

    def every_four_minutes(self) -> S:
        """Be due every four minutes."""
        return self._splice(minute="*/4")

    def every_five_minutes(self) -> S:
        """Be due every five minutes."""
        return self._splice(minute="*/5")

    def every_ten_minutes(self) -> S:
        """Be due every ten minutes."""
        return self._splice(minute="*/10")

    def every_fifteen_minutes(self) -> S:
        """Be due every fifteen minutes."""
        return self._splice(minute="*/15")

    def every_thirty_minutes(self) -> S:
        """Be due every thirty minutes."""
        return self._splice(minute="*/30")

    # -- hours

    def hourly(self) -> S:
        """Be due every hour, on the hour."""
        return self._splice(minute=0)

    def hourly_at(self, offset: Values) -> S:
        """Be due every hour, at a minute: 17, "15,45", [0, 30]."""
        return self._splice(minute=offset, hour="*")

    def every_odd_hour(self, offset: Values = 0) -> S:
        """Be due every odd hour, at a minute."""
        return self._splice(minute=offset, hour="1-23/2")

    def every_two_hours(self, offset: Values = 0) -> S:
        """Be due every two hours, at a minute."""
        return self._splice(minute=offset, hour="*/2")

    def every_three_hours(self, offset: Values = 0) -> S:
        """Be due every three hours, at a minute."""
        return self._splice(minute=offset, hour="*/3")

    def every_four_hours(self, offset: Values = 0) -> S:
        """Be due every four hours, at a minute."""
        return self._splice(minute=offset, hour="*/4")

    def every_six_hours(self, offset: Values = 0) -> S:
        """Be due every six hours, at a minute."""
        return self._splice(minute=offset, hour="*/6")

    # -- days

    def daily(self) -> S:
        """Be due every day at midnight."""
        return self._splice(minute=0, hour=0)

    def daily_at(self, time: str) -> S:
        """Be due every day at a time: "13:00".

        Raises:
            InvalidTask: It is no time of the day; as in all methods that take one.
        """
        return self._splice(time=time)

    def at(self, time: str) -> S:
        """Be due at a time of the days that are named: "13:00"."""
        return self._splice(time=time)

    def twice_daily(self, first: int = 1, second: int = 13) -> S:
        """Be due every day at two hours."""
        return self._splice(minute=0, hour=[first, second])

    def twice_daily_at(self, first: int = 1, second: int = 13, offset: Values = 0) -> S:
        """Be due every day at two hours, at a minute."""
        return self._splice(minute=offset, hour=[first, second])

    def weekdays(self) -> S:
        """Be due from Monday to Friday."""
        return self._splice(weekday="1-5")

    def weekends(self) -> S:
        """Be due on Saturday and Sunday."""
        return self._splice(weekday="6,0")

    def mondays(self) -> S:
        """Be due on Mondays."""
        return self._splice(weekday=1)

    def tuesdays(self) -> S:
        """Be due on Tuesdays."""
        return self._splice(weekday=2)

    def wednesdays(self) -> S:
        """Be due on Wednesdays."""
        return self._splice(weekday=3)

    def thursdays(self) -> S:
        """Be due on Thursdays."""
        return self._splice(weekday=4)

    def fridays(self) -> S:
        """Be due on Fridays."""
        return self._splice(weekday=5)

    def saturdays(self) -> S:
        """Be due on Saturdays."""
        return self._splice(weekday=6)

    def sundays(self) -> S:
        """Be due on Sundays."""
        return self._splice(weekday=0)

    def days(self, *days: Values) -> S:
        """Be due on these days of the week: `Day.MONDAY`, 1, "1-5", "MON,WED", a list."""
        return self._splice(weekday=flat(days))

    # -- weeks, months, years

    def weekly(self) -> S:
        """Be due every Sunday at midnight."""
        return self._splice(minute=0, hour=0, weekday=0)

    def weekly_on(self, days: Values, time: str = "0:0") -> S:
        """Be due every week on days, at a time."""
        return self._splice(weekday=days, time=time)

    def monthly(self) -> S:
        """Be due on the first of every month at midnight."""
        return self._splice(minute=0, hour=0, day=1)

    def monthly_on(self, day: int | str = 1, time: str = "0:0") -> S:
        """Be due every month on a day ("L" for the last), at a time."""
        return self._splice(day=day, time=time)

    def twice_monthly(self, first: int = 1, second: int = 16, time: str = "0:0") -> S:
        """Be due every month on two days, at a time."""
        return self._splice(day=[first, second], time=time)

    def last_day_of_month(self, time: str = "0:0") -> S:
        """Be due on the last day of every month, whichever it is, at a time."""
        return self._splice(day="L", time=time)

    def days_of_month(self, *days: Values) -> S:
        """Be due on these days of every month at midnight."""
        return self._splice(minute=0, hour=0, day=flat(days))

    def quarterly(self) -> S:
        """Be due on the first day of every quarter at midnight."""
        return self._splice(minute=0, hour=0, day=1, month="1-12/3")

    def quarterly_on(self, day: int | str = 1, time: str = "0:0") -> S:
        """Be due in the first month of every quarter on a day, at a time."""
        return self._splice(day=day, month="1-12/3", time=time)

    def yearly(self) -> S:
        """Be due on the first of January at midnight."""
        return self._splice(minute=0, hour=0, day=1, month=1)

    def yearly_on(self, month: int | str = 1, day: int | str = 1, time: str = "0:0") -> S:
        """Be due every year on a day of a month, at a time."""
        return self._splice(day=day, month=month, time=time)

    # -- windows and zones

    def between(self, start: str, end: str) -> S:
        """Run only from *start* to *end* ("8:00", "17:00"), over midnight too.

        Raises:
            InvalidTask: One of them is no time of the day.
        """
        return self._window(start, end, is_closed=False)

    def unless_between(self, start: str, end: str) -> S:
        """Run only outside of *start* to *end*.

        Raises:
            InvalidTask: One of them is no time of the day.
        """
        return self._window(start, end, is_closed=True)

    def timezone(self, zone: str | tzinfo) -> S:
        """Be due by the clock of a time zone: "Europe/Prague".

        Raises:
            InvalidExpression: There is no such time zone.
        """
        target = self.shaped()
        try:
            target.manners.zone = zone_of(zone)
        except InvalidExpression as error:
            raise target.wrong(error) from None
        return target

    # -- inside

    def _repeat(self, target: S, seconds: int) -> S:
        # Instead of the seconds that an expression may have in front.
        parts = _parts(target.manners.expression)[-_FIELDS:]
        return _changed(target, " ".join(["*", *parts[1:]]), seconds)

    def _splice(
        self,
        *,
        minute: object = MISSING,
        hour: object = MISSING,
        day: object = MISSING,
        month: object = MISSING,
        weekday: object = MISSING,
        time: object = MISSING,
    ) -> S:
        target = self.shaped()
        try:
            if time is not MISSING:
                hour, minute = minutes_of(time)
            values = enumerate((minute, hour, day, month, weekday))
            fields = {place: written(value) for place, value in values if value is not MISSING}
        except InvalidTask as error:
            raise target.wrong(error) from None
        return _spliced(target, fields)

    def _window(self, start: str, end: str, *, is_closed: bool) -> S:
        target = self.shaped()
        try:
            target.manners.windows.append(Window.of(start, end, is_closed=is_closed))
        except InvalidTask as error:
            raise target.wrong(error) from None
        return target


def _spliced(target: S, fields: dict[int, str]) -> S:
    """Change fields of the expression by their places, the minute's being the first."""
    if target.manners.every_seconds is not None and 0 not in fields:
        raise target.wrong(InvalidExpression(_NO_DAYS))
    parts = _parts(target.manners.expression)
    ahead = len(parts) - _FIELDS  # seconds stand in front
    for place, text in fields.items():
        parts[place + ahead] = text
    return _changed(target, " ".join(parts), target.manners.repeat_seconds)


def _changed(target: S, expression: str, repeat_seconds: int | None) -> S:
    """Have *target* be due as *expression* says, if it is one; else leave it as it was."""
    try:
        # Whether it is one does not depend on the zone.
        fields = Cron.parse(expression, UTC, seed="").fields
    except InvalidExpression as error:
        raise target.wrong(error) from None
    target.manners.expression = expression
    # An expression with seconds says all about them.
    target.manners.repeat_seconds = repeat_seconds if len(fields.texts) == _FIELDS else None
    target.manners.every_seconds = None
    return target


def _parts(expression: str) -> list[str]:
    if expression.startswith("@"):
        return [*Cron.parse(expression, UTC).fields.texts]
    return expression.split()


def _check_period(target: Shaped, period: int) -> None:
    """Refuse what is no period of a task.

    Raises:
        InvalidExpression: It is below a minute and does not divide it; or days are named.
    """
    if period < _MINUTE and _MINUTE % period:
        raise InvalidExpression(
            f"every(seconds={period}): a minute is no multiple of that; use 1, 2, 3, 4, 5, 6, 10, "
            "12, 15, 20 or 30 seconds, or whole minutes"
        )
    if period >= _MINUTE and any(part not in {"*", "?"} for part in _parts_of_days(target)):
        raise InvalidExpression(_NO_DAYS)


def _parts_of_days(target: Shaped) -> list[str]:
    """Return the fields of the day, the month and the day of the week."""
    return _parts(target.manners.expression)[-3:]
