"""What checkers say of Str; never executed."""

from __future__ import annotations

from typing import assert_type

from securely.strings import Str, Stringable

assert_type(Str.slug("a b", "_"), str)
assert_type(Str.of("a b"), Stringable)
assert_type(Str.of("a b").slug("_").limit(3, end="…").upper(), Stringable)
assert_type(Str.of("a b").contains(["a"]), bool)
assert_type(Str.of("a b").excerpt("a", radius=3), str | None)
assert_type(Str.of("a b").pipe(len), int)

Str.slug(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Str.of("a b").slug(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
