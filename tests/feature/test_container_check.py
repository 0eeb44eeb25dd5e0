"""container:check: every binding can be built, without building any."""

from __future__ import annotations

from securely import Application
from securely.testing import Artisan


class Needy:
    """A service of which one part is nowhere."""

    def __init__(self, rate: int) -> None:
        self.rate = rate


class Broken:
    """A service that must not be built for a check."""

    def __init__(self) -> None:
        raise AssertionError("it was built")


def test_container_check_of_this_application_passes(app: Application, artisan: Artisan) -> None:
    app.bind(Broken)

    artisan("container:check").assert_ok().assert_output("can be built")
    assert not app.resolved("queue")


def test_container_check_names_what_cannot_be_built_and_why(
    app: Application, artisan: Artisan
) -> None:
    app.bind(Needy)

    artisan("container:check").assert_exit(1).assert_output("Needy", "rate")
