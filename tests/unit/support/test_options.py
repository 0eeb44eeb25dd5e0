"""Options: what is accepted, and what the errors say."""

from __future__ import annotations

import copy
from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr, ValidationError, field_validator

from securely.exceptions import ConfigurationError
from securely.support.options import InvalidOptions, Options, Seconds, kind_by, one_of


class _Disk(Options):
    driver: Literal["disk"]
    path: str
    size_bytes_max: int = Field(1_000, ge=10)


class _Array(Options):
    driver: Literal["array"]


class _Cache(Options):
    default: str = "array"
    prefix: Literal["app", "site"] = "app"
    ttl_seconds: Seconds = 60.0
    url: str | None = None
    pin: int = Field(0, json_schema_extra={"secret": True})
    words: list[str] = Field(default=[], json_schema_extra={"secret": True})
    zone: str = "UTC"
    password: SecretStr = SecretStr("")
    stores: dict[str, Annotated[_Disk | _Array, Field(discriminator="driver")]] = Field(default={})
    nested: list[_Array] = Field(default=[])

    @field_validator("zone")
    @classmethod
    def _must_be_known(cls, value: str) -> str:
        if value != "UTC":
            raise ValueError("is not a zone, such as UTC")
        return value

    @field_validator("url")
    @classmethod
    def _must_be_redis(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("redis://"):
            raise ValueError(f"{value} is not a redis address")
        return value


def _problems(data: dict[str, object]) -> list[str]:
    with pytest.raises(InvalidOptions) as caught:
        _Cache.parse(data, key="cache")
    assert isinstance(caught.value, ConfigurationError)
    assert str(copy.copy(caught.value)) == str(caught.value)
    return str(caught.value).splitlines()


def test_parse_when_all_is_well_then_gives_frozen_options() -> None:
    options = _Cache.parse(
        {"ttl_seconds": "10m", "stores": {"a": {"driver": "array"}}}, key="cache"
    )

    assert options.ttl_seconds == 600.0
    assert options.stores["a"].driver == "array"
    with pytest.raises(ValidationError, match="frozen"):
        options.default = "x"  # type: ignore[misc]  # the point
    assert _Cache.parse(options, key="cache") is options


def test_parse_when_the_data_is_no_mapping_then_says_so() -> None:
    with pytest.raises(InvalidOptions, match="cache must be a mapping, not list"):
        _Cache.parse(["x"], key="cache")


def test_parse_when_a_key_is_unknown_then_suggests_the_nearest() -> None:
    assert _problems({"defualt": "x"}) == [
        (
            "cache.defualt is not a known setting. Known: default, nested, password, pin, "
            'prefix, stores, ttl_seconds, url, words, zone. Did you mean "default"?'
        )
    ]


def test_parse_when_a_nested_key_is_unknown_then_names_its_path_and_siblings() -> None:
    data: dict[str, object] = {"stores": {"d": {"driver": "disk", "path": "x", "pth": 1}}}

    assert _problems(data) == [
        (
            "cache.stores.d.pth is not a known setting. Known: driver, path, size_bytes_max. "
            'Did you mean "path"?'
        )
    ]


class _Whom(Options):
    address: str


class _Mail(Options):
    from_: _Whom | None = Field(default=None, alias="from")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"form": {}}, 'mail.form is not a known setting. Known: from. Did you mean "from"?'),
        (
            {"from": {"address": "a", "nmae": "b"}},
            "mail.from.nmae is not a known setting. Known: address.",
        ),
        ({"from": {}}, "mail.from.address is missing, and has no default."),
    ],
)
def test_parse_when_a_setting_is_called_otherwise_in_files_then_names_it_so(
    data: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidOptions) as caught:
        _Mail.parse(data, key="mail")

    assert str(caught.value) == said


def test_parse_when_a_value_is_out_of_range_then_shows_value_and_range() -> None:
    data: dict[str, object] = {
        "stores": {"d": {"driver": "disk", "path": "x", "size_bytes_max": 5}}
    }

    assert _problems(data) == [
        "cache.stores.d.size_bytes_max is 5: it must be greater than or equal to 10."
    ]


def test_parse_when_a_required_key_is_missing_then_names_it() -> None:
    assert _problems({"stores": {"d": {"driver": "disk"}}}) == [
        "cache.stores.d.path is missing, and has no default."
    ]


def test_parse_when_a_driver_is_unknown_then_lists_the_drivers() -> None:
    assert _problems({"stores": {"d": {"driver": "dsk"}}}) == [
        'cache.stores.d.driver is "dsk" but must be one of: disk, array. Did you mean "disk"?'
    ]


def test_parse_when_a_driver_is_missing_then_says_so() -> None:
    assert _problems({"stores": {"d": {}}}) == ["cache.stores.d.driver is missing."]


def test_parse_when_a_choice_is_wrong_then_lists_the_choices() -> None:
    assert _problems({"prefix": "sit"}) == [
        'cache.prefix is "sit" but must be one of: app, site. Did you mean "site"?'
    ]


def test_parse_when_a_list_item_is_wrong_then_names_its_index() -> None:
    assert _problems({"nested": [{"driver": "array"}, {"driver": "array", "x": 1}]}) == [
        "cache.nested.1.x is not a known setting. Known: driver."
    ]


def test_parse_when_a_validator_refuses_then_masks_the_password() -> None:
    (problem,) = _problems({"url": "http://ann:hunter2@h/0"})

    assert "hunter2" not in problem
    assert "is not a redis address" in problem


def test_parse_when_a_validator_goes_on_with_the_sentence_then_it_reads_as_one() -> None:
    assert _problems({"zone": "Mars"}) == [
        "cache.zone is 'Mars', which is not a zone, such as UTC."
    ]


def test_parse_when_something_within_a_secret_is_wrong_then_hides_it_too() -> None:
    (problem,) = _problems({"words": ["fine", {"hunter2": 1}]})

    assert problem.startswith("cache.words.1")
    assert "hunter2" not in problem


@pytest.mark.parametrize("key", ["pin", "password"])
def test_parse_when_a_secret_is_wrong_then_hides_the_value(key: str) -> None:
    (problem,) = _problems({key: ["hunter2"]})

    assert problem.startswith(f"cache.{key}")
    assert "hunter2" not in problem


def test_parse_when_several_things_are_wrong_then_tells_all_at_once() -> None:
    assert len(_problems({"prefix": "x", "ttl_seconds": "soon", "oops": 1})) == 3


def test_kind_by_tells_data_and_models_by_one_key_and_all_else_apart() -> None:
    kind = kind_by("driver", lambda: {"disk"})

    class Model:
        driver = "disk"

    assert (kind({"driver": "disk"}), kind(Model())) == ("disk", "disk")
    assert [kind(data) for data in ({"driver": "cards"}, {"driver": ["disk"]}, {}, None)] == [
        "custom"
    ] * 4


def test_one_of_refuses_what_is_not_defined_with_what_was_perhaps_meant() -> None:
    assert one_of("disk", ["array", "disk"], "store") == "disk"
    with pytest.raises(ValueError, match="no such store is defined, only array, disk; did you me"):
        one_of("disc", ["array", "disk"], "store")
