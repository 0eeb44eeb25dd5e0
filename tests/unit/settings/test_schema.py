"""fields_of: kind, unit, default and description of every setting, from options classes."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from securely.settings.schema import fields_of, strongest
from securely.support.options import Options, Seconds


class StoreOptions(Options):
    driver: Literal["disk", "array"] = Field("disk", description="Where it is kept.")
    path: str = ""
    """Where its folder is,
    below the application's."""


class DemoOptions(Options):
    wait: Seconds = Field(5.0, description="How long.")
    secret_bytes_max: int = Field(10, description="How much of a secret.")
    size_bytes_max: int = Field(10, description="How much.")
    port: int | None = Field(None, description="Which port.")
    phrase: SecretStr = Field(SecretStr("x"), description="What opens it.")
    mode: str = Field("a", description="How.", json_schema_extra={"reload": "live"})
    stores: dict[str, StoreOptions] = Field(default_factory=dict, description="The stores.")


ITEMS = {"demo": {"wait": "10m", "stores": {"main": {"path": "x"}}}, "own": {"token": 1, "n": 2}}
FIELDS = fields_of({"demo": DemoOptions}, ITEMS)


def test_every_field_has_its_kind_and_default() -> None:
    assert (FIELDS["demo.port"].kind, FIELDS["demo.port"].default) == ("integer or null", None)
    assert FIELDS["demo.stores.main.driver"].kind == "one of: disk, array"
    assert FIELDS["demo.wait"].default == 5.0


def test_units_are_of_types_and_names() -> None:
    assert FIELDS["demo.wait"].unit == "seconds"
    assert FIELDS["demo.size_bytes_max"].unit == "bytes"
    assert FIELDS["demo.port"].unit == ""
    assert FIELDS["demo.mode"].unit == ""


def test_descriptions_may_stand_below_a_field() -> None:
    assert FIELDS["demo.wait"].description == "How long."
    told = FIELDS["demo.stores.main.path"].description
    assert told == "Where its folder is, below the application's."


def test_secrets_are_told_by_type_and_by_name() -> None:
    assert FIELDS["demo.phrase"].secret
    assert FIELDS["own.token"].secret
    assert not FIELDS["demo.wait"].secret
    assert not FIELDS["demo.secret_bytes_max"].secret, "A number tells how long one may be."


def test_the_way_a_change_arrives_is_the_fields_own() -> None:
    assert FIELDS["demo.mode"].reload == "live"
    assert FIELDS["demo.wait"].reload == "reload"


def test_a_section_says_how_its_changes_arrive() -> None:
    class WaterOptions(DemoOptions):
        reload_class: ClassVar[str] = "restart"

    fields = fields_of({"water": WaterOptions}, {"water": {"stores": {"main": {}}}})

    assert fields["water.wait"].reload == "restart"
    assert fields["water.stores.main.path"].reload == "restart"
    assert fields["water.mode"].reload == "live"


def test_the_strongest_way_of_a_change_counts() -> None:
    assert strongest(["live", "restart", "reload"]) == "restart"
    assert strongest([]) == "restart", "Nobody knows who reads it."


def test_keys_that_nobody_types_are_there_too() -> None:
    assert FIELDS["own.n"].kind == "integer"


def test_a_section_that_is_wrong_is_described_nevertheless() -> None:
    fields = fields_of({"demo": DemoOptions}, {"demo": {"wait": "never"}})

    assert fields["demo.wait"].kind == "number"
