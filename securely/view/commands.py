"""make:view."""

from __future__ import annotations

from typing import ClassVar

from securely.console import Generator
from securely.support.paths import Paths
from securely.view.exceptions import ViewError
from securely.view.factory import ViewFactory
from securely.view.forms import Form

__all__ = ["MakeViewCommand"]


class MakeViewCommand(Generator):
    """Makes a view, in the first of the configured folders.

    Args:
        views: Knows the folders, and what a name means.
    """

    signature: ClassVar[str] = """make:view
        {name : Its name, such as mail.invoice, or shop::cart for one instead of a package's}
        {--markdown : Make it a Markdown mail}
        {--text : Make it plain text}
        {--force : Write over a file that is there}"""
    description: ClassVar[str] = "Make a view"
    kind: ClassVar[str] = "view"

    def __init__(self, views: ViewFactory) -> None:
        self.views: ViewFactory = views

    def handle(self, paths: Paths) -> int:
        """Write the file and say where it is."""
        name = self.string("name")
        form: Form = "html"
        if self.boolean("markdown"):
            form = "markdown"
        elif self.boolean("text"):
            form = "text"
        try:
            target = self.views.place(name, form=form)
        except ViewError as error:
            self.fail(str(error))
        folder = self.views.paths[0]
        root = paths if folder.is_relative_to(paths.base) else Paths(folder)
        text = self.fill(self.stub_text(paths, f"view.{form}.stub"), {"view": name})
        self.write(target, text, root, init=False)
        self.info(f"View {target.relative_to(root.base).as_posix()} created.")
        return self.SUCCESS
