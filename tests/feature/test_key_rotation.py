"""key:rotate in an application: what its store holds is signed anew, all of it or nothing."""

from __future__ import annotations

import base64
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from securely import Application
from securely.config import Config, Environment, Loaded
from securely.config.dotenv import read_dotenv
from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.encryption import Encrypter, KeyRing, KeyRotation, NewKeys, RotationFailed
from securely.encryption.commands import KeyRotateCommand
from securely.store import Corrupted, StoreManager
from securely.store.manager import Materials
from securely.store.options import StoreOptions

# What a rotation asks the system for: before each of these it may be killed.
STEPS = {"open", "os.chmod", "os.chown", "os.rename", "os.remove", "sqlite3.connect"}
DEAD = 47

OLD = f"base64:{base64.b64encode(bytes(range(32))).decode()}"


def stored(folder: Path, ring: KeyRing) -> StoreManager:
    """Return the store of an application whose keys are *ring*."""
    options = StoreOptions.parse(
        {
            "default": "sqlite",
            "databases": {
                "sqlite": {"driver": "sqlite", "path": str(folder / "store")},
                "unused": {"driver": "sqlite", "path": str(folder / "unused")},
                "memory": {"driver": "array"},
            },
        },
        key="store",
    )
    materials = Materials(seal=lambda: ring.purpose("store"))
    return StoreManager(options.default, options.databases, materials)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreManager]:
    made = stored(tmp_path, KeyRing.parse(OLD))
    for number in range(1_200):
        made.put(f"key {number}", {"number": number})
    made.tree("orders").put(5, b"bytes", ttl=3_600)
    yield made
    made.close()


def rotate(app: Application, folder: Path, rotation: KeyRotation) -> tuple[int, str]:
    """Run key:rotate with an .env file in *folder*."""
    (folder / ".env").write_text(f"APP_KEY={OLD}\n")
    app.instance(Environment, Environment.load(folder, process={}))
    app.instance(KeyRotation, rotation)
    app.make("config").set({"app.key": OLD, "app.previous_keys": []})
    output = BufferedOutput()
    code = app.make(Artisan).run(["key:rotate", "--no-interaction"], output)
    return code, output.all_text


def test_rotate_signs_every_row_of_the_store_anew(
    app: Application, store: StoreManager, tmp_path: Path
) -> None:
    code, text = rotate(app, tmp_path, KeyRotation(lambda: [store]))

    assert code == 0
    assert "Written anew: store database sqlite" in text
    # Two of them are not there, and one is not made by looking.
    assert "unused" not in text
    assert "memory" not in text
    assert not (tmp_path / "unused").exists()
    store.close()
    values = read_dotenv(tmp_path / ".env", {})
    new = stored(tmp_path, KeyRing.parse(values["APP_KEY"]))
    assert new.get("key 1199") == {"number": 1199}
    assert new.tree("orders").get(5) == b"bytes"
    assert new.verify().rows == 1_201
    assert new.verify()
    new.close()
    old = stored(tmp_path, KeyRing.parse(OLD))
    with pytest.raises(Corrupted):
        old.get("key 1")
    old.close()


def test_rotate_when_another_keeper_fails_then_the_store_is_as_before(
    app: Application, store: StoreManager, tmp_path: Path
) -> None:
    @contextmanager
    def broken(new: NewKeys) -> Iterator[int]:
        raise RotationFailed("it", "It is broken.")
        yield 0

    rotation = KeyRotation(lambda: [store])
    rotation.keep("broken", broken)

    code, text = rotate(app, tmp_path, rotation)

    assert code == 1
    assert "Nothing has changed" in text
    assert (tmp_path / ".env").read_text() == f"APP_KEY={OLD}\n"
    assert store.get("key 1") == {"number": 1}
    assert store.verify().rows == 1_201
    assert store.verify()


def test_rotate_when_a_row_is_not_ours_then_it_is_named_and_nothing_changes(
    app: Application, store: StoreManager, tmp_path: Path
) -> None:
    engine = store.bound.engine
    engine.put("default", engine.rows("default", span_of_all(), limit=1)[0][0], (None, b"x" * 40))

    code, text = rotate(app, tmp_path, KeyRotation(lambda: [store]))

    assert code == 1
    assert "store database sqlite cannot be written anew" in " ".join(text.split())
    assert (tmp_path / ".env").read_text() == f"APP_KEY={OLD}\n"
    assert store.get("key 5") == {"number": 5}


