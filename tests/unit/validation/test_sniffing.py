"""What type content is, of every kind that is known."""

from __future__ import annotations

import doctest
import gzip
import io
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.validation.rules import archives, sniffing, uploads
from securely.validation.rules.kinds import BY_EXTENSION, BY_MIME, KINDS
from securely.validation.rules.sniffing import kind_of_file
from securely.validation.rules.uploads import as_file, extension_of
from tests.effort import effort

OFFICE = "application/vnd.openxmlformats-officedocument"


def mime_of(content: bytes) -> str:
    file = as_file(io.BytesIO(content))
    assert file is not None
    return kind_of_file(file).mime


def archive(*names: str, first: str | None = None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        if first is not None:
            opened.writestr("mimetype", first)
        for name in names:
            opened.writestr(name, "x" * 40)
    return made.getvalue()


def tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as opened:
        opened.addfile(tarfile.TarInfo("a.txt"))
    return made.getvalue()


def old_tar() -> bytes:
    header = bytearray(tar()[:512])
    header[257:512] = bytes(255)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def ole(stream: str) -> bytes:
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 48, 2)
    entries = b""
    for name in ("Root Entry", stream):
        written = name.encode("utf-16-le") + b"\0\0"
        entries += written.ljust(64, b"\0") + struct.pack("<H", len(written)) + bytes(62)
    return bytes(header) + bytes(1024) + entries


def frames(head: bytes, length: int) -> bytes:
    return (head + bytes(length - len(head))) * 3


def ftyp(brand: bytes, *others: bytes) -> bytes:
    body = b"ftyp" + brand + bytes(4) + b"".join(others)
    return struct.pack(">I", len(body) + 4) + body + bytes(40)


