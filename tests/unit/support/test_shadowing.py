"""shadowed: a field that has the name of a method."""

from __future__ import annotations

from securely.support.shadowing import shadowed


class Base:
    def to(self) -> None: ...


class Clear(Base):
    subject: str


class Shadows(Base):
    to: str  # type: ignore[assignment]


class Inherits(Shadows):
    subject: str


def test_a_field_with_the_name_of_a_method_is_found() -> None:
    assert shadowed(Shadows, {"to", "cc"}) == "to"


def test_other_fields_and_those_of_a_base_are_none() -> None:
    assert shadowed(Clear, {"to"}) is None
    assert shadowed(Inherits, {"to"}) is None
