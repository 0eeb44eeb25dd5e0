"""Parameters of a class or a function: read once, with what each could be resolved from."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import suppress
from enum import Enum
from typing import Any, Final
from weakref import WeakKeyDictionary

from securely.support.missing import MISSING

__all__ = [
    "Kind",
    "Parameter",
    "class_source",
    "is_buildable",
    "is_service",
    "origin_of",
    "read",
    "read_as_punq",
    "returned",
    "source_of",
    "unwrapped",
]

# Annotations that ask for several of one kind.
_SEVERAL: Final = {list, tuple, set, frozenset, Sequence, Collection, Iterable, Iterator}
# What a factory that is a generator says it returns; what it makes is what it yields.
_YIELDING: Final = {Iterator, Generator, AsyncIterator, AsyncGenerator}
_UNIONS: Final = {typing.Union, types.UnionType}
_VARARGS: Final = 0x04  # inspect.CO_VARARGS, without importing inspect
_VARKEYWORDS: Final = 0x08  # inspect.CO_VARKEYWORDS


class Kind(Enum):
    """How a parameter is passed."""

    POSITIONAL_ONLY = 0
    POSITIONAL = 1
    SEVERAL = 2
    KEYWORD_ONLY = 3
    KEYWORDS = 4


class Parameter:
    """One parameter, and what its annotation says.

    Attributes:
        name: Its name.
        kind: How it is passed.
        default: What it is when nothing is passed; MISSING when it has none.
        annotation: Its annotation, as objects; MISSING when it has none.
        failure: Why the annotation has no meaning at run time; empty when it has.
        keys: What it may be resolved from, the best first.
        element: Of what it takes several; MISSING when it takes one.
        is_nullable: Whether it may be None.
        markers: What stands beside the type in Annotated.
    """

    __slots__ = (
        "annotation",
        "default",
        "element",
        "failure",
        "is_nullable",
        "keys",
        "kind",
        "markers",
        "name",
    )

    def __init__(
        self, name: str, kind: Kind, default: Any, annotation: Any, failure: str = ""
    ) -> None:
        self.name: str = name
        self.kind: Kind = kind
        self.default: Any = default
        self.annotation: Any = annotation
        self.failure: str = failure
        self.markers: tuple[Any, ...] = ()
        self.is_nullable: bool = False
        self.keys: tuple[Any, ...] = ()
        self.element: Any = MISSING
        if annotation is not MISSING:
            self._shape(annotation)

    def _shape(self, annotation: Any) -> None:
        origin = origin_of(annotation)
        if origin is typing.Annotated:
            self.markers = annotation.__metadata__
            annotation = annotation.__origin__
            origin = typing.get_origin(annotation)
        if origin in _UNIONS:
            members = typing.get_args(annotation)
            self.keys = tuple(each for each in members if each is not types.NoneType)
            self.is_nullable = len(self.keys) < len(members)
            origin = typing.get_origin(self.keys[0]) if len(self.keys) == 1 else None
            annotation = self.keys[0]
        elif annotation is None or annotation is types.NoneType:
            self.is_nullable = True
        else:
            self.keys = (annotation,)
        if origin in _SEVERAL:
            arguments = typing.get_args(annotation)
            if arguments and (origin is not tuple or arguments[1:] == (...,)):
                self.element = arguments[0]

    @property
    def text(self) -> str:
        """The parameter as it is written: "clock: Clock"."""
        if self.annotation is MISSING:
            return self.name
        if not self.markers:
            return f"{self.name}: {_shown(self.annotation)}"
        # By the name of its class: few markers have a form of their own that is worth reading.
        marks = (each if isinstance(each, type) else type(each) for each in self.markers)
        inner = ", ".join((_shown(self.annotation.__origin__), *map(_shown, marks)))
        return f"{self.name}: Annotated[{inner}]"


def _shown(annotation: Any) -> str:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return str(annotation).replace("typing.", "")


# What has been read, by class or function; weak, so that classes of tests go away.
_known: WeakKeyDictionary[Any, tuple[Parameter, ...]] = WeakKeyDictionary()


def read_as_punq(target: Any, names: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Return the parameters of *target* as punq understands them.

    What is registered under a name wins over what the function's module knows by it, and the
    module of the class is not asked.
    """
    hints = _Hints(target, lambda: names)
    hints.is_punq = True
    return _read(target, hints)