SAMPLES = [
    (b"", "application/x-empty"),
    (b"\0\1\2\3" * 9, "application/octet-stream"),
    (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
    (b"\xff\xd8\xff\xdb\0\x43", "image/jpeg"),
    (b"GIF87a" + bytes(9), "image/gif"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
    (b"RIFF\x24\0\0\0WAVEfmt ", "audio/x-wav"),
    (b"RIFF\x24\0\0\0AVI LIST", "video/x-msvideo"),
    (b"BM" + bytes(12) + b"\x28\0\0\0" + bytes(20), "image/bmp"),
    (ftyp(b"avif", b"mif1"), "image/avif"),
    (ftyp(b"mif1", b"avif"), "image/avif"),
    (ftyp(b"mif1", b"heic"), "image/heic"),
    (ftyp(b"mif1", b"miaf"), "image/heif"),
    (ftyp(b"heic", b"mif1"), "image/heic"),
    (ftyp(b"isom", b"mp41"), "video/mp4"),
    (ftyp(b"qt  "), "video/quicktime"),
    (ftyp(b"M4A "), "audio/mp4"),
    (ftyp(b"3gp4"), "video/3gpp"),
    (b"ID3\x04\0\0\0\0\0\x0a" + bytes(20), "audio/mpeg"),
    (frames(b"\xff\xfb\x90\x00", 417), "audio/mpeg"),
    (frames(b"\xff\xf1\x50\x80\x04\x00\x00", 32), "audio/aac"),
    (b"fLaC\0\0\0\x22", "audio/flac"),
    (b"OggS\0" + bytes(23) + b"\x01vorbis", "audio/ogg"),
    (b"OggS\0" + bytes(23) + b"\x80theora", "video/ogg"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "video/webm"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "video/x-matroska"),
    (b"%PDF-1.4\n", "application/pdf"),
    (b"{\\rtf1\\ansi", "application/rtf"),
    (ole("WordDocument"), "application/msword"),
    (ole("Workbook"), "application/vnd.ms-excel"),
    (ole("PowerPoint Document"), "application/vnd.ms-powerpoint"),
    (ole("Other"), "application/x-ole-storage"),
    (archive("a.txt"), "application/zip"),
    (archive(), "application/zip"),
    (archive("[Content_Types].xml", "word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
    (archive("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet"),
    (archive("[Content_Types].xml", "ppt/a.xml"), f"{OFFICE}.presentationml.presentation"),
    (
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        "application/vnd.ms-word.document.macroenabled.12",
    ),
    (archive("word/document.xml"), "application/zip"),
    (archive("a", first="application/epub+zip"), "application/epub+zip"),
    (
        archive("a", first="application/vnd.oasis.opendocument.text"),
        "application/vnd.oasis.opendocument.text",
    ),
    (archive("a", first="application/pdf"), "application/zip"),
    (archive("META-INF/MANIFEST.MF"), "application/java-archive"),
    (archive("META-INF/MANIFEST.MF", "AndroidManifest.xml"), BY_EXTENSION["apk"]),
    (gzip.compress(b"a", mtime=0), "application/gzip"),
    (tar(), "application/x-tar"),
    (old_tar(), "application/x-tar"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07\x01\x00", "application/vnd.rar"),
    (b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0", "application/vnd.microsoft.portable-executable"),
    (b"MZ\x90\0\3\0\0\0", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF\2\1\1", "application/x-executable"),
    (b"\xca\xfe\xba\xbe\0\0\0\x34", "application/java-vm"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (bytes(32_769) + b"CD001", "application/x-iso9660-image"),
    # Text.
    (b"hello", "text/plain"),
    ("grüße\n".encode(), "text/plain"),
    ("grüße\n".encode("latin-1"), "text/plain"),
    ("grüße\n".encode("utf-16"), "text/plain"),
    (b"MZ and BM are letters; RIFF is a word.", "text/plain"),
    (b"a,b\n1,2\n3,4\n", "text/csv"),
    (b'a;b\n"1;1";2\n', "text/csv"),
    (b"a,b\n1\n", "text/plain"),
    (b'{"a": [1, 2]}', "application/json"),
    (b"[1, 2", "text/plain"),
    (b"[" * 60_000, "text/plain"),
    (b"<svg/>", "image/svg+xml"),
    (b"\xef\xbb\xbf <!-- > --><svg:svg >", "image/svg+xml"),
    (
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "]]>"><!ENTITY b "&a;&a;">] ><svg>&b;',
        "image/svg+xml",
    ),
    (b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'a'>\n<svg >", "image/svg+xml"),
    (b"<!doctype html><svg>", "text/html"),
    (b"<!-- a --><HTML>", "text/html"),
    (b"  <script>alert(1)</script>", "text/html"),
    (b"<!-- never closed", "text/html"),
    (b"<?xml version='1.0'?><note/>", "application/xml"),
    (b"<?php echo 1;", "text/x-php"),
    (b"\n\n<?php echo 1;", "text/x-php"),
    (b"#!/usr/bin/env python3\n", "text/x-python"),
    (b"#!/bin/sh\n", "text/x-shellscript"),
    (b"BEGIN:VCALENDAR\r\n", "text/calendar"),
    (b"BEGIN:VCARD\r\n", "text/vcard"),
]


def test_examples_when_run_then_give_what_they_show() -> None:
    assert doctest.testmod(uploads).failed == 0
    assert doctest.testmod(sniffing, extraglobs={"as_file": as_file, "io": io}).failed == 0
    assert doctest.testmod(archives).failed == 0


@pytest.mark.parametrize(("content", "expected"), SAMPLES)
def test_a_type_when_its_content_is_seen_then_is_told(content: bytes, expected: object) -> None:
    mime = mime_of(content)

    assert mime == expected or BY_MIME[mime] in (
        expected if isinstance(expected, frozenset) else ()
    )


@pytest.mark.parametrize(("content", "_expected"), SAMPLES)
def test_content_when_cut_off_anywhere_then_nothing_raises(
    content: bytes, _expected: object
) -> None:
    for length in range(min(len(content), 1500)):
        assert mime_of(content[:length]) in BY_MIME


def test_json_when_longer_than_the_head_then_is_told() -> None:
    items = b"[" + b'{"a": "b"},' * 20_000 + b"1]"

    assert mime_of(items) == "application/json"
    assert mime_of(items[:-1]) != "application/json"
    assert mime_of(b"[" + b'{"a": "b"},' * 200_000 + b"1]") == "application/json"


def test_the_directory_of_an_archive_when_it_lies_then_nothing_raises() -> None:
    content = bytearray(archive("[Content_Types].xml", "word/document.xml"))
    at = content.rfind(b"PK\x05\x06")
    for size in (0, 1, 2**32 - 1):
        struct.pack_into("<I", content, at + 12, size)
        assert mime_of(bytes(content)) in BY_MIME


def test_an_archive_when_cut_off_then_counts_by_the_parts_that_are_there() -> None:
    content = archive("[Content_Types].xml", "word/document.xml")

    assert mime_of(content[:-30]) == f"{OFFICE}.wordprocessingml.document"


def test_markup_when_made_to_be_slow_then_is_not() -> None:
    hostile = (b"<!--" * 16_000, b"<!doctype " * 6_000, b"<!doctype a [" + b"] " * 30_000,
               b'"' * 64_000, b"<!---->" * 9_000, b" " * 64_000 + b"<")  # fmt: skip

    assert effort(lambda: [mime_of(each) for each in hostile]) < 3


def test_kinds_when_listed_then_none_has_the_type_of_another() -> None:
    assert len({kind.mime for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.JPG", "jpg"), ("a", ""), ("", ""), (".env", "env"), ("a.", ""), ("..", ""),
        ("../../a.png", "png"), ("a.png/b", ""), ("C:\\a.png\\b.gif", "gif"), ("a.php\0.jpg", ""),
        ("a.jpg\n", ""), ("\0", ""),
    ],
)  # fmt: skip
def test_an_extension_when_read_from_a_name_then_is_its_last_part(name: str, expected: str) -> None:
    assert extension_of(name) == expected


@pytest.mark.property
@given(st.binary(max_size=2000))
def test_any_bytes_when_seen_then_have_a_type_that_is_known(content: bytes) -> None:
    assert mime_of(content) in BY_MIME


@pytest.mark.property
@given(st.sampled_from([content for content, _ in SAMPLES if content]), st.data())
def test_samples_when_bytes_are_changed_then_nothing_raises(
    content: bytes, data: st.DataObject
) -> None:
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))

    assert mime_of(bytes(changed)) in BY_MIME
