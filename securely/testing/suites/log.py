"""What every log Handler must do.

Subclass the suite in a test module, and give it your handler and what it has written:

    class TestMyHandler(HandlerSuite):
        @pytest.fixture
        def handler(self) -> MyHandler: ...

        @pytest.fixture
        def written(self) -> Callable[[], str]: ...
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from securely.log import Handler, Record

__all__ = ["HandlerSuite"]


class _Unspeakable:
    """A value that cannot say itself."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


class HandlerSuite:
    """What every log handler must do.

    Attributes:
        keeps: Whether what is handled can be read back from `written`.
    """

    keeps: ClassVar[bool] = True

    @pytest.fixture
    def handler(self) -> Handler:
        """Give a handler that takes records of every level."""
        raise NotImplementedError("Give the handler under test.")

    @pytest.fixture
    def written(self) -> Callable[[], str]:
        """Give a function that returns all that the handler has written, as text."""
        raise NotImplementedError("Say how to read what the handler wrote.")

    @staticmethod
    def record(message: str, level: int = 20, **fields: object) -> Record:
        """Make a record."""
        return Record(1_700_000_000.0, level, "testing", message, fields, {})

    def test_a_record_is_written(self, handler: Handler, written: Callable[[], str]) -> None:
        """Message and fields can be found again."""
        handler.handle(self.record("order shipped", order=51))

        assert ("order shipped" in written()) is self.keeps
        assert ("51" in written()) is self.keeps

    def test_records_are_written_in_order(
        self, handler: Handler, written: Callable[[], str]
    ) -> None:
        """The first comes first."""
        for number in range(20):
            handler.handle(self.record(f"<{number}>"))

        if self.keeps:
            places = [written().find(f"<{number}>") for number in range(20)]
            assert places == sorted(places)
            assert places[0] >= 0

    def test_a_record_with_odd_text_is_written(
        self, handler: Handler, written: Callable[[], str]
    ) -> None:
        """Letters of every kind, control characters, half a surrogate pair, and braces."""
        handler.handle(self.record("first é日本😀 \x00 \ud800 {x} % end", note="\ud800\x1b[0m"))

        assert ("end" in written()) is self.keeps

    def test_a_record_with_any_value_is_written(
        self, handler: Handler, written: Callable[[], str]
    ) -> None:
        """No value in a field keeps the message from being written."""
        circle: list[object] = []
        circle.append(circle)
        fields = {
            "bytes": b"\xff",
            "big": 2**200,
            "nan": float("nan"),
            "keys": {1: "one", (2, 3): "two"},
            "circle": circle,
            "unspeakable": _Unspeakable(),
            "error": ValueError("within"),
        }
        for name, value in fields.items():
            handler.handle(self.record(f"with {name}")._replace(fields={name: value}))

        assert all((f"with {name}" in written()) is self.keeps for name in fields)

    def test_a_record_with_an_exception_is_written(
        self, handler: Handler, written: Callable[[], str]
    ) -> None:
        """The exception is told with the record."""
        record = self.record("failed", 40)
        handler.handle(record._replace(exception=LookupError("nobody there")))

        assert ("nobody there" in written()) is self.keeps

    def test_a_record_after_close_is_written(
        self, handler: Handler, written: Callable[[], str]
    ) -> None:
        """Closing lets go; it does not end."""
        handler.handle(self.record("before"))
        handler.close()
        handler.close()
        handler.handle(self.record("after"))

        assert ("before" in written()) is self.keeps
        assert ("after" in written()) is self.keeps

    def test_threads_tear_no_record(self, handler: Handler, written: Callable[[], str]) -> None:
        """Records of several threads stay whole."""

        def work(thread: int) -> None:
            for number in range(50):
                handler.handle(self.record(f"<{thread}:{number}:{'x' * 300}>"))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))

        if self.keeps:
            text = written()
            assert all(
                f"<{thread}:{number}:{'x' * 300}>" in text
                for thread in range(4)
                for number in range(50)
            )
