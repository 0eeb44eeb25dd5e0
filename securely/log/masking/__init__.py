"""Masking: what is secret by its name, type, shape, place or value is not written.

names.py    which names say that a value is secret, and the application's own of that kind
text.py     secrets within a text: beside a name, in headers and URLs, and by their shape
masker.py   Masker: messages, and fields at every depth
"""

from __future__ import annotations

from securely.log.masking.masker import Masker, parts_of, secrets_in, shortened
from securely.log.masking.names import is_sensitive, judge_of

__all__ = ["Masker", "is_sensitive", "judge_of", "parts_of", "secrets_in", "shortened"]
