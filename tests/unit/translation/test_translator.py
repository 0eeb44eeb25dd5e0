"""Lines by key and locale, from files that may be malformed, under names that may be hostile."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from securely.translation import FileLoader, InvalidLocale, LinesBroken, Translator
from securely.translation.files import read_group
from securely.translation.loaders import BUILT_IN

HOSTILE = ["../../etc/passwd", "a\0b", "\ud800", "x" * 1_000_000, "..\\..\\etc", ""]


def flat(lines: Any, path: str = "") -> dict[str, set[str]]:
    """Return the placeholders of each line, by its dotted key."""
    if not isinstance(lines, dict):
        return {path: {name.lower() for name in re.findall(r":(\w+)", lines)}}
    found: dict[str, set[str]] = {}
    for key, line in lines.items():
        found.update(flat(line, f"{path}.{key}"))
    return found


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*/*.py")), ids=lambda path: str(path)[-24:])
def test_built_in_lines_when_compared_with_english_then_have_its_keys_and_names(path: Path) -> None:
    english = flat(read_group(BUILT_IN / "en" / path.name))

    assert flat(read_group(path)) == english


@pytest.mark.parametrize("locale", HOSTILE[:5])
def test_locale_when_it_is_no_name_then_is_refused(tmp_path: Path, locale: str) -> None:
    translator = Translator(FileLoader([tmp_path]))

    with pytest.raises(InvalidLocale):
        translator.set_locale(locale)
    with pytest.raises(InvalidLocale):
        translator.get("messages.welcome", locale=locale)


@pytest.mark.parametrize("key", HOSTILE)
def test_key_when_hostile_then_is_returned_and_nothing_is_read(tmp_path: Path, key: str) -> None:
    (tmp_path / "lang/en").mkdir(parents=True)
    (tmp_path / "secret.py").write_text("raise SystemExit")
    translator = Translator(FileLoader([tmp_path / "lang"]))

    assert translator.get(key) == key
    assert translator.get("../../secret.x") == "../../secret.x"


@pytest.mark.parametrize(
    ("name", "text", "line", "reason"),
    [
        ("a.py", "lines = {\n'a': }", 2, "Syntax error"),
        ("a.py", "\n1 / 0", 2, "ZeroDivisionError"),
        ("a.py", "other = 1", None, "defines no `lines`"),
        ("a.json", '{\n"a": }', 2, "Not JSON"),
        ("a.yaml", "a: 1\nb: [", 2, "Not YAML"),
        ("a.yaml", "!!python/object/apply:os.system ['x']", 1, "Not YAML"),
        ("a.yaml", "no: Nein", None, "The key False is no text"),
        ("a.yaml", "- a", None, "lines by name"),
        ("a.yaml", "a: &a\n  b: *a", None, "nests deeper"),
    ],
)
def test_file_when_malformed_then_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, line: int | None, reason: str
) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / name).write_text(text)

    with pytest.raises(LinesBroken, match=re.escape(reason)) as caught:
        Translator(FileLoader([tmp_path])).get("a.b")

    assert caught.value.path == tmp_path / "en" / name
    assert caught.value.line == line


def test_framework_line_when_no_locale_has_it_then_is_english(tmp_path: Path) -> None:
    translator = Translator(FileLoader([tmp_path]), "xx", "yy")

    assert translator.get("auth.password") == "The provided password is incorrect."


async def _other(translator: Translator, locale: str) -> str:
    translator.set_locale(locale)
    await asyncio.sleep(0)  # noqa: TID251  # lets the other task run
    return translator.locale


def test_locale_when_tasks_run_at_once_then_each_has_its_own(tmp_path: Path) -> None:
    translator = Translator(FileLoader([tmp_path]), "en")

    async def both() -> list[str]:
        return [*await asyncio.gather(_other(translator, "de"), _other(translator, "fr"))]

    assert asyncio.run(both()) == ["de", "fr"]
    assert translator.locale == "en"
