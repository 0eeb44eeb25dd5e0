"""Where a key of the configuration stands: in the file that says it, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.config.files.places import Places
from securely.config.loader import ConfigFile

FRAMEWORK = """config = {
    "default": "disk",
    "stores": {
        "array": {"driver": "array"},
        "disk": {"driver": "disk"},
    },
    "lock": {"seconds": 60, "wait": 10},
}
"""
OWN = """config = {
    "stores": {
        "array": {"drvier": "array"},
    },
    "lock": {"seconds": 5},
}
"""


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("cache.stores.array.driver", "own.py:3"),  # the framework's store is not read any more
        ("cache.stores.disk.driver", "framework.py:5"),  # stores are merged by name
        ("cache.stores.other", "own.py:2"),
        ("cache.lock.wait", "own.py:5"),  # other maps are not merged
        ("cache.default", "framework.py:2"),
    ],
)
def test_place_when_two_files_say_parts_of_a_key_then_the_one_that_counts(
    tmp_path: Path, key: str, place: str
) -> None:
    files = []
    for name, text in (("own.py", OWN), ("framework.py", FRAMEWORK)):
        (tmp_path / name).write_text(text)
        files.append(ConfigFile("cache", tmp_path / name))

    assert str(Places(files).of(key)) == str(tmp_path / place)
