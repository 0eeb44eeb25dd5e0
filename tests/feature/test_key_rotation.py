"""key:rotate in an application: what its store holds is signed anew, all of it or nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from securely import Application
from securely.config import Environment
from securely.config.dotenv import read_dotenv
from securely.console import Artisan, BufferedOutput
from securely.encryption import KeyRing, KeyRotation, NewKeys, RotationFailed
from securely.store import Corrupted, StoreManager
from securely.store.manager import Materials
from securely.store.options import StoreOptions

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


def test_an_application_rotates_its_own_store(app: Application) -> None:
    rotation = app.make(KeyRotation)

    assert rotation is app.make("keys.rotation")
    # That of tests is in memory.
    assert rotation.keepers() == {}


def span_of_all() -> object:
    from securely.store.contracts import Span

    return Span()
