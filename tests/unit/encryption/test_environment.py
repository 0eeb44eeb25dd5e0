"""env:encrypt and env:decrypt: .env files as Laravel encrypts them, and back."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.config import Environment
from securely.config.dotenv import read_dotenv
from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.encryption import (
    DecryptFailed,
    Encrypter,
    EncryptFailed,
    EnvironmentFileMissing,
    EnvironmentFileThere,
    InvalidKey,
)
from securely.encryption.commands import EnvironmentDecryptCommand, EnvironmentEncryptCommand
from securely.encryption.environment import (
    decrypt_file,
    decrypt_text,
    encrypt_file,
    encrypt_text,
    key_text,
    read_key,
)

KEY = b"k" * 32
ENCRYPTER = Encrypter(KEY)
TEXT = 'APP_NAME=Blog\n# secret\n\nAPP_KEY="hunter2"\nLONG="two\nlines"\nEMPTY=\n'
GOLDEN = Path(__file__).parents[2] / "golden" / "encryption"


def _laravels() -> list[dict[str, Any]]:
    """Return texts that Laravel has encrypted as it does a whole .env file."""
    found: list[dict[str, Any]] = [
        case
        for file in GOLDEN.glob("*.json")
        for case in json.loads(file.read_text())["cases"]
        if str(case["expected"].get("serialized", "")).startswith("s:")
    ]
    assert found
    return found


@pytest.mark.parametrize("case", _laravels(), ids=lambda case: case["id"])
def test_decrypt_when_laravel_has_encrypted_it_then_gives_its_text(case: dict[str, Any]) -> None:
    given_ = case["input"]
    encrypter = Encrypter(read_key(given_["key"], given_["cipher"]), given_["cipher"])

    assert decrypt_text(given_["payload"] + "\n", encrypter) == case["expected"]["value"]


def test_encrypt_writes_what_laravel_unserializes() -> None:
    assert ENCRYPTER.decrypt_string(encrypt_text("A=é\n", ENCRYPTER)) == 's:5:"A=é\n";'


def test_encrypt_when_readable_then_shows_names_and_no_value() -> None:
    text = encrypt_text(TEXT, ENCRYPTER, readable=True)

    names = [line.partition("=")[0] for line in text.splitlines()]
    assert names == ["APP_NAME", "APP_KEY", "LONG", "EMPTY"]
    assert "hunter2" not in text
    assert decrypt_text(text, ENCRYPTER) == TEXT.replace("# secret\n\n", "")


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Z_]{0,5}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10).map(str.strip),
    ),
    st.booleans(),
)
def test_decrypt_gives_back_what_was_encrypted(values: dict[str, str], readable: bool) -> None:
    lines = [f"{name}='{value.replace(chr(39), '')}'" for name, value in values.items()]
    text = "".join(f"{line}\n" for line in lines)

    encrypted = encrypt_text(text, ENCRYPTER, readable)

    if encrypted:
        assert decrypt_text(encrypted, ENCRYPTER) == text


@pytest.mark.parametrize("readable", [False, True])
def test_decrypt_file_when_the_key_is_wrong_then_writes_nothing(
    tmp_path: Path, readable: bool
) -> None:
    file = tmp_path / ".env"
    file.write_text(TEXT)
    encrypted = encrypt_file(file, ENCRYPTER, readable=readable, prune=True)

    with pytest.raises(DecryptFailed, match="Give the key") as caught:
        decrypt_file(encrypted, file, Encrypter(b"x" * 32))

    assert [each.name for each in tmp_path.iterdir()] == [".env.encrypted"]
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"A=1\n", b"\xff\xfe"])
def test_decrypt_file_when_it_is_none_then_says_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ".env.encrypted"
    file.write_bytes(content)

    with pytest.raises(DecryptFailed):
        decrypt_file(file, tmp_path / ".env", ENCRYPTER)
    assert not (tmp_path / ".env").exists()


def test_files_when_they_are_not_utf_8_then_are_refused_without_showing_them(
    tmp_path: Path,
) -> None:
    file, target = tmp_path / ".env", tmp_path / ".env.encrypted"
    file.write_bytes(b"APP_KEY=hunter2\nNAME=\xe9\n")

    with pytest.raises(EncryptFailed, match=r"is not UTF-8.*Save it as such") as refused:
        encrypt_file(file, ENCRYPTER)
    # Laravel takes it as it is.
    target.write_text(ENCRYPTER.encrypt_bytes(b's:17:"APP_KEY=hunter2\n\xe9";'))
    with pytest.raises(DecryptFailed, match="is not UTF-8") as caught:
        decrypt_file(target, file, ENCRYPTER, force=True)

    assert refused.value.__context__ is None
    with pytest.raises(DecryptFailed) as alone:
        decrypt_text(target.read_text(), ENCRYPTER)
    assert alone.value.__context__ is None
    assert "hunter2" not in f"{refused.value}{caught.value}"
    assert file.read_bytes() == b"APP_KEY=hunter2\nNAME=\xe9\n"


def test_decrypt_when_the_length_is_absurd_then_fails() -> None:
    with pytest.raises(DecryptFailed):
        decrypt_text(ENCRYPTER.encrypt_bytes(b's:%s:"x";' % (b"9" * 10_000)), ENCRYPTER)


def test_files_that_are_missing_or_there_are_refused(tmp_path: Path) -> None:
    file, encrypted = tmp_path / ".env", tmp_path / ".env.encrypted"
    with pytest.raises(EnvironmentFileMissing, match=r"\.env does not exist") as missing:
        encrypt_file(file, ENCRYPTER)
    with pytest.raises(EnvironmentFileMissing, match="encrypted does not exist"):
        decrypt_file(encrypted, file, ENCRYPTER)
    file.write_text(TEXT)
    encrypted.write_text("")
    with pytest.raises(EnvironmentFileThere, match="--force") as there:
        encrypt_file(file, ENCRYPTER)
    encrypt_file(file, ENCRYPTER, force=True)
    with pytest.raises(EnvironmentFileThere):
        decrypt_file(encrypted, file, ENCRYPTER)

    assert encrypted.stat().st_mode & 0o777 == 0o600
    assert [str(copy.copy(each.value)) for each in (missing, there)] == [
        str(missing.value),
        str(there.value),
    ]


@pytest.mark.parametrize(
    ("text", "cipher"), [("base64:?", "aes-256-cbc"), ("short", "aes-256-cbc"), ("k" * 32, "rot13")]
)
def test_read_key_when_it_does_not_fit_then_refuses_it_without_showing_it(
    text: str, cipher: str
) -> None:
    with pytest.raises(InvalidKey) as caught:
        read_key(text, cipher)
    assert text not in str(caught.value)
    assert caught.value.__context__ is None


# The commands.


def _run(directory: Path, *words: str, asked: str = "", **variables: str) -> tuple[int, str]:
    container = Container()
    environment = Environment.load(directory, process=variables)
    environment.asked = asked or None
    container.instance(Environment, environment)
    artisan = Artisan(container)
    artisan.register("env:encrypt", EnvironmentEncryptCommand)
    artisan.register("env:decrypt", EnvironmentDecryptCommand)
    output = BufferedOutput()
    return artisan.run([*words, "--no-interaction"], output), output.all_text


def test_env_encrypt_shows_a_new_key_once_and_env_decrypt_reads_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(TEXT)

    code, said = _run(tmp_path, "env:encrypt", "--prune")

    assert code == 0
    assert not file.exists()
    assert "hunter2" not in said
    key = next(word for word in said.split() if word.startswith("base64:"))
    code, said = _run(tmp_path, "env:decrypt", SECURELY_ENV_ENCRYPTION_KEY=key)
    assert code == 0
    assert "hunter2" not in said
    assert file.read_text() == TEXT
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cipher", ["AES-128-CBC", "AES-256-GCM"])
def test_env_encrypt_uses_the_cipher_and_key_that_are_given(tmp_path: Path, cipher: str) -> None:
    (tmp_path / ".env").write_text(TEXT)
    key = key_text(Encrypter.generate_key(cipher))

    code, said = _run(tmp_path, "env:encrypt", f"--key={key}", f"--cipher={cipher}", "--readable")

    assert code == 0
    assert key not in said
    words = ("env:decrypt", f"--cipher={cipher}", "--filename=out")
    assert _run(tmp_path, *words, LARAVEL_ENV_ENCRYPTION_KEY=key)[0] == 0
    assert read_dotenv(tmp_path / "out", {}) == read_dotenv(tmp_path / ".env", {})


def test_env_commands_take_the_file_of_the_environment_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=plain\n")
    (tmp_path / ".env.staging").write_text("A=staging\n")
    (tmp_path / "elsewhere").mkdir()

    _run(tmp_path, "env:encrypt", f"--key={key_text(KEY)}", asked="staging")
    (tmp_path / ".env.staging").unlink()
    decrypt = ("env:decrypt", f"--key={key_text(KEY)}")
    _run(tmp_path, *decrypt, asked="staging")
    _run(tmp_path, *decrypt, "--path=elsewhere", asked="staging")

    assert (tmp_path / ".env.staging").read_text() == "A=staging\n"
    assert (tmp_path / "elsewhere/.env.staging").read_text() == "A=staging\n"
    assert _run(tmp_path, "env:encrypt", asked="typo")[0] == 1


def test_env_decrypt_when_something_is_missing_or_wrong_then_fails(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(TEXT)
    _run(tmp_path, "env:encrypt", f"--key={key_text(KEY)}")
    other = key_text(b"x" * 32)

    code, said = _run(tmp_path, "env:decrypt")
    assert (code, "SECURELY_ENV_ENCRYPTION_KEY" in said) == (1, True)
    code, said = _run(tmp_path, "env:decrypt", f"--key={other}", "--force")
    assert (code, other in said) == (1, False)
    assert _run(tmp_path, "env:decrypt", f"--key={other}", "--filename=x.encrypted")[0] == 1
    assert (tmp_path / ".env").read_text() == TEXT
