"""Small functions for applications: app(), config(), cache(), retry(), abort(), paths …

Each asks the current application, as facades do, and imports no service before it is used.
`Arr`, `Str`, `Sleep`, `data_get` and kin, and `env` are here too, so that one import finds them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence, Sized
from contextlib import AbstractContextManager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar, cast, overload
from weakref import finalize

from securely.config.env import env
from securely.container import current
from securely.exceptions import HttpException
from securely.strings import Str
from securely.support import clock
from securely.support.arr import Arr
from securely.support.data import data_fill, data_forget, data_get, data_has, data_set
from securely.support.missing import MISSING
from securely.support.sleep import Sleep

if TYPE_CHECKING:
    from securely.cache.manager import CacheManager
    from securely.config.repository import Config
    from securely.context.repository import Context
    from securely.foundation.application import Application
    from securely.foundation.errors.handler import Rescued
    from securely.log.manager import LogManager
    from securely.queue.job import Dispatched, Job, PendingDispatch
    from securely.translation.translator import Translator
    from securely.validation.factory import ValidationFactory
    from securely.validation.validator import Validator

__all__ = [
    "Arr",
    "Sleep",
    "Str",
    "abort",
    "abort_if",
    "abort_unless",
    "app",
    "app_path",
    "aretry",
    "base_path",
    "blank",
    "bootstrap_path",
    "cache",
    "config",
    "config_path",
    "context",
    "data_fill",
    "data_forget",
    "data_get",
    "data_has",
    "data_set",
    "database_path",
    "dd",
    "decrypt",
    "defer",
    "dispatch",
    "dispatch_sync",
    "dump",
    "encrypt",
    "env",
    "event",
    "filled",
    "info",
    "lang_path",
    "logger",
    "now",
    "once",
    "public_path",
    "report",
    "report_if",
    "report_unless",
    "rescue",
    "rescuing",
    "resolve",
    "resource_path",
    "retry",
    "storage_path",
    "tap",
    "today",
    "trans",
    "trans_choice",
    "validate",
    "validator",
    "value",
]

P = ParamSpec("P")
T = TypeVar("T")

# How often to try: that many times at once, or the seconds to wait before each further try.
Times = int | Sequence[float]
Pause = float | Callable[[int, Exception], float]


# The application and its services


@overload
def app() -> Application: ...


@overload
def app(key: Callable[..., T], /, **overrides: object) -> T: ...


@overload
def app(key: str, /, **overrides: object) -> Any: ...


def app(key: Any = None, /, **overrides: object) -> Any:
    """Return the current application, or what it makes of *key*.

    Raises:
        NotBooted: No application is current.
        NotBound: *key* cannot be built.

    Example:
        >>> from securely import helpers
        >>> from securely.config import Config
        >>> helpers.app(Config) is helpers.app("config")
        True
    """
    container = current()
    return container if key is None else container.make(key, **overrides)


@overload
def resolve(key: Callable[..., T], /, **overrides: object) -> T: ...


@overload
def resolve(key: str, /, **overrides: object) -> Any: ...


def resolve(key: Any, /, **overrides: object) -> Any:
    """Return what the current application makes of *key*; what `app(key)` does."""
    return current().make(key, **overrides)


@overload
def config() -> Config: ...


@overload
def config(key: str, default: object = ...) -> Any: ...


@overload
def config(key: Mapping[str, object]) -> None: ...


def config(key: Any = None, default: object = MISSING) -> Any:
    """Return the configuration, or what stands at *key*; a mapping sets its keys.

    Example:
        >>> config({"shop.rate": 19})
        >>> config("shop.rate"), config("shop.name", "none")
        (19, 'none')
    """
    repository: Config = current().make("config")
    if key is None:
        return repository
    if isinstance(key, Mapping):
        repository.set(cast("Mapping[str, object]", key))
        return None
    return repository.get(key) if default is MISSING else repository.get(key, default)


@overload
def cache() -> CacheManager: ...


@overload
def cache(key: str, default: object = None) -> object: ...


def cache(key: str | None = None, default: object = None) -> object:
    """Return the cache, or what it has for *key*, else *default*.

    Example:
        >>> _ = cache().put("greeting", "hello", 60)
        >>> cache("greeting")
        'hello'
    """
    manager: CacheManager = current().make("cache")
    return manager if key is None else manager.get(key, default)


@overload
def trans() -> Translator: ...


@overload
def trans(
    key: str, replace: Mapping[str, object] | None = None, locale: str | None = None
) -> Any: ...


def trans(
    key: str | None = None,
    replace: Mapping[str, object] | None = None,
    locale: str | None = None,
) -> Any:
    """Return the translator, or its line of *key* in the current locale, or in *locale*.

    Example:
        >>> trans("passwords.throttled")
        'Please wait before retrying.'
    """
    translator: Translator = current().make("translator")
    return translator if key is None else translator.get(key, replace, locale)


def trans_choice(
    key: str,
    number: float | Sized,
    replace: Mapping[str, object] | None = None,
    locale: str | None = None,
) -> str:
    """Return the form of the line of *key* for *number*, or for as many items as it has.

    Example:
        >>> trans_choice("one apple|:count apples", 3)
        '3 apples'
    """
    translator: Translator = current().make("translator")
    return translator.choice(key, number, replace, locale)


@overload
def validator() -> ValidationFactory: ...


@overload
def validator(
    data: Mapping[str, Any],
    rules: Mapping[str, object] | type,
    messages: Mapping[str, Any] | None = None,
    attributes: Mapping[str, str] | None = None,
) -> Validator: ...


def validator(
    data: Mapping[str, Any] | None = None,
    rules: Mapping[str, object] | type | None = None,
    messages: Mapping[str, Any] | None = None,
    attributes: Mapping[str, str] | None = None,
) -> Any:
    """Return the factory of validators, or a validator of *data* and *rules*.

    Raises:
        InvalidRule: A rule is unknown, or its parameters are wrong; when the rules are asked.

    Example:
        >>> validator({"age": "7"}, {"age": "integer|min:18"}).fails()
        True
    """
    factory: ValidationFactory = current().make("validator")
    return factory if data is None else factory.make(data, rules or {}, messages, attributes)


def validate(
    data: Mapping[str, Any],
    rules: Mapping[str, object],
    messages: Mapping[str, Any] | None = None,
    attributes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what of *data* has rules.

    Raises:
        ValidationError: The data breaks a rule.
        InvalidRule: A rule is unknown, or its parameters are wrong.

    Example:
        >>> validate({"age": "19", "role": "admin"}, {"age": "integer|min:18"})
        {'age': '19'}
    """
    factory: ValidationFactory = current().make("validator")
    return factory.validate(data, rules, messages, attributes)


