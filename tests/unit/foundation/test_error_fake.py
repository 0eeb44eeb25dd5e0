"""The fake of the error handler: records, asserts, raises, and can be taken out again."""

from __future__ import annotations

import pytest

from securely.container import Container
from securely.foundation import ErrorHandler


@pytest.fixture
def container() -> Container:
    container = Container()
    container.instance(ErrorHandler, ErrorHandler(container))
    return container


def test_the_fake_records_what_is_reported_and_tells_nobody(container: Container) -> None:
    fake = container.make(ErrorHandler).fake()

    container.make(ErrorHandler).report(OSError("disk"))
    container.make(ErrorHandler).report("words")

    assert [str(error) for error in fake.reported()] == ["disk", "words"]
    fake.assert_reported(OSError)
    fake.assert_reported_count(2)
    fake.assert_not_reported(ValueError)

    def is_disk(error: OSError) -> bool:
        return str(error) == "disk"

    fake.assert_reported(is_disk)


def test_the_assertions_fail_with_what_was_reported(container: Container) -> None:
    fake = container.make(ErrorHandler).fake()
    with pytest.raises(AssertionError, match=r"OSError was not reported\. Nothing was"):
        fake.assert_reported(OSError)
    fake.assert_nothing_reported()

    fake.report(OSError("disk"))

    with pytest.raises(AssertionError, match=r"OSError\('disk'\)"):
        fake.assert_nothing_reported()
    with pytest.raises(AssertionError, match="1 errors were reported, not 2"):
        fake.assert_reported_count(2)
    with pytest.raises(AssertionError, match="OSError was reported"):
        fake.assert_not_reported(OSError)

    def is_tape(error: OSError) -> bool:
        return str(error) == "tape"

    with pytest.raises(AssertionError, match="is_tape"):
        fake.assert_reported(is_tape)


def test_the_fake_follows_the_rules_of_the_original(container: Container) -> None:
    handler = container.make(ErrorHandler)
    handler.dont_report(OSError)
    handler.map(KeyError, LookupError)

    fake = handler.fake()
    fake.report(OSError("disk"))
    fake.report(KeyError("a"))

    assert [type(error) for error in fake.reported()] == [LookupError]


def test_a_fake_of_some_kinds_passes_the_others_on(container: Container) -> None:
    handler = container.make(ErrorHandler)
    passed: list[BaseException] = []
    handler.reporting(ValueError, passed.append).stop()

    fake = handler.fake(OSError)
    error = ValueError("a")
    fake.report(error)
    fake.report(OSError("b"))

    assert passed == [error]
    fake.assert_reported_count(1)


def test_the_fake_raises_what_is_reported_when_told_to(container: Container) -> None:
    fake = container.make(ErrorHandler).fake()
    fake.throw_first_reported()
    fake.report(OSError("first"))
    fake.throw_on_report()

    with pytest.raises(OSError, match="second"):
        fake.report(OSError("second"))
    with pytest.raises(OSError, match="first"):
        fake.throw_first_reported()


def test_restore_puts_the_original_back(container: Container) -> None:
    handler = container.make(ErrorHandler)

    handler.fake().restore()

    assert container.make(ErrorHandler) is handler
    assert handler.hooks.reports is handler
