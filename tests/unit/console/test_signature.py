"""What Laravel's vectors do not say: the golden ones are in tests/golden/signature."""

from __future__ import annotations

import pytest

from securely.console import InvalidSignature, Signature


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("cmd {a} {a}", 'argument with name "a" already exists'),
        ("cmd {--a} {--a=}", 'option named "a" already exists'),
        ("cmd {--A|a} {--A|b}", 'option with shortcut "A" already exists'),
        ("cmd {a*} {b}", 'argument "b" after an array argument "a"'),
        ("cmd {a?} {b}", 'required argument "b" after an optional one "a"'),
        ("cmd {--quiet}", 'option named "quiet" already exists'),
        ("cmd {--no-ansi}", 'option named "no-ansi" already exists'),
        ("cmd {--q|queue=}", 'option with shortcut "q" already exists'),
        ("cmd {}", "no name"),
    ],
)
def test_check_when_a_signature_cannot_work_says_why(signature: str, message: str) -> None:
    with pytest.raises(InvalidSignature, match=message):
        Signature.parse(signature).check()


def test_check_when_a_brace_is_open_points_at_it() -> None:
    with pytest.raises(InvalidSignature) as caught:
        Signature.parse("mail:send\n    {user : Who} {--queue=").check()

    assert str(caught.value).splitlines() == [
        "This brace is never closed:",
        "        {user : Who} {--queue=",
        "                     ^",
    ]


def test_check_when_names_are_not_reserved_leaves_them() -> None:
    signature = Signature.parse("cmd {--q|queue=}")

    assert signature.check(reserved=False) is signature


def test_option_when_asked_by_name_or_shortcut_finds_it() -> None:
    signature = Signature.parse("cmd {--Q|queue=default : Where}")

    assert signature.option("queue") is signature.shortcut("Q")
    assert signature.option("queue") is not None
    assert signature.option("other") is None
    assert signature.shortcut("x") is None
