"""Addresses of networks and of the web, colors and ids: what is one, and how long it takes."""

from __future__ import annotations

import doctest
import ipaddress
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.validation.rules import addresses
from securely.validation.rules.addresses import (
    is_hex_color,
    is_ip,
    is_mac,
    is_ulid,
    is_url,
    is_uuid,
    url_host,
)
from tests.effort import effort

LARGE = 1_000_000
NIL = "00000000-0000-0000-0000-000000000000"
MAX = "ffffffff-ffff-ffff-ffff-ffffffffffff"
FOUR = "9b3e2f0c-1d2a-4c3b-8d4e-5f6071829304"


def test_examples_when_run_then_give_what_they_show() -> None:
    assert doctest.testmod(addresses).failed == 0


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0.0.0.0", 4),  # noqa: S104 -- nothing is bound
        ("10.20.30.255", 4),
        ("10.20.30.256", None),
        ("10.20.30", None),
        ("10.20.30.40.50", None),
        ("10.20.30.04", None),
        ("10.20.30.0x4", None),
        ("10.20.30.40/8", None),
        ("10.20.30.40:80", None),
        ("10.20.30.40\n", None),
        (" 10.20.30.40", None),
        ("+1.2.3.4", None),
        ("1.2.3.٤", None),
        ("169090600", None),
        ("", None),
        ("::", 6),
        ("::1", 6),
        ("fe80::AbCd", 6),
        ("fe80::1%eth0", None),
        ("[::1]", None),
        (":1:2:3:4:5:6:7", None),
        ("1:2:3:4:5:6:7:", None),
        ("1:2:3:4:5:6:7", None),
        ("1:2:3:4:5:6:7:8", 6),
        ("1:2:3:4:5:6:7:8:9", None),
        ("1:2:3:4:5:6:7::", 6),
        ("1:2:3:4:5:6:7::8", None),
        ("1::2::3", None),
        (":::", None),
        ("12345::", None),
        ("::g", None),
        ("::ffff:10.0.0.1", 6),
        ("::ffff:10.0.0.01", None),
        ("1:2:3:4:5:6:10.0.0.1", 6),
        ("1:2:3:4:5:6:7:10.0.0.1", None),
        ("10.0.0.1::", None),
        ("::1/64", None),
    ],
)
def test_ip_when_a_version_is_asked_for_then_only_that_one_passes(
    text: str, version: int | None
) -> None:
    assert [is_ip(text), is_ip(text, 4), is_ip(text, 6)] == [
        version is not None,
        version == 4,
        version == 6,
    ]


@given(st.ip_addresses())
def test_ip_when_python_wrote_it_then_passes(address: ipaddress.IPv4Address) -> None:
    assert is_ip(str(address), address.version)
    assert is_ip(address.exploded)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("0a:1B:2c:3D:4e:5F", True),
        ("0a-1B-2c-3D-4e-5F", True),
        ("0a1B.2c3D.4e5F", True),
        ("0a:1b:2c:3d:4e", False),
        ("0a:1b:2c:3d:4e:5f:60", False),
        ("0a:1b:2c:3d:4e-5f", False),
        ("0a1b2c3d4e5f", False),
        ("0g:1b:2c:3d:4e:5f", False),
        ("٠a:1b:2c:3d:4e:5f", False),
        ("0a:1b:2c:3d:4e:5f\n", False),
        ("", False),
    ],
)
def test_mac_when_written_in_one_of_three_ways_then_passes(text: str, sound: bool) -> None:
    assert is_mac(text) is sound


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("#abc", True),
        ("#ABCd", True),
        ("#a1b2c3", True),
        ("#a1b2c3d4", True),
        ("#a1b2c3d4\n", True),
        ("#a1b2c3d4\n\n", False),
        ("#ab", False),
        ("#abcde", False),
        ("#abcdeff", False),
        ("#abcdefabc", False),
        ("abc", False),
        ("#abg", False),
        ("#ａｂｃ", False),
        ("", False),
    ],
)
def test_hex_color_when_it_has_3_4_6_or_8_digits_then_passes(text: str, sound: bool) -> None:
    assert is_hex_color(text) is sound


