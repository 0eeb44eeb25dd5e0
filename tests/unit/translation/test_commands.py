"""lang:publish: copies of the framework's own lines, in an application."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.support.paths import Paths
from securely.translation import FileLoader, Translator
from securely.translation.commands import PublishCommand
from securely.translation.loaders import BUILT_IN

GROUPS = ["auth.py", "pagination.py", "passwords.py", "validation.py"]


def run(base: Path, *words: str, locale: str = "de") -> str:
    container = Container()
    container.instance(Paths, Paths(base))
    container.instance(Translator, Translator(FileLoader([base / "lang"]), locale, "en"))
    artisan = Artisan(container)
    artisan.register("lang:publish", PublishCommand)
    output = BufferedOutput()
    assert artisan.run(["lang:publish", "--no-interaction", *words], output) == 0
    return output.all_text


@pytest.mark.parametrize("locale", ["de", "fr", "es"])
def test_publish_when_nothing_is_there_then_copies_english_and_the_locale(
    tmp_path: Path, locale: str
) -> None:
    text = run(tmp_path, locale=locale)

    for each in ("en", locale):
        assert sorted(path.name for path in (tmp_path / "lang" / each).iterdir()) == GROUPS
        for name in GROUPS:
            copy = tmp_path / "lang" / each / name
            assert copy.read_bytes() == (BUILT_IN / each / name).read_bytes()
    assert text.count("COPIED") == 2 * len(GROUPS)
    assert f"lang/{locale}/auth.py" in text


def test_publish_when_the_framework_lacks_the_locale_then_copies_english(tmp_path: Path) -> None:
    run(tmp_path, locale="xx")

    assert [path.name for path in (tmp_path / "lang").iterdir()] == ["en"]


def test_publish_when_a_file_is_there_then_leaves_it(tmp_path: Path) -> None:
    own = tmp_path / "lang/de/auth.py"
    own.parent.mkdir(parents=True)
    own.write_text("lines = {}")

    text = run(tmp_path)

    assert own.read_text() == "lines = {}"
    assert "it exists" in text


def test_publish_when_forced_then_writes_over_what_is_there(tmp_path: Path) -> None:
    own = tmp_path / "lang/de/auth.py"
    own.parent.mkdir(parents=True)
    own.write_text("lines = {}")

    run(tmp_path, "--force")

    assert own.read_bytes() == (BUILT_IN / "de/auth.py").read_bytes()


def test_publish_when_existing_then_writes_over_these_and_no_others(tmp_path: Path) -> None:
    own = tmp_path / "lang/de/auth.py"
    own.parent.mkdir(parents=True)
    own.write_text("lines = {}")

    text = run(tmp_path, "--existing")

    assert own.read_bytes() == (BUILT_IN / "de/auth.py").read_bytes()
    assert [path.name for path in own.parent.iterdir()] == ["auth.py"]
    assert not (tmp_path / "lang/en").exists()
    assert "it does not exist" in text