class Tokens:
    """A file of payloads, which is replaced when a rotation is committed."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "tokens"

    @contextmanager
    def keeper(self, new: NewKeys) -> Iterator[int]:
        anew = self.file.with_suffix(".new")
        anew.write_text(new.encrypter.reencrypt(self.file.read_text()))
        try:
            yield 1
        except BaseException:
            anew.unlink()
            raise
        anew.replace(self.file)


def encrypter_of(ring: KeyRing) -> Encrypter:
    return Encrypter(ring.current, previous_keys=ring.previous)


def ring_of(folder: Path) -> KeyRing:
    """Return the keys of an application that starts in *folder* now."""
    values = read_dotenv(folder / ".env", {})
    return KeyRing.parse(values["APP_KEY"], values.get("APP_PREVIOUS_KEYS"))


def assert_reads(folder: Path, ring: KeyRing) -> None:
    store = stored(folder, ring)
    try:
        assert store.verify().rows == 40
        assert store.verify()
        assert store.get("key 39") == {"number": 39}
    finally:
        store.close()
    assert encrypter_of(ring).decrypt_string((folder / "tokens").read_text()) == "secret"


def rotate_and_die(folder: Path, turn: int) -> NoReturn:
    """Rotate the keys in *folder*, and die before the step *turn*; a child of a fork calls it."""
    left = turn

    def die(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS:
            left -= 1
            if left < 0:
                os._exit(DEAD)

    environment = Environment.load(folder, process={})
    ring = KeyRing.parse(OLD)
    store = stored(folder, ring)
    rotation = KeyRotation(lambda: [store])
    rotation.keep("tokens", Tokens(folder).keeper)
    config = Config({"app": {"key": OLD, "cipher": "aes-256-cbc", "env": "local"}})
    container = Container()
    for key, value in (
        (Config, config),
        (Environment, environment),
        (Loaded, Loaded({})),
        (KeyRotation, rotation),
    ):
        container.instance(key, value)
    artisan = Artisan(container)
    artisan.register("key:rotate", KeyRotateCommand)
    sys.addaudithook(die)
    code = artisan.run(["key:rotate", "--no-interaction"], BufferedOutput())
    store.close()
    os._exit(code)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork.")
def test_rotate_when_it_is_killed_at_any_step_then_all_can_be_read_and_the_rest_is_done(
    tmp_path: Path,
) -> None:
    before = tmp_path / "before"
    before.mkdir()
    made = stored(before, KeyRing.parse(OLD))
    for number in range(40):
        made.put(f"key {number}", {"number": number})
    made.close()
    (before / "tokens").write_text(encrypter_of(KeyRing.parse(OLD)).encrypt_string("secret"))
    (before / ".env").write_text(f"APP_KEY={OLD}\n")
    exits: list[int] = []
    is_changed: list[bool] = []

    while not exits or exits[-1] == DEAD:
        folder = tmp_path / str(len(exits))
        shutil.copytree(before, folder)
        if (child := os.fork()) == 0:
            try:
                rotate_and_die(folder, len(exits))
            finally:
                os._exit(99)
        exits.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        ring = ring_of(folder)
        assert_reads(folder, ring)
        is_changed.append(ring.current != KeyRing.parse(OLD).current)
        # `key:rotate --keep` does what is left, and then the old key may go.
        store = stored(folder, ring)
        rotation = KeyRotation(lambda store=store: [store])
        rotation.keep("tokens", Tokens(folder).keeper)
        rotation.run(NewKeys(ring, encrypter_of(ring)))
        store.close()
        assert_reads(folder, KeyRing(ring.current))

    assert exits[-1] == 0
    assert is_changed == sorted(is_changed)
    assert is_changed.count(False) >= 5
    # At the end, and between the change of the key and the commits.
    assert is_changed.count(True) >= 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork.")
def test_rotate_when_several_do_at_once_then_one_does_and_no_key_is_lost(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"APP_KEY={OLD}\n")
    made = stored(tmp_path, KeyRing.parse(OLD))
    for number in range(40):
        made.put(f"key {number}", {"number": number})
    made.close()
    (tmp_path / "tokens").write_text(encrypter_of(KeyRing.parse(OLD)).encrypt_string("secret"))
    children: list[int] = []

    for _ in range(4):
        if (child := os.fork()) == 0:
            try:
                rotate_and_die(tmp_path, 10**9)
            finally:
                os._exit(99)
        children.append(child)
    exits = [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children]

    # One that starts when another is done has the new key, and changes it once more.
    assert set(exits) <= {0, 1}
    assert 0 in exits
    ring = ring_of(tmp_path)
    assert len(ring.previous) == exits.count(0)
    assert_reads(tmp_path, ring)


def test_an_application_rotates_its_own_store(app: Application) -> None:
    rotation = app.make(KeyRotation)

    assert rotation is app.make("keys.rotation")
    # That of tests is in memory.
    assert rotation.keepers() == {}


def span_of_all() -> object:
    from securely.store.contracts import Span

    return Span()