@pytest.mark.parametrize(
    ("text", "version", "sound"),
    [
        (FOUR, None, True),
        (FOUR.upper(), None, True),
        (FOUR, 4, True),
        (FOUR, "4", True),
        (FOUR, "4th", True),
        (FOUR, 5, False),
        (FOUR, "x", False),
        (NIL, None, True),
        (NIL, 0, True),
        (NIL, "nil", True),
        (NIL, "x", True),
        (NIL, 4, False),
        (NIL, "max", False),
        (MAX, "max", True),
        (MAX.upper(), "max", True),
        (MAX, 0, False),
        (MAX, 15, False),
        ("9b3e2f0c-1d2a-9c3b-8d4e-5f6071829304", None, True),
        ("9b3e2f0c-1d2a-9c3b-8d4e-5f6071829304", 9, False),
        ("9b3e2f0c-1d2a-4c3b-cd4e-5f6071829304", None, True),
        ("9b3e2f0c-1d2a-4c3b-cd4e-5f6071829304", 4, False),
        # With a version, forms that Laravel's parser takes pass too.
        ("{" + FOUR + "}", None, False),
        ("{" + FOUR + "}", 4, True),
        ("URN:UUID:" + FOUR, 4, True),
        (FOUR.replace("-", ""), None, False),
        (FOUR.replace("-", ""), 4, True),
        (FOUR + "\n", None, False),
        (FOUR + "\n", 4, False),
        (FOUR[:-1], 4, False),
        (FOUR.replace("9", "٩"), 4, False),
        ("", None, False),
        ("", 0, False),
    ],
)
def test_uuid_when_a_version_is_asked_for_then_only_that_one_passes(
    text: str, version: int | str | None, sound: bool
) -> None:
    assert is_uuid(text, version) is sound


@given(st.uuids(version=4) | st.uuids(version=1) | st.uuids(version=5))
def test_uuid_when_python_made_it_then_passes_as_its_version(made: uuid.UUID) -> None:
    assert [n for n in range(1, 9) if is_uuid(str(made), n)] == [made.version]


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("01hf7yat00eb3w3c6kz1a2b3c4", True),
        ("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", True),
        ("8ZZZZZZZZZZZZZZZZZZZZZZZZZ", False),
        ("01hf7yat00eb3w3c6kz1a2b3cu", False),
        ("01hf7yat00eb3w3c6kz1a2b3c", False),
        ("01hf7yat00eb3w3c6kz1a2b3c4\n", False),
        ("", False),
    ],
)
def test_ulid_when_it_has_26_digits_of_crockford_then_passes(text: str, sound: bool) -> None:
    assert is_ulid(text) is sound


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("https://example.com", True),
        ("HTTPS://EXAMPLE.COM", True),
        ("https://example.com.", True),
        ("https://localhost", True),
        ("https://localhost.", True),
        ("https://a_b-c", True),
        ("https://example.com:8080", True),
        ("https://example.com:", False),
        ("https://example.com:٨٠", False),
        ("https://example.com:80:80", False),
        ("https://", False),
        ("https:///path", False),
        ("https:example.com", False),
        ("//example.com", False),
        ("example.com", False),
        ("https://.com", False),
        ("https://a..com", False),
        ("https://example.com..", False),
        ("https://a-.b_.com", True),
        ("https://a.c-m", False),
        ("https://a.c_m", False),
        ("https://a.xn--p1ai", True),
        ("https://a.xn--", False),
        ("https://例え.テスト", True),
        ("https://例え", False),
        ("https://😀.com", True),
        ("https://a.😀", False),
        ("https://a$b.com", True),
        ("https://10.0.0.1", True),
        ("https://[2001:db8::1]", True),
        ("https://[2001:db8::1]:80/x", True),
        ("https://[::ffff:10.0.0.1]", True),
        ("https://[10.0.0.1]", False),
        ("https://[fe80::1%25eth0]", False),
        ("https://[::1", False),
        ("https://[]", False),
        ("https://ann@example.com", True),
        ("https://ann:pass%20word@example.com", True),
        ("https://ann:@example.com", False),
        ("https://:pass@example.com", False),
        ("https://a:b:c@example.com", False),
        ("https://a@b@example.com", False),
        ("https://example.com/a/b;c=1/~d", True),
        ("https://example.com//", True),
        ("https://example.com/é/%C3%A9", True),
        ("https://example.com/%zz", False),
        ("https://example.com/a b", False),
        ("https://example.com/<a>", False),
        ("https://example.com/[a]", False),
        ("https://example.com?a[]=1&b=/?", True),
        ("https://example.com?a=#b/?c", True),
        ("https://example.com#a#b", False),
        ("https://example.com#[a]", False),
        ("https://example.com\n", True),
        ("https://example.com\n\n", False),
        ("https://example.com\nx", False),
        ("https://exam\nple.com", False),
        (" https://example.com", False),
        ("https://\ud800.com", False),
        ("coap+tcp://example.com", True),
        ("z39.50r://example.com", True),
        ("z39x50r://example.com", False),
        ("unheard-of://example.com", False),
        ("javascript://example.com", False),
        ("mailto:ann@example.com", False),
        ("", False),
    ],
)
def test_url_when_it_has_a_scheme_that_is_known_and_a_host_then_passes(
    text: str, sound: bool
) -> None:
    assert is_url(text) is sound


