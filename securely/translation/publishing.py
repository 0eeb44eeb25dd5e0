"""Copies of the framework's own lines, for an application to change."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from securely.translation.loaders import BUILT_IN

__all__ = ["Copied", "Outcome", "publish"]

Outcome: TypeAlias = Literal["copied", "exists", "absent"]


class Copied(NamedTuple):
    """What became of one file.

    Attributes:
        target: Where it goes.
        outcome: "copied"; "exists", where it is there and stays; "absent", where only files that
            are there were to be written, and it is none.
    """

    target: Path
    outcome: Outcome


def publish(
    folder: Path, locales: Iterable[str], *, force: bool = False, existing: bool = False
) -> list[Copied]:
    """Copy the framework's own lines into *folder*, as ``LOCALE/GROUP.py``.

    Args:
        folder: The application's ``lang``.
        locales: Whose; those that the framework has no lines of are passed over.
        force: Write over files that are there.
        existing: Write over those that are there, and no others.

    Source: Laravel 13, Illuminate\\Foundation\\Console\\LangPublishCommand.
    """
    copied: list[Copied] = []
    own = {path.name: path for path in BUILT_IN.iterdir() if path.is_dir()}
    for locale in dict.fromkeys(locales):
        if locale not in own:
            continue
        for source in sorted(own[locale].glob("*.py")):
            target = folder / locale / source.name
            outcome = _outcome(target.exists(), force, existing)
            if outcome == "copied":
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
            copied.append(Copied(target, outcome))
    return copied


def _outcome(is_there: bool, force: bool, existing: bool) -> Outcome:
    if existing:
        return "copied" if is_there else "absent"
    return "exists" if is_there and not force else "copied"
