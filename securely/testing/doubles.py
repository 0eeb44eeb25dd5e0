"""Stand-ins for services: swapped, spy, mock, partial_mock; behind the facade and in injection.

    with spy(Cache) as cache:                      nothing is done, everything is noted
    with mock(Cache) as cache:                     only what is expected may happen
        cache.should_receive("get").once().with_("k").and_return("v")
    with partial_mock(Cache, "get") as cache:      the rest is done as before

Each takes a facade, and is undone when its block ends.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar

from securely.container import Container, current, service_of
from securely.support.suggest import did_you_mean

__all__ = [
    "Double",
    "Expectation",
    "Mock",
    "Received",
    "Spy",
    "mock",
    "partial_mock",
    "spy",
    "swapped",
]

S = TypeVar("S")

# A method that is expected to be called any number of times.
_ANY = -1


@contextmanager
def swapped(facade: S, replacement: S) -> Generator[S]:
    """Let *replacement* be the service of *facade* within the block.

    Args:
        facade: A facade, such as ``Cache``.
        replacement: What stands in for its service, of the same type.

    Example:
        >>> with swapped(Event, Event.fake()) as events:
        ...     _ = Event.dispatch("shipped")
        >>> events.assert_dispatched("shipped")
    """
    container = current()
    service = container.root(service_of(facade))
    before = container.make(service)
    entries = container.registrations.entries
    bindings = list(entries[service]) if service in entries else None
    container.instance(service, replacement)
    try:
        yield replacement
    finally:
        container.instance(service, before)  # tells those who asked for rebinding
        # How it was bound is put back, too: else a transient or scoped one would stay the same.
        if bindings is None:
            entries.pop(service, None)
        else:
            entries[service] = bindings
        container.invalidate()


class Received(NamedTuple):
    """A call that a double received.

    Args:
        method: The name of the method.
        args: What it was given by place.
        kwargs: What it was given by name.
    """

    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Expectation:
    """What a method of a mock is to receive, how often, and what it returns then.

    Args:
        method: The name of the method.
        signature: What it takes.
    """

    def __init__(self, method: str, signature: inspect.Signature) -> None:
        self.method: str = method
        self.times_wanted: int = _ANY
        self.received: int = 0
        self._signature = signature
        self._wanted: inspect.BoundArguments | None = None
        self._told = "()"
        self._answers: list[Callable[..., Any]] = [lambda *_args, **_kwargs: None]

    def once(self) -> Expectation:
        """Expect one call."""
        return self.times(1)

    def twice(self) -> Expectation:
        """Expect two calls."""
        return self.times(2)

    def never(self) -> Expectation:
        """Expect no call."""
        return self.times(0)

    def times(self, count: int) -> Expectation:
        """Expect *count* calls."""
        self.times_wanted = count
        return self

    def with_(self, *args: object, **kwargs: object) -> Expectation:
        """Expect these arguments.

        Raises:
            TypeError: The method does not take them.
        """
        self._wanted = self._signature.bind(*args, **kwargs)
        self._wanted.apply_defaults()
        self._told = _shown(args, kwargs)
        return self

    def and_return(self, *values: object) -> Expectation:
        """Return *values*, one call after the other; the last one from then on."""
        self._answers = [_returning(value) for value in values]
        return self

    def and_return_using(self, function: Callable[..., object]) -> Expectation:
        """Return what *function* makes of the arguments."""
        self._answers = [function]
        return self

    def and_raise(self, error: BaseException | type[BaseException]) -> Expectation:
        """Raise *error*."""
        self._answers = [_raising(error)]
        return self

    @property
    def is_open(self) -> bool:
        """Whether further calls are expected."""
        return self.times_wanted == _ANY or self.received < self.times_wanted

    def fits(self, given: inspect.BoundArguments) -> bool:
        """Tell whether a call is one that is expected."""
        return self._wanted is None or self._wanted.arguments == given.arguments

    def answer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Count a call, and give its answer."""
        self.received += 1
        answer = self._answers[min(self.received, len(self._answers)) - 1]
        return answer(*args, **kwargs)

    def verify(self) -> None:
        """Fail unless it was called as often as expected.

        Raises:
            AssertionError: It was not.
        """
        if self.times_wanted not in (_ANY, self.received):
            raise AssertionError(
                f"{self} was expected {_times(self.times_wanted)}, "
                f"and was called {_times(self.received)}."
            )

    def __str__(self) -> str:
        return f"{self.method}{self._told}"


