"""Files of settings: an editor that keeps every other byte, and writes that are whole or not.

document.py  Document: the text of an .env file, whose variables change
scratch.py   a file for an editor, gone afterwards
writing.py   the lock that writers share, and private folders
"""

from __future__ import annotations

from securely.settings.envfile.document import Document
from securely.settings.envfile.writing import locked, private_folder

__all__ = ["Document", "locked", "private_folder"]
