"""The word somebody probably meant: slips of the hand, and what is none."""

from __future__ import annotations

import pytest

from securely.support.suggest import did_you_mean


@pytest.mark.parametrize(
    ("word", "choices", "meant"),
    [
        ("gte", ["set", "get"], "get"),
        ("dsik", ["array", "disk"], "disk"),
        ("Rediss", ["REDIS"], "REDIS"),
        ("CacheManger", ["CacheManager", "QueueManager"], "CacheManager"),
        ("defautl", ["default", "defaults"], "default"),
        ("Clock", ["Codec"], None),
        ('"Clock"', ['"log"', "Codec"], None),
        ('"Clcok"', ["Clock"], "Clock"),
        ('"Sesion"', ["Session"], "Session"),
        ("nix", ["config"], None),
        ("model", ["mode"], "mode"),
        ("sqlight", ["sqlite"], "sqlite"),
        ("load_config", ["load_configuration"], "load_configuration"),
        ("con", ["conn"], "conn"),
        ("ca", ["cache"], None),
        ("route", ["event"], None),
        ("disk", ["disk", "disks"], None),
        ("", ["a"], None),
    ],
)
def test_did_you_mean_when_a_word_is_unknown_then_names_what_a_slip_leads_to(
    word: str, choices: list[str], meant: str | None
) -> None:
    assert did_you_mean(word, choices) == meant


def test_did_you_mean_when_letters_are_common_then_slips_count_all_the_same() -> None:
    # "xgtey" has more letters in common, but is two slips away from three letters.
    assert did_you_mean("gte", ["xgtey", "get"]) == "get"


def test_did_you_mean_when_words_are_long_then_four_slips_are_the_most() -> None:
    path = "securely.cache.provider:CacheProvider"

    assert did_you_mean("securely.cahe.provder:CachProvider", [path]) == path
    assert did_you_mean("securely.event.provider:EventProvider", [path]) is None
