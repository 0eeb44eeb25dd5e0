"""Where an application keeps what: its base path, and the folders under it."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["Paths"]


class Paths:
    """The folders of one application.

    Args:
        base: The folder that holds `artisan.py`.
        storage: Where the application may write; `storage/` under *base* when None.

    Example:
        >>> paths = Paths(Path("/srv/blog"), storage=Path("/var/blog"))
        >>> paths.resolve("storage/logs/blog.log")
        PosixPath('/var/blog/logs/blog.log')
        >>> paths.resolve("config/app.py")
        PosixPath('/srv/blog/config/app.py')
    """

    def __init__(self, base: Path, storage: Path | None = None) -> None:
        self.base = base
        self.storage: Path = storage or base / "storage"
        self.app: Path = base / "app"
        self.bootstrap: Path = base / "bootstrap"
        # What a boot notes goes with the storage: a test's boot must not undo what was noted.
        self.cache: Path = (
            base / "bootstrap" / "cache" if storage is None else storage / "bootstrap"
        )
        self.config: Path = base / "config"
        self.lang: Path = base / "lang"
        self.public: Path = base / "public"
        self.resources: Path = base / "resources"
        self.routes: Path = base / "routes"

    def resolve(self, path: str | os.PathLike[str]) -> Path:
        """Return *path* as an absolute one: `storage/…` in the storage folder, others in base."""
        given = Path(path)
        if given.is_absolute():
            return given
        if given.parts[:1] == ("storage",):
            return self.storage.joinpath(*given.parts[1:])
        return self.base / given
