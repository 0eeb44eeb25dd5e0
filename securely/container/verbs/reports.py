"""explain and check: what would be built, and what could not be; nothing is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from securely.container.binding import Binding, Key, Lifetime, is_ours, name_of, written
from securely.container.exceptions import BoundOver, ContainerError, UnusedContext
from securely.container.plans.compiler import Compiler
from securely.container.plans.frames import Frame, Promise
from securely.container.verbs.core import Core
from securely.container.verbs.registrations import Registrations
from securely.support.importing import ImportFailed, import_object

__all__ = ["Explanation", "Reached", "Reports"]


@dataclass(frozen=True)
class Reached:
    """Something that is built or called without a binding: a command, a listener, a job.

    Attributes:
        target: A class, or a function that is called injected.
        method: The name of a method of the class that is called injected; empty without one.
        given: The names of parameters that whoever calls it gives.
        is_built: Whether the container builds the class.
    """

    target: Callable[..., Any]
    method: str = ""
    given: frozenset[str] = frozenset()
    is_built: bool = True


@dataclass(frozen=True)
class Explanation:
    """How a key is resolved: a tree, which prints itself.

    Attributes:
        key: What is resolved.
        parameter: Which parameter asked for it; empty at the top.
        lifetime: How long it is kept; "unbound" when nothing is bound and its class is built.
        place: File and line of the binding; empty when there is none.
        needs: How what it needs is resolved.
        is_above: Whether that stands further up already, and is left out here.
    """

    key: str
    parameter: str
    lifetime: str
    place: str
    needs: tuple[Explanation, ...]
    is_above: bool = False

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, indent: int = 0) -> list[str]:
        """Return one line per key, indented under what needs it."""
        name = f"{self.parameter}: " if self.parameter else ""
        place = f"  {self.place}" if self.place else ""
        above = "  (as above)" if self.is_above else ""
        line = f"{'  ' * indent}{name}{self.key} [{self.lifetime}]{place}{above}"
        return [line, *(line for need in self.needs for line in need.lines(indent + 1))]


class Reports(Registrations):
    """Looking before building."""

    def explain(self, key: Key) -> Explanation:
        """Return how *key* would be resolved: what it needs, lifetimes, where each was bound.

        Args:
            key: A class or a name; a text to which nothing is bound may be the name of a class
                that is bound, or the dotted path of any.

        Raises:
            NotBound: It could not be resolved.
            CircularDependency: It needs itself.
        """
        compiler = Compiler(self, cold=True)
        compiler.node(self._meant(key))
        assert compiler.story is not None  # noqa: S101  # a plan that was made has a beginning
        return _explained(compiler.story)

    def check(self, *reached: Reached) -> list[ContainerError]:
        """Return everything that is wrong with the bindings, as errors that say what to do.

        Unbound abstract classes, parameters that cannot be resolved, settings that are not there,
        cycles, singletons that would keep a scoped object, bindings that another took the place
        of before they were used, and `when` that nobody needs. Nothing is built. Each error has
        its `place`, file and line, and the name of its `parameter`.

        Args:
            reached: What is built or called without a binding, and is to be checked, too.
        """
        survey = _Survey(self)
        for key in list(self.registrations.bound_keys()):
            for binding in self.registrations.find(key):
                survey.bound(binding)
        for each in reached:
            survey.reached(each)
        for consumer in list(self._contextual.given):
            survey.consumer(consumer)
        return [*survey.problems, *self._replaced(), *self._unused(survey.used)]

    def _meant(self, key: Key) -> Key:
        """Return the class that somebody calls *key*; *key* itself, where nobody does."""
        if not isinstance(key, str) or self.bound(key):
            return key
        named = [each for each in self.registrations.bound_keys() if name_of(each) == key]
        if named:
            return named[0]
        try:
            found = import_object(key)
        except ImportFailed:
            return key
        return found if isinstance(found, type) else key

    def _replaced(self) -> list[ContainerError]:
        """Return the bindings of an application that another took the place of."""
        return [
            BoundOver(name_of(key), written(old), written(new))
            for key, old, new in self._bound_over
            if (binding := self.registrations.last(key)) is not None
            and binding.origin == new  # it may have been put back, or bound over in turn
            # Who replaces what the framework bound means to.
            and not (is_ours(old) or is_ours(new))
        ]

    def _unused(self, used: set[tuple[Key, Key]]) -> list[ContainerError]:
        """Return what `when` gives to those who do not need it."""
        return [
            UnusedContext(
                name_of(consumer), str(getattr(need, "name", None) or name_of(need)), given.place
            )
            for consumer, needs in self._contextual.given.items()
            for need, given in needs.items()
            if (consumer, need) not in used
        ]


class _Survey:
    """Plans one thing after the other, and collects what is wrong."""

    def __init__(self, container: Core) -> None:
        self.problems: list[ContainerError] = []
        self.used: set[tuple[Key, Key]] = set()
        self._container = container
        self._promised: set[Key] = set()
        self._explored: dict[object, Frame] = {}

    def bound(self, binding: Binding) -> None:
        """Plan what is bound; an object is there already."""
        if binding.lifetime is not Lifetime.INSTANCE:
            self._look(lambda compiler: compiler.bound_to(binding))

    def consumer(self, consumer: Key) -> None:
        """Plan whom `when` names, so that it is known what he needs."""
        if isinstance(consumer, type):
            self._look(lambda compiler: compiler.alone(consumer))
        elif callable(consumer):
            self._look(lambda compiler: compiler.call(consumer, (consumer,)))

    def reached(self, reached: Reached) -> None:
        """Plan what is built or called without a binding."""
        target, method, given = reached.target, reached.method, reached.given
        if not isinstance(target, type):
            self._look(lambda compiler: compiler.call(target, (target,), given=given))
            return
        if reached.is_built:
            self._look(lambda compiler: compiler.node(target))
        if method:
            self._look(lambda compiler: compiler.method(target, method, given))

    def _kept(self, promise: Promise) -> None:
        """Plan what may be asked for later, once."""
        if promise.key not in self._promised:
            self._promised.add(promise.key)
            self._look(lambda compiler: compiler.kept(promise))

    def _look(self, plan: Callable[[Compiler], object]) -> None:
        compiler = Compiler(
            self._container, cold=True, problems=self.problems, explored=self._explored
        )
        try:
            plan(compiler)
        except ContainerError as error:  # of what ends planning: an alias loop, a lost class
            compiler.fail(error)
        self.used |= compiler.used
        for promise in compiler.promises:
            self._kept(promise)


def _explained(story: Any) -> Explanation:
    return Explanation(
        story.label,
        story.via,
        story.lifetime.value if story.binding is not None else "unbound",
        story.binding.place if story.binding is not None else "",
        tuple(_explained(each) for each in story.needs),
        story.is_above,
    )
