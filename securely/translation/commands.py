"""lang:publish."""

from __future__ import annotations

from typing import ClassVar

from securely.console import Command
from securely.console.output.style import escape
from securely.support.paths import Paths
from securely.translation.publishing import publish
from securely.translation.translator import Translator

__all__ = ["PublishCommand"]

_WORDS = {
    "copied": "<fg=green;options=bold>COPIED</>",
    "exists": "<fg=yellow;options=bold>SKIPPED</> it exists",
    "absent": "<fg=yellow;options=bold>SKIPPED</> it does not exist",
}


class PublishCommand(Command):
    """Copy the framework's own lines into the application: in English, and in its locales."""

    signature: ClassVar[str] = (
        "lang:publish "
        "{--existing : Copy only files that have been published already, over them} "
        "{--force : Write over files that are there}"
    )
    description: ClassVar[str] = "Copy the framework's own lines into lang/, to be changed"

    def handle(self, translator: Translator, paths: Paths) -> int:
        """Copy the lines, and say what became of each file."""
        locales = ["en", translator.locale, translator.fallback or "en"]
        force, existing = self.boolean("force"), self.boolean("existing")
        for target, outcome in publish(paths.lang, locales, force=force, existing=existing):
            shown = target.relative_to(paths.base) if target.is_relative_to(paths.base) else target
            self.two_column_detail(escape(str(shown)), _WORDS[outcome])
        return self.SUCCESS
