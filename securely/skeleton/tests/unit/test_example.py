"""Tests of single functions: no application needed."""


def test_true_is_true() -> None:
    assert True is not False
