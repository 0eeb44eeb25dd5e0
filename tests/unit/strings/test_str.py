"""Str: the golden vectors hold its answers; here is what they do not ask."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
import uuid
from datetime import UTC, datetime

import pytest

from securely.strings import Inflector, Str, Stringable
from securely.support import clock, entropy
from securely.testing import freeze

_MODULES = [
    *("ascii", "cases", "fitting", "ids", "inflector"),
    *("matching", "replacing", "slices", "str", "stringable"),
]


@pytest.mark.parametrize("name", _MODULES)
def test_examples_when_run_then_give_what_they_show(name: str) -> None:
    module = importlib.import_module(f"securely.strings.{name}")

    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("value", "ascii"),
    [
        ("Ελλάδα", "Ellada"),
        ("Ούζο", "Ouzo"),
        ("Հայաստան", "Hayastan"),
        ("საქართველო", "saqartvelo"),
        ("سلام", "slam"),
        ("٣٤ ५", "34 5"),
        ("cœur Ærø", "coeur AEro"),
        ("ﬁn", "fin"),
        ("100 €", "100 EUR"),
        ("a\r\nb\tc", "a b c"),
        ("日本 ☃", " "),
    ],
)
def test_ascii_when_given_other_scripts_then_writes_them_in_latin(value: str, ascii: str) -> None:  # noqa: A002
    assert Str.ascii(value) == ascii


@pytest.mark.parametrize(
    ("language", "value", "ascii"),
    [
        ("de", "Übergröße", "Uebergroesse"),
        ("de_AT", "Jänner", "Jaenner"),
        ("da", "smørrebrød Ærø Åge", "smoerrebroed Aeroe Aage"),
        ("ru", "Жуков щука", "Zhukov schuka"),
        ("uk", "Київ Харків", "Kyyiv Kharkiv"),
        ("xx", "größe", "grosse"),
    ],
)
def test_ascii_when_a_language_is_named_then_follows_its_rules(
    language: str,
    value: str,
    ascii: str,  # noqa: A002
) -> None:
    assert Str.ascii(value, language) == ascii


@pytest.mark.parametrize(
    ("value", "shown"),
    [("ひらがな", "hiragana"), ("한글", "hangeul"), ("Чехов", "Chekhov"), ("☃", "?"), ("½", "1/2")],
)
def test_transliterate_when_given_other_scripts_then_writes_their_sounds(
    value: str, shown: str
) -> None:
    assert Str.transliterate(value) == shown


def test_is_when_a_pattern_holds_signs_of_regular_expressions_then_they_are_text() -> None:
    assert Str.is_("a+b(c)*", "a+b(c)d")
    assert not Str.is_("a.c", "abc")
    assert Str.is_("A*", "abc", ignore_case=True)
    assert Str.is_("*\n*", "a\nb")
    assert not Str.is_([], "a")


def test_replace_when_case_does_not_matter_then_neither_do_accents_break_it() -> None:
    assert Str.replace("STRASSE", "weg", "Strasse", case_sensitive=False) == "weg"
    assert Str.replace("É", "e", "éÉ", case_sensitive=False) == "ee"
    assert Str.replace(["a", "b"], ["1"], "ab") == "1"
    assert Str.replace("", "x", "abc") == "abc"
    assert Str.remove("a", "abcA", case_sensitive=False) == "bc"


def test_replace_when_the_replacement_looks_like_a_group_then_it_is_text() -> None:
    assert Str.replace("a", r"\1", "A", case_sensitive=False) == r"\1"
    assert Str.deduplicate(r"a\\\b", "\\") == r"a\b"
    assert Str.swap({"": "x", "a": r"\g<0>"}, "a") == r"\g<0>"


def test_swap_when_keys_overlap_then_the_longest_wins_and_nothing_is_replaced_twice() -> None:
    assert Str.swap({"a": "b", "ab": "x", "b": "a"}, "abba") == "xab"


@pytest.mark.parametrize("value", ["{", "NaN", "[Infinity]", "", 5, None, "[" * 100_000])
def test_is_json_when_it_is_none_then_says_so(value: object) -> None:
    assert not Str.is_json(value)


def test_match_when_a_group_took_no_part_then_is_empty() -> None:
    assert Str.match("(x)?b", "ab") == ""
    assert Str.match_all("(x)?b", "b xb") == ["", "x"]


def test_password_when_kinds_are_asked_for_then_each_is_in_it() -> None:
    with entropy.seeded(7):
        passwords = [Str.password(4, spaces=True) for _ in range(50)]

    for password in passwords:
        assert any(each.isalpha() for each in password)
        assert any(each.isdigit() for each in password)
        assert " " in password
    assert len({password.index(" ") for password in passwords}) > 1


@pytest.mark.parametrize("length", [0, 3])
def test_password_when_it_is_too_short_for_its_kinds_then_refuses(length: int) -> None:
    with pytest.raises(ValueError, match=f"{length} characters cannot have 4 kinds"):
        Str.password(length, spaces=True)
    with pytest.raises(ValueError, match="at least one kind"):
        Str.password(5, letters=False, numbers=False, symbols=False)


def test_random_when_seeded_then_is_the_same_again() -> None:
    with entropy.seeded(1):
        first = [Str.random(), Str.uuid(), Str.ulid(datetime(2026, 1, 1, tzinfo=UTC))]
    with entropy.seeded(1):
        second = [Str.random(), Str.uuid(), Str.ulid(datetime(2026, 1, 1, tzinfo=UTC))]

    assert first == second
    with pytest.raises(ValueError, match="-1 characters"):
        Str.random(-1)


def test_ids_when_time_goes_on_then_sort_by_it() -> None:
    with freeze() as frozen:
        made = []
        for _ in range(3):
            made.append((Str.ulid(), Str.uuid7(), Str.ordered_uuid()))
            frozen(1)

    for column in zip(*made, strict=True):
        assert list(column) == sorted(column)
    assert {uuid.UUID(each[2]).version for each in made} == {4}
    assert all(Str.is_ulid(each[0]) and Str.is_uuid(each[1], 7) for each in made)
    assert clock.timestamp() > 0


def test_ids_when_a_time_does_not_fit_then_refuse() -> None:
    with pytest.raises(ValueError, match="48 bits"):
        Str.uuid7(datetime(1969, 12, 31, tzinfo=UTC))


def test_plural_when_a_word_is_declared_uncountable_then_stays() -> None:
    Inflector.uncountable.add("sudoku")
    try:
        assert Str.plural("Sudoku") == "Sudoku"
    finally:
        Inflector.uncountable.remove("sudoku")


def test_plural_when_given_what_has_a_length_then_counts_it() -> None:
    assert Str.plural("child", ["a"]) == "child"
    assert Str.counted("child", []) == "0 children"
    assert Str.counted("car", 1234.5) == "1,234.5 cars"


def test_stringable_when_it_goes_on_then_is_text_all_the_time() -> None:
    text = Str.of("  App/Http/kernel ").strip().replace("/", ".").after_last(".").ucfirst()

    assert isinstance(text, str)
    assert type(text) is Stringable
    assert text == "Kernel"
    assert {"Kernel": 1}[text] == 1
    assert Str.of(5).prepend("no. ").append("!", 1) == "no. 5!1"


def test_stringable_when_a_subclass_goes_on_then_stays_what_it_is() -> None:
    class Own(Stringable):
        pass

    assert type(Own("a b").slug()) is Own


def test_stringable_when_asked_then_answers_as_the_functions_do() -> None:
    text = Str.of("foo bar")

    assert text.is_("foo*")
    assert text.match("b(.*)") == "ar"
    assert text.match_all("[a-z]+") == ["foo", "bar"]
    assert text.is_match("r$")
    assert text.swap({"foo": "x"}).remove("x ") == "bar"
    assert text.replace_array("o", [1, 2]) == "f12 bar"
    assert text.replace_matches("[aeiou]", "", limit=1) == "fo bar"
    assert text.replace_first("o", "0").replace_last("o", "1") == "f01 bar"
    assert text.replace_start("foo", "X").replace_end("bar", "Y") == "X Y"
    assert text.pipe(len) == 7
    assert text.title().lower().upper().lstrip("F").rstrip("R") == "OO BA"
    assert text.removeprefix("foo").removesuffix("r") == " ba"


def test_strings_when_imported_then_nothing_heavy_is() -> None:
    code = (
        "import sys; before = set(sys.modules); import securely.strings; "
        "print([n for n in ('pydantic', 'msgspec', 'asyncio', 'json') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
