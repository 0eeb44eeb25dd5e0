"""Application.configure(...).with_routing(...).create()."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from securely.config import Source
from securely.container import Container, Provider, set_process_container
from securely.foundation.errors import ErrorHandler

if TYPE_CHECKING:
    from securely.schedule.schedule import Schedule

__all__ = ["ApplicationBuilder", "Maker", "Parts", "ProviderSource"]

A = TypeVar("A", bound=Container)
A_co = TypeVar("A_co", bound=Container, covariant=True)

Key: TypeAlias = type | str
Bindings: TypeAlias = Mapping[Any, object] | Sequence[type]
ProviderSource: TypeAlias = type[Provider] | str


@dataclass(slots=True)
class Parts:
    """What an application is made of."""

    base_path: Path
    console_routes: list[str] = field(default_factory=list[str])
    providers: list[ProviderSource] = field(default_factory=list[ProviderSource])
    commands: list[str] = field(default_factory=list[str])
    bindings: dict[Key, object] = field(default_factory=dict[Key, object])
    singletons: dict[Key, object] = field(default_factory=dict[Key, object])
    scoped: dict[Key, object] = field(default_factory=dict[Key, object])
    listeners: list[str] = field(default_factory=list[str])
    discovers: bool = True
    env_files: list[str] = field(default_factory=list[str])
    env_sources: list[Source] = field(default_factory=list[Source])
    merges_defaults: bool = True
    on_errors: list[Callable[[ErrorHandler], object]] = field(
        default_factory=list[Callable[[ErrorHandler], object]]
    )
    schedules: list[Callable[[Schedule], object]] = field(
        default_factory=list["Callable[[Schedule], object]"]
    )


class Maker(Protocol[A_co]):
    """An application class, seen as what makes applications."""

    def __call__(self, parts: Parts, environment: Mapping[str, str], storage: Path | None) -> A_co:
        """Make an application of *parts*."""
        ...


class ApplicationBuilder(Generic[A]):
    """Collects what an application is made of; :meth:`create` makes it.

    Example:
        >>> from pathlib import Path
        >>> from securely import Application
        >>> app = Application.configure(Path("/srv/blog")).create()
        >>> app.paths.config
        PosixPath('/srv/blog/config')
    """

    def __init__(self, make: Maker[A], base_path: Path) -> None:
        self._make = make
        self._parts = Parts(base_path)

    def with_routing(self, *, console: str | None = None) -> ApplicationBuilder[A]:
        """Name the files that hold routes; *console* is one with commands that are functions."""
        if console is not None:
            self._parts.console_routes.append(console)
        return self

    def with_providers(self, providers: Sequence[ProviderSource]) -> ApplicationBuilder[A]:
        """Add providers: classes, or "package.module:Class"."""
        self._parts.providers.extend(providers)
        return self

    def with_commands(self, commands: Sequence[str]) -> ApplicationBuilder[A]:
        """Add command classes by their dotted path, "package.module:Class"."""
        self._parts.commands.extend(commands)
        return self

    def with_events(self, discover: Sequence[str] | bool = True) -> ApplicationBuilder[A]:
        """Say where listeners are found.

        Args:
            discover: Packages in which they are found, too, such as "app.billing.listeners";
                False finds none anywhere.
        """
        if isinstance(discover, bool):
            self._parts.discovers = discover
        else:
            self._parts.listeners.extend(discover)
        return self

    def with_bindings(self, bindings: Bindings) -> ApplicationBuilder[A]:
        """Bind classes to what makes them, once the providers have registered.

        Args:
            bindings: Class or name -> what makes it; or the classes alone.
        """
        self._parts.bindings.update(_pairs(bindings))
        return self

    def with_singletons(self, singletons: Bindings) -> ApplicationBuilder[A]:
        """Do :meth:`with_bindings`, for what is made once."""
        self._parts.singletons.update(_pairs(singletons))
        return self

    def with_scoped(self, scoped: Bindings) -> ApplicationBuilder[A]:
        """Do :meth:`with_bindings`, for what is made once in each scope.

        Source: Laravel 13, ApplicationBuilder::withScopedSingletons.
        """
        self._parts.scoped.update(_pairs(scoped))
        return self

    def with_env_files(self, *files: str) -> ApplicationBuilder[A]:
        """Read these files on top of each other, instead of one; later ones win.

        Args:
            files: Below the base path; `{env}` stands for the environment. Missing ones are fine:
                ".env", ".env.{env}", ".env.local".
        """
        self._parts.env_files.extend(files)
        return self

    def with_env_sources(self, *sources: Source) -> ApplicationBuilder[A]:
        """Ask these, too, for variables that neither the process nor a file sets.

        Args:
            sources: Functions from a name to text or None, such as `docker_secrets()`.
        """
        self._parts.env_sources.extend(sources)
        return self

    def without_framework_config(self) -> ApplicationBuilder[A]:
        """Leave out the framework's own settings: only what the files in `config/` say counts.

        Source: Laravel 13, Application::dontMergeFrameworkConfiguration.
        """
        self._parts.merges_defaults = False
        return self

    def with_schedule(self, define: Callable[[Schedule], object]) -> ApplicationBuilder[A]:
        """Define scheduled tasks; *define* is called when they are first asked for."""
        self._parts.schedules.append(define)
        return self

    def with_exceptions(self, configure: Callable[[ErrorHandler], object]) -> ApplicationBuilder[A]:
        """Say how errors are reported; *configure* is called when the application boots."""
        self._parts.on_errors.append(configure)
        return self

    def create(self) -> A:
        """Make the application and let it be the one of this process.

        Neither configuration nor providers are touched before it boots.
        """
        app = self.build()
        set_process_container(app)
        return app

    def build(self, environment: Mapping[str, str] | None = None, storage: Path | None = None) -> A:
        """Make an application that is nobody's current one; each test gets one.

        Args:
            environment: Variables that win over the process's and over `.env`.
            storage: Where it may write; `storage/` under the base path when None.
        """
        return self._make(self._parts, dict(environment or {}), storage)


def _pairs(bindings: Bindings) -> dict[Key, object]:
    if isinstance(bindings, Mapping):
        return {key: concrete for key, concrete in bindings.items()}  # noqa: C416  # typed anew
    return {key: None for key in bindings}  # noqa: C420  # as above
