"""The console: commands by name, and how they are run."""

from __future__ import annotations

from securely.console.artisan.artisan import Artisan
from securely.console.artisan.life import BROKEN_PIPE, INTERRUPTED

__all__ = ["BROKEN_PIPE", "INTERRUPTED", "Artisan"]
