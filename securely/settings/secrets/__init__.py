"""Secrets: variables in a file that is encrypted, each for its name and environment alone.

fingerprint.py  whether two secrets are the same, and nothing else of them
form.py         the text of the file: read, checked entry by entry, written
keyfile.py      where the key is: a variable of the process, or a file of its owner's alone
upkeep.py       what is done to secrets that keep their values: a date, another key
vault.py        Vault: the secrets of one environment
"""

from __future__ import annotations

from securely.settings.secrets.keyfile import KEY_VARIABLE, KeyFile
from securely.settings.secrets.vault import Vault

__all__ = ["KEY_VARIABLE", "KeyFile", "Vault"]
