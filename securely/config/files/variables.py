"""Compares the variables that are set with an example, and with what the configuration reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from securely.config.dotenv import read_dotenv
from securely.config.environment import Environment
from securely.config.files.places import Read

__all__ = ["Compared", "compare"]


class Compared(NamedTuple):
    """What differs.

    Attributes:
        missing: Variables that are read without a default and not set -> where they are read.
        unset: What the example names, and neither is set nor has a default.
        unlisted: What the .env file sets, and the example does not name.
        unread: What the .env file sets, and no file of the configuration reads.
    """

    missing: dict[str, list[str]]
    unset: list[str]
    unlisted: list[str]
    unread: list[str]


def compare(environment: Environment, example: Path, reads: Iterable[Read]) -> Compared:
    """Compare the variables of *environment* with *example*, and with what is read.

    Args:
        environment: The variables.
        example: The file that names what is to be set; that there is none is fine.
        reads: What the files of the configuration read.

    Raises:
        EnvironmentFileBroken: A line of the example is malformed.
    """
    listed = list(read_dotenv(example, {})) if example.is_file() else []
    read: dict[str, list[Read]] = {}
    for each in reads:
        read.setdefault(each.name, []).append(each)
    missing = {
        name: [f"{each.path}:{each.line}" for each in places if each.default is None]
        for name, places in read.items()
        if not environment.has(name) and any(each.default is None for each in places)
    }
    own = environment.names()
    return Compared(
        missing,
        [
            name
            for name in listed
            if not environment.has(name) and name not in read and name not in missing
        ],
        [name for name in own if listed and name not in listed],
        [name for name in own if name not in read],
    )
