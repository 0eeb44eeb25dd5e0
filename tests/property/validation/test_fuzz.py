"""Random rules over random data: an answer each time, in bounded time, and never an error of ours.

FUZZ_SECONDS says for how long it runs, five seconds by default; its seed is printed when it fails.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from random import Random  # noqa: TID251  # from a seed, so that a run can be repeated
from typing import Any

import pytest

from securely.support import clock, entropy
from securely.translation import FileLoader, Translator
from securely.validation import InvalidRule, ValidationFactory, Validator
from securely.validation.plan.plan import Plan
from securely.validation.rules.table import SPECS
from tests.effort import effort

_SECONDS = float(os.environ.get("FUZZ_SECONDS", "5"))
# So many it are at least, where others have the machine all the while.
_RUNS = 20
_NAMES = [
    "a",
    "b",
    "c",
    "a.b",
    "a.*",
    "a.*.b",
    "a.*.*",
    "*",
    "*.b",
    "b.0",
    "b.*.c",
    r"a\.b",
    "",
    "a.",
    "*a",
]
_WORDS = [
    "", " ", "0", "1", "-1", "1.5", "1e5", "1e999", "x", "é", "yes", "no", "null", "true", "Y-m-d",
    "2026-01-01", "today", "+1 week", "a", "b", "a.*.b", "*", "ascii", "strict", "UTF-8", "png",
    "min_width=1", "/^(a+)+$/", "[", "(?P<x>", "9" * 40, "\0", "\ud800", "a,b", '"a,b"', "2mb",
    "last day of",
]  # fmt: skip
_DEPTH_MAX = 4
_ASK_OTHERS = {"active_url", "unique", "exists", "can", "current_password"}
_RULES = sorted(set(SPECS) - _ASK_OTHERS)


def _value(random: Random, depth: int = 0) -> Any:
    makers = [_text, _text, _odd, _odd]
    if depth < _DEPTH_MAX:
        makers += [_list, _dict]
    return random.choice(makers)(random, depth)


def _text(random: Random, depth: int) -> str:
    del depth
    words = random.choice(_WORDS) + random.choice(["", random.choice(_WORDS)])
    return words or "".join(chr(random.randrange(0x3000)) for _ in range(random.randrange(12)))


def _odd(random: Random, depth: int) -> Any:
    del depth
    return random.choice(
        [
            0, 1, -1, 10**30, 2.5, 1e300, float("nan"), float("-inf"), None, True, False, b"\xff",
            "x" * 3_000, "\u202e", "🙂",
        ]
    )  # fmt: skip


def _list(random: Random, depth: int) -> list[Any]:
    return [_value(random, depth + 1) for _ in range(random.randrange(4))]


def _dict(random: Random, depth: int) -> dict[Any, Any]:
    keys = [random.choice(["a", "b", "c", "0", "a.b", "*", 1]) for _ in range(random.randrange(4))]
    return {key: _value(random, depth + 1) for key in keys}


def _rule(random: Random) -> str:
    name = random.choice(_RULES)
    spec = SPECS[name]
    count = spec.least + (random.randrange(3) if random.random() < 0.2 else 0)
    parameters = ",".join(random.choice(_WORDS) for _ in range(count))
    return f"{name}:{parameters}" if count else name


@pytest.mark.timeout(_SECONDS * 2 + 60)
def test_validator_when_rules_and_data_are_random_then_gives_an_answer() -> None:
    factory = ValidationFactory(Translator(FileLoader([]), "en"))
    seed = int.from_bytes(entropy.token_bytes(4), "big")
    random, ends, runs = Random(seed), clock.perf() + _SECONDS, 0

    while runs < _RUNS or clock.perf() < ends:
        runs += 1
        rules = {
            random.choice(_NAMES): [_rule(random) for _ in range(random.randrange(1, 5))]
            for _ in range(random.randrange(1, 4))
        }
        data = {name: _value(random) for name in random.sample(["a", "b", "c", "a.b", ""], 3)}
        is_strict = random.random() < 0.1
        try:
            took = effort(partial(_ask, factory, data, rules, is_strict=is_strict))
        except InvalidRule:
            continue
        except Exception as error:
            raise AssertionError(f"seed {seed}, run {runs}: {rules!r} over {data!r}") from error
        assert took < 8, f"seed {seed}, run {runs}, {took:.1f} s: {rules!r} over {data!r}"


def _ask(
    factory: ValidationFactory, data: dict[str, Any], rules: dict[str, Any], *, is_strict: bool
) -> None:
    validator = factory.make(data, rules, {"a.*": ":Attribute :index :input"})
    validator.fail_on_unknown_fields(is_strict)
    if validator.passes():
        assert validator.validated().keys() <= {str(name) for name in data}
    else:
        assert validator.errors().all()


def _answer(validator: Validator) -> object:
    return _told(validator, validator.passes())


async def _aanswer(validator: Validator) -> object:
    return _told(validator, await validator.apasses())


def _told(validator: Validator, passes: bool) -> object:
    errors = [*validator.errors().messages().items()]
    return passes, errors, repr(validator.validated()) if passes else None


class _Slow(ValidationFactory):
    """A factory whose plans ask every rule, one by one."""

    def plan(self, rules: Any, data: object, later: Any = ()) -> Plan:
        made = super().plan(rules, data, later)
        for field in made.fields:
            field.quick = None
        made._quick = None
        return made


def _refuses(attribute: str, value: object, fail: Any) -> None:
    if isinstance(value, str) and len(value) % 2:
        fail("odd :attribute")


async def _arefuses(attribute: str, value: object, fail: Any) -> None:
    _refuses(attribute, value, fail)


@pytest.mark.timeout(_SECONDS * 2 + 60)
def test_answers_when_rules_are_asked_in_other_ways_then_are_the_same() -> None:
    lines = Translator(FileLoader([]), "en")
    factory, slow = ValidationFactory(lines), _Slow(lines)
    seed = int.from_bytes(entropy.token_bytes(4), "big")
    random, ends = Random(seed), clock.perf() + _SECONDS

    while clock.perf() < ends:
        rules: dict[str, list[Any]] = {
            random.choice(_NAMES): [_rule(random) for _ in range(random.randrange(1, 5))]
            for _ in range(random.randrange(1, 4))
        }
        data = {name: _value(random) for name in random.sample(["a", "b", "c", "a.b", ""], 3)}
        told = f"seed {seed}: {rules!r} over {data!r}"
        try:
            assert _answer(factory.make(data, rules)) == _answer(slow.make(data, rules)), told
        except InvalidRule:
            continue
        sync = {name: [*each, _refuses] for name, each in rules.items()}
        later = {name: [*each, _arefuses] for name, each in rules.items()}
        expected = _answer(factory.make(data, sync))
        assert asyncio.run(_aanswer(factory.make(data, later))) == expected, told
