"""What the configuration of the schedule refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.config import Config
from securely.container import Container
from securely.schedule.exceptions import InvalidExpression
from securely.schedule.options import ScheduleOptions
from securely.schedule.provider import ScheduleProvider
from securely.support.paths import Paths

# A folder of the data of time zones is none, and raises another error than what is not there.
NONE = ["Mars/Olympus", "Europe", "../../etc/passwd", ""]


@pytest.mark.parametrize("name", NONE)
def test_the_options_refuse_what_is_no_time_zone(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        ScheduleOptions.model_validate({"timezone": name})


@pytest.mark.parametrize("name", NONE[:-1])
def test_a_schedule_refuses_what_is_no_time_zone(name: str) -> None:
    provider = ScheduleProvider(Container())  # type: ignore[arg-type]
    config = Config({"schedule": {"timezone": name}})

    with pytest.raises(InvalidExpression, match="is no time zone"):
        provider.schedule(config, Paths(Path("/srv/shop")))
