"""A facade: a name for a service, looked up at every use."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from securely.container.binding import name_of
from securely.container.current import current
from securely.support.suggest import did_you_mean

__all__ = ["Facade", "facade", "service_of"]


class Facade:
    """Stands for a service of the current container; forwards attributes, `()`, `[]` and `in`.

    The first use of a method leaves a function of that name behind, which looks the service up
    and calls its method: that is twice as fast as asking `__getattr__` every time.
    """

    # Attributes set on a facade go to the service, so its own are set through `object`.
    __service: str

    def __init__(self, service: str) -> None:
        object.__setattr__(self, "_Facade__service", service)

    def __getattr__(self, name: str) -> Any:
        # Python and its tools ask everything for names like these; no service is needed to say no.
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"{self!r} has no attribute {name!r}")
        service = self.__root()
        cls = _class_of(service)
        try:
            found = getattr(service, name)
        except AttributeError as error:
            if hasattr(cls, name):
                raise  # a property that failed says more than we could
            near = did_you_mean(name, [each for each in dir(service) if each[0] != "_"])
            hint = f' Did you mean "{near}"?' if near else ""
            raise AttributeError(
                f"{self!r} has no attribute {name!r}: {name_of(cls)} has none.{hint}",
                name=name,
                obj=service,
            ) from error
        method = getattr(cls, name, None)
        if isinstance(method, types.FunctionType) and isinstance(found, types.MethodType):
            vars(self)[name] = _forwarding(self.__service, name, method)
        return found

    def __root(self) -> Any:
        return current().make(self.__service)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.__root(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.__root(), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the service."""
        return self.__root()(*args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self.__root()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.__root()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self.__root()[key]

    def __contains__(self, key: Any) -> bool:
        return key in self.__root()

    def __dir__(self) -> list[str]:
        return dir(self.__root())

    def __repr__(self) -> str:
        return f"<facade {self.__service!r}>"


def facade(service: str) -> Any:
    """Return an object that stands for the *service* of whichever container is current.

    Declare what it stands for, and checkers and editors know it all:
    `Cache: CacheManager = facade("cache")`.

    Args:
        service: The name it is bound to.
    """
    return Facade(service)


def service_of(facade: object) -> str:
    """Return the name of the service that *facade* stands for.

    Raises:
        TypeError: It is no facade.
    """
    if not isinstance(facade, Facade):
        raise TypeError(f"{facade!r} is no facade: it was not made with facade(name).")
    name: str = vars(facade)["_Facade__service"]
    return name


def _class_of(value: object) -> type[Any]:
    return type(value)


def _forwarding(service: str, name: str, method: types.FunctionType) -> Callable[..., Any]:
    """Return a function that calls the method *name* of the service of that moment."""
    from functools import update_wrapper

    def forward(*args: Any, **kwargs: Any) -> Any:
        return getattr(current().make(service), name)(*args, **kwargs)

    update_wrapper(forward, method)
    # As a bound method has it: without `self`. (inspect asks `__wrapped__` for the signature.)
    vars(forward)["__wrapped__"] = types.MethodType(method, object())
    return forward
