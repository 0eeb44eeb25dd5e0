"""The container: knows how to make what an application is made of, and is punq's with more verbs.

Ask it for a class and it builds what the constructor names, first what that needs.
Providers tell it what to build where a class does not say enough; facades are short names for
what it holds.

Files:
    container: Container itself: binding, asking, forgetting, scopes.
    verbs: its other verbs by topic: hooks, tags, calls, punq's registrations, reports.
    binding: what is bound to which key, in one table.
    plans: how an object is built, compiled to flat code.
    signature: the parameters of a class or function, read once.
    scope: what lives for one request, job or command; how a shared object is built once.
    contextual: when building X, give Y.
    markers: what a parameter says of itself in Annotated, and a class by decorators.
    current: which container is current.
    facade: a name for a service.
    provider: what binds a component.
    exceptions: what can go wrong.
"""

from __future__ import annotations

from securely.container.binding import Binding, Lifetime
from securely.container.container import Container
from securely.container.current import current, set_process_container
from securely.container.exceptions import (
    AliasLoop,
    AsyncBinding,
    BoundOver,
    CaptiveDependency,
    CircularDependency,
    ContainerError,
    InvalidBinding,
    LoopBlocked,
    NotBooted,
    NotBound,
    NotInstantiable,
    ScopeEnded,
    UnusedContext,
)
from securely.container.facade import facade, service_of
from securely.container.markers import (
    Give,
    Inject,
    Lazy,
    Named,
    Parameters,
    Setting,
    Tag,
    Tagged,
    binds_to,
    binds_when,
    scoped,
    singleton,
)
from securely.container.provider import Deferrable, Provider, Publication
from securely.container.verbs.reports import Reached

__all__ = [
    "AliasLoop",
    "AsyncBinding",
    "Binding",
    "BoundOver",
    "CaptiveDependency",
    "CircularDependency",
    "Container",
    "ContainerError",
    "Deferrable",
    "Give",
    "Inject",
    "InvalidBinding",
    "Lazy",
    "Lifetime",
    "LoopBlocked",
    "Named",
    "NotBooted",
    "NotBound",
    "NotInstantiable",
    "Parameters",
    "Provider",
    "Publication",
    "Reached",
    "ScopeEnded",
    "Setting",
    "Tag",
    "Tagged",
    "UnusedContext",
    "binds_to",
    "binds_when",
    "current",
    "facade",
    "scoped",
    "service_of",
    "set_process_container",
    "singleton",
]
