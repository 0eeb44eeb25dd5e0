"""asked(): one question to who answers for the application, in the colour of the validation."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable, iscoroutine
from typing import Any

from securely.support.steps import Steps, call

__all__ = ["asked"]


def asked(answerer: object, question: str, *arguments: object) -> Steps[Any]:
    """Call the method *question* of *answerer*; in an async validation its async twin, if any.

    The method may be async itself; then it can only be asked in an async validation.

    Args:
        answerer: Who answers.
        question: The name of the method; its twin has an `a` before it.
        arguments: What it is called with.

    Raises:
        TypeError: The method is async, and the validation is not.
    """
    method: Callable[..., Any] = getattr(answerer, question)
    twin: Callable[..., Any] = getattr(answerer, f"a{question}", method)

    def now() -> Any:
        made = method(*arguments)
        if isawaitable(made):
            if iscoroutine(made):
                made.close()
            raise TypeError(
                f"{type(answerer).__qualname__}.{question}() is async, and nothing awaits it here: "
                "await validator.avalidate(), which asks those of both colours."
            )
        return made

    async def soon() -> Any:
        made = twin(*arguments)
        return await made if isawaitable(made) else made

    return (yield from call(now, soon))
