"""Encrypter: Laravel's payload format, on AES in CBC or GCM."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, Final, Protocol

from securely.encryption.exceptions import DecryptFailed, EncryptFailed, InvalidKey
from securely.encryption.keys import derive_key
from securely.encryption.payload import (
    INVALID_PAYLOAD,
    Payload,
    appears_encrypted,
    strict_base64,
)
from securely.support import entropy
from securely.support.replacing import replacing

__all__ = ["CIPHERS", "Box", "Cipher", "Codec", "Encrypter"]

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


class Box(Protocol):
    """One key with one cipher. What ``aad`` is given must be given again to open.

    Told by its shape, because those that there are load the cryptography package.
    """

    aead: ClassVar[bool]
    """Whether the cipher proves its data by itself."""

    iv_bytes: ClassVar[int]
    """How long its initialization vector is."""

    def seal(self, data: bytes, aad: bytes) -> str:
        """Return *data* as a payload."""
        ...

    def open_plain(self, raw: bytes, aad: bytes) -> bytes | None:
        """Return the data of an envelope that looks as we write it.

        Args:
            raw: The envelope, JSON.
            aad: What it is bound to.

        Returns:
            None if it looks otherwise, or does not open: then :meth:`open` tells why.
        """
        ...

    def open(self, payload: Payload, aad: bytes) -> bytes | None:
        """Return the data of *payload*, None if it does not open."""
        ...

    def proves(self, payload: Payload, aad: bytes) -> bool:
        """Return whether *payload* is of this key, as far as can be told without opening it."""
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
        decrypt_ciphers: Ciphers whose payloads are read besides; keys of their lengths may be
            among the earlier ones. So an application can change its cipher.

    Raises:
        InvalidKey: A cipher is unknown, or a key does not have the length of any.

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
        *,
        decrypt_ciphers: Iterable[str] = (),
    ) -> None:
        if not self.supported(key, cipher):
            raise InvalidKey("app.key", _unsupported(key, cipher))
        self._cipher_name = cipher.lower()
        self._ciphers = _known(self._cipher_name, decrypt_ciphers)
        self._keys = (key, *previous_keys)
        for index, each in enumerate(self._keys[1:]):
            if not any(self.supported(each, one) for one in self._ciphers):
                raise InvalidKey(f"app.previous_keys.{index}", _unsupported(each, cipher))
        self._serializer = serializer
        self._purposes: dict[str, Encrypter] = {}
        self._boxes: tuple[Box, ...] = ()

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

    def encrypt(self, value: object, *, aad: bytes = b"") -> str:
        """Encrypt *value*, which may be whatever the serializer writes.

        Args:
            value: What is encrypted.
            aad: What the payload is bound to, such as the name of its column and the id of its
                row: only with the same it decrypts. It is not in the payload, and Laravel knows
                nothing of it.

        Raises:
            Unserializable: It holds something that has no written form.
        """
        return self.encrypt_bytes(self._codec().encode(value), aad=aad)

    def encrypt_string(self, value: str, *, aad: bytes = b"") -> str:
        """Encrypt text. Laravel reads it by ``decryptString``, if it is bound to nothing.

        Raises:
            EncryptFailed: It holds half a surrogate pair, which has no UTF-8.
        """
        # The error of Python holds the text: it is let go of before ours is raised.
        try:
            return self.encrypt_bytes(value.encode(), aad=aad)
        except UnicodeEncodeError:
            pass
        raise EncryptFailed(
            "The text cannot be encrypted: it holds half a surrogate pair, which has no UTF-8. "
            "Encrypt what it was read from, by encrypt_bytes()."
        )

    def encrypt_bytes(self, value: bytes, *, aad: bytes = b"") -> str:
        """Encrypt bytes. Laravel reads them by ``decryptString``, if they are bound to nothing."""
        return (self._boxes or self._opened_boxes())[0].seal(value, aad)

    def decrypt(self, payload: str, *, aad: bytes = b"") -> object:
        """Decrypt what :meth:`encrypt` has made.

        Args:
            payload: What it has made.
            aad: What it was bound to.

        Raises:
            DecryptFailed: The payload is malformed, tampered with, of another key or bound to
                something else, or holds what the serializer does not read (as what Laravel
                encrypts with PHP's ``serialize``; :meth:`decrypt_string` gives that as text).
        """
        from securely.support.serializer import Undecodable

        data = self.decrypt_bytes(payload, aad=aad)
        # What has led to the error may hold what was decrypted: only its reason is kept.
        try:
            return self._codec().decode(data)
        except Undecodable as error:
            reason = str(error)
        raise DecryptFailed(f"{_FAILED} {reason}")

    def decrypt_string(self, payload: str, *, aad: bytes = b"") -> str:
        """Decrypt text.

        Raises:
            DecryptFailed: The payload is malformed, tampered with, of another key or bound to
                something else, or holds bytes that are not UTF-8 (:meth:`decrypt_bytes` gives
                those).
        """
        # The error of Python holds the decrypted bytes: it is let go of before ours is raised.
        try:
            return self.decrypt_bytes(payload, aad=aad).decode()
        except UnicodeDecodeError:
            pass
        raise DecryptFailed(f"{_FAILED} It is not text; use decrypt_bytes().")

    def decrypt_bytes(self, payload: str, *, aad: bytes = b"") -> bytes:
        """Decrypt bytes.

        Raises:
            DecryptFailed: The payload is malformed, tampered with, of another key or bound to
                something else.

        Source: Laravel 13, Encrypter::decrypt.
        """
        # Nearly all payloads look as we write them: they are opened without reading any JSON. All
        # others, and all that fail, are read as Laravel reads them, which also tells what is wrong.
        try:
            raw = a2b_base64(payload, strict_mode=True)
        except (TypeError, ValueError):
            return self._opened(payload, aad)[0]
        for box in self._boxes or self._opened_boxes():
            if (plain := box.open_plain(raw, aad)) is not None:
                return plain
        return self._opened(payload, aad)[0]

    def needs_reencrypt(self, payload: str, *, aad: bytes = b"") -> bool:
        """Tell whether *payload* was made with an earlier key, or with another cipher.

        Raises:
            DecryptFailed: No key decrypts it.
        """
        return self._opened(payload, aad)[1] > 0

    def reencrypt(self, payload: str, *, aad: bytes = b"") -> str:
        """Return *payload* encrypted anew with the current key.

        Raises:
            DecryptFailed: No key decrypts it.
        """
        return self.encrypt_bytes(self.decrypt_bytes(payload, aad=aad), aad=aad)

    def encrypt_stream(self, source: IO[bytes], target: IO[bytes], *, aad: bytes = b"") -> int:
        """Encrypt all that *source* holds into *target*, in constant memory.

        It is a format of our own, of AES-256-GCM whatever the cipher; Laravel has none.

        Args:
            source: A file that is open for reading bytes.
            target: A file that is open for writing bytes.
            aad: What the stream is bound to.

        Returns:
            How many bytes *source* held.
        """
        from securely.encryption import streams

        counted = _Counted(streams.pieces_of(source))
        for piece in streams.sealed(self.key, counted, aad):
            streams.put(target, piece)
        return counted.total

    async def aencrypt_stream(
        self, source: IO[bytes], target: IO[bytes], *, aad: bytes = b""
    ) -> int:
        """Async twin of :meth:`encrypt_stream`; it works in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.encrypt_stream, source, target, aad=aad)

    def decrypt_stream(self, source: IO[bytes], target: IO[bytes], *, aad: bytes = b"") -> int:
        """Decrypt the stream in *source* into *target*, in constant memory.

        Each piece is proved before it is written; whether the end is missing, only at the end. So
        do nothing with what is written until this returns, or use :meth:`decrypt_file`.

        Returns:
            How many bytes were written.

        Raises:
            DecryptFailed: It is no stream, is of another key or bound to something else, or has
                been changed, put in another order, cut off or added to.
        """
        from securely.encryption import streams

        counted = _Counted(streams.opened(self._keys, source, aad))
        for piece in counted:
            streams.put(target, piece)
        return counted.total

    async def adecrypt_stream(
        self, source: IO[bytes], target: IO[bytes], *, aad: bytes = b""
    ) -> int:
        """Async twin of :meth:`decrypt_stream`; it works in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.decrypt_stream, source, target, aad=aad)

    def encrypt_file(self, source: str | Path, target: str | Path, *, aad: bytes = b"") -> int:
        """Encrypt the file *source* into the file *target*, which may be the same.

        The target is there as a whole or not at all, for its owner alone; one that is there is
        replaced.

        Returns:
            How many bytes *source* held.
        """
        # The source is closed first: Windows does not replace a file that is open.
        with replacing(Path(target)) as writing, Path(source).open("rb") as reading:
            return self.encrypt_stream(reading, writing, aad=aad)

    async def aencrypt_file(
        self, source: str | Path, target: str | Path, *, aad: bytes = b""
    ) -> int:
        """Async twin of :meth:`encrypt_file`; it works in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.encrypt_file, source, target, aad=aad)

    def decrypt_file(self, source: str | Path, target: str | Path, *, aad: bytes = b"") -> int:
        """Decrypt the file *source* into the file *target*, which may be the same.

        The target is there when all of it is proved, for its owner alone; one that is there is
        replaced.

        Returns:
            How many bytes were written.

        Raises:
            DecryptFailed: As :meth:`decrypt_stream`; there is what there was before.
        """
        with replacing(Path(target)) as writing, Path(source).open("rb") as reading:
            return self.decrypt_stream(reading, writing, aad=aad)

    async def adecrypt_file(
        self, source: str | Path, target: str | Path, *, aad: bytes = b""
    ) -> int:
        """Async twin of :meth:`decrypt_file`; it works in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.decrypt_file, source, target, aad=aad)

    def reencrypt_file(self, file: str | Path, *, aad: bytes = b"") -> bool:
        """Encrypt the stream in *file* anew if an earlier key has encrypted it; tell whether.

        Raises:
            DecryptFailed: As :meth:`decrypt_stream`; the file is as it was.
        """
        from securely.encryption import streams

        with Path(file).open("rb") as reading:
            if streams.opened(self._keys, reading, aad).index == 0:
                return False
        with replacing(Path(file)) as writing, Path(file).open("rb") as reading:
            for piece in streams.sealed(self.key, streams.opened(self._keys, reading, aad), aad):
                writing.write(piece)
        return True

    async def areencrypt_file(self, file: str | Path, *, aad: bytes = b"") -> bool:
        """Async twin of :meth:`reencrypt_file`; it works in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.reencrypt_file, file, aad=aad)

    def for_purpose(self, name: str) -> Encrypter:
        """Return an encrypter for *name*; one of another purpose cannot read its payloads.

        Its keys are derived from these, the earlier ones included, so rotation reaches it. It is
        kept as long as this one: name what payloads are for, and bind them to a row by ``aad``.

        Args:
            name: What its payloads are for: ``cookies``.
        """
        # Two threads may both derive it: the result is the same, and either may stay.
        if (encrypter := self._purposes.get(name)) is None:
            current, *previous = (
                derive_key(key, f"encrypt:{name}", len(key)) for key in self._keys
            )
            encrypter = self._purposes[name] = Encrypter(
                current,
                self._cipher_name,
                previous,
                self._serializer,
                decrypt_ciphers=self._ciphers[1:],
            )
        return encrypter

    def __repr__(self) -> str:
        return f"Encrypter({self._cipher_name!r})"

    def _codec(self) -> Codec:
        if self._serializer is None:
            from securely.support.serializer import Serializer

            self._serializer = Serializer()
        return self._serializer

    def _opened_boxes(self) -> tuple[Box, ...]:
        """Make what seals and opens: each key with each cipher of its length, the current first.

        Two threads may both make them: the result is the same, and either may stay.
        """
        from securely.encryption.ciphers import CbcBox, GcmBox

        self._boxes = tuple(
            (GcmBox if CIPHERS[name].aead else CbcBox)(key)
            for key in self._keys
            for name in self._ciphers
            if self.supported(key, name)
        )
        return self._boxes

    def _opened(self, text: str, aad: bytes) -> tuple[bytes, int]:
        """Return the data of a payload, and the index of the box that gave it.

        Source: Laravel 13, Encrypter::decrypt, getJsonPayload and validPayload.
        """
        payload = Payload.unpack(text)
        iv = strict_base64(payload.iv)
        boxes = self._boxes or self._opened_boxes()
        kinds = {box.aead for box in boxes}
        # Of one kind alone, it decides what a payload must be; of both, the payload does.
        is_aead = bool(payload.tag) if len(kinds) > 1 else boxes[0].aead
        fitting = [(at, box) for at, box in enumerate(boxes) if box.aead is is_aead]
        if iv is None or len(iv) != fitting[0][1].iv_bytes:
            raise DecryptFailed(INVALID_PAYLOAD)
        if payload.tag and not is_aead:
            raise DecryptFailed(
                "Unable to use tag because the cipher algorithm does not support AEAD."
            )
        for at, box in fitting:
            if (plain := box.open(payload, aad)) is not None:
                return plain, at
        is_proved = is_aead or any(box.proves(payload, aad) for _, box in fitting)
        raise DecryptFailed(_FAILED if is_proved else "The MAC is invalid.")


class _Counted:
    """Gives pieces, and knows how many bytes they were."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.total = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.total += len(piece)
            yield piece


def _known(cipher: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return all ciphers that are read, the one that encrypts first."""
    names = tuple(dict.fromkeys([cipher, *(each.lower() for each in others)]))
    for name in names:
        if name not in CIPHERS:
            raise InvalidKey(
                "app.decrypt_ciphers",
                f'The cipher "{name}" is unknown. Supported ciphers are: {", ".join(CIPHERS)}.',
            )
    return names


def _unsupported(key: bytes, cipher: str) -> str:
    return (
        f"Unsupported cipher or incorrect key length. Supported ciphers are: {', '.join(CIPHERS)}. "
        f'The cipher is "{cipher}", the key has {len(key)} bytes.'
    )
