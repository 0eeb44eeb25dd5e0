"""Which locale is current: in blocks, scopes and tasks; and who decides which are looked at."""

from __future__ import annotations

import asyncio

import pytest

from securely.container import Container
from securely.translation import ArrayLoader, Translator


@pytest.fixture
def translator() -> Translator:
    loader = ArrayLoader()
    for locale, line in {"en": "one", "de": "eins", "fr": "un"}.items():
        loader.add_messages(locale, "a", {"b": line})
    return Translator(loader, "en")


def test_with_locale_when_block_fails_then_the_one_before_is_back(translator: Translator) -> None:
    translator.set_locale("de")

    with pytest.raises(ZeroDivisionError), translator.with_locale("fr"):
        translator.add_lines({"c.d": str(1 / 0)}, "en")

    assert translator.get("a.b") == "eins"


def test_locale_when_set_in_a_scope_then_ends_with_it(translator: Translator) -> None:
    app = Container()

    with app.scope():
        translator.set_locale("de")
        with translator.with_locale("fr"), app.scope():
            inner = translator.get("a.b")
        within = translator.get("a.b")

    assert (inner, within, translator.get("a.b")) == ("un", "eins", "one")


async def _line(translator: Translator, locale: str) -> list[str]:
    found: list[str] = []
    with translator.with_locale(locale):
        for _ in range(3):
            found.append(translator.get("a.b"))
            await asyncio.sleep(0)  # noqa: TID251  # lets the other task run
    return found


def test_with_locale_when_tasks_run_at_once_then_each_has_its_own(translator: Translator) -> None:
    async def both() -> list[list[str]]:
        return [*await asyncio.gather(_line(translator, "de"), _line(translator, "fr"))]

    assert asyncio.run(both()) == [["eins"] * 3, ["un"] * 3]
    assert translator.locale == "en"


def test_determine_locales_using_when_set_then_says_which_are_looked_at(
    translator: Translator,
) -> None:
    seen: list[list[str]] = []

    def others(locales: list[str]) -> list[str]:
        seen.append(locales)
        return ["fr", *locales]

    translator.determine_locales_using(others)
    found = translator.get("a.b", locale="de_AT")
    translator.determine_locales_using(None)

    assert found == "un"
    assert seen == [["de_AT", "de", "en"]]
    assert translator.get("a.b", locale="de_AT") == "eins"


class _Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


class _Tip(_Money):
    """A subclass, without a formatter of its own."""


def test_stringable_when_value_is_of_a_subclass_then_formats_it(translator: Translator) -> None:
    translator.add_lines({"a.price": "It is :price."}, "en")

    translator.stringable(_Money, lambda money: f"{money.cents / 100:.2f}")

    assert translator.get("a.price", {"price": _Tip(250)}) == "It is 2.50."


def test_stringable_when_formatter_names_no_class_then_is_refused(translator: Translator) -> None:
    with pytest.raises(TypeError, match="annotate its first parameter"):
        translator.stringable(lambda money: f"{money}")