@overload
def logger() -> LogManager: ...


@overload
def logger(message: object, /, **fields: object) -> None: ...


def logger(message: object = MISSING, /, **fields: object) -> Any:
    """Return the log, or write *message* to it, at the level debug."""
    log: LogManager = current().make("log")
    return log if message is MISSING else log.debug(message, **fields)


@overload
def context() -> Context: ...


@overload
def context(key: str, default: object = None) -> object: ...


@overload
def context(key: Mapping[str, object]) -> Context: ...


def context(key: str | Mapping[str, object] | None = None, default: object = None) -> Any:
    """Return the context, or a value of it; add values to it where they are given.

    Args:
        key: The name of a value, or a mapping of values to add.
        default: What is returned where there is no value of that name; called if it is a function.

    Example:
        >>> context({"order": 7}).add_hidden(tenant=3).all()
        {'order': 7}
        >>> context("order"), context("user", "nobody")
        (7, 'nobody')

    Source: Laravel 13, context().
    """
    found: Context = current().make("context")
    if key is None:
        return found
    return found.get(key, default) if isinstance(key, str) else found.add(key)


def info(message: object, /, **fields: object) -> None:
    """Write *message* to the log, at the level info."""
    logger().info(message, **fields)


def event(event: object, payload: object = None) -> list[object]:
    """Tell the listeners of *event* and return what they return; see `Event.dispatch`.

    Example:
        >>> event("order.shipped", [5])
        []
    """
    return cast("list[object]", current().make("events").dispatch(event, payload))


