"""Addresses of mail: what is one, in which way, and how long it takes to tell."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from securely.validation.rules import emails, native_emails
from securely.validation.rules.emails import is_email, mail_domain
from securely.validation.rules.native_emails import is_native_email
from tests.effort import effort

KINDS = ["rfc", "strict", "filter", "filter_unicode", "spoof"]
LARGE = 1_000_000

# The address, and whether it is one by: rfc, strict, filter, filter_unicode.
ADDRESSES = [
    ("ann@example.com", True, True, True, True),
    ("Ann.O'Neill+list@mail.example.co.uk", True, True, True, True),
    ("ann@localhost", True, False, False, False),
    ("ann@1.2.3.4", True, True, False, False),
    ("ann@b.-c.com", True, True, False, False),
    ("ann@b-.com", False, False, False, False),
    ("ann@b.com-", False, False, False, False),
    ("ann@-b.com", False, False, False, False),
    ("ann@b..com", False, False, False, False),
    ("ann@.b.com", False, False, False, False),
    ("ann@b.com.", False, False, False, False),
    ("ann@b_c.com", False, False, False, False),
    ("ann@b.com/x", False, False, False, False),
    ("ann@b c.com", False, False, False, False),
    ("ann@@b.com", False, False, False, False),
    ("@b.com", False, False, False, False),
    ("ann@", False, False, False, False),
    ("ann", False, False, False, False),
    ("", False, False, False, False),
    (".ann@b.com", False, False, False, False),
    ("ann.@b.com", False, False, False, False),
    ("an..n@b.com", False, False, False, False),
    ("an n@b.com", False, False, False, False),
    ("ann @b.com", True, False, False, False),
    (" ann@b.com", False, False, False, False),
    ("ann@b.com ", False, False, False, False),
    ("an\\n@b.com", False, False, False, False),
    ("ann\\ @b.com", True, True, False, False),
    ("a,b@b.com", False, False, False, False),
    ("<ann@b.com>", False, False, False, False),
    # Letters of all scripts, but neither symbols nor controls.
    ("zoë@b.com", True, True, False, True),
    ("Ω@παράδειγμα.ελ", True, True, False, False),
    ("ann@\u2603.com", False, False, False, False),
    ("ann\u2603@b.com", False, False, False, False),
    ("ann\u200b@b.com", False, False, False, False),
    ("ann\x07@b.com", False, False, False, False),
    ("ann\x00@b.com", False, False, False, False),
    ("ann@¿b.com", False, False, False, False),
    ("¿ann@b.com", True, True, False, False),
    ("\ud800@b.com", False, False, False, False),
    # Quotes.
    ('"ann"@b.com', True, False, True, True),
    ('"an n"@b.com', True, False, False, False),
    ('"an@n"@b.com', True, False, True, True),
    ('"an\\"n"@b.com', True, False, True, True),
    ('"an\\ n"@b.com', True, False, True, True),
    ('"an\tn"@b.com', False, False, False, False),
    ('"an\\\tn"@b.com', True, False, True, True),
    ('"zoë"@b.com', True, False, False, True),
    ('x."ann"@b.com', True, False, True, True),
    ('"ann".x@b.com', False, False, True, True),
    ('x"ann"@b.com', False, False, False, False),
    ('"ann@b.com', False, False, False, False),
    ('"ann\\"@b.com', False, False, False, False),
    # Comments.
    ("(work)ann@b.com", True, False, False, False),
    ("ann(work)@b.com", True, False, False, False),
    ("ann(at (my) work)@b.com", True, False, False, False),
    ("(work) ann@b.com", True, False, False, False),
    ("ann(work@b.com", False, False, False, False),
    ("ann)work(@b.com", False, False, False, False),
    ("(work)@b.com", False, False, False, False),
    ("ann.(work)@b.com", False, False, False, False),
    ("(work).ann@b.com", False, False, False, False),
    ("ann(x)<ann@b.com", False, False, False, False),
    ("ann@(work)b.com", True, False, False, False),
    ("ann@b(work).com", True, False, False, False),
    ("ann@b.com(work)", False, False, False, False),
    ("ann@b(work.com", False, False, False, False),
    ("ann@b)work(.com", False, False, False, False),
    # Literals.
    ("ann@[10.0.0.1]", True, False, True, True),
    ("ann@[10.0.0.01]", True, False, False, False),
    ("ann@[IPv6:2001:db8::1]", True, False, True, True),
    ("ann@[ipv6:1:2:3:4:5:6:7:8]", True, False, True, True),
    ("ann@[IPv6:::ffff:10.0.0.1]", True, False, True, True),
    ("ann@[IPv6:1:2:3:4:5:6:7::]", True, False, False, False),
    ("ann@[IPv6:1:2:3:4:5::1.2.3.4]", True, False, False, False),
    ("ann@[2001:db8::1]", True, False, False, False),
    ("ann@[10.0.0.1", False, False, False, False),
    ("ann@[[10.0.0.1]", False, False, False, False),
    ("ann@[10.0.0.1.]", False, False, False, False),
    ("ann@[10.0.0.1]>, <eve@b.com", False, False, False, False),
    ("ann@b[10.0.0.1]", False, False, False, False),
]


@pytest.mark.parametrize("module", [emails, native_emails])
def test_examples_when_run_then_give_what_they_show(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type] # a module is given


@pytest.mark.parametrize(("text", "rfc", "strict", "native", "native_unicode"), ADDRESSES)
def test_address_when_asked_in_each_way_then_answers_as_that_way_does(
    text: str, rfc: bool, strict: bool, native: bool, native_unicode: bool
) -> None:
    answers = [is_email(text, [kind]) for kind in KINDS[:4]]

    assert answers == [rfc, strict, native, native_unicode]


@pytest.mark.parametrize("kinds", [(), ("unheard of",), ("rfc", "rfc")])
def test_address_when_no_kind_is_known_then_it_is_taken_as_by_rfc(kinds: tuple[str, ...]) -> None:
    assert is_email('"an n"@b', kinds)
    assert not is_email("a..b@b", kinds)


def test_address_when_several_kinds_are_asked_then_all_have_to_take_it() -> None:
    assert is_email('"ann"@b.com', ["rfc", "filter"])
    assert not is_email('"ann"@b.com', ["rfc", "strict"])
    assert not is_email("ann(work)@b.com", ["rfc", "filter"])


def test_address_when_only_dns_is_asked_then_its_form_is_not_looked_at() -> None:
    assert is_email("no address", ["dns"])
    assert not is_email("no address", ["dns", "rfc"])


@pytest.mark.parametrize("kind", ["rfc", "strict", "filter", "filter_unicode", "spoof", "dns"])
@pytest.mark.parametrize(
    "text", ["ann@b.com\n", "ann@b.com\r\n", "\nann@b.com", "ann@b\r.com", "ann\r\n @b.com"]
)
def test_address_when_it_has_a_new_line_then_it_is_refused(text: str, kind: str) -> None:
    assert not is_email(text, [kind])


@pytest.mark.parametrize(
    ("text", "rfc", "strict", "native"),
    [
        ("a" * 64 + "@b.com", True, True, True),
        ("a" * 65 + "@b.com", True, False, False),
        ("ä" * 32 + "@b.com", True, True, False),
        ("ä" * 33 + "@b.com", True, False, False),
        ("a@" + "b" * 63 + ".com", True, True, True),
        ("a@" + "b" * 64 + ".com", False, False, False),
        # The dot counts, in the original too.
        ("a@x." + "b" * 62 + ".com", True, True, True),
        ("a@x." + "b" * 63 + ".com", False, False, True),
        ("a@" + "ä" * 50 + ".com", True, True, False),
        ("a@" + "ä" * 60 + ".com", False, False, False),
        ("a@" + "ｂ" * 63 + ".com", True, True, False),
        ("a@" + ".".join(["b" * 49] * 5) + ".cd", True, True, True),
        ("a@" + ".".join(["b" * 49] * 5) + ".cde", True, False, False),
        ("a@" + ".".join(["b" * 49] * 5) + ".cdef", False, False, False),
        ("a(" + "c" * 400 + ")@b.com", True, False, False),
    ],
)
def test_address_when_it_is_long_then_each_way_has_its_limit(
    text: str, rfc: bool, strict: bool, native: bool
) -> None:
    assert [is_email(text, [kind]) for kind in KINDS[:3]] == [rfc, strict, native]


def test_native_filter_when_letters_are_escaped_then_they_count_as_one() -> None:
    assert is_native_email('"' + "\\a" * 64 + '"@b.com')
    assert not is_native_email('"' + "\\a" * 65 + '"@b.com')
    assert not is_native_email("ä" * 60 + "@" + ".".join(["b" * 60] * 4), unicode=True)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("ann@example.com", True),
        ("zoë@exämple.com", True),
        ("анна@пример.рф", True),
        ("αννα2@παράδειγμα.ελ", True),
        ("p\u0430ypal@example.com", False),  # a Cyrillic a
        ("ann@g\u03bf\u03bfgle.com", False),  # two of Greek
        ("анна@example.com", False),
        ("山田たろう@example.com", True),
        ("ヤマダ\u30fc@example.com", True),
        ("김@example.com", True),
        ("김たろう@example.com", False),
        ("ｚｏｅ@example.com", True),
        ("12-34_5", True),
    ],
)
def test_spoof_when_scripts_are_mixed_then_only_those_written_together_pass(
    text: str, sound: bool
) -> None:
    assert is_email(text, ["spoof"]) is sound


@pytest.mark.parametrize(
    ("address", "domain"),
    [("ann@b.com", "b.com"), ('"an@n"@b.com', "b.com"), ("ann", "ann"), ("", ""), ("ann@", "")],
)
def test_mail_domain_when_asked_then_is_what_stands_behind_the_last_at(
    address: str, domain: str
) -> None:
    assert mail_domain(address) == domain


@given(
    st.text(st.sampled_from('ab1.@"\\()[]<>:;, \té\u2603\x00\n-')) | st.text(),
    st.lists(st.sampled_from([*KINDS, "dns", "?"])),
)
@example("@", ["rfc"])
@example('"', ["rfc"])
@example("(", ["rfc"])
@example("a@[", ["rfc"])
def test_any_text_when_asked_then_gets_an_answer(text: str, kinds: list[str]) -> None:
    assert is_email(text, kinds) in {True, False}


@given(
    st.from_regex(
        r"[a-z0-9]{1,20}([.+_-][a-z0-9]{1,9}){0,3}@[a-z]{1,20}\.[a-z]{2,6}", fullmatch=True
    )
)
def test_plain_address_when_asked_then_every_way_takes_it(text: str) -> None:
    assert is_email(text, KINDS)


@given(st.text(st.sampled_from('ab.@"\\()[] é')))
def test_any_text_when_it_is_strict_then_it_is_by_rfc_as_well(text: str) -> None:
    assert not is_email(text, ["strict"]) or is_email(text, ["rfc"])


@pytest.mark.parametrize(
    "text",
    [
        "a" * LARGE + "@b.com",
        "a." * (LARGE // 2) + "@b.com",
        "a@" + "b." * (LARGE // 2) + "com",
        '"' + '\\"' * (LARGE // 2) + "@b.com",
        '"' * LARGE,
        "(" * (LARGE // 2) + ")" * (LARGE // 2) + "a@b.com",
        "(" * LARGE + "@b.com",
        " " * LARGE + "@b.com",
        "\\" * LARGE + "@b.com",
        "@" * LARGE,
        "é" * LARGE + "@b.com",
        "a@[" + "1" * LARGE + "]",
    ],
    ids=lambda text: text[:3],
)
def test_text_of_a_megabyte_when_asked_then_is_told_in_linear_time(text: str) -> None:
    # Each takes a tenth of a second at most; what is quadratic takes hours.
    assert effort(lambda: [is_email(text, [kind]) for kind in KINDS]) < 5
