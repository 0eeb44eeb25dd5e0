"""Document against the parser that the framework reads .env files with."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from securely.config.dotenv import bindings, parse_dotenv
from securely.config.writer import quoted
from securely.settings import Document

NAMES = st.sampled_from(["A", "B", "MAIL_HOST", "MAIL_PORT", "LONG_NAME_1"])
ENDS = st.sampled_from(["\n", "\r\n"])
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
PLAIN = st.text("abc019/.:", max_size=8)
SINGLE = st.text('ab \\"#$\n\r{}=é', max_size=8).map(
    lambda text: "'" + text.replace("\\", "\\\\") + "'"
)
DOUBLE = st.text("ab \\'\"#$\n{}=é", max_size=8).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A well-formed file with everything people write into one."""
    end = draw(ENDS)
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 7))):
        kind = draw(st.sampled_from(["comment", "blank", "set", "set", "set"]))
        if kind == "comment":
            lines.append(draw(st.sampled_from(["# a comment", "  # A=1", "#"])))
        elif kind == "blank":
            lines.append(draw(st.sampled_from(["", "  "])))
        else:
            before = draw(st.sampled_from(["", "  ", "export ", "\texport  "]))
            equals = draw(st.sampled_from(["=", " =", "= ", " = "]))
            after = draw(st.sampled_from(["", " ", " # why", "   # it's"]))
            value = draw(st.one_of(PLAIN, SINGLE, DOUBLE, st.just("")))
            lines.append(f"{before}{draw(NAMES)}{equals}{value}{after}")
    return (
        draw(st.sampled_from(["", "\ufeff"])) + end.join(lines) + draw(st.sampled_from(["", end]))
    )


def read(text: str) -> dict[str, str]:
    return parse_dotenv(text.removeprefix("\ufeff"), Path(".env"), {"B": "of the process"})


@given(st.one_of(files(), st.text(max_size=60), st.text("A=B\"'\\ \n\r#$", max_size=30)))
def test_a_file_that_nothing_changes_comes_back_byte_for_byte(text: str) -> None:
    assert Document(text).text == text


@given(files(), NAMES, VALUES)
def test_set_changes_one_value_and_no_other_byte(text: str, name: str, value: str) -> None:
    document = Document(text)
    old = [each.original.string for each in bindings(text.removeprefix("\ufeff"))]
    names = [each.key for each in bindings(text.removeprefix("\ufeff"))]

    document.set(name, value)

    assert read(document.text)[name] == value
    if name in names:
        new = [each.original.string for each in bindings(document.text.removeprefix("\ufeff"))]
        changed = [at for at, (one, two) in enumerate(zip(old, new, strict=True)) if one != two]
        assert changed in ([], [len(names) - 1 - names[::-1].index(name)])
    else:
        line = f"{name}={quoted(value)}"
        assert document.text.replace(line, "", 1).split() == text.split()


@given(files(), NAMES)
def test_remove_takes_the_variable_and_leaves_what_others_say(text: str, name: str) -> None:
    document = Document(text)
    before = {each: piece for each, piece in _written(text) if each != name}

    document.remove(name)

    assert dict(_written(document.text)) == before


@given(files(), NAMES, VALUES, VALUES)
def test_setting_twice_is_setting_the_second(text: str, name: str, one: str, two: str) -> None:
    twice, once = Document(text), Document(text)

    twice.set(name, one)
    twice.set(name, two)
    once.set(name, two)

    assert read(twice.text) == read(once.text)


def _written(text: str) -> list[tuple[str, str]]:
    return [
        (each.key, str(each.value))
        for each in bindings(text.removeprefix("\ufeff"))
        if each.key is not None and each.value is not None
    ]
