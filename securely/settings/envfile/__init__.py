"""Files of settings: an editor that keeps every other byte, and writes that are whole or not.

document.py  Document: the text of an .env file, whose variables change
scratch.py   a file for an editor, gone afterwards
writing.py   replaces files at once, under a lock that processes share
"""

from __future__ import annotations

from securely.settings.envfile.document import Document
from securely.settings.envfile.writing import locked, private_folder, replace

__all__ = ["Document", "locked", "private_folder", "replace"]
