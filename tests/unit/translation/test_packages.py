"""Lines that packages bring: in a namespace of theirs or among the application's, and overrides."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.container import Container, Provider
from securely.translation import ArrayLoader, FileLoader, InvalidKey, Translator


def _written(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


class ShopProvider(Provider):
    """A provider of a package; its folder is the one of this file."""


@pytest.fixture
def provider(tmp_path: Path) -> ShopProvider:
    app = Container()
    app.singleton(Translator, lambda: Translator(FileLoader([tmp_path / "lang"]), "de"))
    app.alias(Translator, "translator")
    return ShopProvider(app)


@pytest.mark.parametrize("made_before", [True, False])
def test_load_translations_from_when_named_then_lines_have_the_namespace(
    provider: ShopProvider, tmp_path: Path, made_before: bool
) -> None:
    _written(tmp_path, "shop/en/cart.py", 'lines = {"empty": "Nothing"}')
    if made_before:
        provider.app.make(Translator)

    provider.load_translations_from(tmp_path / "shop", "shop")

    assert provider.app.make(Translator).get("shop::cart.empty") == "Nothing"
    assert provider.app.make(Translator).get("cart.empty") == "cart.empty"


def test_load_translations_from_when_unnamed_then_lines_join_the_applications(
    provider: ShopProvider, tmp_path: Path
) -> None:
    _written(tmp_path, "shop/en/cart.py", 'lines = {"empty": "Nothing"}')

    provider.load_translations_from(str(tmp_path / "shop"))

    assert provider.app.make(Translator).get("cart.empty") == "Nothing"


def test_load_translations_from_when_relative_then_is_within_the_package(
    provider: ShopProvider,
) -> None:
    provider.load_translations_from("lang", "shop")

    found = provider.app.make(Translator).loader.namespaces["shop"]
    assert found == Path(__file__).parent / "lang"


def test_namespace_when_application_overrides_then_wins_line_by_line(tmp_path: Path) -> None:
    _written(tmp_path, "shop/de/cart.py", 'lines = {"empty": "Leer", "full": "Voll"}')
    _written(tmp_path, "lang/vendor/shop/de/cart.yaml", "empty: Nichts da\n")
    translator = Translator(FileLoader([tmp_path / "lang"]), "de")
    translator.add_namespace("shop", tmp_path / "shop")

    assert translator.get("shop::cart") == {"empty": "Nichts da", "full": "Voll"}


def test_namespace_when_unknown_then_key_is_returned(tmp_path: Path) -> None:
    _written(tmp_path, "lang/vendor/shop/de/cart.yaml", "empty: Nichts da\n")
    translator = Translator(FileLoader([tmp_path / "lang"]), "de")

    assert translator.get("shop::cart.empty") == "shop::cart.empty"


def test_add_lines_when_group_is_loaded_then_they_are_over_it() -> None:
    translator = Translator(ArrayLoader().add_messages("en", "a", {"b": {"c": "C", "d": "D"}}))
    before = translator.get("a.b.c")

    translator.add_lines({"a.b.c": "new", "*.Save. Now.": "Saved."}, "en")

    assert before == "C"
    assert translator.get("a.b") == {"c": "new", "d": "D"}
    assert translator.get("Save. Now.") == "Saved."


def test_add_lines_when_namespaced_then_others_lack_them() -> None:
    translator = Translator(ArrayLoader())

    translator.add_lines({"cart.empty": "Nothing"}, "en", "shop")

    assert translator.get("shop::cart.empty") == "Nothing"
    assert not translator.has("cart.empty")


def test_add_lines_when_key_has_no_group_then_is_refused() -> None:
    with pytest.raises(InvalidKey, match="lacks a group"):
        Translator(ArrayLoader()).add_lines({"welcome": "x"}, "en")


def test_set_loaded_when_lines_were_known_then_replaces_all() -> None:
    translator = Translator(ArrayLoader())
    translator.add_lines({"a.b": "old"}, "en")
    before = translator.get("a.b")

    translator.set_loaded({"*": {"a": {"en": {"c": "C"}}}})

    assert before == "old"
    assert translator.get("a.b") == "a.b"
    assert translator.get("a.c") == "C"


def test_get_when_key_was_absent_then_a_line_that_is_added_is_found() -> None:
    translator = Translator(ArrayLoader())
    before = [translator.get("a.b"), translator.get("a.b")]

    translator.add_lines({"a.b": "B"}, "en")

    assert before == ["a.b", "a.b"]
    assert translator.get("a.b") == "B"


def test_get_when_key_was_absent_then_another_fallback_is_asked() -> None:
    translator = Translator(ArrayLoader().add_messages("fr", "a", {"b": "B"}), "de", "en")
    before = translator.get("a.b")

    translator.set_fallback("fr")

    assert (before, translator.get("a.b")) == ("a.b", "B")


def test_missing_keys_when_asked_twice_then_are_told_twice() -> None:
    translator = Translator(ArrayLoader())
    told: list[str] = []
    translator.handle_missing_keys_using(lambda key, *_: told.append(key))

    found = [translator.get("a.b"), translator.get("a.b")]

    assert found == ["a.b", "a.b"]
    assert told == ["a.b", "a.b"]
