"""picture_size: how wide and high a picture is, by its header alone; nothing is unpacked."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Final, TypeAlias, cast

from securely.validation.contracts import File

__all__ = ["picture_size"]

Size: TypeAlias = tuple[int, int]

_HEAD_BYTES: Final = 4096  # all that an icon may say of 255 pictures
_BLOCK_BYTES: Final = 64 * 1024  # as long as a segment of a JPEG may be
_BLOCKS_MAX: Final = 16  # a megabyte in all
_READS_MAX: Final = 16_384  # a few milliseconds of stepping


def picture_size(file: File, mime: str) -> Size | None:
    """Return width and height in pixels of a picture of the type *mime*, as it is stored.

    None for what is no picture, for one that is cut off before it says them, and for one that says
    nothing or less. At most a megabyte is read, in at most some thousand steps.
    """
    if mime in _STRUCTURED:
        found = _asked(file)
    else:
        read = _FIXED.get(mime)
        try:
            found = None if read is None else read(file.read_at(0, _HEAD_BYTES))
        except (struct.error, IndexError):  # it is cut off
            return None
    return found if found is not None and min(found) > 0 else None


def _png(head: bytes) -> Size | None:
    if head[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _gif(head: bytes) -> Size:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _bmp(head: bytes) -> Size:
    length = int.from_bytes(head[14:18], "little")
    width, height = struct.unpack_from("<HH" if length == 12 else "<ii", head, 18)
    return width, abs(height)  # one that is stored from the top down has a height below zero


def _webp(head: bytes) -> Size | None:
    form = head[12:16]
    if form == b"VP8 ":
        # The upper two bits say how it is to be shown, not how large it is.
        width, height = struct.unpack_from("<HH", head, 26)
        return (width & 0x3FFF, height & 0x3FFF) if head[23:26] == b"\x9d\x01\x2a" else None
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8X" and len(head) >= 30:
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    return None


def _ico(head: bytes) -> Size | None:
    """Return the size of the largest picture of an icon; 256 is written as 0."""
    count = min(int.from_bytes(head[4:6], "little"), 255)
    sizes = [(head[at] or 256, head[at + 1] or 256) for at in range(6, 6 + 16 * count, 16)]
    return max(sizes, default=None)


def _psd(head: bytes) -> Size:
    height, width = struct.unpack_from(">II", head, 14)
    return width, height


_FIXED: Final[dict[str, Callable[[bytes], Size | None]]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/webp": _webp,
    "image/vnd.microsoft.icon": _ico,
    "image/vnd.adobe.photoshop": _psd,
}
"""Those that say their size at a place that is known."""
_STRUCTURED: Final = frozenset(
    {"image/jpeg", "image/tiff", "image/avif", "image/heic", "image/heif", "image/jp2"}
)
"""Those in which it has to be looked for; a library does that."""


def _asked(file: File) -> Size | None:
    # Lazily: it brings the standard library's HTTP client. It ships no types.
    import imagesize  # pyright: ignore[reportMissingTypeStubs]

    # Whatever goes wrong it answers with -1; turned pictures count as they are stored, as in PHP.
    ask = cast("Callable[..., Size]", imagesize.get)  # pyright: ignore[reportUnknownMemberType]
    width, height = ask(_Window(file), exif_rotation=False)
    return int(width), int(height)


class _Window:
    """A stream over a file that gives so much of it, and no more.

    Args:
        file: The file.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._blocks: dict[int, bytes] = {}
        self._position = self._reads = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to *offset*."""
        start = {io.SEEK_CUR: self._position, io.SEEK_END: self._file.size_bytes}.get(whence, 0)
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Return where it is."""
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Return up to *size* bytes; too much, or too often, is an error."""
        self._reads += 1
        left = max(0, self._file.size_bytes - self._position)
        size = left if size < 0 else min(size, left)
        if self._reads > _READS_MAX or size > _BLOCK_BYTES * _BLOCKS_MAX:
            raise EOFError("A picture whose header is this long is not looked at.")
        parts: list[bytes] = []
        while size > 0:
            number, start = divmod(self._position, _BLOCK_BYTES)
            part = self._block(number)[start : start + size]
            if not part:
                break
            parts.append(part)
            self._position += len(part)
            size -= len(part)
        return b"".join(parts)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            if len(self._blocks) >= _BLOCKS_MAX:
                raise EOFError("A picture whose header lies this far apart is not looked at.")
            self._blocks[number] = self._file.read_at(number * _BLOCK_BYTES, _BLOCK_BYTES)
        return self._blocks[number]
