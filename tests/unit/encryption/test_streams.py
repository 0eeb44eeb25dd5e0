"""Streams: round trips, every way to change one, rotation, and memory."""

from __future__ import annotations

import asyncio
import io
import stat
import sys
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securely.encryption import DecryptFailed, Encrypter
from securely.encryption.streams import PIECE_BYTES

KEY = bytes(range(32))
HEADER = 72
PIECE = PIECE_BYTES + 16
ENCRYPTER = Encrypter(KEY)


def sealed(data: bytes, encrypter: Encrypter = ENCRYPTER, aad: bytes = b"") -> bytes:
    target = io.BytesIO()
    assert encrypter.encrypt_stream(io.BytesIO(data), target, aad=aad) == len(data)
    return target.getvalue()


def opened(stream: bytes, encrypter: Encrypter = ENCRYPTER, aad: bytes = b"") -> bytes:
    target = io.BytesIO()
    count = encrypter.decrypt_stream(io.BytesIO(stream), target, aad=aad)
    assert count == len(target.getvalue())
    return target.getvalue()


@pytest.mark.parametrize(
    "size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 200_000]
)
@pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-gcm"])
def test_decrypt_stream_when_encrypted_before_then_gives_it_back(size: int, cipher: str) -> None:
    encrypter = Encrypter(Encrypter.generate_key(cipher), cipher)
    data = bytes(at % 251 for at in range(size))
    stream = sealed(data, encrypter)

    assert opened(stream, encrypter) == data
    assert len(stream) == HEADER + size + 16 * max(1, -(-size // PIECE_BYTES))
    assert sealed(data, encrypter) != stream


class Dripping(io.RawIOBase):
    """Gives a few bytes at a time, as pipes and sockets do."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, 1_000))


def test_streams_when_the_source_gives_little_at_a_time_then_pieces_are_whole() -> None:
    data = bytes(range(256)) * 600
    target, back = io.BytesIO(), io.BytesIO()

    dripping: Callable[[bytes], IO[bytes]] = Dripping  # type: ignore[assignment]  # enough of one
    ENCRYPTER.encrypt_stream(dripping(data), target)
    ENCRYPTER.decrypt_stream(dripping(target.getvalue()), back)

    assert back.getvalue() == data
    assert len(target.getvalue()) == HEADER + len(data) + 3 * 16


DATA = bytes(range(256)) * (3 * PIECE_BYTES // 256) + b"the end"
STREAM = sealed(DATA)


def part(number: int) -> bytes:
    return STREAM[HEADER + number * PIECE :][:PIECE]


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (b"", "no encrypted stream"),
        (b"hello", "no encrypted stream"),
        (STREAM[:40], "no encrypted stream"),
        (STREAM[:HEADER], "Piece 1 of the stream was cut off"),
        (STREAM[: HEADER + 5], "Piece 1 of the stream was cut off"),
        (STREAM[: HEADER + PIECE], "cut off after piece 1"),
        (STREAM[: HEADER + 3 * PIECE], "cut off after piece 3"),
        (STREAM[:-1], "Piece 4 of the stream has been changed or moved"),
        (STREAM + b"x", "Piece 4 of the stream has been changed or moved"),
        (STREAM + part(3), "Piece 4 of the stream has been changed or moved"),
        (STREAM[:HEADER] + part(1) + part(0) + part(2) + part(3), "Piece 1 .* changed or moved"),
        (STREAM[:HEADER] + part(0) + part(2) + part(3), "Piece 2 .* changed or moved"),
        (STREAM[:HEADER] + part(0) * 2 + part(1) + part(2), "Piece 2 .* changed or moved"),
        (STREAM.replace(b"\r\n", b"\n", 1), "no encrypted stream"),
        (STREAM[:HEADER] + sealed(DATA)[HEADER:], "Piece 1 .* changed or moved"),
        (sealed(DATA)[:HEADER] + STREAM[HEADER:], "Piece 1 .* changed or moved"),
    ],
    ids=lambda value: value if isinstance(value, str) else "stream",  # streams differ each time
)
def test_decrypt_stream_when_it_was_changed_then_says_where(stream: bytes, message: str) -> None:
    with pytest.raises(DecryptFailed, match=message):
        opened(stream)


def test_decrypt_stream_when_a_whole_stream_follows_another_then_fails() -> None:
    one = sealed(b"x" * PIECE_BYTES)

    with pytest.raises(DecryptFailed, match="added after the end of the stream, piece 1"):
        opened(one + b"y" * 100)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_decrypt_stream_when_one_bit_is_flipped_then_fails(at: int, bit: int) -> None:
    stream = bytearray(sealed(b"some secret of no great length" * 20, aad=b"name"))
    stream[at % len(stream)] ^= 1 << bit

    with pytest.raises(DecryptFailed):
        opened(bytes(stream), aad=b"name")


@given(data=st.binary(max_size=300), cut=st.integers(1, 300))
@settings(max_examples=100, deadline=None)
def test_decrypt_stream_when_it_is_cut_off_anywhere_then_fails(data: bytes, cut: int) -> None:
    stream = sealed(data)

    assert opened(stream) == data
    with pytest.raises(DecryptFailed):
        opened(stream[:-cut])


def test_decrypt_stream_when_it_is_bound_to_something_else_then_fails() -> None:
    stream = sealed(b"secret", aad=b"invoice-5.pdf")

    assert opened(stream, aad=b"invoice-5.pdf") == b"secret"
    for other in (b"", b"invoice-6.pdf"):
        with pytest.raises(DecryptFailed, match="bound to something else"):
            opened(stream, aad=other)


def test_decrypt_stream_when_the_key_was_changed_then_the_earlier_one_reads() -> None:
    stream = sealed(b"secret")
    new = Encrypter.generate_key()

    assert opened(stream, Encrypter(new, previous_keys=[bytes(32), KEY])) == b"secret"
    with pytest.raises(DecryptFailed, match="another key"):
        opened(stream, Encrypter(new))


def test_a_stream_of_one_purpose_is_none_of_another() -> None:
    stream = sealed(b"secret", ENCRYPTER.for_purpose("backups"))

    assert opened(stream, ENCRYPTER.for_purpose("backups")) == b"secret"
    with pytest.raises(DecryptFailed):
        opened(stream)


def test_files_when_encrypted_and_decrypted_in_place_then_they_are_for_their_owner(
    tmp_path: Path,
) -> None:
    file, other = tmp_path / "plain.txt", tmp_path / "other.txt"
    file.write_bytes(b"secret" * 50_000)

    assert ENCRYPTER.encrypt_file(file, file) == 300_000
    assert b"secret" not in file.read_bytes()
    assert ENCRYPTER.decrypt_file(str(file), other) == 300_000

    assert other.read_bytes() == b"secret" * 50_000
    assert sorted(each.name for each in tmp_path.iterdir()) == ["other.txt", "plain.txt"]
    if sys.platform != "win32":
        assert {stat.S_IMODE(each.stat().st_mode) for each in (file, other)} == {0o600}


def test_decrypt_file_when_it_was_cut_off_then_nothing_is_written(tmp_path: Path) -> None:
    file, target = tmp_path / "file", tmp_path / "target"
    file.write_bytes(STREAM[: HEADER + 2 * PIECE])
    target.write_bytes(b"before")

    with pytest.raises(DecryptFailed):
        ENCRYPTER.decrypt_file(file, target)

    assert target.read_bytes() == b"before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "target"]


def test_reencrypt_file_when_an_earlier_key_encrypted_it_then_the_new_one_does(
    tmp_path: Path,
) -> None:
    file = tmp_path / "file"
    file.write_bytes(STREAM)
    new = Encrypter.generate_key()
    both = Encrypter(new, previous_keys=[KEY])

    assert both.reencrypt_file(file)
    assert not both.reencrypt_file(file)
    assert opened(file.read_bytes(), Encrypter(new)) == DATA

    file.write_bytes(STREAM[:-1])
    with pytest.raises(DecryptFailed):
        both.reencrypt_file(file)
    assert file.read_bytes() == STREAM[:-1]


def test_the_twins_do_the_same(tmp_path: Path) -> None:
    file, target = tmp_path / "file", tmp_path / "target"
    file.write_bytes(DATA)

    async def work() -> None:
        stream, back = io.BytesIO(), io.BytesIO()
        assert await ENCRYPTER.aencrypt_stream(io.BytesIO(DATA), stream, aad=b"a") == len(DATA)
        stream.seek(0)
        assert await ENCRYPTER.adecrypt_stream(stream, back, aad=b"a") == len(DATA)
        assert back.getvalue() == DATA
        await ENCRYPTER.aencrypt_file(file, file)
        assert not await ENCRYPTER.areencrypt_file(file)
        assert await ENCRYPTER.adecrypt_file(file, target) == len(DATA)

    asyncio.run(work())
    assert target.read_bytes() == DATA


class Endless(io.RawIOBase):
    """Gives many bytes that nobody has in memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        taken = min(size, self.left)
        self.left -= taken
        return bytes(taken)


class Passing(io.RawIOBase):
    """Hands on what is written, and keeps nothing of it."""

    def __init__(self) -> None:
        self.total = 0

    def write(self, data: object) -> int:
        self.total += (size := len(data))  # type: ignore[arg-type]  # bytes
        return size


def test_streams_take_the_same_memory_whatever_their_size() -> None:
    def peak(size: int) -> int:
        source, target = Endless(size), Passing()
        tracemalloc.start()
        try:
            ENCRYPTER.encrypt_stream(source, target)  # type: ignore[arg-type]  # enough of files
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(PIECE_BYTES)
    small, large = peak(4 * PIECE_BYTES), peak(256 * PIECE_BYTES)

    assert large < small * 1.5
    assert large < 8 * PIECE_BYTES


class Raw(io.RawIOBase):
    """A pipe without a buffer: it takes and gives what it can, and may not wait.

    Args:
        steps: What it gives or takes at each turn, None when it would have to wait.
    """

    def __init__(self, steps: Iterable[bytes | int | None]) -> None:
        self.steps = iter(steps)
        self.taken = b""

    def read(self, size: int = -1) -> bytes | None:
        step = next(self.steps, b"")
        assert not isinstance(step, int)
        return step

    def write(self, data: object) -> int | None:
        step = next(self.steps, 1_000)
        if isinstance(step, int):
            self.taken += bytes(data)[:step]  # type: ignore[call-overload]  # bytes
            return min(step, len(data))  # type: ignore[arg-type]  # bytes
        return None


def test_encrypt_stream_when_the_target_takes_a_part_then_is_given_the_rest() -> None:
    target = Raw([5, 40_000])

    ENCRYPTER.encrypt_stream(io.BytesIO(DATA), target)  # type: ignore[arg-type]  # enough of files

    assert opened(target.taken) == DATA
    plain = Raw([5, 40_000])
    ENCRYPTER.decrypt_stream(io.BytesIO(target.taken), plain)  # type: ignore[arg-type]  # the same
    assert plain.taken == DATA


def test_streams_when_a_file_would_have_to_wait_then_nothing_is_cut_off_in_silence() -> None:
    with pytest.raises(BlockingIOError, match="source has nothing now: open it so that"):
        ENCRYPTER.encrypt_stream(Raw([b"half", None, b"a word"]), io.BytesIO())  # type: ignore[arg-type]
    with pytest.raises(BlockingIOError, match="target takes no more: open it so that"):
        ENCRYPTER.encrypt_stream(io.BytesIO(DATA), Raw([50, None]))  # type: ignore[arg-type]


def test_files_when_changed_in_place_then_nothing_is_open_that_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to replace a file that is open."""
    file = tmp_path / "file"
    file.write_bytes(DATA)
    handles: list[IO[Any]] = []
    closed: list[bool] = []
    path_open, path_replace = Path.open, Path.replace

    def noting(self: Path, *rest: Any) -> IO[Any]:
        handles.append(path_open(self, *rest))
        return handles[-1]

    def replacing(self: Path, target: Path) -> Path:
        closed.append(all(each.closed for each in handles))
        return path_replace(self, target)

    monkeypatch.setattr(Path, "open", noting)
    monkeypatch.setattr(Path, "replace", replacing)

    ENCRYPTER.encrypt_file(file, file)
    both = Encrypter(Encrypter.generate_key(), previous_keys=[KEY])
    both.reencrypt_file(file)
    both.decrypt_file(file, file)

    assert closed == [True, True, True]
    monkeypatch.undo()
    assert file.read_bytes() == DATA
