"""CbcBox and GcmBox: one key with one cipher, which seals data into payloads and opens them.

Only what encrypts imports this module, and with it the cryptography package: whoever asks for the
keys, to sign jobs, does not pay for it.
"""

from __future__ import annotations

import hmac
from binascii import a2b_base64, b2a_base64
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from securely.encryption.payload import Payload, lenient_base64, strict_base64
from securely.support import entropy

__all__ = ["CbcBox", "GcmBox"]

_BLOCK_BYTES: Final = 16  # of AES, whatever its key
_TAG_BYTES: Final = 16  # the whole tag of GCM; a shorter one is easier to guess
# PKCS #7: as many bytes as are missing, each saying how many.
_PADDING: Final = tuple(bytes([size]) * size for size in range(_BLOCK_BYTES + 1))

# The envelope, as it stands when it is one that we, or Laravel, have written.
_IV: Final = b'{"iv":"'
_VALUE: Final = b'","value":"'
_MAC: Final = b'","mac":"'
_TAG: Final = b'","tag":"'
_END: Final = b'"}'
# Where its parts lie with CBC: 24 letters of iv, 64 of mac, no tag.
_CBC_HEAD: Final = len(_IV) + 24
_CBC_VALUE: Final = _CBC_HEAD + len(_VALUE)
_CBC_TAIL: Final = _TAG + _END
_CBC_MAC_END: Final = -len(_CBC_TAIL)
_CBC_MAC: Final = _CBC_MAC_END - 64
_CBC_VALUE_END: Final = _CBC_MAC - len(_MAC)
# And with GCM: 16 letters of iv, no mac, 24 of tag.
_GCM_HEAD: Final = len(_IV) + 16
_GCM_VALUE: Final = _GCM_HEAD + len(_VALUE)
_GCM_MIDDLE: Final = _MAC + _TAG
_GCM_TAG: Final = -len(_END) - 24
_GCM_VALUE_END: Final = _GCM_TAG - len(_GCM_MIDDLE)


class CbcBox:
    """AES in CBC, proved by an HMAC-SHA256 over iv and value."""

    __slots__ = ("_aes", "_key")

    aead: ClassVar[bool] = False
    iv_bytes: ClassVar[int] = _BLOCK_BYTES

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._aes = algorithms.AES(key)

    def seal(self, data: bytes, aad: bytes) -> str:
        """Return *data* as a payload."""
        iv = entropy.token_bytes(_BLOCK_BYTES)
        padded = data + _PADDING[_BLOCK_BYTES - len(data) % _BLOCK_BYTES]
        # Whole blocks go in, so all of them come out: there is nothing left to finalize.
        sealed = Cipher(self._aes, modes.CBC(iv)).encryptor().update(padded)
        iv_text = b2a_base64(iv, newline=False)
        value = b2a_base64(sealed, newline=False)
        mac = self._mac(iv_text + value, aad).encode("ascii")
        parts = (_IV, iv_text, _VALUE, value, _MAC, mac, _CBC_TAIL)
        return b2a_base64(b"".join(parts), newline=False).decode("ascii")

    def open_plain(self, raw: bytes, aad: bytes) -> bytes | None:
        """Return the data of an envelope that looks as we write it; None if not, or it fails."""
        if not (
            raw.startswith(_IV)
            and raw.endswith(_CBC_TAIL)
            and raw[_CBC_HEAD:_CBC_VALUE] == _VALUE
            and raw[_CBC_VALUE_END:_CBC_MAC] == _MAC
        ):
            return None
        iv_text = raw[len(_IV) : _CBC_HEAD]
        value = raw[_CBC_VALUE:_CBC_VALUE_END]
        try:
            iv, data = a2b_base64(iv_text, strict_mode=True), a2b_base64(value, strict_mode=True)
        except ValueError:
            return None
        expected = self._mac(iv_text + value, aad).encode("ascii")
        if not hmac.compare_digest(expected, raw[_CBC_MAC:_CBC_MAC_END]):
            return None
        return self._decrypted(iv, data) if len(iv) == _BLOCK_BYTES else None

    def open(self, payload: Payload, aad: bytes) -> bytes | None:
        """Return the data of *payload*, None if it does not open."""
        if not self.proves(payload, aad):
            return None
        return self._decrypted(strict_base64(payload.iv) or b"", lenient_base64(payload.value))

    def proves(self, payload: Payload, aad: bytes) -> bool:
        """Return whether the mac of *payload* is of this key; compared in constant time."""
        signed = f"{payload.iv}{payload.value}".encode("utf-8", "surrogatepass")
        # Bytes, because text that is not ASCII cannot be compared in constant time.
        return hmac.compare_digest(
            self._mac(signed, aad).encode("ascii"), payload.mac.encode("utf-8", "replace")
        )

    def _mac(self, signed: bytes, aad: bytes) -> str:
        # With a key of its own for each aad, no part of it can pass for a part of the value.
        key = hmac.digest(self._key, b"securely:aad:" + aad, "sha256") if aad else self._key
        return hmac.digest(key, signed, "sha256").hex()

    def _decrypted(self, iv: bytes, data: bytes) -> bytes | None:
        # It is proved by now: nobody can learn from what the padding says.
        if not data or len(data) % _BLOCK_BYTES:
            return None
        padded = Cipher(self._aes, modes.CBC(iv)).decryptor().update(data)
        size = padded[-1]
        if not 0 < size <= _BLOCK_BYTES or not padded.endswith(_PADDING[size]):
            return None
        return padded[:-size]


