"""Models made of data, and what is said of data that does not fit."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import BaseModel

from securely.support.models import WrongFields, is_model, model_of


class Login(BaseModel):
    name: str
    secret: str


@dataclass
class Point:
    x: int


def test_model_of_when_it_fits_then_made() -> None:
    assert model_of(Point, {"x": "1"}) == Point(1)
    assert model_of(Login, {"name": "ann", "secret": "x"}) == Login.model_validate(
        {"name": "ann", "secret": "x"}
    )


def test_model_of_when_it_does_not_fit_then_names_fields_and_no_values() -> None:
    with pytest.raises(WrongFields, match=r"^name \(missing\), secret \(string_type\)$"):
        model_of(Login, {"secret": ["hunter2"]})


def test_is_model_tells_models_from_other_classes() -> None:
    assert [is_model(each) for each in (Login, Point, dict, int)] == [True, True, False, False]
