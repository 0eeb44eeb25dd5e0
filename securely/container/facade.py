"""A facade: a name for a service, looked up at every use."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any, cast
from weakref import WeakSet

from securely.container.binding import class_of, name_of
from securely.container.current import active, current, process
from securely.support.suggest import did_you_mean

__all__ = ["Facade", "facade", "service_of"]


# The functions that facades have left behind; they must never become a service's own.
_forwards: WeakSet[Callable[..., Any]] = WeakSet()


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
        cls = class_of(service)
        try:
            found = getattr(service, name)
        except AttributeError as error:
            if hasattr(cls, name):
                raise  # a property that failed says more than we could
            hint = _hint(service, name)
            raise AttributeError(
                f"{self!r} has no attribute {name!r}: {name_of(cls)} has none.{hint}",
                name=name,
                obj=service,
            ) from error
        method = getattr(cls, name, None)
        if (
            isinstance(method, types.FunctionType)
            and isinstance(found, types.MethodType)
            and method.__name__ == name  # another name for a method has no code of its own
        ):
            vars(self)[name] = _forwarding(self.__service, method, cls)
        return found

    def __root(self) -> Any:
        return current().make(self.__service)

    def __setattr__(self, name: str, value: object) -> None:
        service = self.__root()
        # What is set may take other parameters than the function that was left behind.
        vars(self).pop(name, None)
        if isinstance(value, types.FunctionType) and value in _forwards:
            # Somebody puts back what he read here, as monkeypatch does: the method itself, then.
            service.__dict__.pop(name, None)
        else:
            setattr(service, name, value)

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
        container = active.get() or process.container
        root = self.__service if container is None else container.get_alias(self.__service)
        stands_for = f" of {name_of(root)}" if isinstance(root, type) else ""
        return f"<facade {self.__service!r}{stands_for}>"


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


class _Shape:
    """The parameters of a method, and how they are handed on.

    Args:
        method: The function; its first parameter is the object.
    """

    def __init__(self, method: types.FunctionType) -> None:
        code = method.__code__
        names = code.co_varnames
        last = code.co_argcount + code.co_kwonlyargcount
        rest = iter(names[last:])
        self.only = list(names[1 : code.co_posonlyargcount])
        self.plain = list(names[max(code.co_posonlyargcount, 1) : code.co_argcount])
        self.keywords = list(names[code.co_argcount : last])
        self.several = next(rest) if code.co_flags & inspect.CO_VARARGS else ""
        self.others = next(rest) if code.co_flags & inspect.CO_VARKEYWORDS else ""
        placed = [*self.only, *self.plain]
        defaults = method.__defaults__ or ()
        self.defaults: dict[str, object] = dict(
            zip(placed[len(placed) - len(defaults) :], defaults, strict=True)
        )
        self.defaults |= method.__kwdefaults__ or {}

    def taken(self) -> str:
        """Return the parameters as they stand in a definition."""
        parts = [self._with_default(name) for name in self.only]
        parts += ["/"] if parts else []
        parts += [self._with_default(name) for name in self.plain]
        if self.several or self.keywords:
            parts.append(f"*{self.several}")
        parts += [self._with_default(name) for name in self.keywords]
        return ", ".join([*parts, *([f"**{self.others}"] if self.others else [])])

    def handed_on(self) -> str:
        """Return the arguments of a call that hands all of them on."""
        parts = [*self.only, *self.plain, *([f"*{self.several}"] if self.several else [])]
        parts += [f"{name}={name}" for name in self.keywords]
        return ", ".join([*parts, *([f"**{self.others}"] if self.others else [])])

    def call(self, name: str, service: object, given: dict[str, Any]) -> Any:
        """Call the method *name* of *service* with what of *given* is not a default of ours."""
        kept = {
            key: value
            for key, value in given.items()
            if key not in self.defaults or value is not self.defaults[key]
        }
        several = kept.pop(self.several, ())
        others = kept.pop(self.others, {})
        placed: list[str] = []
        for each in [*self.only, *self.plain]:
            # A gap ends what is told by place; after it, only what has no name goes on so.
            if each not in kept and not several and each not in self.only:
                break
            placed.append(each)
        while placed and not several and placed[-1] not in kept:
            placed.pop()
        values = [given[each] for each in placed]
        named = {key: value for key, value in kept.items() if key not in placed}
        if not hasattr(service, name):
            kind = name_of(class_of(service))
            raise AttributeError(
                f"{kind} has no attribute {name!r}.{_hint(service, name)}", name=name, obj=service
            )
        return getattr(service, name)(*values, *several, **named, **others)

    def _with_default(self, name: str) -> str:
        return f"{name}=_F_defaults[{name!r}]" if name in self.defaults else name


def _hint(service: object, name: str) -> str:
    """Return what may have been meant by a *name* that *service* has not."""
    if name.startswith("assert_") and hasattr(service, "fake"):
        return " Assertions are methods of its fake: call fake() first."
    near = did_you_mean(name, [each for each in dir(service) if each[0] != "_"])
    return f' Did you mean "{near}"?' if near else ""


def _forwarding(service: str, method: types.FunctionType, cls: type) -> Callable[..., Any]:
    """Return a function that calls *method* of the service of that moment.

    It is written out with the parameters of *method*, because taking `*args` and `**kwargs` and
    handing them on would cost as much again as all the rest. A service of the usual class is
    called with all of them; another one, such as a fake, without those that are left at their
    default, so that its own hold.
    """
    from functools import update_wrapper

    name, shape = method.__name__, _Shape(method)
    every = [*shape.only, *shape.plain, *shape.keywords, shape.several, shape.others]
    given = ", ".join(f"{each!r}: {each}" for each in every if each)
    source = f"""def {name}({shape.taken()}):
    _F_container = _F_active()
    if _F_container is None:
        _F_container = _F_process.container
    try:
        _F_service = _F_container._shared[{service!r}]
    except (AttributeError, KeyError):
        _F_service = _F_current().make({service!r})
    if _F_type(_F_service) is _F_class:
        return _F_service.{name}({shape.handed_on()})
    return _F_other({name!r}, _F_service, {{{given}}})
"""
    names = {
        "_F_active": active.get,
        "_F_class": cls,
        "_F_current": current,
        "_F_defaults": shape.defaults,
        "_F_other": shape.call,
        "_F_process": process,
        "_F_type": type,
        "__name__": __name__,
    }
    found: dict[str, Any] = {}
    # Under a name of ours: who looks for his caller passes over what lies in this package.
    code = compile(source, f"{__file__}<{name}>", "exec")
    exec(code, names, found)  # noqa: S102  # no text of anybody's is in it but names
    forward = found[name]
    update_wrapper(forward, method)
    # As a bound method has it: without `self`. (inspect asks `__wrapped__` for the signature.)
    vars(forward)["__wrapped__"] = types.MethodType(method, object())
    _forwards.add(forward)
    return cast("Callable[..., Any]", forward)