@overload
def dispatch(job: Job | PendingDispatch[Any], /) -> Dispatched: ...


@overload
def dispatch(function: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> Dispatched: ...


@overload
def dispatch(command: object, /) -> Any: ...


def dispatch(job: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Queue a job, a task or an importable function; run at once what is none of them.

    Args:
        job: A job, one with options of its own by `Job.using(…)`, a function, or a command.
        args: The arguments of a function.
        kwargs: The same, by name.

    Returns:
        What became of the dispatch; of a command, what its handler returned. See `Bus.dispatch`.

    Raises:
        NotQueueable: A worker could not import the function, or a value has no written form.
    """
    bus = current().make("bus")
    if hasattr(job, "handle") or not callable(job):
        return bus.dispatch(job)
    return bus.dispatch_to_queue(bus.call(job, *args, **kwargs))


def dispatch_sync(command: object) -> Any:
    """Run a job here the whole way a worker's goes, or a command; see `Bus.dispatch_sync`.

    Raises:
        Exception: Whatever it raised.
    """
    return current().make("bus").dispatch_sync(command)


def defer(
    function: Callable[..., object], name: str | None = None, *, always: bool = False
) -> None:
    """Call *function* when the command, job or request has ended; see `App.defer`.

    Args:
        function: Called with what it asks for, in either colour.
        name: One that is deferred later under the same name takes its place.
        always: Whether it is called after a failure, too.
    """
    app().defer(function, name, always=always)


def encrypt(value: object) -> str:
    """Encrypt *value* with the application's key; see `Crypt.encrypt`."""
    return cast("str", current().make("encrypter").encrypt(value))


def decrypt(payload: str) -> object:
    """Decrypt what :func:`encrypt` has made.

    Raises:
        DecryptionFailed: It was not made with the application's key, or was changed since.
    """
    return current().make("encrypter").decrypt(payload)


# Errors


def report(error: BaseException | str, /, **context: object) -> None:
    """Report *error*, or words for one, and go on; nothing is raised. See `Exceptions.report`."""
    app().errors.report(error, **context)


def report_if(condition: object, error: BaseException | str, /, **context: object) -> None:
    """Report *error* if *condition* holds."""
    if condition:
        report(error, **context)


def report_unless(condition: object, error: BaseException | str, /, **context: object) -> None:
    """Report *error* unless *condition* holds."""
    if not condition:
        report(error, **context)


def rescue(function: Callable[[], T], default: Any = None, *, report: Any = True) -> T | Any:
    """Return what *function* returns; when it fails, report that and return *default*.

    Args:
        function: What may fail.
        default: What is returned then; a function is called with the error.
        report: Whether it is reported; a function is asked with the error.

    Example:
        >>> rescue(lambda: 1 // 0, "no answer", report=False)
        'no answer'
    """
    return app().errors.rescue(function, default, report=report)


def rescuing(default: Any = None, *, report: Any = True) -> AbstractContextManager[Rescued]:
    """Report an error of the block and go on behind it; see `Exceptions.rescuing`.

    Example:
        >>> with rescuing(default="no answer", report=False) as rescued:
        ...     rescued.value = 1 // 0
        >>> rescued.value
        'no answer'
    """
    return app().errors.rescuing(default, report=report)


def abort(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> NoReturn:
    """End the request with *status*.

    Raises:
        HttpException: Always.

    Example:
        >>> abort(404)
        Traceback (most recent call last):
        securely.exceptions.HttpException: Not Found
    """
    raise HttpException(status, message, headers)


def abort_if(
    condition: object, status: int, message: str = "", headers: Mapping[str, str] | None = None
) -> None:
    """End the request with *status* if *condition* holds.

    Raises:
        HttpException: It does.
    """
    if condition:
        abort(status, message, headers)


def abort_unless(
    condition: object, status: int, message: str = "", headers: Mapping[str, str] | None = None
) -> None:
    """End the request with *status* unless *condition* holds.

    Raises:
        HttpException: It does not.
    """
    abort_if(not condition, status, message, headers)


def retry(
    times: Times,
    function: Callable[[int], T],
    sleep: Pause = 0,
    when: Callable[[Exception], object] | None = None,
) -> T:
    """Call *function* until it does not fail, and return what it returns.

    Args:
        times: How often at most; or the seconds to wait before each further try, one for each.
        function: Called with the number of the try, from 1 on.
        sleep: Seconds to wait before a further try; or a function of the number of the try that
            failed and its error, which returns them. A list of *times* wins.
        when: Tells whether an error is worth another try.

    Raises:
        Exception: That of the last try.

    Source: Laravel 13, retry(), which counts in milliseconds.

    Example:
        >>> retry(3, lambda attempt: 10 // (attempt - 1))
        10
    """
    tries, waits = _tries(times, sleep)
    attempt = 1
    while True:
        try:
            return function(attempt)
        except Exception as error:
            if attempt >= tries or (when is not None and not when(error)):
                raise
            seconds = waits(attempt, error)
        clock.sleep(seconds)
        attempt += 1


async def aretry(
    times: Times,
    function: Callable[[int], Awaitable[T]],
    sleep: Pause = 0,
    when: Callable[[Exception], object] | None = None,
) -> T:
    """Async twin of :func:`retry`."""
    tries, waits = _tries(times, sleep)
    attempt = 1
    while True:
        try:
            return await function(attempt)
        except Exception as error:
            if attempt >= tries or (when is not None and not when(error)):
                raise
            seconds = waits(attempt, error)
        await clock.asleep(seconds)
        attempt += 1


# Values


def tap(value: T, function: Callable[[T], object]) -> T:
    """Call *function* with *value*, and return *value*.

    Example:
        >>> tap([3, 1, 2], list.sort)
        [1, 2, 3]
    """
    function(value)
    return value


def value(value: Callable[..., T] | T, *args: object, **kwargs: object) -> T:
    """Return *value*, or what it returns where it is callable.

    Example:
        >>> value(5), value(lambda number: number + 1, 5)
        (5, 6)
    """
    if callable(value):
        make: Any = value
        return cast("T", make(*args, **kwargs))
    return value


def blank(value: object) -> bool:
    """Tell whether *value* is nothing: None, white space, or an empty collection.

    Numbers and booleans are something, 0 and False too.

    Source: Laravel 13, blank().

    Example:
        >>> blank("  "), blank([]), blank(0), blank(False)
        (True, True, False, False)
    """
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, bool | int | float | complex):
        return False
    return hasattr(value, "__len__") and len(cast("Sequence[object]", value)) == 0


def filled(value: object) -> bool:
    """Tell whether *value* is not :func:`blank`.

    Example:
        >>> filled("a"), filled("")
        (True, False)
    """
    return not blank(value)


def once(function: Callable[[], T]) -> T:
    """Return what *function* returned the first time that this line was reached.

    Within a method, the first time for that object; what is kept for it goes with it.

    Source: Laravel 13, once().

    Example:
        >>> import random
        >>> def number():
        ...     return once(random.random)
        >>> number() == number()
        True
    """
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # documented: who called
    place = (frame.f_code, frame.f_lasti)
    # A comprehension is a frame of its own before Python 3.12, which does not know the object.
    while frame.f_code.co_name in _COMPREHENSIONS and frame.f_back is not None:
        frame = frame.f_back
    owner = frame.f_locals.get("self", frame.f_locals.get("cls"))
    with _once_lock:
        try:
            kept = _kept_for(owner) if owner is not None else _kept_for_all
        except TypeError:  # it cannot be held weakly
            return function()
    with _once_lock:
        if place in kept:
            return cast("T", kept[place])
    # Not within the lock: what it calls may ask for something once, too.
    made = function()
    with _once_lock:
        return cast("T", kept.setdefault(place, made))


# Time


def now(zone: tzinfo | str | None = None) -> datetime:
    """Return the time, in the application's time zone unless another is named.

    Example:
        >>> now("UTC").utcoffset().total_seconds()
        0.0
    """
    if zone is None:
        zone = str(config("app.timezone", "UTC"))
    if isinstance(zone, str):
        from zoneinfo import ZoneInfo

        zone = ZoneInfo(zone)
    return clock.now().astimezone(zone)


def today(zone: tzinfo | str | None = None) -> datetime:
    """Return the midnight that today began with; see :func:`now`."""
    return now(zone).replace(hour=0, minute=0, second=0, microsecond=0)


# Folders


def base_path(path: str = "") -> Path:
    """Return the application's folder, or *path* within it."""
    return app().paths.base / path


def app_path(path: str = "") -> Path:
    """Return the folder `app`, or *path* within it."""
    return app().paths.app / path


def bootstrap_path(path: str = "") -> Path:
    """Return the folder `bootstrap`, or *path* within it."""
    return app().paths.bootstrap / path


def config_path(path: str = "") -> Path:
    """Return the folder `config`, or *path* within it."""
    return app().paths.config / path


def database_path(path: str = "") -> Path:
    """Return the folder `database`, or *path* within it."""
    return app().paths.base / "database" / path


def lang_path(path: str = "") -> Path:
    """Return the folder `lang`, or *path* within it."""
    return app().paths.lang / path


def public_path(path: str = "") -> Path:
    """Return the folder `public`, or *path* within it."""
    return app().paths.public / path


def resource_path(path: str = "") -> Path:
    """Return the folder `resources`, or *path* within it."""
    return app().paths.resources / path


def storage_path(path: str = "") -> Path:
    """Return the folder `storage`, or *path* within it."""
    return app().paths.storage / path


# Looking at values


def dump(*values: T) -> T | tuple[T, ...]:
    """Write *values* to the error stream, with the place that asked, and return them.

    One value is returned as it is, several as a tuple.
    """
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # documented: who called
    _dump(values, f"{frame.f_code.co_filename}:{frame.f_lineno}")
    return values[0] if len(values) == 1 else values


def dd(*values: object) -> NoReturn:
    """Write *values* to the error stream, with the place that asked, and end the process.

    Raises:
        SystemExit: Always, with the exit code 1.
    """
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # documented: who called
    _dump(values, f"{frame.f_code.co_filename}:{frame.f_lineno}")
    raise SystemExit(1)


def _dump(values: tuple[object, ...], place: str) -> None:
    # rich is not imported before somebody looks at something.
    from securely.console.output.drawing import draw_values

    draw_values(place, values, sys.stderr)


_once_lock = threading.Lock()
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
# By id, for objects that are equal are not the same, and many cannot be keys.
_kept: dict[int, dict[Any, object]] = {}
_kept_for_all: dict[Any, object] = {}


def _kept_for(owner: object) -> dict[Any, object]:
    kept = _kept.get(id(owner))
    if kept is None:
        finalize(owner, _kept.pop, id(owner), None).atexit = False
        kept = _kept[id(owner)] = {}
    return kept


def _tries(times: Times, sleep: Pause) -> tuple[int, Callable[[int, Exception], float]]:
    if not isinstance(times, int):
        waits = list(times)
        return len(waits) + 1, lambda attempt, _: waits[attempt - 1]
    if callable(sleep):
        return times, sleep
    return times, lambda _attempt, _error: sleep
