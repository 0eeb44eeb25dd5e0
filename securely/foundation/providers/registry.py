"""Which providers there are, which are loaded, and which wait to be asked for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

from securely.container import Binding, Container, Provider
from securely.container.binding import name_of
from securely.exceptions import SecurelyError
from securely.foundation.catalog import EAGER, SERVICES
from securely.foundation.exceptions import (
    MissingRequirement,
    ProviderFailed,
    RequirementLoop,
    ResolvedDuringRegister,
)
from securely.foundation.providers.failures import imported, told
from securely.foundation.providers.listed import APPLICATION, FRAMEWORK, Listed
from securely.foundation.providers.records import Record, Records, class_path
from securely.support import clock
from securely.support.importing import dotted
from securely.support.missing import MISSING

__all__ = ["ProviderRegistry", "Row"]

_BOOT: Final = "boot"
_REGISTER: Final = "register"
# An application has read its configuration before the first provider; none is loaded for it.
_BOUND_AT_BOOT: Final = ("config",)

# The providers that register in this context, outermost first: each requires the next one.
_registering: ContextVar[tuple[type[Provider], ...]] = ContextVar(
    "securely_registering", default=()
)


class Row(NamedTuple):
    """What `provider:list` shows of one provider.

    Attributes:
        provider: Its dotted path.
        origin: Whose it is: "framework", "application", or the name and version of a package.
        state: "booted", "registered", or "waiting".
        deferred: Whether it waits, or has waited, to be asked for.
        services: The names of the services it provides.
        register_ms: Milliseconds that it took to register; None when it has not.
        boot_ms: Milliseconds that it took to boot; None when it has not.
    """

    provider: str
    origin: str
    state: str
    deferred: bool
    services: tuple[str, ...]
    register_ms: float | None
    boot_ms: float | None


class ProviderRegistry:
    """Adds providers to a container: those that wait when they are asked for, others at once.

    A service is found by its name ("cache") and by its class; for both, a table says which
    provider binds it: the catalog for the framework, `bootstrap/cache/services.json` for packages
    and the application. So a boot imports none of those that wait.
    """

    def __init__(self, app: Container) -> None:
        self._app = app
        self._loaded: dict[type[Provider], Provider] = {}
        self._booted: set[type[Provider]] = set()
        self._abooted: set[type[Provider]] = set()
        self._may_boot = False
        self._pending: list[type[Provider]] = []
        self._origins: dict[str, str] = {}
        self._services: dict[str, tuple[str, ...]] = {}
        self._spent: dict[tuple[type[Provider], str], float] = {}
        self._sources: dict[str, type[Provider] | str] = {}
        self._deferred: dict[str, str] = {}
        self._unhear: dict[str, list[Callable[[], None]]] = {}
        for name, (cls, provider) in SERVICES.items():
            if name not in _BOUND_AT_BOOT:
                self._await(provider, {name: cls}, FRAMEWORK)

    # Asking.

    @property
    def loaded(self) -> tuple[Provider, ...]:
        """The providers that have registered, in their order."""
        return tuple(self._loaded.values())

    @property
    def boots_async(self) -> bool:
        """Whether one of the loaded providers boots in a loop, too."""
        return any(type(provider).aboot is not Provider.aboot for provider in self.loaded)

    @property
    def deferred(self) -> Mapping[str, str]:
        """What waits to be asked for: name or dotted class -> dotted provider."""
        return dict(self._deferred)

    def find(self, provider: type[Provider] | str) -> Provider | None:
        """Return the loaded provider of that class, or of a subclass; None when there is none."""
        return next(iter(self.of(provider)), None)

    def of(self, provider: type[Provider] | str) -> tuple[Provider, ...]:
        """Return the loaded providers of that class or dotted path, subclasses included."""
        return tuple(each for each in self.loaded if _is(type(each), provider))

    def rows(self) -> list[Row]:
        """Return what is known of each provider: the loaded ones, then those that wait."""
        found: list[Row] = []
        for provider in self.loaded:
            cls = type(provider)
            path = _colon(class_path(cls))
            state = "booted" if cls in self._booted else "registered"
            spent = (self._spent.get((cls, _REGISTER)), self._spent.get((cls, _BOOT)))
            origin, waited = self._origins.get(path, APPLICATION), path in self._services
            found.append(Row(path, origin, state, waited, tuple(cls.provides), *spent))
        for path in sorted({_colon(each) for each in self._deferred.values()}):
            origin = self._origins.get(path, APPLICATION)
            found.append(Row(path, origin, "waiting", True, self._services[path], None, None))
        return found

    # Adding.

    def add(self, cls: type[Provider], force: bool = False) -> Provider:
        """Register *cls* once, after what it requires, and boot it when the application has booted.

        Args:
            cls: The provider.
            force: Register it anew, though it has been.

        Raises:
            ProviderFailed: It raised something.
            MissingRequirement: Nobody lists what it requires.
            RequirementLoop: It requires what requires it.
        """
        return self._add(cls, is_late=False, force=force)

    def add_named(self, path: str) -> Provider:
        """Import the provider at *path*, "package.module:Class", and register it.

        Raises:
            ProviderFailed: It cannot be imported, or is no provider.
        """
        return self._add(imported(path), is_late=False)

    def load_for(self, key: object) -> bool:
        """Load the provider that binds *key*, a name or a class; False when none waits."""
        if not self._deferred:
            return False
        path = self._deferred.get(key if isinstance(key, str) else class_path(key))
        return path is not None and self.load(path)

    def load(self, path: str) -> bool:
        """Load the provider at *path* if it waits; say whether it did."""
        if path not in self._deferred.values():
            return False
        source = self._sources.get(path, _colon(path))
        provider = self._add(imported(source) if isinstance(source, str) else source, is_late=True)
        # It may be listed by a path that it has been imported to, and be defined elsewhere.
        listed, own = _colon(path), _colon(class_path(type(provider)))
        self._origins[own], self._services[own] = self._origins[listed], self._services[listed]
        self._stop_waiting(path)
        return True

    def load_deferred(self) -> None:
        """Load every provider that waits; for commands that need to know all of them."""
        for path in dict.fromkeys(self._deferred.values()):
            self.load(path)

    def load_eager(self) -> None:
        """Register the framework's providers that do not wait."""
        for path in EAGER:
            self._origins[_colon(path)] = FRAMEWORK
            self.add_named(path)

    def load_listed(self, listed: Sequence[Listed], records: Records, strict: bool = False) -> None:
        """Register the providers of packages and of the application in their order.

        Those that wait are announced first, so that whoever registers finds their services bound.

        Args:
            listed: The providers.
            records: What is known of those that wait.
            strict: Refuse what a provider resolves in its `register`.

        Raises:
            SecurelyError: One of them cannot be loaded; the message names it.
        """
        self._pending = []
        for each in listed:
            found = records.of(each)
            if isinstance(found, Record):
                self._announce(found)
            else:
                self._origins.setdefault(_colon(class_path(found)), each.origin)
                self._pending.append(found)
        records.keep_changes()
        with self._watching(strict):
            for cls in [*self._pending]:
                self.add(cls)
        self._pending = []

    def keep_only(self, providers: Sequence[str]) -> None:
        """Let only those of the framework wait that *providers* names."""
        kept = {path.replace(":", ".") for path in providers}
        self._deferred = {key: path for key, path in self._deferred.items() if path in kept}

    # Booting.

    def boot(self, passed: Callable[[Exception], object] | None = None) -> None:
        """Boot every provider that has registered; those added from now on boot at once.

        Args:
            passed: Told of what a provider raises, and the others boot; None to raise it.

        Raises:
            ProviderFailed: One raised something.
        """
        self._may_boot = True
        for provider in self.loaded:
            try:
                self._boot(provider)
            except Exception as error:
                if passed is None:
                    raise
                passed(error)

    async def aboot(self, passed: Callable[[Exception], object] | None = None) -> None:
        """Async twin of :meth:`boot`."""
        self.boot(passed)
        for provider in self.loaded:
            try:
                await self._aboot(provider)
            except Exception as error:
                if passed is None:
                    raise
                passed(error)

    async def _aboot(self, provider: Provider) -> None:
        cls = type(provider)
        if cls in self._abooted or cls.aboot is Provider.aboot:
            return
        try:
            await self._app.acall(provider.aboot)
        except SecurelyError:
            raise
        except Exception as error:
            raise ProviderFailed(dotted(cls), f"a{_BOOT}", told(error)) from error
        self._abooted.add(cls)

    def _add(self, cls: type[Provider], *, is_late: bool, force: bool = False) -> Provider:
        known = self._loaded.get(cls)
        if known is not None and not force:
            return known
        above = _registering.get()
        if cls in above:
            raise RequirementLoop(tuple(map(dotted, (*above[above.index(cls) :], cls))))
        token = _registering.set((*above, cls))
        try:
            self._require(cls)
            provider = self._registered(cls, is_late)
        finally:
            _registering.reset(token)
        if self._may_boot:
            self._booted.discard(cls)
            self._boot(provider)
        return provider

    def _require(self, cls: type[Provider]) -> None:
        """Load what *cls* requires, which may wait, or stand behind it in the list."""
        for wanted in cls.requires:
            if self.find(wanted) is not None:
                continue
            pending = next((each for each in self._pending if _is(each, wanted)), None)
            path = (wanted if isinstance(wanted, str) else class_path(wanted)).replace(":", ".")
            if pending is not None:
                self.add(pending)
            elif not self.load(path):
                known = [*map(dotted, self._pending), *map(dotted, self._loaded)]
                waiting = map(_colon, dict.fromkeys(self._deferred.values()))
                raise MissingRequirement(dotted(cls), _colon(path), (*known, *waiting))

    def _registered(self, cls: type[Provider], is_late: bool) -> Provider:
        before = self._loaded.get(cls)
        provider = cls(self._app)
        # Noted first: it may ask for what it binds, and must not be loaded for that again.
        self._loaded[cls] = provider
        table = self._app.registrations.entries
        bound = {key: table[key] for key in cls.provides.values() if is_late and key in table}
        try:
            self._register(provider)
        except BaseException:
            # As if nobody had tried, so that whoever asks next is told the reason again.
            del self._loaded[cls]
            if before is not None:
                self._loaded[cls] = before
            raise
        if bound:
            self._yield_to(bound)
        for name, service in cls.provides.items():
            if not (is_late and (name in table or self._app.is_alias(name))):
                self._app.alias(service, name)
        self._stop_waiting(class_path(cls))
        return provider

    def _register(self, provider: Provider) -> None:
        try:
            with self._timed(provider, _REGISTER):
                provider.register()
                provider.bind_attributes()
        except SecurelyError:
            raise
        except Exception as error:
            raise ProviderFailed(dotted(type(provider)), _REGISTER, told(error)) from error

    def _yield_to(self, bound: Mapping[type, list[Binding]]) -> None:
        """Put back what the application bound before the provider of it was loaded.

        Who binds a service of the framework means to replace it. The framework's provider, loaded
        when that service or another of its own is first asked for, must not take that back.
        """
        self._app.registrations.entries.update(bound)
        self._app.invalidate()

    def _boot(self, provider: Provider) -> None:
        if type(provider) in self._booted:
            return
        self._booted.add(type(provider))
        try:
            with self._timed(provider, _BOOT):
                self._run(provider.booting_callbacks)
                _refuse_async(self._app.call(provider.boot))
                self._run(provider.booted_callbacks)
        except Exception as error:
            self._booted.discard(type(provider))
            if isinstance(error, SecurelyError):
                raise
            raise ProviderFailed(dotted(type(provider)), _BOOT, told(error)) from error

    def _run(self, callbacks: list[Callable[..., object]]) -> None:
        # By index: a callback may add another, which runs too.
        position = 0
        while position < len(callbacks):
            _refuse_async(self._app.call(callbacks[position]))
            position += 1

    @contextmanager
    def _timed(self, provider: Provider, phase: str) -> Generator[None]:
        began = clock.perf()
        yield
        self._spent[type(provider), phase] = (clock.perf() - began) * 1000

    # Those that wait.

    def _await(self, path: str, services: Mapping[str, str], origin: str) -> None:
        shown = _colon(path)
        self._origins[shown] = origin
        known = self._services.get(shown, ())
        self._services[shown] = tuple(dict.fromkeys((*known, *services)))
        for name, cls in services.items():
            self._deferred[name] = path
            self._deferred[cls] = path

    def _announce(self, record: Record) -> None:
        path = record.path.replace(":", ".")
        self._sources[path] = record.provider or record.path
        self._await(path, record.services, record.origin)
        if not record.services:
            self._deferred[path] = path  # an event alone loads it
        if record.events:
            self._load_by(record.events, path)

    def _load_by(self, wanted: Sequence[str], path: str) -> None:
        """Load the provider at *path* when one of the events *wanted* is dispatched."""
        from securely.events import Dispatcher

        def load() -> None:
            self.load(path)

        def listen(events: Dispatcher, _: object) -> None:
            def unhear() -> None:
                for event in wanted:
                    events.forget(event, load)

            if path not in self._deferred.values():
                return  # whoever makes a second dispatcher needs nothing loaded
            for event in wanted:
                events.listen(event, load)
            self._unhear.setdefault(path, []).append(unhear)

        self._app.after_resolving(Dispatcher, listen)

    def _stop_waiting(self, path: str) -> None:
        self._deferred = {key: each for key, each in self._deferred.items() if each != path}
        for unhear in self._unhear.pop(path, ()):
            unhear()

    # What a register may not do.

    @contextmanager
    def _watching(self, strict: bool) -> Generator[None]:
        if not strict:
            yield
            return
        hooks = self._app.callbacks.before
        self._app.before_resolving(self._refuse_resolving)
        added = hooks[-1]
        try:
            yield
        finally:
            hooks.remove(added)
            self._app.invalidate()

    def _refuse_resolving(self, key: object, _overrides: object, _container: object) -> None:
        above = _registering.get()
        if not above or self._may_boot:
            return
        binding = self._app.registrations.last(self._app.root(key))
        # What is there already, as the configuration is, can do no harm. (`resolved` would be
        # true of what is about to be built, too.)
        if binding is None or binding.cell.value is MISSING:
            raise ResolvedDuringRegister(name_of(key), dotted(above[-1]))


def _is(cls: type[Provider], wanted: type[Provider] | str) -> bool:
    if isinstance(wanted, type):
        return issubclass(cls, wanted)
    return class_path(cls) == wanted.replace(":", ".")


def _colon(path: str) -> str:
    """Return "package.module:Class" for what the catalog writes with dots alone."""
    return path if ":" in path or "<locals>" in path else ":".join(path.rsplit(".", 1))


def _refuse_async(answer: object) -> None:
    if isinstance(answer, Coroutine):
        answer.close()
        raise TypeError("boot() is async, and nobody would await it. Write `def boot`, or `aboot`")
