"""Kinds: the types of files that are known, by MIME type and by extension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["BY_EXTENSION", "BY_MIME", "EMPTY", "KINDS", "TEXT", "UNKNOWN", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of file.

    Args:
        mimes: Its MIME types; the first is the one it has, the others are what it is also called.
        extensions: What names of such files end in.
    """

    mimes: tuple[str, ...]
    extensions: tuple[str, ...]

    @property
    def mime(self) -> str:
        """Its MIME type."""
        return self.mimes[0]


def _kind(mimes: str, extensions: str = "") -> Kind:
    return Kind(tuple(mimes.split()), tuple(extensions.split()))


_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument"

UNKNOWN: Final = _kind("application/octet-stream", "bin")
"""A file whose content is of no type that is known."""
EMPTY: Final = _kind("application/x-empty inode/x-empty")
"""A file without content."""
TEXT: Final = _kind("text/plain", "txt text log csv tsv md ini conf yaml yml toml")
"""Text that is nothing more special; a list with one column is that too."""

KINDS: Final = (
    UNKNOWN,
    EMPTY,
    TEXT,
    # Pictures.
    _kind("image/jpeg image/jpg image/pjpeg", "jpg jpeg jpe jfif"),
    _kind("image/png", "png"),
    _kind("image/gif", "gif"),
    _kind("image/bmp image/x-ms-bmp image/x-bmp", "bmp dib"),
    _kind("image/webp", "webp"),
    _kind("image/avif", "avif"),
    _kind("image/heic", "heic heif"),
    _kind("image/heif", "heif heic"),
    _kind("image/svg+xml image/svg", "svg"),
    _kind("image/tiff", "tiff tif"),
    _kind("image/vnd.microsoft.icon image/x-icon image/ico", "ico"),
    _kind("image/jp2", "jp2"),
    _kind("image/jxl", "jxl"),
    _kind("image/vnd.adobe.photoshop image/x-psd application/x-photoshop", "psd"),
    # Sound.
    _kind("audio/mpeg audio/mp3 audio/x-mp3", "mp3 mpga"),
    _kind("audio/x-wav audio/wav audio/wave audio/vnd.wave", "wav"),
    _kind("audio/ogg application/ogg", "ogg oga opus"),
    _kind("audio/flac audio/x-flac", "flac"),
    _kind("audio/aac audio/x-hx-aac-adts", "aac"),
    _kind("audio/mp4 audio/x-m4a audio/m4a", "m4a"),
    _kind("audio/x-aiff audio/aiff", "aiff aif"),
    _kind("audio/midi audio/x-midi", "mid midi"),
    _kind("audio/amr", "amr"),
    # Films.
    _kind("video/mp4", "mp4 m4v mp4v"),
    _kind("video/quicktime", "mov qt"),
    _kind("video/3gpp audio/3gpp video/3gpp2", "3gp 3g2"),
    _kind("video/webm audio/webm", "webm"),
    _kind("video/x-matroska", "mkv"),
    _kind("video/x-msvideo video/avi", "avi"),
    _kind("video/mpeg", "mpeg mpg"),
    _kind("video/mp2t", "ts m2ts"),
    _kind("video/ogg application/ogg", "ogv ogg"),
    _kind("application/ogg", "ogx ogg"),
    _kind("video/x-flv", "flv"),
    _kind("video/x-ms-asf video/x-ms-wmv audio/x-ms-wma", "asf wmv wma"),
    # Documents.
    _kind("application/pdf", "pdf"),
    _kind("application/rtf text/rtf", "rtf"),
    _kind("application/postscript", "ps eps ai"),
    _kind("application/msword", "doc dot"),
    _kind("application/vnd.ms-excel", "xls xlt"),
    _kind("application/vnd.ms-powerpoint", "ppt pps"),
    _kind("application/x-ole-storage", "msi msg"),
    _kind(f"{_OPEN_XML}.wordprocessingml.document", "docx"),
    _kind(f"{_OPEN_XML}.spreadsheetml.sheet", "xlsx"),
    _kind(f"{_OPEN_XML}.presentationml.presentation", "pptx"),
    _kind("application/vnd.ms-word.document.macroenabled.12", "docm"),
    _kind("application/vnd.ms-excel.sheet.macroenabled.12", "xlsm"),
    _kind("application/vnd.ms-powerpoint.presentation.macroenabled.12", "pptm"),
    _kind(f"{_OPEN_DOCUMENT}.text", "odt"),
    _kind(f"{_OPEN_DOCUMENT}.spreadsheet", "ods"),
    _kind(f"{_OPEN_DOCUMENT}.presentation", "odp"),
    _kind(f"{_OPEN_DOCUMENT}.graphics", "odg"),
    _kind("application/epub+zip", "epub"),
    # Text with a form.
    _kind("application/json text/json", "json"),
    _kind("text/csv application/csv text/plain", "csv tsv txt"),
    _kind("text/html application/xhtml+xml", "html htm xhtml"),
    _kind("application/xml text/xml", "xml xsl xsd"),
    _kind("text/calendar", "ics"),
    _kind("text/vcard text/x-vcard", "vcf"),
    _kind("text/x-php application/x-php application/x-httpd-php", "php"),
    _kind("text/x-python text/x-script.python", "py"),
    _kind("text/x-shellscript application/x-sh", "sh"),
    # Archives.
    _kind("application/zip application/x-zip-compressed", "zip"),
    _kind("application/gzip application/x-gzip", "gz tgz"),
    _kind("application/x-tar", "tar"),
    _kind("application/x-7z-compressed", "7z"),
    _kind("application/vnd.rar application/x-rar application/x-rar-compressed", "rar"),
    _kind("application/x-bzip2", "bz2"),
    _kind("application/x-xz", "xz"),
    _kind("application/zstd", "zst"),
    _kind("application/java-archive", "jar"),
    _kind("application/vnd.android.package-archive", "apk"),
    _kind("application/vnd.ms-cab-compressed", "cab"),
    _kind("application/vnd.debian.binary-package", "deb"),
    _kind("application/x-iso9660-image", "iso"),
    # Programs and what they read.
    _kind(
        "application/vnd.microsoft.portable-executable application/x-dosexec "
        "application/x-msdownload",
        "exe dll com scr",
    ),
    _kind("application/x-executable application/x-sharedlib application/x-elf", "elf so"),
    _kind("application/x-mach-binary", "dylib"),
    _kind("application/java-vm application/x-java-applet", "class"),
    _kind("application/wasm", "wasm"),
    _kind("application/x-shockwave-flash", "swf"),
    _kind("application/vnd.sqlite3 application/x-sqlite3", "sqlite sqlite3 db"),
    _kind("font/woff", "woff"),
    _kind("font/woff2", "woff2"),
    _kind("font/ttf font/sfnt", "ttf"),
    _kind("font/otf font/sfnt", "otf"),
)


def _by_extension() -> dict[str, frozenset[Kind]]:
    found: dict[str, frozenset[Kind]] = {}
    for kind in KINDS:
        for extension in kind.extensions:
            found[extension] = found.get(extension, frozenset()) | {kind}
    return found


BY_MIME: Final[Mapping[str, Kind]] = {kind.mime: kind for kind in KINDS}
"""Each kind by the MIME type it has."""
BY_EXTENSION: Final[Mapping[str, frozenset[Kind]]] = _by_extension()
"""The kinds whose names may end in an extension."""
