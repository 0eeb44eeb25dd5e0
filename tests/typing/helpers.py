"""What checkers say of the helpers; never executed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, assert_type

from securely.cache import CacheManager
from securely.config import Config
from securely.foundation import Application
from securely.helpers import (
    app,
    aretry,
    base_path,
    cache,
    config,
    now,
    once,
    rescue,
    resolve,
    retry,
    tap,
    value,
)
from securely.log import LogManager
from securely.support.pipeline import Pipeline

assert_type(app(), Application)
assert_type(app(CacheManager), CacheManager)
assert_type(app("cache"), Any)
assert_type(resolve(LogManager), LogManager)
assert_type(config(), Config)
assert_type(config("app.name"), Any)
assert_type(cache(), CacheManager)
assert_type(cache("key"), object)
assert_type(retry(3, lambda attempt: attempt), int)
assert_type(tap("x", len), str)
assert_type(value(5), int)
assert_type(once(lambda: "x"), str)
assert_type(now(), datetime)
assert_type(base_path("x"), Path)
assert_type(Pipeline(5).through([]).then_return(), int)
assert_type(Pipeline(5).then(str), str)


async def twins() -> None:
    async def produce(attempt: int) -> bytes:
        return bytes(attempt)

    assert_type(await aretry(3, produce), bytes)


rescue(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
retry("3", lambda attempt: attempt)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
