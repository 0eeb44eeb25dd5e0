r"""Streams: what is too large for one payload, encrypted in pieces and in constant memory.

bytes 0-7      what it is, and the version of its form: ``\x93SCRY1\r\n``
bytes 8-39     a salt: the keys of this stream come from it and from the application's key
bytes 40-71    HMAC-SHA256 over all before it, and over what the stream is bound to
the rest       pieces of 64 KiB, the last one shorter, each under AES-256-GCM with its tag

The nonce of a piece is its number, and whether it is the last one: so none can be left out, given
twice, moved, or cut off at the end without notice. Each is bound to the whole header.

Source: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (2015), as age has it.
"""

from __future__ import annotations

import hmac
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from securely.encryption.exceptions import DecryptFailed
from securely.encryption.keys import derive_key
from securely.support import entropy

__all__ = ["PIECE_BYTES", "Opened", "opened", "pieces_of", "put", "sealed"]

PIECE_BYTES: Final = 64 * 1024
"""How much is encrypted at a time: small beside any memory, and its tag adds 0.02 percent."""

# A byte that is no text, and both ends of line: a transfer as text is noticed at once.
_MAGIC: Final = b"\x93SCRY1\r\n"
_SALT_BYTES: Final = 32
_MAC_BYTES: Final = 32
_TAG_BYTES: Final = 16
_NO_WAITING: Final = "open it so that reads and writes wait (os.set_blocking)."


def pieces_of(source: IO[bytes], size: int = PIECE_BYTES) -> Iterator[bytes]:
    """Give what *source* holds in pieces of *size* bytes, the last one shorter."""
    while piece := _whole(source, size):
        yield piece


def put(target: IO[bytes], data: bytes) -> None:
    """Write all of *data* to *target*: a raw one takes what it can at a time.

    Raises:
        BlockingIOError: It takes nothing now, and does not wait.
    """
    if not isinstance(target, io.RawIOBase):
        # What has a buffer takes all of it, whatever it says that it has taken.
        target.write(data)
        return
    rest = memoryview(data)
    while rest:
        if not (written := target.write(rest)):
            raise BlockingIOError(f"The target takes no more: {_NO_WAITING}")
        rest = rest[written:]


def sealed(key: bytes, pieces: Iterable[bytes], aad: bytes) -> Iterator[bytes]:
    """Give the stream of *pieces*: its header, then each of them encrypted.

    Args:
        key: The key of the application.
        pieces: All of :data:`PIECE_BYTES`, but the last one.
        aad: What the stream is bound to.
    """
    head = _MAGIC + entropy.token_bytes(_SALT_BYTES)
    aes, prover = _keys(key, head)
    header = head + hmac.digest(prover, head + aad, "sha256")
    yield header
    waiting: bytes = b""
    number = 0
    for piece in pieces:
        if waiting:
            yield aes.encrypt(_nonce(number, is_last=False), waiting, header)
            number += 1
        waiting = piece
    yield aes.encrypt(_nonce(number, is_last=True), waiting, header)


class Opened:
    """A stream whose header is proved: gives its pieces, each one proved.

    Args:
        aes: What decrypts its pieces.
        header: Its header.
        source: Where its pieces are read from.
        index: Which of the keys it is encrypted with, the current one being 0.
    """

    def __init__(self, aes: AESGCM, header: bytes, source: IO[bytes], index: int) -> None:
        self._aes = aes
        self._header = header
        self._source = source
        self.index: int = index

    def __iter__(self) -> Iterator[bytes]:
        """Give the pieces in their order.

        Raises:
            DecryptFailed: One has been changed or moved, or the end is missing.
        """
        size = PIECE_BYTES + _TAG_BYTES
        number, piece = 0, _whole(self._source, size)
        while True:
            following = _whole(self._source, size)
            yield self._piece(number, piece, is_last=not following)
            if not following:
                return
            number, piece = number + 1, following

    def _piece(self, number: int, piece: bytes, *, is_last: bool) -> bytes:
        plain = self._decrypted(number, piece, is_last=is_last)
        if plain is not None:
            return plain
        # What has gone wrong is told apart for people; each way it is refused.
        if len(piece) < _TAG_BYTES or self._decrypted(number, piece, is_last=not is_last) is None:
            what = "was cut off" if len(piece) < _TAG_BYTES else "has been changed or moved"
            raise DecryptFailed(f"Piece {number + 1} of the stream {what}.")
        if is_last:
            raise DecryptFailed(f"The stream was cut off after piece {number + 1}.")
        raise DecryptFailed(f"Something was added after the end of the stream, piece {number + 1}.")

    def _decrypted(self, number: int, piece: bytes, *, is_last: bool) -> bytes | None:
        try:
            return self._aes.decrypt(_nonce(number, is_last=is_last), piece, self._header)
        except InvalidTag:
            return None


def opened(keys: Sequence[bytes], source: IO[bytes], aad: bytes) -> Opened:
    """Return the stream in *source*, whose header is read and proved.

    Args:
        keys: The key of the application, then the earlier ones.
        source: Where it is read from.
        aad: What it is bound to.

    Raises:
        DecryptFailed: It is none, is of another key, or is bound to something else.
    """
    header = _whole(source, len(_MAGIC) + _SALT_BYTES + _MAC_BYTES)
    head, mac = header[:-_MAC_BYTES], header[-_MAC_BYTES:]
    if not head.startswith(_MAGIC) or len(head) != len(_MAGIC) + _SALT_BYTES:
        raise DecryptFailed("This is no encrypted stream, or one of a later version.")
    for index, key in enumerate(keys):
        aes, prover = _keys(key, head)
        if hmac.compare_digest(hmac.digest(prover, head + aad, "sha256"), mac):
            return Opened(aes, header, source, index)
    raise DecryptFailed(
        "The stream is of another key, is bound to something else, or its header has been changed."
    )


def _keys(key: bytes, head: bytes) -> tuple[AESGCM, bytes]:
    """Return what encrypts the pieces of a stream, and what proves its header."""
    derived = derive_key(key, f"stream:{head.hex()}", 64)
    return AESGCM(derived[:32]), derived[32:]


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _whole(source: IO[bytes], size: int) -> bytes:
    """Read *size* bytes, fewer only at the end: pipes and sockets give what they have.

    Raises:
        BlockingIOError: There is nothing now, and *source* does not wait.
    """
    data = _some(source, size)
    if len(data) == size or not data:
        return data
    parts = [data]
    missing = size - len(data)
    while missing and (more := _some(source, missing)):
        parts.append(more)
        missing -= len(more)
    return b"".join(parts)


def _some(source: IO[bytes], size: int) -> bytes:
    data = cast("bytes | None", source.read(size))
    if data is None:
        # To take it for the end would cut off the rest, and nobody would be told.
        raise BlockingIOError(f"The source has nothing now: {_NO_WAITING}")
    return data
