"""key:generate, and what the provider binds."""

from __future__ import annotations

import base64
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from securely.config import Config, Environment, Loaded
from securely.config.dotenv import read_dotenv
from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.encryption import (
    Encrypter,
    InvalidKey,
    KeyRing,
    KeyRotation,
    MissingAppKey,
    NewKeys,
)
from securely.encryption.commands import KeyGenerateCommand, KeyRotateCommand
from securely.encryption.provider import EncryptionProvider
from securely.settings.envfile import locked

OLD = f"base64:{base64.b64encode(bytes(range(32))).decode()}"


class _Console:
    """An application's console, with an .env file of its own."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / ".env"
        self.directory = directory
        self.config = Config({"app": {"env": "local", "cipher": "aes-256-cbc"}})
        self.rotation = KeyRotation()
        self.loaded = Loaded({})
        self.overlay: dict[str, str] = {}
        self.started: Callable[[], object] = lambda: None

    def run(
        self, *words: str, process: dict[str, str] | None = None, name: str = "key:generate"
    ) -> tuple[int, str]:
        container = Container()
        container.instance(Config, self.config)
        container.instance(KeyRotation, self.rotation)
        container.instance(Loaded, self.loaded)
        environment = Environment.load(self.directory, process=process or {})
        environment.overlay(self.overlay.get)
        container.instance(Environment, environment)
        self.started()
        artisan = Artisan(container)
        artisan.register("key:generate", KeyGenerateCommand)
        artisan.register("key:rotate", KeyRotateCommand)
        output = BufferedOutput()
        code = artisan.run([name, "--no-interaction", *words], output)
        return code, output.all_text


@pytest.fixture
def console(tmp_path: Path) -> _Console:
    return _Console(tmp_path)


def _key_in(text: str) -> bytes:
    return base64.b64decode(text.strip().removeprefix("base64:"), validate=True)


def test_generate_when_there_is_a_line_then_sets_it_and_keeps_the_mode(console: _Console) -> None:
    console.file.write_text("APP_NAME=Blog\nAPP_KEY=\nLAST=1\n")
    console.file.chmod(0o640)

    code, text = console.run()

    assert code == 0
    assert "is set in" in text
    values = read_dotenv(console.file, {})
    assert len(_key_in(values["APP_KEY"])) == 32
    assert values["LAST"] == "1"
    assert values["APP_KEY"] not in text
    assert console.file.stat().st_mode & 0o777 == 0o640


def test_generate_when_there_is_no_file_then_makes_a_private_one(console: _Console) -> None:
    assert console.run()[0] == 0
    assert console.file.stat().st_mode & 0o777 == 0o600
    assert len(_key_in(read_dotenv(console.file, {})["APP_KEY"])) == 32


def test_generate_when_there_is_no_line_then_fails_with_advice(console: _Console) -> None:
    console.file.write_text("APP_NAME=Blog\n")

    code, text = console.run()

    assert code == 1
    assert 'Add the line "APP_KEY="' in text
    assert console.file.read_text() == "APP_NAME=Blog\n"


def test_generate_when_asked_to_show_then_prints_a_key_of_the_cipher(console: _Console) -> None:
    console.config.set("app.cipher", "aes-128-gcm")

    code, text = console.run("--show", process={"APP_KEY": "set"})

    assert code == 0
    assert len(_key_in(text)) == 16
    assert not console.file.exists()


@pytest.mark.parametrize("env", ["local", "production"])
def test_generate_when_there_is_a_key_then_asks_and_names_what_keeps_it(
    console: _Console, env: str
) -> None:
    console.file.write_text("APP_KEY=old\n")
    console.config.set("app.key", "old")
    console.config.set("app.env", env)

    code, text = console.run()

    assert code == 1
    assert "Nothing was changed" in text
    assert console.file.read_text() == "APP_KEY=old\n"
    assert console.run("--force")[0] == 0
    assert console.file.read_text() != "APP_KEY=old\n"


def test_generate_when_the_process_sets_the_key_then_refuses(console: _Console) -> None:
    console.file.write_text("APP_KEY=old\n")

    code, text = console.run("--force", process={"APP_KEY": "hunter2"})

    assert code == 1
    assert "wins over any file" in text
    assert "hunter2" not in text
    assert console.file.read_text() == "APP_KEY=old\n"


@pytest.mark.parametrize("name", ["key:generate", "key:rotate"])
def test_a_key_in_the_secrets_is_not_changed_in_the_file(console: _Console, name: str) -> None:
    """It would have no effect there."""
    console.file.write_text(f"APP_KEY={OLD}\n")
    console.overlay = {"APP_KEY": "hunter2" * 5}
    console.config.set("app.key", "hunter2" * 5)

    code, text = console.run(name=name)

    assert code == 1
    assert "APP_KEY is set by the encrypted secrets, which wins" in " ".join(text.split())
    assert "hunter2" not in text
    assert console.file.read_text() == f"APP_KEY={OLD}\n"


def test_generate_when_in_production_with_a_key_then_only_forced(console: _Console) -> None:
    console.config.set({"app.env": "production", "app.key": "old"})
    console.file.write_text("APP_KEY=old\n")

    code, text = console.run()
    assert (code, console.file.read_text()) == (1, "APP_KEY=old\n")
    assert "Nothing was changed" in text

    assert console.run("--force")[0] == 0
    assert console.file.read_text() != "APP_KEY=old\n"


def test_rotate_keeps_the_old_key_for_reading(console: _Console) -> None:
    old, older = f"base64:{base64.b64encode(b'o' * 32).decode()}", "base64:" + "A" * 43 + "="
    console.file.write_text(f"APP_NAME=Blog\nAPP_KEY={old}\nAPP_PREVIOUS_KEYS={older}\nLAST=1\n")
    console.config.set({"app.key": old, "app.previous_keys": [older]})
    kept = Encrypter(b"o" * 32).encrypt_string("secret")

    code, text = console.run(name="key:rotate")

    values = read_dotenv(console.file, {})
    ring = KeyRing.parse(values["APP_KEY"], values["APP_PREVIOUS_KEYS"])
    assert code == 0
    assert values["APP_KEY"] != old
    assert values["APP_PREVIOUS_KEYS"] == f"{old},{older}"
    assert values["LAST"] == "1"
    assert Encrypter(ring.current, "aes-256-cbc", ring.previous).decrypt_string(kept) == "secret"
    assert old not in text
    assert values["APP_KEY"] not in text


def test_rotate_when_there_is_no_line_for_earlier_keys_then_adds_one(console: _Console) -> None:
    console.file.write_text(f"APP_KEY={OLD}\n")
    console.config.set("app.key", OLD)

    assert console.run(name="key:rotate")[0] == 0
    assert read_dotenv(console.file, {})["APP_PREVIOUS_KEYS"] == OLD


@pytest.mark.parametrize("name", ["APP_KEY", "APP_PREVIOUS_KEYS"])
def test_rotate_when_the_process_sets_one_then_refuses(console: _Console, name: str) -> None:
    console.file.write_text("APP_KEY=old\n")
    console.config.set("app.key", "old")

    code, text = console.run("--force", process={name: "hunter2"}, name="key:rotate")

    assert code == 1
    assert f"{name} is set by the environment of the process" in text
    assert "hunter2" not in text
    assert console.file.read_text() == "APP_KEY=old\n"


def test_rotate_when_there_is_no_key_then_names_the_command_that_makes_one(
    console: _Console,
) -> None:
    code, text = console.run(name="key:rotate")

    assert code == 1
    assert "key:generate" in text


def test_rotate_when_in_production_then_only_forced(console: _Console) -> None:
    console.config.set({"app.env": "production", "app.key": OLD})
    console.file.write_text(f"APP_KEY={OLD}\n")

    assert console.run(name="key:rotate")[0] == 1
    assert console.file.read_text() == f"APP_KEY={OLD}\n"
    assert console.run("--force", name="key:rotate")[0] == 0
    assert read_dotenv(console.file, {})["APP_PREVIOUS_KEYS"] == OLD


def test_rotate_when_the_key_is_kept_elsewhere_then_says_so(console: _Console) -> None:
    console.file.write_text("APP_NAME=Blog\n# APP_KEY=\n")
    console.config.set("app.key", OLD)

    code, text = console.run(name="key:rotate")

    assert code == 1
    assert "has no line for APP_KEY" in text
    assert console.file.read_text() == "APP_NAME=Blog\n# APP_KEY=\n"


class _Rows:
    """What an application keeps encrypted; writes of a block are undone by an error in it."""

    def __init__(self, key: str) -> None:
        ring = KeyRing.parse(key)
        self.payload = Encrypter(ring.current).encrypt_string("secret")

    @contextmanager
    def keeper(self, new: NewKeys) -> Iterator[int]:
        before = self.payload
        self.payload = new.encrypter.reencrypt(before)
        try:
            yield 1
        except BaseException:
            self.payload = before
            raise


def test_rotate_writes_anew_what_is_stored(console: _Console) -> None:
    console.file.write_text(f"APP_KEY={OLD}\n")
    console.file.chmod(0o640)
    console.config.set("app.key", OLD)
    rows = _Rows(OLD)
    console.rotation.keep("users.token", rows.keeper)

    code, text = console.run(name="key:rotate")

    assert code == 0
    assert "Written anew: users.token" in text
    assert "begin anew, by `reload`" in text
    ring = KeyRing.parse(read_dotenv(console.file, {})["APP_KEY"])
    assert Encrypter(ring.current).decrypt_string(rows.payload) == "secret"
    assert console.file.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in console.directory.iterdir()] == [".env"]


def test_rotate_when_something_cannot_be_written_anew_then_nothing_changes(
    console: _Console,
) -> None:
    before = f"APP_KEY={OLD}\n"
    console.file.write_text(before)
    console.config.set("app.key", OLD)
    good, broken = _Rows(OLD), _Rows("base64:" + "B" * 43 + "=")
    payload = good.payload
    console.rotation.keep("users.token", good.keeper)
    console.rotation.keep("users.code", broken.keeper)

    code, text = console.run(name="key:rotate")

    assert code == 1
    assert "users.code cannot be written anew" in " ".join(text.split())
    assert "--key-only" in text
    assert console.file.read_text() == before
    assert good.payload == payload

    # The way out, when the key has to go at once.
    assert console.run("--key-only", name="key:rotate")[0] == 0
    assert console.file.read_text() != before
    assert good.payload == payload


def test_rotate_when_the_file_cannot_be_written_then_nothing_changes(
    console: _Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = f"APP_KEY={OLD}\n"
    console.file.write_text(before)
    console.config.set("app.key", OLD)
    rows = _Rows(OLD)
    payload = rows.payload
    console.rotation.keep("users.token", rows.keeper)

    def full(path: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        code, text = console.run(name="key:rotate")

    assert code == 1
    assert "No space left" in text
    assert rows.payload == payload
    assert console.file.read_text() == before
    assert [each.name for each in console.directory.iterdir()] == [".env"]


def test_rotate_when_the_key_is_kept_then_only_what_is_stored_is_written(
    console: _Console,
) -> None:
    older = "base64:" + "B" * 43 + "="
    before = f"APP_KEY={OLD}\nAPP_PREVIOUS_KEYS={older}\n"
    console.file.write_text(before)
    console.config.set({"app.key": OLD, "app.previous_keys": [older]})
    rows = _Rows(older)
    console.rotation.keep("users.token", rows.keeper)

    code, text = console.run("--keep", name="key:rotate", process={"APP_KEY": OLD})

    assert code == 0
    assert "Written anew: users.token" in text
    assert console.file.read_text() == before
    assert Encrypter(KeyRing.parse(OLD).current).decrypt_string(rows.payload) == "secret"


def test_rotate_when_the_old_key_is_raw_text_then_it_reads_in_the_list(console: _Console) -> None:
    # A comma in it would be the end of it, and blanks around it would be gone.
    old = "twelve, or 16 or many more bytes"
    kept = Encrypter(old.encode()).encrypt_string("secret")
    console.file.write_text(f'APP_KEY="{old}"\n')
    console.config.set("app.key", old)

    assert console.run(name="key:rotate")[0] == 0

    values = read_dotenv(console.file, {})
    ring = KeyRing.parse(values["APP_KEY"], values["APP_PREVIOUS_KEYS"])
    assert ring.previous == (old.encode(),)
    assert Encrypter(ring.current, previous_keys=ring.previous).decrypt_string(kept) == "secret"


@pytest.mark.parametrize("words", [(), ("--key-only",)])
def test_rotate_when_the_earlier_keys_are_text_then_they_are_kept(
    console: _Console, words: tuple[str, ...]
) -> None:
    older = f"{'a' * 32}, base64:{'B' * 43}="
    console.file.write_text(f'APP_KEY={OLD}\nAPP_PREVIOUS_KEYS="{older}"\n')
    console.config.set({"app.key": OLD, "app.previous_keys": older})

    assert console.run(*words, name="key:rotate")[0] == 0

    values = read_dotenv(console.file, {})
    ring = KeyRing.parse(values["APP_KEY"], values["APP_PREVIOUS_KEYS"])
    assert ring.previous == (*KeyRing.parse(OLD, older).all,)


@pytest.mark.parametrize("words", [(), ("--key-only",)])
@pytest.mark.parametrize(
    "changed",
    [
        f"APP_KEY=base64:{'C' * 43}=\n",
        f"APP_KEY={OLD}\nAPP_PREVIOUS_KEYS=base64:{'C' * 43}=\n",
    ],
)
def test_rotate_when_another_was_quicker_then_its_key_is_not_lost(
    console: _Console, words: tuple[str, ...], changed: str
) -> None:
    console.file.write_text(f"APP_KEY={OLD}\n")
    console.config.set("app.key", OLD)
    rows = _Rows(OLD)
    payload = rows.payload
    console.rotation.keep("users.token", rows.keeper)
    console.started = lambda: console.file.write_text(changed)

    code, text = console.run(*words, name="key:rotate")

    assert code == 1
    assert "is not what the application has" in " ".join(text.split())
    assert console.file.read_text() == changed
    assert rows.payload == payload
    assert [each.name for each in console.directory.iterdir()] == [".env"]


def test_rotate_when_the_key_is_changed_while_it_writes_then_nothing_changes(
    console: _Console,
) -> None:
    console.file.write_text(f"APP_KEY={OLD}\n")
    console.config.set("app.key", OLD)
    rows = _Rows(OLD)
    payload = rows.payload
    other = f"APP_KEY=base64:{'C' * 43}=\n"

    @contextmanager
    def meddled(new: NewKeys) -> Iterator[int]:
        console.file.write_text(other)
        yield 0

    console.rotation.keep("users.token", rows.keeper)
    console.rotation.keep("meddled", meddled)

    assert console.run(name="key:rotate")[0] == 1
    assert console.file.read_text() == other
    assert rows.payload == payload


@pytest.mark.skipif(sys.platform == "win32", reason="There is no flock.")
def test_rotate_when_another_process_changes_the_file_then_refuses(console: _Console) -> None:
    before = f"APP_KEY={OLD}\n"
    console.file.write_text(before)
    console.config.set("app.key", OLD)

    with locked(console.directory):
        code, text = console.run(name="key:rotate")

    assert code == 1
    assert "Another process changes it right now" in " ".join(text.split())
    assert console.file.read_text() == before
    assert console.run(name="key:rotate")[0] == 0


def test_rotate_when_a_secret_wins_over_the_file_then_refuses(console: _Console) -> None:
    before = f"APP_KEY={OLD}\n"
    console.file.write_text(before)
    console.config.set("app.key", OLD)
    console.overlay = {"APP_KEY": OLD}

    code, text = console.run(name="key:rotate")

    assert code == 1
    assert "APP_KEY is set elsewhere, too, and that wins" in " ".join(text.split())
    assert console.file.read_text() == before
    assert [each.name for each in console.directory.iterdir()] == [".env"]


def test_rotate_when_the_configuration_is_cached_then_refuses(console: _Console) -> None:
    before = f"APP_KEY={OLD}\n"
    console.file.write_text(before)
    console.config.set("app.key", OLD)
    console.loaded = Loaded({}, cached=True)

    code, text = console.run(name="key:rotate")

    assert code == 1
    assert "Run config:clear, then key:rotate" in " ".join(text.split())
    assert console.file.read_text() == before


def test_rotate_when_a_key_does_not_fit_then_the_file_stays(console: _Console) -> None:
    before = f"APP_KEY={OLD}\nAPP_PREVIOUS_KEYS=hunter2\n"
    console.file.write_text(before)
    console.config.set({"app.key": OLD, "app.previous_keys": ["hunter2"]})

    code, text = console.run("--key-only", name="key:rotate")

    assert code == 1
    assert "app.previous_keys.0" in text
    assert "hunter2" not in text
    assert console.file.read_text() == before


def test_rotate_when_there_is_no_file_then_what_is_stored_is_written_with_the_key_there_is(
    console: _Console,
) -> None:
    older = "base64:" + "B" * 43 + "="
    console.config.set({"app.key": OLD, "app.previous_keys": [older]})
    rows = _Rows(older)
    console.rotation.keep("users.token", rows.keeper)

    assert console.run("--keep", name="key:rotate", process={"APP_KEY": OLD})[0] == 0
    assert Encrypter(KeyRing.parse(OLD).current).decrypt_string(rows.payload) == "secret"


@pytest.mark.skipif(sys.platform == "win32", reason="Folders cannot be flushed.")
def test_rotate_puts_the_new_key_on_the_disk_before_anything_is_committed(
    console: _Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut there are no rows of a key that nobody has."""
    console.file.write_text(f"APP_KEY={OLD}\n")
    console.config.set("app.key", OLD)
    told: list[str] = []
    replace, fsync = Path.replace, os.fsync

    def renaming(path: Path, target: Path) -> Path:
        told.append(f"renamed {target.name}")
        return replace(path, target)

    def flushing(handle: int) -> None:
        told.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    @contextmanager
    def keeper(new: NewKeys) -> Iterator[int]:
        yield 0
        told.append("committed")

    console.rotation.keep("it", keeper)
    monkeypatch.setattr(Path, "replace", renaming)
    monkeypatch.setattr(os, "fsync", flushing)

    assert console.run(name="key:rotate")[0] == 0
    assert told[-3:] == ["renamed .env", "folder", "committed"]
    assert "file" in told[:-3]


def _provided(app: dict[str, object]) -> Container:
    container = Container()
    container.instance(Config, Config({"app": app}))
    EncryptionProvider(container).register()
    return container


def test_provider_when_there_are_keys_then_binds_ring_and_encrypter() -> None:
    old = Encrypter.generate_key()
    container = _provided(
        {"key": "k" * 32, "previous_keys": [f"base64:{base64.b64encode(old).decode()}"]}
    )

    encrypter = container.make(Encrypter)

    assert encrypter is container.make(Encrypter)
    assert encrypter.cipher == "aes-256-cbc"
    assert encrypter.decrypt_string(Encrypter(old).encrypt_string("x")) == "x"
    assert container.make(KeyRing).all == (b"k" * 32, old)


def test_provider_when_the_key_is_missing_or_bad_then_raises_on_first_use() -> None:
    without = _provided({})
    with pytest.raises(MissingAppKey):
        without.make(KeyRing)
    with pytest.raises(MissingAppKey):
        without.make(Encrypter)

    short = _provided({"key": "k" * 20})
    assert short.make(KeyRing).current == b"k" * 20
    with pytest.raises(InvalidKey, match="has 20 bytes"):
        short.make(Encrypter)
