"""ViewOptions: where views lie, and whether they are read again when they change."""

from __future__ import annotations

from pydantic import Field

from securely.support.options import Options

__all__ = ["ViewOptions"]


class ViewOptions(Options):
    """The section ``view`` of the configuration."""

    paths: tuple[str, ...] = Field(default=("resources/views",), min_length=1)
    """The folders, in the order in which they are looked through."""
    is_fresh: bool = True
    """Whether a view is read again once its file has changed: a look at the file each time."""