def test_url_when_schemes_are_given_then_only_those_pass() -> None:
    assert is_url("Mine://example.com", ["mine"])
    assert is_url("mine://example.com", iter(["MINE"]))
    assert not is_url("https://example.com", ["mine"])
    assert not is_url("mine://example.com", ["min."])


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://ann:x@Example.com:80/a?b#c", "example.com"),
        ("//example.com", "example.com"),
        ("https://[::1]/", "::1"),
        ("https://[::1", None),
        ("mailto:ann@example.com", None),
        ("example.com", None),
        ("", None),
    ],
)
def test_url_host_when_asked_then_is_the_host_or_none(text: str, host: str | None) -> None:
    assert url_host(text) == host


ALL: list[Callable[[str], object]] = [
    is_hex_color,
    is_ip,
    is_mac,
    is_ulid,
    is_url,
    is_uuid,
    lambda text: is_uuid(text, text),
    url_host,
]


@given(st.text(st.sampled_from("htps:/[]?#@%.-a1é\n ")) | st.text())
def test_any_text_when_asked_then_gets_an_answer(text: str) -> None:
    for ask in ALL:
        assert ask(text) is None or isinstance(ask(text), bool | str)
        assert ask(f"http://{text}") is None or isinstance(ask(f"http://{text}"), bool | str)


@pytest.mark.parametrize(
    "text",
    [
        "a" * LARGE,
        "1." * (LARGE // 2),
        ":" * LARGE,
        "-" * LARGE,
        "#" + "a" * LARGE,
        "uuid:" * (LARGE // 5),
        "http://" + "a." * (LARGE // 2) + "com",
        "http://" + "a:" * (LARGE // 2) + "@b",
        "http://" + "u" * LARGE + "@",
        "http://a" + "/" * LARGE + " ",
        "http://a/" + "%20" * (LARGE // 3) + "%",
        "http://a?" + "?" * LARGE + " ",
        "http://[" + ":" * LARGE + "]",
        "http://" + "é." * (LARGE // 2),
    ],
    ids=lambda text: text[:10],
)
def test_text_of_a_megabyte_when_asked_then_is_told_in_linear_time(text: str) -> None:
    assert effort(lambda: [ask(text) for ask in ALL]) < 5
