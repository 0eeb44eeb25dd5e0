"""Tests of single functions: no application needed."""


def test_words_are_joined() -> None:
    assert " ".join(["hello", "world"]) == "hello world"
