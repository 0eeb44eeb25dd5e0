"""explain and check: what would be built, and what could not be; nothing is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from securely.container.binding import Key, Lifetime, name_of
from securely.container.exceptions import ContainerError, UnusedContext
from securely.container.verbs.registrations import Registrations

__all__ = ["Explanation", "Reports"]


@dataclass(frozen=True)
class Explanation:
    """How a key is resolved: a tree, which prints itself.

    Attributes:
        key: What is resolved.
        parameter: Which parameter asked for it; empty at the top.
        lifetime: How long it is kept; "unbound" when nothing is bound and its class is built.
        place: File and line of the binding; empty when there is none.
        needs: How what it needs is resolved.
    """

    key: str
    parameter: str
    lifetime: str
    place: str
    needs: tuple[Explanation, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, indent: int = 0) -> list[str]:
        """Return one line per key, indented under what needs it."""
        name = f"{self.parameter}: " if self.parameter else ""
        place = f"  {self.place}" if self.place else ""
        line = f"{'  ' * indent}{name}{self.key} [{self.lifetime}]{place}"
        return [line, *(line for need in self.needs for line in need.lines(indent + 1))]


class Reports(Registrations):
    """Looking before building."""

    def explain(self, key: Key) -> Explanation:
        """Return how *key* would be resolved: what it needs, lifetimes, where each was bound.

        Raises:
            NotBound: It could not be resolved.
            CircularDependency: It needs itself.
        """
        from securely.container.plans.compiler import Compiler

        compiler = Compiler(self, cold=True)
        compiler.node(key)
        assert compiler.story is not None  # noqa: S101  # a plan that was made has a beginning
        return _explained(compiler.story)

    def check(self) -> list[ContainerError]:
        """Return everything that is wrong with the bindings, as errors that say what to do.

        Unbound abstract classes, parameters that cannot be resolved, cycles, singletons that
        would keep a scoped object, and `when` that nobody needs. Nothing is built.
        """
        from securely.container.plans.compiler import Compiler

        problems: list[ContainerError] = []
        used: set[tuple[Any, Any]] = set()
        for key in list(self.registrations.bound_keys()):
            for binding in self.find(key)[1]:
                if binding.lifetime is not Lifetime.INSTANCE:
                    compiler = Compiler(self, cold=True, problems=problems)
                    compiler.bound_to(binding)
                    used |= compiler.used
        for consumer in list(self._contextual.given):
            compiler = Compiler(self, cold=True, problems=problems)
            if isinstance(consumer, type):
                compiler.alone(consumer)
            elif callable(consumer):
                compiler.call(consumer, (consumer,))
            used |= compiler.used
        for consumer, needs in self._contextual.given.items():
            problems += [
                UnusedContext(
                    name_of(consumer),
                    str(getattr(need, "name", None) or name_of(need)),
                    given.place,
                )
                for need, given in needs.items()
                if (consumer, need) not in used
            ]
        return problems


def _explained(story: Any) -> Explanation:
    return Explanation(
        story.label,
        story.via,
        story.lifetime.value if story.binding is not None else "unbound",
        story.binding.place if story.binding is not None else "",
        tuple(_explained(each) for each in story.needs),
    )