class GcmBox:
    """AES in GCM, which proves its data, and what it is bound to, by a tag of 16 bytes."""

    __slots__ = ("_aes",)

    aead: ClassVar[bool] = True
    iv_bytes: ClassVar[int] = 12

    def __init__(self, key: bytes) -> None:
        self._aes = AESGCM(key)

    def seal(self, data: bytes, aad: bytes) -> str:
        """Return *data* as a payload."""
        iv = entropy.token_bytes(self.iv_bytes)
        sealed = self._aes.encrypt(iv, data, aad or None)
        parts = (
            *(_IV, b2a_base64(iv, newline=False)),
            *(_VALUE, b2a_base64(sealed[:-_TAG_BYTES], newline=False)),
            *(_GCM_MIDDLE, b2a_base64(sealed[-_TAG_BYTES:], newline=False), _END),
        )
        return b2a_base64(b"".join(parts), newline=False).decode("ascii")

    def open_plain(self, raw: bytes, aad: bytes) -> bytes | None:
        """Return the data of an envelope that looks as we write it; None if not, or it fails."""
        if not (
            raw.startswith(_IV)
            and raw.endswith(_END)
            and raw[_GCM_HEAD:_GCM_VALUE] == _VALUE
            and raw[_GCM_VALUE_END:_GCM_TAG] == _GCM_MIDDLE
        ):
            return None
        try:
            iv = a2b_base64(raw[len(_IV) : _GCM_HEAD], strict_mode=True)
            data = a2b_base64(raw[_GCM_VALUE:_GCM_VALUE_END], strict_mode=True)
            tag = a2b_base64(raw[_GCM_TAG : -len(_END)], strict_mode=True)
        except ValueError:
            return None
        return self._decrypted(iv, data, tag, aad)

    def open(self, payload: Payload, aad: bytes) -> bytes | None:
        """Return the data of *payload*, None if it does not open."""
        iv, data = strict_base64(payload.iv) or b"", lenient_base64(payload.value)
        return self._decrypted(iv, data, lenient_base64(payload.tag), aad)

    def proves(self, payload: Payload, aad: bytes) -> bool:
        """Return whether *payload* opens: its tag proves nothing by itself."""
        return self.open(payload, aad) is not None

    def _decrypted(self, iv: bytes, data: bytes, tag: bytes, aad: bytes) -> bytes | None:
        if len(iv) != self.iv_bytes or len(tag) != _TAG_BYTES:
            return None
        try:
            return self._aes.decrypt(iv, data + tag, aad or None)
        except InvalidTag:
            return None
