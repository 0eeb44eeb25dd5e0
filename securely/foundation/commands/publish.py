"""vendor:publish, stub:publish: copies of what packages and the framework bring, to be edited."""

from __future__ import annotations

from securely.console import Command, NotInteractive
from securely.console.output.style import escape
from securely.events import Dispatcher
from securely.foundation.application import Application
from securely.foundation.events import PublishingStubs, VendorTagPublished
from securely.foundation.providers.publishing import Copied, Publisher, publish_stubs, stubs

__all__ = ["StubPublishCommand", "VendorPublishCommand"]

_WORDS = {
    "copied": "<fg=green;options=bold>COPIED</>",
    "exists": "<fg=yellow;options=bold>SKIPPED</> it exists",
    "absent": "<fg=yellow;options=bold>SKIPPED</> it does not exist",
}
_EVERYTHING = "everything"
_PROVIDER = "provider: "
_TAG = "tag: "


class _Publishes(Command):
    """Copies files, and writes a line for each."""

    def told(self, app: Application, copied: list[Copied]) -> None:
        """Write what became of each file."""
        base = app.paths.base
        for target, outcome in copied:
            shown = target.relative_to(base) if target.is_relative_to(base) else target
            self.two_column_detail(escape(str(shown)), _WORDS[outcome])


class VendorPublishCommand(_Publishes):
    """Copies what packages publish into the application."""

    signature = """vendor:publish
        {--existing : Copy only files that have been published already, over them}
        {--force : Write over files that are there}
        {--all : Publish everything, without asking}
        {--provider= : What this provider publishes, by its class or dotted path}
        {--tag=* : What has this tag}"""
    description = "Copy what packages publish into the application"

    def handle(self, app: Application, events: Dispatcher) -> int:
        """Ask what to publish, where that is not given, and copy it."""
        app.providers.load_deferred()
        publisher = Publisher(app.providers.loaded, app.paths.base)
        provider, tags = self._wanted(publisher)
        every: list[str | None] = [*tags] or [None]
        for tag in every:
            copied = publisher.publish(
                provider,
                tag,
                force=self.boolean("force"),
                existing=self.boolean("existing"),
            )
            self.told(app, copied)
            paths = publisher.paths(provider, tag)
            events.dispatch(VendorTagPublished(tag, {name: str(to) for name, to in paths.items()}))
        return self.SUCCESS

    def _wanted(self, publisher: Publisher) -> tuple[str | None, list[str]]:
        """Return the provider and the tags that were given, or chosen."""
        provider = self.option("provider")
        tags = self.strings("tag")
        if provider or tags or self.boolean("all"):
            return (str(provider) if provider else None), tags
        choices = [
            _EVERYTHING,
            *(f"{_PROVIDER}{each}" for each in publisher.providers()),
            *(f"{_TAG}{each}" for each in publisher.tags()),
        ]
        try:
            chosen = self.choose("What is to be published?", choices)
        except NotInteractive:
            self.fail(
                "Say what is to be published: --all, --provider=NAME or --tag=NAME. "
                f"There is: {', '.join(choices[1:]) or 'nothing'}."
            )
        if chosen.startswith(_PROVIDER):
            return chosen.removeprefix(_PROVIDER), []
        return None, [chosen.removeprefix(_TAG)] if chosen.startswith(_TAG) else []


class StubPublishCommand(_Publishes):
    """Copies the stubs of the make:… commands into the application, where they count first."""

    signature = """stub:publish
        {--existing : Copy only stubs that have been published already, over them}
        {--force : Write over stubs that are there}"""
    description = "Copy the stubs of the make:… commands into the application"

    def handle(self, app: Application, events: Dispatcher) -> int:
        """Copy the stubs of the framework, and those that listeners add."""
        found = PublishingStubs(stubs())
        events.dispatch(found)
        folder = app.paths.base / "stubs"
        force, existing = self.boolean("force"), self.boolean("existing")
        self.told(app, publish_stubs(found.stubs, folder, force=force, existing=existing))
        return self.SUCCESS
