"""Embeds: what views call to show a picture within the message."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from securely.mail.exceptions import InvalidMessage
from securely.mail.message.attachment import Attachment

__all__ = ["Embeds"]


class Embeds:
    """What views know as `message`: ``<img src="{{ message.embed('logo.png') }}">``.

    A file that is shown twice is sent once.

    Args:
        locate: Gives the place of a path that a view names.

    Attributes:
        files: What was embedded so far.
    """

    def __init__(self, locate: Callable[[str], Path] = Path) -> None:
        self._locate = locate
        self.files: list[Attachment] = []
        self._known: dict[object, Attachment] = {}

    def embed(self, file: str | PathLike[str] | Attachment) -> str:
        """Send *file* with the message, and return what an `src` shows it by.

        Args:
            file: A path, or an attachment.
        """
        if isinstance(file, Attachment):
            return self._added(file, file)
        path = self._locate(str(file))
        return self._added(path, Attachment.from_path(path))

    def embed_data(self, data: bytes | str, name: str, mime: str = "") -> str:
        """Send *data* with the message as the file *name*, and return what an `src` shows it by.

        Raises:
            InvalidMessage: The name or the type is none.
        """
        file = Attachment.from_data(data, name)
        return self._added((name, data), file.with_mime(mime) if mime else file)

    def _added(self, key: object, file: Attachment) -> str:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._named(file)
            self.files.append(found)
        return found.cid

    def _named(self, file: Attachment) -> Attachment:
        """Return *file* under an id that no other one has: two folders may each have a logo.png."""
        taken = {each.id for each in self.files}
        if file.id not in taken:
            return file
        if file.content_id:
            raise InvalidMessage("inline", f'two files have the content id "{file.id}".')
        # The same order of the same files gives the same ids, whenever it is built.
        return file.with_id(f"{len(self.files)}-{file.id}")
