"""One file of JSON, an object per line."""

from __future__ import annotations

from typing import ClassVar

from securely.log.drivers.single import SingleHandler

__all__ = ["JsonHandler"]


class JsonHandler(SingleHandler):
    """Appends to one file for machines: a JSON object per line, with the keys of Monolog."""

    form: ClassVar[str] = "json"
