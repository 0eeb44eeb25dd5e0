"""The tree of settings:all: within its columns, aligned, and without a secret."""

from __future__ import annotations

import pytest

from securely.console.output.style import plain_width, strip
from securely.settings import Field, Setting
from securely.settings.display.tree import lines


def setting(key: str, value: object, origin: str = ".env", **more: object) -> Setting:
    secret = bool(more.pop("secret", False))
    return Setting(key, value, Field(key, **more), origin, (), secret)  # type: ignore[arg-type]  # as the tests give them


SETTINGS = [
    setting("app.name", "Shop", default="Securely"),
    setting("app.key", "t0ps3cret", "secrets.enc", secret=True),
    setting("server.threads", 4, "default", unit="seconds", reload="restart"),
    setting("services.sentry.text", "long " * 60),
]
PAIRS = [(each, each.shown) for each in SETTINGS]


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_longer_than_there_are_columns(width: int, plain: bool) -> None:
    drawn = [*lines(PAIRS, "production", width, plain=plain)]

    assert max(map(plain_width, drawn)) <= width
    assert "t0ps3cret" not in "".join(drawn)
    assert len(drawn) == 9


def test_where_only_ascii_may_be_drawn_there_is_nothing_else() -> None:
    text = "\n".join(map(strip, lines(PAIRS, "production", 100, plain=True)))

    assert text.isascii()
    assert "Settings - environment: production - 4 keys, 1 secret, 3 overridden" in text
    assert '|  |- name .................... "Shop"   (was "Securely" by default)' in text
    assert "[secret]" in text
    assert "4 seconds" in text
    assert "[restart]" in text


def test_origins_stand_in_one_column_where_values_leave_room() -> None:
    drawn = [strip(line) for line in lines(PAIRS, "production", 120, plain=False)]

    columns = {
        line.rindex(each.origin)
        for each in SETTINGS[:3]
        for line in drawn
        if f" {each.key.rpartition('.')[2]} ." in line
    }
    assert len(columns) == 1


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("v" * 30, f'{"." * 20} "{"v" * 30}"'),  # what it was by default goes first
        ("v" * 50, f'{"." * 8} "{"v" * 50}"'),  # then dots
        ("日" * 25, f'{"." * 8} "{"日" * 25}"'),
        ("v" * 80, f'... "{"v" * 54}'),  # and then its own end
    ],
)
def test_a_value_has_the_room_that_there_is(value: str, shown: str, plain: bool) -> None:
    long = setting("app.name", value, default="short", reload="reload")
    other = setting("app.other", 1, "config/with_a_long_name.py", reload="restart")

    drawn = [*lines([(long, value), (other, 1)], "a", 80, plain=plain)]

    assert shown in strip(drawn[2])
    assert "by default" not in drawn[2]
    assert drawn[2].endswith("  .env</comment>")
    assert max(map(plain_width, drawn)) <= 80


def test_what_somebody_else_wrote_colours_no_terminal() -> None:
    odd = setting("app.odd", "\x1b[31mred<error>")

    text = "\n".join(lines([(odd, odd.value)], "a", 100, plain=True))

    assert "\x1b" not in text
    assert "\\<error>" in text
