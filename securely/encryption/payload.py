"""Payload: the envelope of an encrypted value, base64 of JSON, as Laravel writes it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, Final, cast

from securely.encryption.exceptions import DecryptFailed

__all__ = ["INVALID_PAYLOAD", "Payload", "appears_encrypted", "lenient_base64", "strict_base64"]

_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_WHITESPACE: Final = bytes.maketrans(b"", b""), b"\t\n\r "
_STRICT: Final = re.compile(rb"([A-Za-z0-9+/]*)(=*)")
_PADDING_MAX: Final = 2  # letters; three would stand for no byte at all

INVALID_PAYLOAD: Final = "The payload is invalid."


@dataclass(frozen=True, slots=True)
class Payload:
    """What an encrypted value carries: all text, as it stands in the envelope.

    Args:
        iv: The initialization vector, base64.
        value: The encrypted data, base64.
        mac: In hexadecimal; empty with GCM.
        tag: Base64; empty with CBC.
    """

    iv: str
    value: str
    mac: str
    tag: str

    @classmethod
    def unpack(cls, text: str) -> Payload:
        """Read an envelope.

        Args:
            text: The envelope; what is no base64 within it is skipped, as PHP does.

        Raises:
            DecryptFailed: It is malformed.

        Source: Laravel 13, Encrypter::getJsonPayload and validPayload.
        """
        # Payloads come from outside, from cookies for one: whatever they are, they only fail.
        fields = _json(lenient_base64(text)) if _is_text(text) else None
        if not isinstance(fields, dict):
            raise DecryptFailed(INVALID_PAYLOAD)
        envelope = cast("dict[str, object]", fields)
        iv, value, mac = envelope.get("iv"), envelope.get("value"), envelope.get("mac")
        tag = envelope.get("tag") if envelope.get("tag") is not None else ""
        if not (
            isinstance(iv, str)
            and isinstance(value, str)
            and isinstance(mac, str)
            and isinstance(tag, str)
        ):
            raise DecryptFailed(INVALID_PAYLOAD)
        # PHP takes "0" for empty, here as anywhere.
        return cls(iv, value, mac, "" if tag == "0" else tag)


def appears_encrypted(value: object) -> bool:
    """Tell whether *value* looks like an envelope of ours; nothing is decrypted.

    Source: Laravel 13, Encrypter::appearsEncrypted.
    """
    if not isinstance(value, str):
        return False
    decoded = strict_base64(value)
    fields = None if decoded is None else _json(decoded)
    if not isinstance(fields, dict):
        return False
    envelope = cast("dict[str, object]", fields)
    return all(envelope.get(name) is not None for name in ("iv", "value", "mac"))


def lenient_base64(text: str) -> bytes:
    """Decode *text*, skipping whatever is no base64.

    Source: PHP, base64_decode without its strict flag.
    """
    letters = _NOT_BASE64.sub(b"", text.encode("utf-8", "surrogatepass"))
    # A last letter alone says nothing of a whole byte.
    usable = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return base64.b64decode(usable + b"=" * (-len(usable) % 4))


def strict_base64(text: str) -> bytes | None:
    """Decode *text*, None if it is no base64. White space is skipped, padding may be left out.

    Source: PHP, base64_decode with its strict flag.
    """
    compact = text.encode("utf-8", "surrogatepass").translate(*_WHITESPACE)
    match = _STRICT.fullmatch(compact)
    if match is None:
        return None
    letters, padding = match.groups()
    if len(letters) % 4 == 1:
        return None
    if padding and (len(padding) > _PADDING_MAX or (len(letters) + len(padding)) % 4):
        return None
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _json(data: bytes) -> Any:
    """Return what the JSON *data* holds, None if it is none by PHP's standard."""
    try:
        return json.loads(data.decode(), parse_constant=_refused)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        return None


def _refused(name: str) -> object:
    # Python reads NaN and Infinity; JSON has neither.
    raise ValueError(name)
