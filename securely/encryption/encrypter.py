"""Encrypter: Laravel's payload format, on AES in CBC or GCM."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from securely.encryption.exceptions import DecryptFailed, InvalidKey
from securely.encryption.keys import derive_key
from securely.encryption.payload import (
    Payload,
    appears_encrypted,
    lenient_base64,
    strict_base64,
)
from securely.support import entropy

__all__ = ["CIPHERS", "Cipher", "Codec", "Encrypter"]

# Both are AES's own: its block, and the whole tag of GCM.
_BLOCK_BITS: Final = 128
_TAG_BYTES: Final = 16
_FAILED: Final = "Could not decrypt the data."


class Codec(Protocol):
    """How values become bytes and values again: ``support.serializer.Serializer``, as a rule.

    Told by its shape, so that msgspec is not imported for those who only want the keys.
    """

    def encode(self, value: object) -> bytes:
        """Return *value* as bytes."""
        ...

    def decode(self, data: bytes) -> object:
        """Return the value that was written as *data*."""
        ...


@dataclass(frozen=True, slots=True)
class Cipher:
    """One of the ciphers: its sizes in bytes, and whether it proves its data by itself."""

    key_bytes: int
    iv_bytes: int
    aead: bool


CIPHERS: Final[Mapping[str, Cipher]] = {
    "aes-128-cbc": Cipher(16, 16, aead=False),
    "aes-256-cbc": Cipher(32, 16, aead=False),
    "aes-128-gcm": Cipher(16, 12, aead=True),
    "aes-256-gcm": Cipher(32, 12, aead=True),
}
"""The ciphers by their names, which are read without regard to case."""


class Encrypter:
    """Encrypts values so that nobody else can read or change them.

    Payloads are Laravel's, byte for byte: what one of its applications encrypts as a string,
    one of ours with the same key decrypts, and the other way round.

    Args:
        key: The key, as long as the cipher wants it: 16 bytes or 32.
        cipher: One of :data:`CIPHERS`.
        previous_keys: Earlier keys, tried in their order for what the key does not decrypt.
        serializer: How values that are not text are written; plain data only, if not given.

    Raises:
        InvalidKey: The cipher is unknown, or a key does not have its length.

    Example:
        >>> encrypter = Encrypter(Encrypter.generate_key())
        >>> encrypter.decrypt_string(encrypter.encrypt_string("secret"))
        'secret'
        >>> encrypter.decrypt(encrypter.encrypt({"paid": True}))
        {'paid': True}
    """

    def __init__(
        self,
        key: bytes,
        cipher: str = "aes-256-cbc",
        previous_keys: Iterable[bytes] = (),
        serializer: Codec | None = None,
    ) -> None:
        previous = tuple(previous_keys)
        for index, each in enumerate((key, *previous)):
            if not self.supported(each, cipher):
                name = "app.key" if index == 0 else f"app.previous_keys.{index - 1}"
                raise InvalidKey(name, _unsupported(each, cipher))
        self._cipher_name = cipher.lower()
        self._cipher = CIPHERS[self._cipher_name]
        self._keys = (key, *previous)
        self._serializer = serializer
        self._purposes: dict[str, Encrypter] = {}

    @staticmethod
    def supported(key: bytes, cipher: str) -> bool:
        """Tell whether *cipher* is known and *key* is of its length."""
        known = CIPHERS.get(cipher.lower())
        return known is not None and len(key) == known.key_bytes

    @staticmethod
    def generate_key(cipher: str = "aes-256-cbc") -> bytes:
        """Return a new random key for *cipher*; 32 bytes if that is unknown, as Laravel has it."""
        known = CIPHERS.get(cipher.lower())
        return entropy.token_bytes(known.key_bytes if known else 32)

    @staticmethod
    def appears_encrypted(value: object) -> bool:
        """Tell whether *value* looks like a payload; nothing is decrypted."""
        return appears_encrypted(value)

    @property
    def cipher(self) -> str:
        """The name of the cipher, in lower case."""
        return self._cipher_name

    @property
    def key(self) -> bytes:
        """The key that encrypts."""
        return self._keys[0]

    @property
    def previous_keys(self) -> tuple[bytes, ...]:
        """The earlier keys, which only decrypt."""
        return self._keys[1:]

    @property
    def all_keys(self) -> tuple[bytes, ...]:
        """The key, then the earlier ones."""
        return self._keys

    def encrypt(self, value: object) -> str:
        """Encrypt *value*, which may be whatever the serializer writes.

        Raises:
            Unserializable: It holds something that has no written form.
        """
        return self.encrypt_bytes(self._codec().encode(value))

    def encrypt_string(self, value: str) -> str:
        """Encrypt text. Laravel reads it by ``decryptString``."""
        return self.encrypt_bytes(value.encode())

    def encrypt_bytes(self, value: bytes) -> str:
        """Encrypt bytes. Laravel reads them by ``decryptString``."""
        iv = entropy.token_bytes(self._cipher.iv_bytes)
        iv_text = _base64(iv)
        if self._cipher.aead:
            sealed = _gcm_encrypt(self.key, iv, value)
            data, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
            return Payload(iv_text, _base64(data), "", _base64(tag)).pack()
        value_text = _base64(_cbc_encrypt(self.key, iv, value))
        return Payload(iv_text, value_text, _mac(self.key, iv_text, value_text), "").pack()

    def decrypt(self, payload: str) -> object:
        """Decrypt what :meth:`encrypt` has made.

        Raises:
            DecryptFailed: The payload is malformed, tampered with, of another key, or holds what
                the serializer does not read (as what Laravel encrypts with PHP's ``serialize``;
                :meth:`decrypt_string` gives that as text).
        """
        from securely.support.serializer import Undecodable

        data = self.decrypt_bytes(payload)
        try:
            return self._codec().decode(data)
        except Undecodable as error:
            raise DecryptFailed(f"{_FAILED} {error}") from error

    def decrypt_string(self, payload: str) -> str:
        """Decrypt text.

        Raises:
            DecryptFailed: The payload is malformed, tampered with or of another key, or holds
                bytes that are not UTF-8 (:meth:`decrypt_bytes` gives those).
        """
        try:
            return self.decrypt_bytes(payload).decode()
        except UnicodeDecodeError:
            # Without the cause: it holds the decrypted bytes.
            raise DecryptFailed(f"{_FAILED} It is not text; use decrypt_bytes().") from None

    def decrypt_bytes(self, payload: str) -> bytes:
        """Decrypt bytes.

        Raises:
            DecryptFailed: The payload is malformed, tampered with, or of another key.

        Source: Laravel 13, Encrypter::decrypt.
        """
        return self._opened(payload)[0]

    def needs_reencrypt(self, payload: str) -> bool:
        """Tell whether *payload* was made with an earlier key.

        Raises:
            DecryptFailed: No key decrypts it.
        """
        return self._opened(payload)[1] > 0

    def reencrypt(self, payload: str) -> str:
        """Return *payload* encrypted anew with the current key.

        Raises:
            DecryptFailed: No key decrypts it.
        """
        return self.encrypt_bytes(self.decrypt_bytes(payload))

    def for_purpose(self, name: str) -> Encrypter:
        """Return an encrypter for *name*; one of another purpose cannot read its payloads.

        Its keys are derived from these, the earlier ones included, so rotation reaches it.
        """
        # Two threads may both derive it: the result is the same, and either may stay.
        if (encrypter := self._purposes.get(name)) is None:
            length = self._cipher.key_bytes
            current, *previous = (derive_key(key, f"encrypt:{name}", length) for key in self._keys)
            encrypter = Encrypter(current, self._cipher_name, previous, self._serializer)
            self._purposes[name] = encrypter
        return encrypter

    def __repr__(self) -> str:
        return f"Encrypter({self._cipher_name!r})"

    def _codec(self) -> Codec:
        if self._serializer is None:
            from securely.support.serializer import Serializer

            self._serializer = Serializer()
        return self._serializer

    def _opened(self, text: str) -> tuple[bytes, int]:
        """Return the data of a payload, and the index of the key that gave it."""
        payload = Payload.unpack(text, self._cipher.iv_bytes)
        iv = strict_base64(payload.iv) or b""
        data = lenient_base64(payload.value)
        opened = self._open_gcm if self._cipher.aead else self._open_cbc
        return opened(payload, iv, data)

    def _open_gcm(self, payload: Payload, iv: bytes, data: bytes) -> tuple[bytes, int]:
        tag = lenient_base64(payload.tag)
        # A shorter tag would be accepted by the cipher, and is easier to guess.
        if len(tag) != _TAG_BYTES:
            raise DecryptFailed(_FAILED)
        for index, key in enumerate(self._keys):
            plain = _gcm_decrypt(key, iv, data + tag)
            if plain is not None:
                return plain, index
        raise DecryptFailed(_FAILED)

    def _open_cbc(self, payload: Payload, iv: bytes, data: bytes) -> tuple[bytes, int]:
        if payload.tag:
            raise DecryptFailed(
                "Unable to use tag because the cipher algorithm does not support AEAD."
            )
        proved = False
        for index, key in enumerate(self._keys):
            expected = _mac(key, payload.iv, payload.value)
            # Bytes, because text that is not ASCII cannot be compared in constant time.
            if not hmac.compare_digest(expected.encode(), payload.mac.encode("utf-8", "replace")):
                continue
            proved = True
            plain = _cbc_decrypt(key, iv, data)
            if plain is not None:
                return plain, index
        raise DecryptFailed(_FAILED if proved else "The MAC is invalid.")


def _unsupported(key: bytes, cipher: str) -> str:
    return (
        f"Unsupported cipher or incorrect key length. Supported ciphers are: {', '.join(CIPHERS)}. "
        f'The cipher is "{cipher}", the key has {len(key)} bytes.'
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _mac(key: bytes, iv: str, value: str) -> str:
    return hmac.digest(key, f"{iv}{value}".encode("utf-8", "surrogatepass"), "sha256").hex()


# The library is imported by what encrypts, not with this module: whoever asks for the keys, to
# sign jobs, does not pay for it. A second import is one look into a dict.


def _cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives import ciphers
    from cryptography.hazmat.primitives.ciphers import algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    padder = PKCS7(_BLOCK_BITS).padder()
    padded = padder.update(data) + padder.finalize()
    encryptor = ciphers.Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padded) + encryptor.finalize()


def _cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes | None:
    from cryptography.hazmat.primitives import ciphers
    from cryptography.hazmat.primitives.ciphers import algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    decryptor = ciphers.Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    try:
        padded = decryptor.update(data) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:  # not whole blocks, or no padding
        return None


def _gcm_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key).encrypt(iv, data, None)


def _gcm_decrypt(key: bytes, iv: bytes, sealed: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(iv, sealed, None)
    except InvalidTag:
        return None