class Double(Generic[S]):
    """A stand-in with the methods of a service, and their signatures.

    Args:
        service: What it stands in for.
    """

    def __init__(self, service: S) -> None:
        self._service: Any = service
        self._received: list[Received] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        method = _method(self._service, name)
        return self._stand_in(name, method) if callable(method) else method

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self._service)})

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} of {type(self._service).__name__}>"

    @property
    def received(self) -> list[Received]:
        """What was called, in its order."""
        return list(self._received)

    def should_have_received(self, method: str, *args: object, **kwargs: object) -> None:
        """Fail unless *method* was called, with these arguments if any are given.

        Raises:
            AssertionError: It was not; what was called is told.
        """
        if not self._calls(method, args, kwargs):
            wanted = f"{method}{_shown(args, kwargs) if args or kwargs else '()'}"
            raise AssertionError(f"{wanted} was not called. {self._told()}")

    def should_not_have_received(self, method: str, *args: object, **kwargs: object) -> None:
        """Fail if *method* was called, with these arguments if any are given.

        Raises:
            AssertionError: It was.
        """
        if self._calls(method, args, kwargs):
            wanted = f"{method}{_shown(args, kwargs) if args or kwargs else '()'}"
            raise AssertionError(f"{wanted} was called. {self._told()}")

    def _calls(
        self, method: str, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> list[Received]:
        signature = inspect.signature(_method(self._service, method))
        calls = [call for call in self._received if call.method == method]
        if not (args or kwargs):
            return calls
        wanted = _bound(signature, args, kwargs)
        return [
            call
            for call in calls
            if _bound(signature, call.args, call.kwargs).arguments == wanted.arguments
        ]

    def _told(self) -> str:
        calls = [f"{call.method}{_shown(call.args, call.kwargs)}" for call in self._received]
        return f"Called: {', '.join(calls) or 'nothing'}."

    def _stand_in(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(method)

        def called(*args: Any, **kwargs: Any) -> Any:
            _bound(signature, args, kwargs)  # a wrong call fails here, as it would there
            self._received.append(Received(name, args, kwargs))
            return self._answer(name, method, args, kwargs)

        async def acalled(*args: Any, **kwargs: Any) -> Any:
            answer = called(*args, **kwargs)
            return await answer if inspect.isawaitable(answer) else answer

        return acalled if inspect.iscoroutinefunction(method) else called

    def _answer(
        self,
        name: str,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        raise NotImplementedError


class Spy(Double[S]):
    """Does nothing, returns None, and notes every call."""

    def _answer(
        self,
        name: str,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        return None


class Mock(Double[S]):
    """Does what it is told to expect, and nothing else.

    Args:
        service: What it stands in for.
        passes: Whether methods of which nothing is expected are done by the service.
    """

    def __init__(self, service: S, *, passes: Callable[[str], bool] = lambda _: False) -> None:
        super().__init__(service)
        self._passes = passes
        self._expected: list[Expectation] = []

    def should_receive(self, method: str) -> Expectation:
        """Expect calls of *method*; say how often, with what, and what it returns.

        Raises:
            AttributeError: The service has no such method.
        """
        signature = inspect.signature(_method(self._service, method))
        expectation = Expectation(method, signature)
        self._expected.append(expectation)
        return expectation

    def expects(self, method: str) -> Expectation:
        """Expect one call of *method*."""
        return self.should_receive(method).once()

    def verify(self) -> None:
        """Fail unless all that was expected has happened.

        Raises:
            AssertionError: Something has not.
        """
        for expectation in self._expected:
            expectation.verify()

    def _answer(
        self,
        name: str,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        given = _bound(inspect.signature(method), args, kwargs)
        fitting = [one for one in self._expected if one.method == name and one.fits(given)]
        if fitting:
            # One that has had its calls gives way to the next; the last counts what is too much.
            open_ones = [one for one in fitting if one.is_open]
            wanted = (open_ones or fitting[-1:])[0]
            answer = wanted.answer(args, kwargs)
            if not open_ones:
                wanted.verify()
            return answer
        if self._passes(name):
            return method(*args, **kwargs)
        expected = ", ".join(map(str, self._expected)) or "nothing"
        raise AssertionError(
            f"{name}{_shown(args, kwargs)} was not expected. Expected: {expected}."
        )


@contextmanager
def spy(facade: S) -> Generator[Spy[S]]:
    """Let a spy be the service of *facade* within the block: it does nothing, and notes calls.

    Args:
        facade: A facade, such as ``Cache``.

    Example:
        >>> with spy(Cache) as cache:
        ...     Cache.put("key", "value", 60)
        >>> cache.should_have_received("put", "key", "value", 60)

    Source: Laravel 13, Facade::spy.
    """
    with _standing_in(facade, Spy) as double:
        yield double


@contextmanager
def mock(facade: S) -> Generator[Mock[S]]:
    """Let a mock be the service of *facade* within the block: it does what it is told to expect.

    What was expected and did not happen fails the test when the block ends.

    Args:
        facade: A facade, such as ``Cache``.

    Raises:
        AssertionError: Something was not expected, or not called as often as expected.

    Example:
        >>> with mock(Cache) as cache:
        ...     _ = cache.should_receive("get").once().with_("key").and_return("value")
        ...     Cache.get("key")
        'value'

    Source: Laravel 13, Facade::shouldReceive.
    """
    with _standing_in(facade, Mock) as double:
        yield double
        double.verify()


@contextmanager
def partial_mock(facade: S, *methods: str) -> Generator[Mock[S]]:
    """Let a mock of *methods* be the service of *facade* within the block.

    All other methods are done by the service; *methods* are done by what is expected of them. What
    the service calls on itself is not seen.

    Args:
        facade: A facade, such as ``Cache``.
        methods: Names of methods; none means those of which something is expected.

    Raises:
        AssertionError: One of *methods* was not expected, or not called as often as expected.

    Example:
        >>> with partial_mock(Cache, "get") as cache:
        ...     _ = cache.should_receive("get").and_return("made up")
        ...     _ = Cache.put("key", "real", 60)
        ...     Cache.get("key"), Cache.has("key")
        ('made up', True)

    Source: Laravel 13, Facade::partialMock.
    """

    def make(service: S) -> Mock[S]:
        for name in methods:
            _method(service, name)
        return Mock(service, passes=lambda name: name not in methods)

    with _standing_in(facade, make) as double:
        yield double
        double.verify()


@contextmanager
def _standing_in(facade: object, make: Callable[[Any], Any]) -> Generator[Any]:
    container: Container = current()
    service = container.root(service_of(facade))
    with swapped(facade, make(container.make(service))) as double:
        yield double


def _method(service: object, name: str) -> Any:
    try:
        return getattr(service, name)
    except AttributeError as error:
        near = did_you_mean(name, [each for each in dir(service) if not each.startswith("_")])
        hint = f' Did you mean "{near}"?' if near else ""
        kind = type(service).__name__
        raise AttributeError(f'{kind} has no "{name}".{hint}') from error


def _bound(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> inspect.BoundArguments:
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    return bound


def _shown(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    parts = [repr(each) for each in args] + [f"{name}={each!r}" for name, each in kwargs.items()]
    return f"({', '.join(parts)})"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _returning(value: object) -> Callable[..., Any]:
    return lambda *_args, **_kwargs: value


def _raising(error: BaseException | type[BaseException]) -> Callable[..., Any]:
    def fail(*_args: object, **_kwargs: object) -> Any:
        raise error

    return fail
