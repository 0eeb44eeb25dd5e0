"""Encrypted .env files, as Laravel writes and reads them: as one payload, or line by line."""

from __future__ import annotations

import contextlib
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from securely.encryption.encrypter import Encrypter
from securely.encryption.exceptions import (
    DecryptFailed,
    EncryptFailed,
    EnvironmentFileMissing,
    EnvironmentFileThere,
    InvalidKey,
)
from securely.support.replacing import replacing

__all__ = [
    "decrypt_file",
    "decrypt_text",
    "encrypt_file",
    "encrypt_text",
    "key_text",
    "read_key",
]

_BASE64: Final = "base64:"
_SUFFIX: Final = ".encrypted"
# What PHP's serialize() makes of a text: its length in bytes, and the text.
_SERIALIZED: Final = re.compile(rb's:(\d{1,10}):"(.*)";', re.DOTALL)


def read_key(text: str, cipher: str) -> bytes:
    """Return the key that *text* says, ``base64:…`` or the key itself.

    Raises:
        InvalidKey: It is not base64, or does not have the length that the cipher wants.
    """
    key: bytes | None = None
    # Errors of Python hold the key: they are let go of before ours is raised.
    with contextlib.suppress(ValueError):
        key = (
            b64decode(text.removeprefix(_BASE64), validate=True)
            if text.startswith(_BASE64)
            else text.encode()
        )
    if key is None:
        raise InvalidKey("--key", "What follows base64: is not base64.")
    if not Encrypter.supported(key, cipher):
        raise InvalidKey(
            "--key", f'{len(key)} bytes do not fit the cipher "{cipher}", or that is unknown.'
        )
    return key


def key_text(key: bytes) -> str:
    """Return *key* as it is written on a command line: ``base64:…``."""
    return f"{_BASE64}{b64encode(key).decode('ascii')}"


def encrypt_text(text: str, encrypter: Encrypter, readable: bool = False) -> str:
    """Return the content of an .env file, encrypted.

    Args:
        text: The content.
        encrypter: What encrypts it.
        readable: Encrypt each value by itself, so that names stay readable and differences of
            two versions show; comments and blank lines are left out.

    Source: Laravel 13, EnvironmentEncryptCommand::handle.
    """
    if not readable:
        data = text.encode()
        # Laravel serializes what it encrypts, and expects that of what it decrypts.
        return encrypter.encrypt_bytes(b's:%d:"%s";' % (len(data), data))
    lines = [entry.partition("=") for entry in _entries(text) if "=" in entry]
    return "".join(f"{name}={encrypter.encrypt_string(value)}\n" for name, _, value in lines)


def decrypt_text(text: str, encrypter: Encrypter) -> str:
    """Return the content of an .env file that :func:`encrypt_text`, or Laravel, has encrypted.

    Raises:
        DecryptFailed: The key or the cipher is another one, or the file has been changed.

    Source: Laravel 13, EnvironmentDecryptCommand::handle.
    """
    if Encrypter.appears_encrypted(text.strip()):
        data = encrypter.decrypt_bytes(text.strip())
        match = _SERIALIZED.fullmatch(data)
        if match is None or int(match[1]) != len(match[2]):
            raise DecryptFailed("What was encrypted is not text as Laravel serializes it.")
        with contextlib.suppress(UnicodeDecodeError):
            return match[2].decode()
        raise DecryptFailed("What was encrypted is not UTF-8, which an .env file has to be.")
    lines = [entry.partition("=") for entry in _entries(text)]
    if not lines or not all(equals for _, equals, _ in lines):
        raise DecryptFailed("This is neither an encrypted file nor one with encrypted values.")
    return "".join(f"{name}={encrypter.decrypt_string(value)}\n" for name, _, value in lines)


def encrypt_file(
    file: Path,
    encrypter: Encrypter,
    readable: bool = False,
    force: bool = False,
    prune: bool = False,
) -> Path:
    """Encrypt *file* into ``{file}.encrypted`` and return that.

    Args:
        file: The .env file.
        encrypter: What encrypts it.
        readable: Encrypt each value by itself.
        force: Replace an encrypted file that is there.
        prune: Remove *file* once the other is written.

    Raises:
        EnvironmentFileMissing: There is no such file.
        EnvironmentFileThere: The encrypted file exists, and *force* is not given.
        EncryptFailed: The file is not UTF-8.
    """
    target = file.with_name(f"{file.name}{_SUFFIX}")
    if not file.is_file():
        raise EnvironmentFileMissing(file)
    if target.exists() and not force:
        raise EnvironmentFileThere(target)
    with replacing(target) as beside:
        beside.write(encrypt_text(_text_of(file), encrypter, readable).encode())
    if prune:
        file.unlink()
    return target


def decrypt_file(file: Path, target: Path, encrypter: Encrypter, force: bool = False) -> None:
    """Decrypt *file* into *target*, at once: nothing is written unless all of it decrypts.

    Raises:
        EnvironmentFileMissing: There is no such file.
        EnvironmentFileThere: The target exists, and *force* is not given.
        DecryptFailed: The key or the cipher is another one, or the file has been changed.
    """
    if not file.is_file():
        raise EnvironmentFileMissing(file)
    if target.exists() and not force:
        raise EnvironmentFileThere(target)
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DecryptFailed("This is neither an encrypted file nor one with values.") from None
    try:
        content = decrypt_text(text, encrypter)
    except DecryptFailed as error:
        raise DecryptFailed(
            f"{file} cannot be decrypted: {error.reason} "
            "Give the key and the cipher it was encrypted with."
        ) from None
    with replacing(target) as beside:
        beside.write(content.encode())


def _text_of(file: Path) -> str:
    # The error of Python holds all of the file: it is let go of before ours is raised.
    with contextlib.suppress(UnicodeDecodeError):
        return file.read_bytes().decode("utf-8-sig")
    raise EncryptFailed(f"{file} is not UTF-8, which an .env file has to be. Save it as such.")


def _entries(text: str) -> list[str]:
    """Give the lines that set variables; a value in double quotes may go over several."""
    entries: list[str] = []
    open_lines: list[str] = []
    for line in re.split(r"\r\n|\r|\n", text):
        if open_lines:
            open_lines.append(line)
            if _ends_quoted("\n".join(open_lines)):
                entries.append("\n".join(open_lines))
                open_lines = []
        elif re.match(r"[^#=]*=\s*\"", line) and not _ends_quoted(line):
            open_lines = [line]
        elif line.strip() and not line.lstrip().startswith("#"):
            entries.append(line.strip())
    # A quote that is never closed: each line by itself, so that nothing is lost.
    return entries + [line for line in open_lines if line.strip()]


def _ends_quoted(entry: str) -> bool:
    value = entry.partition("=")[2].lstrip()
    return re.match(r'"(?:\\.|[^"\\])*"', value, re.DOTALL) is not None
