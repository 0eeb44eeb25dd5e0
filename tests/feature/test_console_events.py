"""What a console tells of itself by events."""

from __future__ import annotations

from securely import Application
from securely.facades import Artisan, Event
from securely.foundation import ArtisanStarting, CommandFinished, CommandStarting


def test_a_listener_may_add_commands_when_the_console_is_made(app: Application) -> None:
    def add(event: ArtisanStarting) -> None:
        event.artisan.command("added")(lambda: 6)

    Event.listen(ArtisanStarting, add)

    assert Artisan.call("added") == 6


def test_nested_commands_tell_too_and_give_their_exit_code(app: Application) -> None:
    told: list[object] = []
    Event.listen(CommandStarting, told.append)
    Event.listen(CommandFinished, told.append)
    Artisan.command("inner")(lambda: 2)
    Artisan.command("outer")(lambda: Artisan.call("inner"))

    Artisan.call("outer")

    assert told == [
        CommandStarting("outer"),
        CommandStarting("inner"),
        CommandFinished("inner", 2),
        CommandFinished("outer", 2),
    ]


def test_every_command_that_lists_gives_json(app: Application) -> None:
    entries = [
        entry
        for entry in app.make("artisan").entries()
        if entry.name == "list" or entry.name.endswith((":list", ":failed", ":show"))
    ]

    without = [each.name for each in entries if "json" not in {o.name for o in each.options}]

    assert len(entries) > 3
    assert without == []
