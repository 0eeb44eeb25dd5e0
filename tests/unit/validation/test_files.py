"""Rules of files: what keeps them, whatever names and senders say."""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.validation import InvalidRule, ValidationFactory
from securely.validation.rules.uploads import as_file, extension_of

PHP = b"<?php system($_GET['c']);"


class Keys:
    """Lines that are their keys."""

    def get(self, key: str, replace: Any = None, locale: str | None = None) -> Any:
        return key

    def choice(self, key: str, number: Any, replace: Any = None) -> str:
        return key


class Upload:
    """What Starlette's UploadFile has; its methods are async there."""

    def __init__(self, content: bytes, filename: str | None, size: int | None = None) -> None:
        self.file = io.BytesIO(content)
        self.filename, self.size = filename, size

    async def read(self, size: int = -1) -> bytes:
        return self.file.read(size)

    async def seek(self, offset: int) -> None:
        self.file.seek(offset)


class Broken:
    """A file that did not arrive whole."""

    size_bytes, filename, is_valid = 10, "a.png", False

    def read_at(self, offset: int, size: int, /) -> bytes:
        raise AssertionError("It is not read.")


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        sum_ = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + sum_

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 64)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def gif(width: int = 3, height: int = 2) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def jpeg(width: int = 3, height: int = 2, note: bytes = b"") -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note if note else b""
    frame = struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\0"
    app = b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    return b"\xff\xd8" + app + comment + b"\xff\xc0" + frame + b"\xff\xd9"


def webp(width: int = 3, height: int = 2) -> bytes:
    body = b"WEBPVP8 " + struct.pack("<I", 10) + b"\0\0\0\x9d\x01\x2a"
    body += struct.pack("<HH", width | 0x4000, height)  # with a bit of scale
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bmp(width: int = 3, height: int = 2) -> bytes:
    return b"BM" + bytes(12) + struct.pack("<Iii", 40, width, -height) + bytes(28)


def ico(width: int = 3, height: int = 2) -> bytes:
    entry = struct.pack("<BBBBHHII", width, height, 0, 0, 1, 32, 40, 22)
    return b"\0\0\x01\0\x01\0" + entry + bytes(40)


def tiff(width: int = 3, height: int = 2) -> bytes:
    tags = struct.pack("<HHII", 256, 4, 1, width) + struct.pack("<HHII", 257, 4, 1, height)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + tags + bytes(4)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def heif(width: int = 3, height: int = 2, brand: bytes = b"avif") -> bytes:
    extent = box(b"ispe", bytes(4), struct.pack(">II", width, height))
    kinds = box(b"ipma", bytes(4), struct.pack(">IHBB", 1, 1, 1, 1))
    properties = box(b"iprp", box(b"ipco", extent), kinds)
    meta = box(b"meta", bytes(4), box(b"pitm", bytes(4), b"\0\x01"), properties)
    return box(b"ftyp", brand, bytes(4), b"mif1", brand) + meta


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name in names:
            opened.writestr(name, "x")
    return made.getvalue()


SVG = b"<?xml version='1.0'?><!-- a --><svg xmlns='http://www.w3.org/2000/svg'/>"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF"
PICTURES = {
    "png": png, "gif": gif, "jpg": jpeg, "webp": webp, "bmp": bmp, "ico": ico, "tiff": tiff,
    "avif": heif,
}  # fmt: skip


def failed(value: object, rules: object) -> dict[str, list[Any]]:
    validator = ValidationFactory(Keys()).make({"f": value}, {"f": rules})
    validator.passes()
    return validator.failed().get("f", {})


def holds(value: object, rules: object) -> bool:
    return not failed(value, rules)


# What is a file.


def test_file_when_a_path_an_upload_or_an_open_file_then_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")

    with path.open("rb") as opened, tempfile.SpooledTemporaryFile() as spooled:
        assert holds(path, "file")
        assert holds(opened, "file")
        assert holds(spooled, "file")
        assert holds(Upload(b"a", "a.txt"), "file")
        assert holds(io.BytesIO(b"a"), "file")


def test_file_when_anything_else_then_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("abc")

    for value in (str(path), b"abc", 1, [path], {"file": "a"}, tmp_path, tmp_path / "no", object()):
        assert not holds(value, "file"), value
    with path.open() as text:
        assert not holds(text, "file")
    assert not holds(Path("a\0b"), "file")


def test_file_when_read_then_stands_where_it_stood() -> None:
    opened = io.BytesIO(png())
    opened.seek(5)

    assert holds(opened, "file|image|max:10|dimensions:width=3")
    assert opened.tell() == 5


