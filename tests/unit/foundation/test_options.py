"""The section `app`: what it takes, and what it says of the rest."""

from __future__ import annotations

import pytest

from securely.exceptions import ConfigurationError
from securely.foundation.options import AppOptions


def test_an_empty_section_has_every_default() -> None:
    options = AppOptions.parse({}, "app")

    assert (options.name, options.env, options.debug) == ("Securely", "production", False)
    assert (options.timezone, options.cipher) == ("UTC", "aes-256-cbc")
    assert (options.key, options.previous_keys) == (None, [])
    assert options.maintenance.driver == "file"


@pytest.mark.parametrize(
    ("section", "texts"),
    [
        ({"timezone": "Europe/Atlantis"}, ["app.timezone", "Europe/Atlantis", "Europe/Berlin"]),
        ({"timezone": "../../etc/passwd"}, ["app.timezone"]),
        ({"cipher": "rot13"}, ["app.cipher", "rot13", "aes-256-gcm"]),
        ({"maintenance": {"driver": "redis"}}, ["app.maintenance.driver", "redis", "file"]),
        ({"debug": "perhaps"}, ["app.debug", "perhaps"]),
        ({"nmae": "Blog"}, ["app.nmae", "name"]),
    ],
)
def test_what_is_wrong_is_named_with_key_and_value(
    section: dict[str, object], texts: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AppOptions.parse(section, "app")

    for text in texts:
        assert text in str(caught.value)


def test_a_key_that_is_wrong_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        AppOptions.parse({"key": ["hunter2"], "previous_keys": {"old": "hunter3"}}, "app")

    message = str(caught.value)
    assert "app.key" in message
    assert "app.previous_keys" in message
    assert "hunter" not in message


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        AppOptions.parse({"cipher": "rot13", "timezone": "Nowhere", "nmae": 1}, "app")

    assert len(str(caught.value).splitlines()) == 3
