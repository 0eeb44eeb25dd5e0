"""What every hash Algorithm must do.

Subclass the suite in a test module, and give it your algorithm, made to cost little:

    class TestMyAlgorithm(AlgorithmSuite):
        @pytest.fixture
        def algorithm(self) -> MyAlgorithm: ...
"""

from __future__ import annotations

from typing import ClassVar

import pytest

from securely.hashing import Algorithm, Hasher
from securely.support.options import InvalidOptions

__all__ = ["AlgorithmSuite"]

# Passwords that are told apart only by who reads all of their bytes.
_TRAPS = (
    "",
    " ",
    "secret",
    "Secret",
    "secret ",
    "é",
    "e\u0301",
    "日本語",
    "$1$",
    "x" * 71,
    "x" * 72,
)


class AlgorithmSuite:
    """What every algorithm must do. Override the fixture.

    Attributes:
        longer: An option, and a value for it that makes a hash that differs by what it cost.
        bytes_max: The longest password that it takes; None if it takes any.
    """

    longer: ClassVar[tuple[str, int]]
    bytes_max: ClassVar[int | None] = None

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        """Return the algorithm that is tested."""
        raise NotImplementedError("Override the fixture `algorithm`.")

    def test_what_it_makes_it_checks(self, algorithm: Algorithm) -> None:
        """Only the password itself is right, to the byte."""
        hashes = {text: algorithm.make(text.encode(), {}) for text in _TRAPS}

        for text, hashed in hashes.items():
            right = [each for each in _TRAPS if algorithm.check(each.encode(), hashed)]
            assert right == [text]

    def test_two_hashes_of_one_password_differ(self, algorithm: Algorithm) -> None:
        """Each has a salt of its own."""
        made = {algorithm.make(b"secret", {}) for _ in range(3)}

        assert len(made) == 3

    def test_a_hash_is_a_line_of_ascii_without_the_password(self, algorithm: Algorithm) -> None:
        """It fits into a column of 255 letters, as Laravel's do."""
        hashed = algorithm.make(b"a-long-password-of-mine", {})

        assert hashed.isascii()
        assert hashed.isprintable()
        assert len(hashed) <= 255
        assert "password" not in hashed

    def test_a_hash_says_what_it_cost(self, algorithm: Algorithm) -> None:
        """What is configured, and what a call asks for."""
        name, value = self.longer

        assert algorithm.read(algorithm.make(b"x", {})) == algorithm.configured({})
        changed = algorithm.read(algorithm.make(b"x", {name: value}))
        assert changed == {**algorithm.configured({}), name: value}
        assert changed == algorithm.configured({name: value})

    def test_a_hash_that_cost_something_else_is_checked(self, algorithm: Algorithm) -> None:
        """What was configured earlier opens still."""
        name, value = self.longer
        hashed = algorithm.make(b"secret", {name: value})

        assert algorithm.check(b"secret", hashed)
        assert not algorithm.check(b"other", hashed)

    @pytest.mark.parametrize("value", [-1, 0, 10**12])
    def test_options_have_bounds(self, algorithm: Algorithm, value: int) -> None:
        """Nothing is hashed for nothing, and nothing for ever."""
        with pytest.raises(InvalidOptions):
            algorithm.make(b"x", {self.longer[0]: value})

    def test_an_unknown_option_is_refused(self, algorithm: Algorithm) -> None:
        """A misspelt option does not pass in silence."""
        with pytest.raises(InvalidOptions, match="colour"):
            algorithm.configured({"colour": 1})

    @pytest.mark.parametrize("text", ["", "secret", "$", "$$$$", "\0", "é", "$x$y$z$", "x" * 5_000])
    def test_what_is_no_hash_is_none(self, algorithm: Algorithm, text: str) -> None:
        """And no error either: columns hold all sorts of things."""
        assert algorithm.read(text) is None
        assert not algorithm.check(b"secret", text)

    def test_a_hash_with_one_letter_changed_does_not_open(self, algorithm: Algorithm) -> None:
        """Neither the digest nor the salt may differ."""
        hashed = algorithm.make(b"secret", {})
        # The last letter of base64 may have bits that stand for nothing: leave it.
        for at in (len(hashed) - 3, len(hashed) - 10, hashed.rindex("$") + 2):
            other = "A" if hashed[at] != "A" else "B"
            assert not algorithm.check(b"secret", f"{hashed[:at]}{other}{hashed[at + 1 :]}")

    def test_neither_it_nor_its_hasher_shows_anything(self, algorithm: Algorithm) -> None:
        """What is shown in logs and tracebacks has no secret in it."""
        hasher = Hasher(algorithm)
        hashed = hasher.make("secret")

        for shown in (repr(algorithm), repr(hasher), repr(hasher.info(hashed))):
            assert "secret" not in shown
            assert hashed not in shown

    def test_the_longest_password_counts_to_its_end(self, algorithm: Algorithm) -> None:
        """No byte is left out in silence."""
        size = self.bytes_max or 4_096
        hashed = algorithm.make(b"x" * size, {})

        assert algorithm.check(b"x" * size, hashed)
        assert not algorithm.check(b"x" * (size - 1) + b"y", hashed)
        assert not algorithm.check(b"x" * (size + 1), hashed)