def test_size_when_the_sender_lies_then_is_counted() -> None:
    found = as_file(Upload(b"abc", "a.txt", size=10**9))

    assert found is not None
    assert found.size_bytes == 3


def test_max_when_a_file_then_is_kilobytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(2048))

    assert holds(path, "max:2")
    assert holds(Upload(bytes(2048), "a"), "size:2|between:1,2kb")
    assert not holds(path, "max:1")
    assert not holds(Upload(bytes(2049), "a"), "max:2")


@pytest.mark.parametrize("rule", ["file", "image", "mimes:png", "max:1", "uploaded", "required"])
def test_any_rule_when_the_upload_went_wrong_then_says_that_alone(rule: str) -> None:
    assert failed(Broken(), f"{rule}|min:9") == {"Uploaded": []}


def test_a_closed_upload_when_checked_then_did_not_arrive() -> None:
    upload = Upload(b"abc", "a.txt")
    upload.file.close()

    assert failed(upload, "file") == {"Uploaded": []}


def test_required_when_no_file_was_chosen_then_breaks() -> None:
    assert not holds(Upload(b"", ""), "required")
    assert holds(Upload(b"", "a.txt"), "required")


# Types.


@pytest.mark.parametrize("extension", PICTURES)
def test_mimes_when_content_is_a_picture_then_its_name_does_not_matter(extension: str) -> None:
    upload = Upload(PICTURES[extension](), "x.txt")

    assert holds(upload, f"mimes:{extension}")
    assert not holds(upload, "mimes:txt,pdf,zip")


def test_mimes_when_jpg_or_jpeg_then_means_both() -> None:
    assert holds(Upload(jpeg(), "a"), "mimes:jpg")
    assert holds(Upload(jpeg(), "a"), "mimes:jpeg")
    assert holds(Upload(jpeg(), "a"), "mimes:JPEG")


def test_mimetypes_when_a_family_then_takes_all_of_it() -> None:
    assert holds(Upload(png(), "a"), "mimetypes:image/*")
    assert holds(Upload(png(), "a"), "mimetypes:text/plain,image/png")
    assert not holds(Upload(PDF, "a.png"), "mimetypes:image/*")


def test_image_when_svg_then_has_to_be_allowed() -> None:
    assert not holds(Upload(SVG, "a.svg"), "image")
    assert holds(Upload(SVG, "a.svg"), "image:allow_svg")
    assert holds(Upload(png(), "a.png"), "image:allow_svg")
    assert not holds(Upload(b"", "a.png"), "image")


@pytest.mark.parametrize(
    ("content", "head"),
    [
        (gif() + archive("a.txt"), "gif"),
        (PDF + archive("a.txt"), "pdf"),
        (jpeg(note=PHP), "jpg"),
        (png() + PHP, "png"),
        (archive("a.txt") + PDF, "zip"),
    ],
)
def test_a_polyglot_when_checked_then_is_what_its_head_says(content: bytes, head: str) -> None:
    others = {"gif", "pdf", "jpg", "png", "zip", "html"} - {head}

    assert holds(Upload(content, "a"), f"mimes:{head}")
    assert not holds(Upload(content, "a"), f"mimes:{','.join(others)}")


@pytest.mark.parametrize(
    "name",
    ["a.php", "a.PHP ", "a.phtml", "a.phar", "a.php\0.jpg", "a.php.", "..\\a.php", "a.php::$DATA"],
)
def test_a_picture_when_named_as_a_program_then_is_refused(name: str) -> None:
    upload = Upload(jpeg(note=PHP), name)

    assert not holds(upload, "mimes:jpg")
    assert not holds(upload, "image")
    assert not holds(upload, "mimetypes:image/*")
    assert holds(upload, "mimes:jpg,php")


def test_extensions_when_the_name_ends_so_then_holds() -> None:
    assert holds(Upload(PDF, "../../etc/A.PDF"), "extensions:pdf,txt")
    assert holds(Upload(PDF, "a.pdf"), "extensions:PDF")
    for name in ("pdf", "", "a.pdf/b", "a.php\0.pdf", "a.pdf\n", "a.", "a.tar.gz"):
        assert not holds(Upload(PDF, name), "extensions:pdf,txt"), name
    assert not holds(Upload(PDF, "a.php"), "extensions:phtml")
    assert holds(Upload(PDF, "a.php"), "extensions:php")


def test_mimes_and_extensions_when_they_differ_then_the_one_that_lies_is_told() -> None:
    rules = "mimes:jpg,png|extensions:jpg,png"

    assert failed(Upload(PDF, "a.jpg"), rules) == {"Mimes": ["jpg", "png"]}
    assert failed(Upload(png(), "a.pdf"), rules) == {"Extensions": ["jpg", "png"]}