def read(
    target: Any, names: Callable[[], Mapping[str, Any]] | None = None
) -> tuple[Parameter, ...]:
    """Return the parameters that a call of *target* takes, without `self`.

    Args:
        target: A class or any callable.
        names: Gives further meanings of names in annotations that are strings; asked only when
            the module does not know a name.
    """
    if isinstance(target, types.MethodType):
        found = read(target.__func__, names)
        return found if found and found[0].kind is Kind.SEVERAL else found[1:]
    try:
        return _known[target]
    except (KeyError, TypeError):
        pass
    hints = _Hints(target, names)
    found = _read(target, hints)
    if hints.are_final:
        with suppress(TypeError):  # what cannot be referred to weakly is read again
            _known[target] = found
    return found


def returned(function: Any) -> tuple[Any, ...]:
    """Return the classes that *function* says it returns; for a generator, those it yields."""
    hints = _Hints(function, None)
    hints.read_from(unwrapped(function))
    annotation, failure = hints.of("return")
    if annotation is MISSING or failure:
        return ()
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _YIELDING and arguments:
        annotation = arguments[0]
    return Parameter("return", Kind.POSITIONAL, MISSING, annotation).keys


def unwrapped(target: Any) -> Any:
    """Return the function under *target*'s bound method, partial or `__call__`."""
    while True:
        if isinstance(target, types.MethodType):
            target = target.__func__
        elif hasattr(target, "func") and hasattr(target, "keywords"):
            target = target.func
        elif isinstance(target, type | types.FunctionType) or not callable(target):
            return target
        else:
            inner = vars(type(target)).get("__call__")
            return inner if isinstance(inner, types.FunctionType) else target


def source_of(target: Any) -> str:
    """Return "file:line" of where the parameters of *target* are written.

    That is the constructor of a class, if it has one that was written by hand, or the class.
    It is empty for what is in no file.
    """
    function = _constructor(target) if isinstance(target, type) else unwrapped(target)
    function = getattr(function, "__wrapped__", function)
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename.startswith("<"):  # as that of a dataclass
        return class_source(target) if isinstance(target, type) else ""
    return f"{code.co_filename}:{code.co_firstlineno}"


def class_source(cls: type) -> str:
    """Return "file:line" of the class statement of *cls*; empty where there is none."""
    import inspect

    try:
        return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):  # written in C, or at a prompt
        return ""


def origin_of(annotation: Any) -> Any:
    """Return the class of a generic, list for `list[int]`; None for anything else."""
    origin: Any = typing.get_origin(annotation)
    return origin


def is_service(key: Any) -> bool:
    """Tell whether *key* is a class of somebody's own: not a number, a text, a path, an Enum …

    The standard library's classes are values: nobody wants an empty Path made up for him.
    """
    if not isinstance(key, type) or typing.get_args(key):
        return False
    module = key.__module__.partition(".")[0]
    return module not in sys.stdlib_module_names and not issubclass(key, Enum)


def is_buildable(cls: Any) -> bool:
    """Tell whether a class can be instantiated: it is neither a Protocol nor abstract."""
    return (
        isinstance(cls, type)
        and not cls.__dict__.get("_is_protocol", False)
        and not getattr(cls, "__abstractmethods__", None)
    )


def _read(target: Any, hints: _Hints) -> tuple[Parameter, ...]:
    skip = 0
    function = target
    if isinstance(target, type):
        function = _constructor(target)
        if function is None:
            return ()
        skip = 1
    if (
        isinstance(function, types.FunctionType)
        and not hasattr(function, "__wrapped__")
        and not hasattr(target, "__signature__")
    ):
        raw = _of_code(function)[skip:]
    else:
        raw = _of_signature(target)
    hints.read_from(unwrapped(function))
    hints.add(getattr(target, "__signature__", None))
    return tuple(Parameter(name, kind, default, *hints.of(name)) for name, kind, default in raw)


def _constructor(cls: type) -> Any:
    """Return the function whose parameters a call of *cls* takes; None when it takes none."""
    if type(cls).__call__ is not type.__call__ and hasattr(cls, "__signature__"):
        return cls
    init: Any = getattr(cls, "__init__", None)
    if init is not object.__init__:
        return init if isinstance(init, types.FunctionType) else cls
    new: Any = cls.__new__
    return None if new is object.__new__ else new


