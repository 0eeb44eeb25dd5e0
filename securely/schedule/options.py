"""ScheduleOptions: where runs are kept, and for how long; whose clock counts."""

from __future__ import annotations

from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from securely.support.options import Options

__all__ = ["ScheduleOptions"]


class ScheduleOptions(Options):
    """The section `schedule` of the configuration."""

    # Workers use it in the process that runs no jobs, too.
    reload_class: ClassVar[str] = "restart"

    connection: str | None = Field(
        None,
        description="The queue connection whose store keeps the runs: `sqlite` or `arq`; the "
        "queue's default one if left out. One that keeps nothing leaves them to a file of their "
        "own, so that a schedule needs no queue.",
    )
    timezone: str | None = Field(
        None,
        description="The time zone of tasks that name none; that of the application if left out.",
    )
    grace_seconds: float = Field(
        60.0,
        gt=0,
        description="Seconds by which a tick may be late and is run all the same: cron and busy "
        "machines are late by some, and within a minute nobody minds.",
    )
    history_max: int = Field(
        100,
        ge=1,
        description="How many runs of a task are kept once they are a day old: the last hundred "
        "nights of a nightly task.",
    )
    output_bytes_max: int = Field(
        65_536,
        ge=0,
        description="Bytes of a run's output that are kept, from its end: a traceback fits, a log "
        "does not fill the store.",
    )
    ping_timeout_seconds: float = Field(
        10.0,
        gt=0,
        description="Seconds that a URL may keep silent: a monitor that is slow must not hold "
        "up a task for long.",
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError(
                    f'"{value}" is no time zone; name one as "Europe/Prague"'
                ) from error
        return value