# Sides.


@pytest.mark.parametrize("extension", PICTURES)
def test_dimensions_when_a_picture_then_are_those_of_its_header(extension: str) -> None:
    upload = Upload(PICTURES[extension](40, 20), "a")

    assert holds(upload, "dimensions:width=40,height=20,ratio=2/1")
    assert not holds(upload, "dimensions:min_width=41")
    assert not holds(upload, "dimensions:max_height=19")


@pytest.mark.parametrize("extension", PICTURES)
def test_dimensions_when_cut_off_anywhere_then_break_or_hold_and_never_raise(
    extension: str,
) -> None:
    content = PICTURES[extension](40, 20)

    for length in range(len(content)):
        upload = Upload(content[:length], "a")
        assert holds(upload, "dimensions:width=40,height=20") or not holds(
            upload, "dimensions:min_width=1"
        )


@pytest.mark.parametrize("extension", ["png", "gif", "jpg", "bmp", "tiff", "avif"])
def test_dimensions_when_a_side_is_nothing_then_break(extension: str) -> None:
    assert not holds(Upload(PICTURES[extension](0, 20), "a"), "dimensions:max_width=100")
    assert not holds(Upload(PICTURES[extension](20, 0), "a"), "dimensions:max_width=100")


def test_dimensions_when_large_then_nothing_is_unpacked() -> None:
    assert not holds(Upload(png(2**31 - 1, 2**31 - 1), "a"), "dimensions:max_width=4096")
    assert holds(Upload(gif(65_535, 65_535), "a"), "dimensions:width=65535")


def test_dimensions_when_a_header_has_no_end_then_little_is_read() -> None:
    read = 0

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            nonlocal read
            got = super().read(size)
            read += len(got)
            return got

    segment = b"\xff\xe1\xff\xff" + bytes(65_533)
    upload = Upload(b"", "a.jpg")
    upload.file = Counted(b"\xff\xd8" + segment * 400 + jpeg()[2:])

    assert not holds(upload, "dimensions:width=3")
    assert read < 1_300_000


@pytest.mark.parametrize(
    ("written", "size", "expected"),
    [
        ("ratio=3/2", (3, 2), True),
        ("ratio=3/2", (300, 201), False),
        ("ratio=1.5", (300, 200), True),
        ("ratio=2/3", (1000, 1499), True),
        ("min_ratio=1/2", (100, 100), True),
        ("min_ratio=1/2", (100, 250), False),
        ("max_ratio=1/2", (100, 250), True),
        ("max_ratio=1/2", (100, 100), False),
    ],
)
def test_ratio_when_compared_then_is_as_near_as_pixels_come(
    written: str, size: tuple[int, int], expected: bool
) -> None:
    assert holds(Upload(png(*size), "a"), f"dimensions:{written}") is expected


def test_dimensions_when_svg_then_hold_and_when_no_picture_then_break() -> None:
    assert holds(Upload(SVG, "a"), "dimensions:width=1")
    assert not holds(Upload(PDF, "a.png"), "dimensions:min_width=1")
    assert not holds("a.png", "dimensions:min_width=1")


# Rules that are wrong.


@pytest.mark.parametrize(
    "rule",
    [
        "mimes", "mimes:image/png", "mimes:.png", "mimes:pgn", "mimetypes:png", "extensions:.pdf",
        "dimensions", "dimensions:widht=3", "dimensions:width=a", "dimensions:ratio=1/0",
        "dimensions:ratio=wide", "dimensions:width", "image:allow_swf", "file:a",
    ],
)  # fmt: skip
def test_a_rule_when_it_could_never_hold_then_is_refused(rule: str) -> None:
    with pytest.raises(InvalidRule):
        failed(Upload(b"", "a"), rule)


def test_mimes_when_misspelt_then_the_nearest_is_named() -> None:
    with pytest.raises(InvalidRule, match='Did you mean "jpeg"'):
        failed(Upload(b"", "a"), "mimes:jpegg")


@pytest.mark.property
@given(st.binary(max_size=600), st.text(max_size=20))
def test_any_bytes_under_any_name_when_checked_then_nothing_raises(
    content: bytes, name: str
) -> None:
    failed(Upload(content, name), "file|image|mimes:pdf|extensions:pdf|dimensions:width=1")
    extension_of(name)


@pytest.mark.property
@given(st.sampled_from([*PICTURES]), st.data())
def test_a_picture_when_bytes_are_changed_then_nothing_raises(
    extension: str, data: st.DataObject
) -> None:
    content = bytearray(PICTURES[extension](40, 20))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))

    failed(Upload(bytes(content), "a"), "image|dimensions:width=1")
