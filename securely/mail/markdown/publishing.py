"""Copies of the components and themes of mails, for an application to change."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from securely.mail.markdown.themes import VIEWS

__all__ = ["Copied", "Outcome", "publish"]

Outcome: TypeAlias = Literal["copied", "exists"]


class Copied(NamedTuple):
    """What became of one file.

    Attributes:
        target: Where it goes.
        outcome: "copied"; "exists", where it is there and stays.
    """

    target: Path
    outcome: Outcome


def publish(folder: Path, *, force: bool = False) -> list[Copied]:
    """Copy components and themes into *folder*: ``html/…``, ``html/themes/…`` and ``text/…``.

    A component whose copy is the same as ours may be deleted: ours is used then.

    Args:
        folder: The application's ``resources/views/vendor/mail``.
        force: Write over files that are there, and may have been changed.

    Source: Laravel 13, ``vendor:publish --tag=laravel-mail``.
    """
    copied: list[Copied] = []
    for source in sorted(path for path in VIEWS.rglob("*") if path.is_file()):
        target = folder / source.relative_to(VIEWS)
        if target.exists() and not force:
            copied.append(Copied(target, "exists"))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        copied.append(Copied(target, "copied"))
    return copied
