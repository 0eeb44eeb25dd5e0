"""sniff: what type a file is by its content; its name and what the sender says are not asked.

What the head says holds: a picture with an archive behind it is a picture. At most a megabyte of a
file is looked at, nothing is unpacked, and no bytes whatever raise.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, TypeAlias

from securely.validation.contracts import File
from securely.validation.rules.archives import office_type, zip_type
from securely.validation.rules.kinds import BY_MIME, EMPTY, UNKNOWN, Kind
from securely.validation.rules.markup import text_type

__all__ = ["HEAD_BYTES", "kind_of_file"]

Finder: TypeAlias = Callable[[bytes], str | None]

HEAD_BYTES: Final = 64 * 1024
"""So much of the beginning tells the type of what is not text, an archive or an office file."""
_EXECUTABLE: Final = "application/vnd.microsoft.portable-executable"

# What stands at the very beginning. Longer marks come before those that they begin with.
_MARKS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0\x08\0\0\0", "image/tiff"),
    (b"MM\0+\0\x08\0\0", "image/tiff"),
    (b"8BPS\0\x01", "image/vnd.adobe.photoshop"),
    (b"8BPS\0\x02", "image/vnd.adobe.photoshop"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"%PDF-", "application/pdf"),
    (b"\xef\xbb\xbf%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
    (b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (b"fLaC", "audio/flac"),
    (b"MThd\0\0\0\x06", "audio/midi"),
    (b"#!AMR", "audio/amr"),
    (b"FLV\x01", "video/x-flv"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"\0\0\x01\xb3", "video/mpeg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07\x00", "application/vnd.rar"),
    (b"Rar!\x1a\x07\x01\x00", "application/vnd.rar"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    (b"!<arch>\ndebian-binary", "application/vnd.debian.binary-package"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\0asm", "application/wasm"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"OTTO\0", "font/otf"),
    (b"true\0", "font/ttf"),
    (b"ttcf\0", "font/ttf"),
)


def kind_of_file(file: File) -> Kind:
    """Return what type *file* is by its content; UNKNOWN where nothing tells, EMPTY for no content.

    Example:
        >>> import io
        >>> from securely.validation.rules.uploads import as_file
        >>> kind_of_file(as_file(io.BytesIO(b"GIF89a" + bytes(20)))).mime
        'image/gif'
    """
    head = file.read_at(0, HEAD_BYTES)
    if not head:
        return EMPTY
    found = _by_mark(file, head)
    if found is None:
        found = next(filter(None, (finder(head) for finder in _FINDERS)), None)
    if found is None:
        found = text_type(file, head) or _by_last_resort(file, head)
    return UNKNOWN if found is None else BY_MIME[found]


def _by_mark(file: File, head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04")):
        return zip_type(file, head)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return office_type(file, head)
    return next((mime for mark, mime in _MARKS if head.startswith(mark)), None)


def _by_last_resort(file: File, head: bytes) -> str | None:
    """Tell what has no mark at its beginning, or one that text may have."""
    if head.startswith(b"MZ"):
        return _EXECUTABLE
    return "application/x-iso9660-image" if file.read_at(32_769, 5) == b"CD001" else None


def _riff(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return {
            b"WEBP": "image/webp",
            b"WAVE": "audio/x-wav",
            b"AVI ": "video/x-msvideo",
        }.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "audio/x-aiff"
    return None


_BRANDS: Final = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys(
        (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic"
    ),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
    b"qt  ": "video/quicktime",
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
}


def _boxed(head: bytes) -> str | None:
    """Tell films and pictures in the boxes of ISO 14496 apart by their brands."""
    if head[4:8] != b"ftyp":
        return "video/quicktime" if head[4:12] in (b"moov\0\0\0l", b"widewide") else None
    size = int.from_bytes(head[:4], "big")
    if size < 16:
        return None
    brand = head[8:12]
    if brand[:3] in (b"3gp", b"3g2"):
        return "video/3gpp"
    mime = _BRANDS.get(brand, "video/mp4")
    if mime == "image/heif":  # of any picture: what else it says to be tells which
        others = [head[start : start + 4] for start in range(16, min(size, 256), 4)]
        found = (_BRANDS[each] for each in others if each in _BRANDS and each[:3] != b"mif")
        mime = next((each for each in found if each.startswith("image/")), mime)
    return mime


def _matroska(head: bytes) -> str | None:
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    _, mark, rest = head[:4096].partition(b"\x42\x82")
    if not mark:
        return None
    if rest[1:].startswith(b"webm"):
        return "video/webm"
    return "video/x-matroska" if rest[1:].startswith(b"matroska") else None


def _ogg(head: bytes) -> str | None:
    if head[:5] != b"OggS\0":
        return None
    stream = head[28:36]
    if stream.startswith((b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex")):
        return "audio/ogg"
    return "video/ogg" if stream.startswith(b"\x80theora") else "application/ogg"


def _bitmap(head: bytes) -> str | None:
    if head[:2] != b"BM" or len(head) < 26:
        return None
    length = int.from_bytes(head[14:18], "little")
    return "image/bmp" if length in (12, 16, 40, 52, 56, 64, 108, 124) else None


def _icon(head: bytes) -> str | None:
    """Tell icons: their first bytes are too common to be enough."""
    if head[:4] != b"\0\0\x01\0" or len(head) < 22:
        return None
    count, reserved = int.from_bytes(head[4:6], "little"), head[9]
    size, start = struct.unpack_from("<II", head, 14)
    fits = 0 < count <= 1024 and reserved == 0 and size > 0 and start >= 6 + 16 * count
    return "image/vnd.microsoft.icon" if fits else None


def _program(head: bytes) -> str | None:
    if head[:4] == b"\xca\xfe\xba\xbe" and len(head) >= 8:
        # Of a fat program, the number of its parts stands where a class has its version.
        parts = int.from_bytes(head[4:8], "big")
        return "application/x-mach-binary" if parts < 30 else "application/java-vm"
    if head[:2] == b"MZ" and len(head) >= 64:
        start = int.from_bytes(head[60:64], "little")
        return _EXECUTABLE if head[start : start + 4] == b"PE\0\0" else None
    if head[:3] in (b"FWS", b"CWS", b"ZWS") and len(head) >= 8 and 0 < head[3] < 64:
        is_text = head[4:8].isalnum()
        return None if is_text else "application/x-shockwave-flash"
    return None


def _font(head: bytes) -> str | None:
    if head[:4] != b"\0\x01\0\0" or len(head) < 16:
        return None
    tables, name = int.from_bytes(head[4:6], "big"), head[12:16]
    return "font/ttf" if 0 < tables < 128 and name.isascii() and name[0] >= 32 else None


def _packed(head: bytes) -> str | None:
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return "application/x-bzip2"
    if len(head) < 512:
        return None
    if head[257:262] == b"ustar":
        return "application/x-tar"
    # Archives older than the mark have a sum instead, over a header that has blanks for it.
    written = head[148:156].strip(b" \0")
    if not written or not head[0] or any(digit not in b"01234567" for digit in written):
        return None
    total = sum(head[:148]) + sum(head[156:512]) + 8 * 32
    return "application/x-tar" if total == int(written, 8) else None


_RATES: Final = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}
_FULL: Final = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_HALF: Final = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def _frames(head: bytes) -> str | None:
    """Tell sound by its frames: one more has to begin where the first one ends."""
    if head[:3] == b"ID3" and len(head) >= 10 and head[3] in (2, 3, 4) and max(head[6:10]) < 0x80:
        return "audio/mpeg"
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return "video/mp2t" if _is_transport(head) else None
    if head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5 if len(head) > 6 else 0
        return "audio/aac" if length > 6 and _goes_on(head, length) else None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate, speed = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or rate in (0, 15) or speed == 3:
        return None
    bits = (_FULL if version == 3 else _HALF)[rate - 1] * 1000
    length = (144 if version == 3 else 72) * bits // _RATES[version][speed] + (head[2] >> 1 & 1)
    return "audio/mpeg" if _goes_on(head, length) else None


def _goes_on(head: bytes, length: int) -> bool:
    return len(head) <= length or head[length : length + 2] == head[:2]


def _is_transport(head: bytes) -> bool:
    return len(head) > 376 and head[0] == head[188] == head[376] == 0x47


_FINDERS: Final[tuple[Finder, ...]] = (
    _riff, _boxed, _matroska, _ogg, _bitmap, _icon, _program, _font, _packed, _frames,
)  # fmt: skip
