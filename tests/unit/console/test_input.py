from __future__ import annotations

import pytest

from securely.console import Input, InvalidInput, Signature
from securely.console.input import tokenize
from securely.support.terminal import Globals

SIGNATURE = Signature.parse(
    "mail:send {user} {copy?*} {--Q|queue=default} {--tries=} {--id=*} {--f|force} {--rate=}"
)


def parsed(line: str) -> Input:
    return Input.from_tokens(SIGNATURE, tokenize(line))


def test_defaults_when_nothing_is_given_are_those_of_the_signature() -> None:
    found = parsed("1")

    assert found.arguments() == {"user": "1", "copy": []}
    assert found.options() == {
        "queue": "default",
        "tries": None,
        "id": [],
        "force": False,
        "rate": None,
    }


def test_defaults_when_changed_by_one_run_are_whole_in_the_next() -> None:
    first = parsed("1")
    value = first.option("id")
    assert isinstance(value, list)
    value.append("9")

    assert parsed("1").option("id") == []


def test_from_tokens_when_a_set_holds_a_global_option_adds_to_those() -> None:
    found = Globals()

    given_ = Input.from_tokens(SIGNATURE, ["-fn", "1"], found)

    assert given_.option("force") is True
    assert not found.interactive
    assert not given_.interactive


def test_from_tokens_when_an_option_is_misspelt_names_the_near_one() -> None:
    with pytest.raises(InvalidInput, match=r'"--quee" option does not exist. Did .*"--queue"'):
        parsed("1 --quee=x")


def test_from_parameters_takes_what_code_has() -> None:
    found = Input.from_parameters(
        SIGNATURE, {"user": 7, "--id": [1, 2], "--force": True, "-Q": "low", "copy": ("a", 3)}
    )

    assert found.arguments() == {"user": "7", "copy": ["a", "3"]}
    assert found.option("id") == ["1", "2"]
    assert found.option("force") is True
    assert found.option("queue") == "low"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, r'missing: "user"'),
        ({"user": 1, "usr": 2}, r'no argument "usr". Did you mean "user"'),
        ({"user": 1, "--queu": "x"}, r'no option "queu". Did you mean "queue"'),
        ({"user": 1, "-Z": "x"}, r'"-Z" option does not exist'),
        ({"user": 1, "--force": "yes"}, r"--force is a flag: give True or False, not str"),
    ],
)
def test_from_parameters_when_they_do_not_fit_says_so(
    parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        Input.from_parameters(SIGNATURE, parameters)


def test_integer_when_it_is_one_gives_it() -> None:
    assert parsed("1 --tries=-3").integer("tries") == -3
    assert parsed("1 --tries=5").integer("tries", 1, 5) == 5


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 --tries=x", r'--tries is "x", but it takes an integer from 1 to 5'),
        ("1 --tries=9", r'--tries is "9", but it takes an integer from 1 to 5'),
        ("1 --tries=1.5", r'--tries is "1.5"'),
        ("1", r"--tries is missing: it takes an integer from 1 to 5. Give --tries=a number"),
    ],
)
def test_integer_when_it_is_none_names_option_value_and_remedy(line: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parsed(line).integer("tries", 1, 5)


def test_integer_of_an_argument_names_it_as_the_usage_does() -> None:
    with pytest.raises(InvalidInput, match='<user> is "ada", but it takes an integer of at least'):
        parsed("ada").integer("user", 1)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "x", "1,5"])
def test_number_when_it_is_not_finite_or_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="--rate is"):
        parsed(f"1 --rate={text}").number("rate")


def test_number_within_bounds_is_given() -> None:
    assert parsed("1 --rate=2.5").number("rate", 0, 3) == 2.5
    with pytest.raises(InvalidInput, match="of at most 2"):
        parsed("1 --rate=2.5").number("rate", maximum=2)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1", False),
        ("1 --rate", True),
        ("1 --rate=Yes", True),
        ("1 --rate=0", False),
        ("1 --rate=off", False),
    ],
)
def test_boolean_reads_words(line: str, expected: bool) -> None:
    assert parsed(line).boolean("rate") is expected


def test_boolean_when_it_is_another_word_is_refused() -> None:
    with pytest.raises(InvalidInput, match='--rate is "maybe", but it takes yes or no'):
        parsed("1 --rate=maybe").boolean("rate")


def test_strings_gives_lists() -> None:
    assert parsed("1 --id=a --id=b").strings("id") == ["a", "b"]
    assert parsed("1 x y").strings("copy") == ["x", "y"]
    assert parsed("1").strings("queue") == ["default"]
    assert parsed("1").strings("tries") == []
    with pytest.raises(InvalidInput, match="--id is missing"):
        parsed("1 --id").strings("id")


def test_choice_when_it_is_none_of_them_lists_them_and_the_near_one() -> None:
    assert parsed("1 --queue=low").choice("queue", ("high", "low")) == "low"
    with pytest.raises(InvalidInput, match=r'"lwo", but it takes one of high, low. Did .*"low"'):
        parsed("1 --queue=lwo").choice("queue", ("high", "low"))


def test_string_when_it_was_left_out_is_refused() -> None:
    assert parsed("ada").string("user") == "ada"
    with pytest.raises(InvalidInput, match="--tries is missing: it takes a text"):
        parsed("1").string("tries")


def test_value_when_the_name_is_unknown_lists_what_there_is() -> None:
    with pytest.raises(
        InvalidInput, match=r'argument or option "usr". Did .*"user".*Defined: user'
    ):
        parsed("1").value("usr")


def test_was_given_tells_a_default_from_the_same_value_given() -> None:
    assert not parsed("1").was_given("queue")
    assert parsed("1 --queue=default").was_given("queue")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("a  b\tc", ["a", "b", "c"]),
        ("""a "b c" 'd e' --f="g h" """, ["a", "b c", "d e", "--f=g h"]),
        (r"a\ b 'it\'s' \"", ["a b", "it's", '"']),
        ("it's", ["it's"]),
        ('"" x', ["", "x"]),
        ("trailing\\", ["trailing"]),
    ],
)
def test_tokenize_splits_as_a_shell_does(line: str, words: list[str]) -> None:
    assert tokenize(line) == words
