"""JSON, base64 and encodings: what holds, and how long it takes to tell."""

from __future__ import annotations

import codecs
import doctest
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.validation.rules import contents
from securely.validation.rules.contents import (
    ENCODINGS,
    encoding_named,
    has_encoding,
    is_base64,
    is_json,
)
from tests.effort import effort

LARGE = 1_000_000
_FINITE = st.floats(allow_nan=False, allow_infinity=False)


def test_examples_when_run_then_give_what_they_show() -> None:
    assert doctest.testmod(contents).failed == 0


@pytest.mark.parametrize(
    "text",
    [
        *("0", "-0", "10", "-1.50", "1e5", "1E+5", "0.1e-5", "1e99999", "9" * 5000),
        *("true", "false", "null", '""', '"a"', "[]", "{}", " \t\r\n[ ] \n"),
        *("[1,2]", "[[],[{}]]", '{"a":1,"a":[2]}', '{"":null , "b" : {"c":"d"}}'),
        *('"\\u00e9\\n\\/\\\\\\""', '"\\ud83d\\ude00"', '"\x7f\u2028\U0001f600"', '"\\u0000"'),
        "[" * 512 + "]" * 512,
        '{"a":' * 512 + "1" + "}" * 512,
        "[" + "[]," * 1000 + "[]]",
    ],
    ids=lambda text: text[:20],
)
def test_json_when_it_is_by_the_rfc_then_passes(text: str) -> None:
    assert is_json(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "1_0", "--1", "١"),
        *("True", "NULL", "nul", "truefalse", "true false", "NaN", "-Infinity", "undefined"),
        *("'a'", '"', '"a', '"a\nb"', '"\t"', '"\x00"', '"\\x41"', '"\\u12"', '"\\'),
        *('"\\ud800"', '"\\udc00"', '"\\ud800\\u0041"', '"\\ud800x"', '"\\udc00\\ud800"'),
        *("[", "]", "[1", "[1,]", "[,1]", "[1 2]", "[1:2]", "[}", "{]", "[]]", "[],[]", ","),
        *("{", "}", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', "{1:2}", "{a:1}", '{"a" 1}'),
        *('{"a":1 "b":2}', '{"a":1,2}', '{"a"::1}', '["a":1]', '{"a","b"}', '{"a":1]'),
        *("\ufeff1", "1\x00", "\x0b1", "\xa01", "// a\n1", "1 # a", '"\ud800"', ":", "1,2"),
        "[" * 513 + "]" * 513,
        '{"a":' * 513 + "1" + "}" * 513,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_json_when_it_is_not_by_the_rfc_then_is_refused(text: str) -> None:
    assert not is_json(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | _FINITE | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.booleans(),
)
def test_json_when_python_wrote_it_then_passes(data: object, ascii_only: bool) -> None:
    assert is_json(json.dumps(data, ensure_ascii=ascii_only))


@given(st.text(st.sampled_from('[]{}:,"\\u0d8c1e.-ntrfalsx \n')))
def test_any_text_when_it_is_json_then_python_reads_it(text: str) -> None:
    def refuse(constant: str) -> object:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
        readable = True
    except ValueError:
        readable = False

    # Python reads lone surrogates, which are refused here.
    assert is_json(text) == readable or (readable and "\\ud" in text)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("", True),
        ("QUJD", True),
        ("QUI=", True),
        ("QQ==", True),
        ("+/+/", True),
        ("QQ", False),
        ("QQ=", False),
        ("QQ===", False),
        ("Q===", False),
        ("QQ==QQ==", False),
        ("QU JD", False),
        ("QUJD\n", False),
        ("-_-_", False),
        ("é===", False),
    ],
)
def test_base64_when_it_is_padded_and_has_nothing_else_then_passes(text: str, sound: bool) -> None:
    assert is_base64(text) is sound


@pytest.mark.parametrize("name", [*ENCODINGS, "UTF-8", "Windows-1252", "SJIS-win"])
def test_encoding_when_php_lists_it_then_python_has_it(name: str) -> None:
    named = encoding_named(name)

    assert named is not None
    assert codecs.lookup(named)
    assert has_encoding(b"", name)
    assert isinstance(has_encoding(bytes(range(256)), name), bool)


@pytest.mark.parametrize("name", ["", "utf8", "latin1", "cp1252", "bogus", "UTF-8 "])
def test_encoding_when_php_does_not_list_it_then_it_is_none(name: str) -> None:
    assert encoding_named(name) is None
    with pytest.raises(ValueError, match="No encoding is called"):
        has_encoding(b"a", name)


@pytest.mark.parametrize(
    ("data", "name", "sound"),
    [
        ("zoë", "UTF-8", True),
        ("zoë", "ASCII", False),
        ("zoë", "7bit", False),
        ("zoë", "8bit", True),
        ("zoe", "ASCII", True),
        ("zoë", "ISO-8859-1", True),
        ("\ud800", "UTF-8", False),
        (b"zo\xeb", "UTF-8", False),
        (b"zo\xeb", "utf-8", False),
        (b"\xed\xa0\x80", "UTF-8", False),
        (b"\xf5\x80\x80\x80", "UTF-8", False),
        (b"\x81", "Windows-1252", False),
        (b"\x82\xa0", "SJIS", True),
        (b"\x82", "SJIS", False),
        (b"\x00a", "UTF-16", True),
        (b"a", "UTF-16", False),
        (b"\xd8\x00", "UTF-16", False),
        (b"\xff\xfe\x00\xd8", "UTF-16", False),
        (b"\xff\xfea\x00", "UTF-16", True),
        (b"\x00\x00\x00a", "UTF-32", True),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", "UTF-32", True),
        (b"a\x00\x00\x00", "UTF-32", False),
    ],
)
def test_data_when_its_encoding_is_asked_for_then_it_holds_throughout(
    data: bytes | str, name: str, sound: bool
) -> None:
    assert has_encoding(data, name) is sound


@given(st.text() | st.binary(), st.sampled_from(sorted(ENCODINGS)))
def test_any_data_when_asked_then_gets_an_answer(data: bytes | str, name: str) -> None:
    assert has_encoding(data, name) in {True, False}
    if isinstance(data, str):
        assert is_json(data) in {True, False}
        assert is_base64(data) in {True, False}


@pytest.mark.parametrize(
    "text",
    [
        "[" * LARGE,
        '{"a":' * (LARGE // 5),
        "[" + "[]," * (LARGE // 3) + "[]]",
        "[" + "1," * (LARGE // 2) + "1]",
        '"' + "\\u0041" * (LARGE // 6) + '"',
        '"' + "a" * LARGE,
        "1" * LARGE,
        "1" + " " * LARGE + "x",
        "-" * LARGE,
        "A" * LARGE + "=",
        "é" * LARGE,
    ],
    ids=lambda text: text[:8],
)
def test_text_of_a_megabyte_when_asked_then_is_told_in_linear_time(text: str) -> None:
    assert effort(lambda: (is_json(text), is_base64(text), has_encoding(text, "UTF-8"))) < 5
