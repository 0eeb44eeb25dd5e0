"""The section view of the configuration."""

from __future__ import annotations

import pytest

from securely.exceptions import ConfigurationError
from securely.view.options import ViewOptions


def test_options_have_defaults_that_work() -> None:
    options = ViewOptions.parse({}, "view")

    assert options.paths == ("resources/views",)
    assert options.is_fresh


@pytest.mark.parametrize(
    ("data", "key"),
    [({"paths": []}, "view.paths"), ({"path": "x"}, "view.path"), ({"is_fresh": 7}, "is_fresh")],
)
def test_options_that_are_wrong_are_named(data: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        ViewOptions.parse(data, "view")
