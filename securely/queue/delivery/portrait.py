"""Portrait: what is known of a class whose instances travel in payloads, looked at once."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any, Generic, TypeVar, cast

from securely.queue.exceptions import EntityNotFound, InvalidPayload, NotQueueable
from securely.support.serializer import Serializer, Undecodable, Unserializable

__all__ = ["Portrait", "classes_in", "entities_in", "hints_of"]

T = TypeVar("T")


class Portrait(Generic[T]):
    """What is known of one class whose instances travel: a job, a mailable, a notification.

    Attributes:
        cls: The class.
        path: Where it is imported from, as "package.module:Name".
        name: Its dotted name; what errors and lists show.
        entities: Its attributes that are kept as references (`__queue_ref__`), with their classes.
        serializer: Knows the classes of its annotations, and no others.
    """

    def __init__(self, cls: type[T]) -> None:
        self.cls: type[T] = cls
        self.path: str = f"{cls.__module__}:{cls.__qualname__}"
        self.name: str = f"{cls.__module__}.{cls.__qualname__}"
        hints = [*hints_of(cls).items(), *hints_of(cls.__init__).items()]
        self.entities: dict[str, Any] = entities_in(hints)
        self.serializer: Serializer = Serializer(classes_in(hint for _, hint in hints))
        self._slots = tuple(_slots_of(cls))
        self._defaults = _defaults_of(cls)

    def attributes(self, thing: T) -> dict[str, object]:
        """Return the attributes of *thing*: what a payload holds."""
        state: dict[str, object] = getattr(thing, "__dict__", {})
        if self._slots:
            slotted = {name: getattr(thing, name) for name in self._slots if hasattr(thing, name)}
            state = {**slotted, **state}
        if self.entities:
            state = {name: self._referred(name, value) for name, value in state.items()}
        return state

    def encode(self, thing: T) -> bytes:
        """Return the attributes of *thing* in writing.

        Raises:
            NotQueueable: One of them has no written form.
        """
        try:
            return self.serializer.encode(self.attributes(thing))
        except Unserializable as error:
            raise NotQueueable(self.name, str(error)) from error

    def decode(self, data: bytes) -> T:
        """Return an instance with the attributes that :meth:`encode` wrote, entities loaded.

        Raises:
            InvalidPayload: They can not be read, or are not those of the class any more.
            EntityNotFound: An entity is gone.
        """
        try:
            attributes = cast("dict[str, object]", self.serializer.decode(data))
        except Undecodable as error:
            raise InvalidPayload(f"{self.name} can not be read ({error})") from error
        thing = self.restore(attributes)
        self.load(thing)
        return thing

    def load(self, thing: T) -> None:
        """Put the entities of *thing* in the place of the references that its payload held.

        Raises:
            EntityNotFound: One is gone.
        """
        for name, kind in self.entities.items():
            reference = getattr(thing, name, None)
            if reference is None or isinstance(reference, kind):
                continue
            entity = kind.__from_queue_ref__(reference)
            if entity is None:
                raise EntityNotFound(kind.__qualname__, reference)
            object.__setattr__(thing, name, entity)

    def _referred(self, name: str, value: object) -> object:
        kind = self.entities.get(name)
        if kind is None or not isinstance(value, kind):
            return value
        return cast(Any, value).__queue_ref__()

    def restore(self, attributes: dict[str, object]) -> T:
        """Return an instance with *attributes*; neither `__init__` nor `__post_init__` runs.

        Raises:
            InvalidPayload: The class has lost an attribute, or gained one without a default.
        """
        thing = object.__new__(self.cls)
        if not self._slots:
            thing.__dict__.update(attributes)
        else:
            for name, value in attributes.items():
                try:
                    object.__setattr__(thing, name, value)
                except AttributeError as error:
                    reason = f'{self.name} has no attribute "{name}" any more'
                    raise InvalidPayload(reason) from error
        if not self._defaults.keys() <= attributes.keys():
            self._fill(thing, attributes)
        return thing

    def _fill(self, thing: T, attributes: dict[str, object]) -> None:
        """Give the fields that were added since a payload was written their defaults."""
        for name, default in self._defaults.items():
            if name in attributes:
                continue
            if default is None:
                reason = f'{self.name} has a field "{name}" that was not written, and no default'
                raise InvalidPayload(reason)
            object.__setattr__(thing, name, default())


def entities_in(hints: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Return the attributes whose class is kept as a reference, with that class."""
    found: dict[str, Any] = {}
    for name, hint in hints:
        for kind in (hint, *typing.get_args(hint)):
            if isinstance(kind, type) and hasattr(kind, "__from_queue_ref__"):
                found[name] = kind
    return found


def _slots_of(cls: type) -> Iterator[str]:
    for owner in cls.__mro__:
        slots: str | tuple[str, ...] = vars(owner).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name in {"__dict__", "__weakref__"}:
                continue
            private = name.startswith("__") and not name.endswith("__")
            yield f"_{owner.__name__.lstrip('_')}{name}" if private else name


def _defaults_of(cls: type) -> dict[str, Callable[[], object] | None]:
    """Return how to make the default of each field of a dataclass; None where it has none."""
    if not dataclasses.is_dataclass(cls):
        return {}
    made: dict[str, Callable[[], object] | None] = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            made[field.name] = _constant(cast(object, field.default))
        elif field.default_factory is not dataclasses.MISSING:
            made[field.name] = cast("Callable[[], object]", field.default_factory)
        else:
            made[field.name] = None
    return made


def _constant(value: object) -> Callable[[], object]:
    return lambda: value


def classes_in(hints: Iterable[object]) -> set[type]:
    """Return the enums, dataclasses and models among *hints*, and those that they name in turn."""
    found: set[type] = set()
    waiting = list(hints)
    while waiting:
        hint = waiting.pop()
        waiting.extend(typing.get_args(hint))
        origin = cast(object, typing.get_origin(hint) or hint)
        if not isinstance(origin, type) or origin in found:
            continue
        kind = cast("type[object]", origin)
        if issubclass(kind, Enum):
            found.add(kind)
        elif dataclasses.is_dataclass(kind) or hasattr(kind, "__pydantic_fields__"):
            found.add(kind)
            waiting.extend(hints_of(kind).values())
    return found


def hints_of(owner: object) -> dict[str, object]:
    """Return the annotations of *owner*, read; none where they can not be."""
    try:
        return typing.get_type_hints(owner)
    except Exception:  # names of a block that only checkers see; nothing to allow
        return {}