def _of_code(function: types.FunctionType) -> list[tuple[str, Kind, Any]]:
    """Read the parameters off the code object: a tenth of what inspect.signature costs."""
    code = function.__code__
    names = code.co_varnames
    count, keyword_count = code.co_argcount, code.co_kwonlyargcount
    defaults = function.__defaults__ or ()
    first_default = count - len(defaults)
    found: list[tuple[str, Kind, Any]] = []
    for index in range(count):
        kind = Kind.POSITIONAL_ONLY if index < code.co_posonlyargcount else Kind.POSITIONAL
        default = defaults[index - first_default] if index >= first_default else MISSING
        found.append((names[index], kind, default))
    rest = count + keyword_count
    if code.co_flags & _VARARGS:
        found.append((names[rest], Kind.SEVERAL, MISSING))
        rest += 1
    keyword_defaults = function.__kwdefaults__ or {}
    found.extend(
        (name, Kind.KEYWORD_ONLY, keyword_defaults.get(name, MISSING))
        for name in names[count : count + keyword_count]
    )
    if code.co_flags & _VARKEYWORDS:
        found.append((names[rest], Kind.KEYWORDS, MISSING))
    return found


def _of_signature(target: Any) -> list[tuple[str, Kind, Any]]:
    import inspect

    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):  # written in C, and silent about what it takes
        return []
    return [
        (
            each.name,
            Kind(int(each.kind)),
            MISSING if each.default is each.empty else each.default,
        )
        for each in parameters
    ]


class _Hints:
    """The annotations of one callable, evaluated one by one: one bad name spoils no other."""

    def __init__(self, target: Any, names: Callable[[], Mapping[str, Any]] | None) -> None:
        self.is_punq = False
        self.are_final = True  # until a name is only known to a container, or to nobody
        self._target = target
        self._names = names
        self._annotations: Mapping[str, Any] = {}
        self._globals: dict[str, Any] = {}

    def read_from(self, function: Any) -> None:
        """Take annotations and names from *function*."""
        while hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        if isinstance(function, type):
            function = getattr(function, "__init__", function)
        self._annotations = _annotations(function)
        self._globals = dict(getattr(function, "__globals__", {}))
        if isinstance(self._target, type) and not self.is_punq:
            module = sys.modules.get(self._target.__module__)
            self._globals = {**(vars(module) if module else {}), **self._globals}

    def add(self, signature: Any) -> None:
        """Take annotations that only *signature* has, as that of a pydantic model."""
        for name, each in getattr(signature, "parameters", {}).items():
            if each.annotation is not each.empty:
                self._annotations = {name: each.annotation, **self._annotations}

    def of(self, name: str) -> tuple[Any, str]:
        """Return the annotation of the parameter *name*, and why it has no meaning if so."""
        annotation = self._annotations.get(name, MISSING)
        if annotation is MISSING:
            return MISSING, ""
        if isinstance(annotation, type):
            return annotation, ""
        if self.is_punq and self._names is not None:
            return self._attempted(name, annotation, dict(self._names()))
        if isinstance(annotation, str):
            # Most are the plain name of a class: no parser is needed for those.
            known = self._globals.get(annotation)
            if isinstance(known, type):
                return known, ""
        found, failure = self._attempted(name, annotation, {})
        if failure:
            self.are_final = False
            if self._names is not None:
                return self._attempted(name, annotation, dict(self._names()))
        return found, failure

    def _attempted(self, name: str, annotation: Any, names: dict[str, Any]) -> tuple[Any, str]:
        try:
            return self._evaluated(name, annotation, names), ""
        except Exception as error:  # an annotation is code, it may raise anything
            return annotation, str(error)

    def _evaluated(self, name: str, annotation: Any, names: dict[str, Any]) -> Any:
        holder = types.SimpleNamespace(__annotations__={name: annotation})
        hints = typing.get_type_hints(
            holder, globalns={**self._globals, **names}, localns=names, include_extras=True
        )
        found = hints[name]
        # A name that is bound to text: the text is the key.
        return found.__forward_arg__ if isinstance(found, typing.ForwardRef) else found


def _annotations(function: Any) -> Mapping[str, Any]:
    try:
        return _mapping(getattr(function, "__annotations__", None))
    except (
        NameError
    ):  # pragma: no cover  # Python 3.14 evaluates them here; ask for what can be evaluated
        import annotationlib  # type: ignore[import-not-found,unused-ignore]  # since Python 3.14

        lib: Any = annotationlib
        return _mapping(lib.get_annotations(function, format=lib.Format.FORWARDREF))


def _mapping(found: Any) -> dict[str, Any]:
    # What has no annotations has None, or, in C, a descriptor.
    return dict(found) if hasattr(found, "items") else {}
