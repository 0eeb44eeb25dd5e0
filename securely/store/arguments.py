"""Checks of arguments that would else fail later, or silently do something else."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from securely.store.contracts import Engine
from securely.store.exceptions import AsyncFunction, InvalidArgument, InvalidDriver

__all__ = ["check_class", "check_engine", "check_lines", "check_text_file", "made", "refuse_async"]

_OPEN: Final = 'Open it as text: `with open(path, {mode}encoding="utf-8") as file`.'


def refuse_async(operation: str, answer: object) -> None:
    """Refuse what a function has returned if it must be awaited.

    Raises:
        AsyncFunction: It must.
    """
    if hasattr(answer, "__await__"):
        if (close := getattr(answer, "close", None)) is not None:
            close()  # a coroutine that never runs, and shall not warn of that
        raise AsyncFunction(operation)


def check_class(of: object) -> None:
    """Refuse what is no class as the type of the values of a tree.

    Raises:
        InvalidArgument: It is none.
    """
    if not isinstance(of, type) or getattr(of, "__args__", None) is not None:
        remedy = (
            "Give a class, such as int, list or a dataclass: items are not looked at. "
            "Leave it out for values of several types."
        )
        raise InvalidArgument("tree", f"{of!r} as the type of values", remedy)


def check_text_file(file: object) -> None:
    """Refuse what text can not be written to.

    Raises:
        InvalidArgument: It can not.
    """
    binary = isinstance(file, io.RawIOBase | io.BufferedIOBase) or "b" in str(
        getattr(file, "mode", "")
    )
    if binary or not hasattr(file, "write"):
        raise InvalidArgument("export", _called(file, binary), _OPEN.format(mode='"x", '))


def check_lines(file: object) -> None:
    """Refuse what does not give lines, and text as a whole, which gives characters.

    Raises:
        InvalidArgument: It does not.
    """
    is_path = isinstance(file, str | bytes) or hasattr(file, "__fspath__")
    if is_path or not hasattr(file, "__iter__"):
        remedy = _OPEN.format(mode="") + " The lines of a text are text.splitlines()."
        raise InvalidArgument("import_", _called(file, binary=False), remedy)


def made(
    driver: str, database: str, options: object, factory: Callable[[str, Any], object]
) -> object:
    """Return what *factory* makes; an error that is one of its own goes on its way.

    Raises:
        InvalidDriver: It can not be called with name and options, or asks for an option that the
            configuration does not give.
    """
    import inspect  # not before it is needed

    try:
        inspect.signature(factory).bind(database, options)
    except TypeError as error:
        reason = f"it can not be called with name and options ({error})"
        raise InvalidDriver(driver, database, reason) from error
    except ValueError:
        pass  # something built in, which does not say what it takes
    try:
        return factory(database, options)
    except AttributeError as error:
        if error.obj is not options:
            raise
        reason = f'it asks for the setting "{error.name}", which the configuration does not have'
        raise InvalidDriver(driver, database, reason) from error


def check_engine(driver: str, database: str, engine: object) -> Engine:
    """Return *engine* if it has all that an engine has.

    Raises:
        InvalidDriver: It lacks something.
    """
    lacks = [name for name in _wanted() if not hasattr(engine, name)]
    if lacks:
        reason = f"what it made, of type {type(engine).__name__}, lacks {', '.join(lacks)}"
        raise InvalidDriver(driver, database, reason)
    return cast("Engine", engine)


def _wanted() -> list[str]:
    members: Mapping[str, object] = vars(Engine)
    names = {*members, *Engine.__annotations__}
    return sorted(name for name in names if not name.startswith("_"))


def _called(value: object, binary: bool) -> str:
    kind = type(value).__name__
    return f"a file of bytes ({kind})" if binary else f"a value of type {kind}"
