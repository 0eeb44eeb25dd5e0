"""Which providers there are, which are loaded, and which wait to be asked for."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, cast

from securely.container import Binding, Container, Provider
from securely.exceptions import SecurelyError
from securely.foundation.catalog import EAGER, SERVICES
from securely.foundation.exceptions import BadProviders, ProviderFailed
from securely.support.importing import ImportFailed, dotted, import_object

__all__ = ["ProviderRegistry", "read_provider_file"]

_BOOT: Final = "boot"
_REGISTER: Final = "register"
# An application has read its configuration before the first provider; none is loaded for it.
_BOUND_AT_BOOT: Final = ("config",)
_IMPORTING: Final = import_object.__code__.co_filename


class ProviderRegistry:
    """Adds providers to a container: the framework's when they are asked for, others at once.

    A service is found by its name ("cache") and by its class; for both, the catalog says which
    provider binds it, so a boot imports none of them.
    """

    def __init__(self, app: Container) -> None:
        self._app = app
        self._loaded: dict[type[Provider], Provider] = {}
        self._booted: set[type[Provider]] = set()
        self._may_boot = False
        self._deferred: dict[str, str] = {}
        for name, (cls, provider) in SERVICES.items():
            if name not in _BOUND_AT_BOOT:
                self._deferred[name] = provider
                self._deferred[cls] = provider

    @property
    def loaded(self) -> tuple[Provider, ...]:
        """The providers that have registered, in their order."""
        return tuple(self._loaded.values())

    @property
    def deferred(self) -> Mapping[str, str]:
        """What waits to be asked for: name or dotted class -> dotted provider."""
        return dict(self._deferred)

    def add(self, cls: type[Provider]) -> Provider:
        """Register *cls* once, and boot it when the application has booted.

        Raises:
            ProviderFailed: It raised something.
        """
        return self._add(cls, is_late=False)

    def _add(self, cls: type[Provider], *, is_late: bool) -> Provider:
        known = self._loaded.get(cls)
        if known is not None:
            return known
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
            raise
        if bound:
            self._yield_to(bound)
        for name, service in cls.provides.items():
            if not (is_late and (name in table or self._app.is_alias(name))):
                self._app.alias(service, name)
        own = _class_path(cls)
        self._deferred = {key: path for key, path in self._deferred.items() if path != own}
        if self._may_boot:
            self._boot(provider)
        return provider

    def add_named(self, path: str) -> Provider:
        """Import the provider at *path*, "package.module:Class", and register it.

        Raises:
            ProviderFailed: It cannot be imported, or is no provider.
        """
        return self._add(_imported(path), is_late=False)

    def load_for(self, key: object) -> bool:
        """Load the provider that binds *key*, a name or a class; False when none waits."""
        if not self._deferred:
            return False
        name = key if isinstance(key, str) else _class_path(key)
        path = self._deferred.get(name)
        if path is None:
            return False
        self._add(_imported(path), is_late=True)
        return True

    def load_eager(self) -> None:
        """Register the framework's providers that do not wait."""
        for path in EAGER:
            self.add_named(path)

    def boot(self) -> None:
        """Boot every provider that has registered; those added from now on boot at once.

        Raises:
            ProviderFailed: One raised something.
        """
        self._may_boot = True
        for provider in self.loaded:
            self._boot(provider)

    def _register(self, provider: Provider) -> None:
        try:
            provider.register()
            provider.bind_attributes()
        except SecurelyError:
            raise
        except Exception as error:
            raise ProviderFailed(dotted(type(provider)), _REGISTER, _told(error)) from error

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
            _refuse_async(self._app.call(provider.boot))
        except Exception as error:
            self._booted.discard(type(provider))
            if isinstance(error, SecurelyError):
                raise
            raise ProviderFailed(dotted(type(provider)), _BOOT, _told(error)) from error


def read_provider_file(file: Path) -> list[type[Provider] | str]:
    """Return what `bootstrap/providers.py` lists; nothing when there is no such file.

    Raises:
        BadProviders: It cannot be run, or lists something else.
    """
    from importlib.machinery import SourceFileLoader

    if not file.is_file():
        return []
    namespace: dict[str, Any] = {"__name__": "bootstrap.providers", "__file__": str(file)}
    try:
        code = SourceFileLoader("bootstrap.providers", str(file)).get_code("bootstrap.providers")
        assert code is not None  # noqa: S101  # a source file always has code
        exec(code, namespace)  # noqa: S102  # the application's own file
    except Exception as error:
        raise BadProviders(file, _told(error)) from error
    listed: object = namespace.get("providers")
    if not isinstance(listed, list):
        raise BadProviders(file, "`providers` is missing, or is no list")
    return [_source(file, each) for each in cast("list[object]", listed)]


def _imported(path: str) -> type[Provider]:
    try:
        found = import_object(path)
    except ImportFailed as error:
        raise ProviderFailed(path, "import", _unimported(error)) from error
    if not (isinstance(found, type) and issubclass(found, Provider)):
        raise ProviderFailed(path, "import", "it is not a subclass of Provider")
    return found


def _source(file: Path, value: object) -> type[Provider] | str:
    if isinstance(value, str) or (isinstance(value, type) and issubclass(value, Provider)):
        return value
    raise BadProviders(file, f"`providers` lists {value!r}")


def _class_path(key: object) -> str:
    return f"{key.__module__}.{key.__qualname__}" if isinstance(key, type) else ""


def _told(error: BaseException) -> str:
    place = _place(error)
    return place if place.startswith(type(error).__name__) else f"{type(error).__name__}: {place}"


def _refuse_async(answer: object) -> None:
    if isinstance(answer, Coroutine):
        answer.close()
        raise TypeError("boot() is async, and nobody would await it. Write `def boot`")


def _unimported(error: ImportFailed) -> str:
    """Return why something cannot be imported, with file and line where there is one to look at."""
    cause = error.__cause__
    if isinstance(cause, SyntaxError):
        return _place(cause)
    where = _last_own_frame(cause) if cause is not None else ""
    return f"{error.reason} ({where})" if where else error.reason


def _place(error: BaseException) -> str:
    """Return the message of *error* with file and line of where it began."""
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, SyntaxError):
        return f"{cause.msg} ({cause.filename}, line {cause.lineno})"
    # The last frame that is not the import machinery is the line a person has to look at.
    where = _last_own_frame(cause)
    return f"{cause} ({where})" if where else str(cause)


def _last_own_frame(error: BaseException) -> str:
    frame, where = error.__traceback__, ""
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if "importlib" not in name and name != _IMPORTING and not name.startswith("<"):
            where = f"{name}, line {frame.tb_lineno}"
        frame = frame.tb_next
    return where
