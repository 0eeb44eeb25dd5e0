"""What is inside of archives and old office files, by the names of parts; nothing is unpacked."""

from __future__ import annotations

from typing import Final

from securely.validation.contracts import File

__all__ = ["office_type", "zip_type"]

_DIRECTORY_MAX: Final = 1024 * 1024  # some ten thousand names; more do not change the type
_TAIL: Final = 22 + 65_535  # what ends an archive: a record, and a comment
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument"
_OFFICE: Final = {
    b"word/": (
        f"{_OPEN_XML}.wordprocessingml.document",
        "application/vnd.ms-word.document.macroenabled.12",
    ),
    b"xl/": (f"{_OPEN_XML}.spreadsheetml.sheet", "application/vnd.ms-excel.sheet.macroenabled.12"),
    b"ppt/": (
        f"{_OPEN_XML}.presentationml.presentation",
        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    ),
}
_SAID: Final = {
    b"application/epub+zip": "application/epub+zip",
    **{
        f"application/vnd.oasis.opendocument.{kind}".encode(): (
            f"application/vnd.oasis.opendocument.{kind}"
        )
        for kind in ("text", "spreadsheet", "presentation", "graphics")
    },
}
_ZIP: Final = "application/zip"
_OLE: Final = "application/x-ole-storage"


def zip_type(file: File, head: bytes) -> str:
    """Return the MIME type of a ZIP: an office file, a book, a program, or just an archive."""
    said = _said(head)
    if said is not None:
        return said
    names = _names(file) or _local_names(head)
    if b"[Content_Types].xml" in names:
        for folder, (plain, with_macros) in _OFFICE.items():
            if any(name.startswith(folder) for name in names):
                return with_macros if folder + b"vbaProject.bin" in names else plain
    if b"AndroidManifest.xml" in names:
        return "application/vnd.android.package-archive"
    return "application/java-archive" if b"META-INF/MANIFEST.MF" in names else _ZIP


def _said(head: bytes) -> str | None:
    """Return the type that an archive's first part says, where the part is for that."""
    if head[30:38] != b"mimetype" or int.from_bytes(head[8:10], "little") != 0:
        return None
    start = 38 + int.from_bytes(head[28:30], "little")
    size = int.from_bytes(head[18:22], "little")
    text = head[start : start + size] if size else head[start : start + 64].partition(b"PK")[0]
    return _SAID.get(text.strip())


def _names(file: File) -> set[bytes]:
    """Return the names in an archive's directory, which is at its end."""
    start = max(0, file.size_bytes - _TAIL)
    tail = file.read_at(start, _TAIL)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return set()
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    # Counted from its end: bytes before the archive move what it says of its beginning.
    directory = file.read_at(max(0, start + at - size), min(size, _DIRECTORY_MAX))
    names: set[bytes] = set()
    position = 0
    while directory.startswith(b"PK\x01\x02", position):
        fields = [
            int.from_bytes(directory[position + each : position + each + 2], "little")
            for each in (28, 30, 32)
        ]
        names.add(directory[position + 46 : position + 46 + fields[0]])
        position += 46 + sum(fields)
    return names


def _local_names(head: bytes) -> set[bytes]:
    """Return the names that stand before the parts themselves; what is cut off has no directory."""
    names: set[bytes] = set()
    position = head.find(b"PK\x03\x04")
    while position >= 0:
        length = int.from_bytes(head[position + 26 : position + 28], "little")
        names.add(head[position + 30 : position + 30 + length])
        position = head.find(b"PK\x03\x04", position + 30)
    return names


def office_type(file: File, head: bytes) -> str:
    """Return the MIME type of an old office file by the streams that its directory names."""
    shift = int.from_bytes(head[30:32], "little")
    if shift not in (9, 12) or len(head) < 512:
        return _OLE
    sector = int.from_bytes(head[48:52], "little")
    directory = file.read_at((sector + 1) << shift, 8192)
    for start in range(0, len(directory) - 127, 128):
        length = int.from_bytes(directory[start + 64 : start + 66], "little")
        name = directory[start : start + min(length, 64)].decode("utf-16-le", "replace")
        mime = _STREAMS.get(name.rstrip("\0"))
        if mime is not None:
            return mime
    return _OLE


_STREAMS: Final = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
