"""Providers: which are loaded, when, and what is said of one that fails."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from securely import Application
from securely.cache import CacheManager, Repository
from securely.config import Config
from securely.container import Provider
from securely.events import Dispatcher
from securely.exceptions import ConfigurationError
from securely.foundation import BadProviders, ProviderFailed
from securely.foundation.catalog import COMMANDS, EAGER, SERVICES
from securely.foundation.providers import read_provider_file
from securely.support.importing import import_object

Build = Callable[..., Application]
Write = Callable[[str, str], Path]


class Ledger:
    """A service of an application."""


class LedgerProvider(Provider):
    """Binds it by name and class."""

    provides: ClassVar[Mapping[str, type]] = {"ledger": Ledger}

    def register(self) -> None:
        self.app.singleton(Ledger)


def loaded(app: Application) -> list[str]:
    return [type(provider).__name__ for provider in app.providers.loaded]


# Those of the framework.


def test_a_boot_loads_no_provider_of_the_framework(build: Build) -> None:
    app = build().boot()

    assert loaded(app) == []
    assert {"cache", "queue", "log"} <= set(app.providers.deferred)


@pytest.mark.parametrize("key", ["cache", CacheManager])
def test_a_deferred_provider_is_loaded_when_its_service_is_asked_for(
    build: Build, key: str | type
) -> None:
    app = build().boot()

    made: object = app.make(key)

    assert made is app.make("cache") is app.make(CacheManager)
    assert "CacheProvider" in loaded(app)
    assert "cache" not in app.providers.deferred
    assert "QueueProvider" not in loaded(app)


@pytest.mark.parametrize("key", ["cache", CacheManager])
def test_bound_is_true_of_a_service_that_nobody_has_asked_for(
    build: Build, key: str | type
) -> None:
    assert build().boot().bound(key)


def test_bound_is_false_of_a_name_that_nobody_binds(build: Build) -> None:
    app = build().boot()

    assert not app.bound("ledger")
    assert not app.bound(Ledger)
    assert not app.bound(("no", "class"))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_of_the_catalog_is_found_by_name_and_class(build: Build, name: str) -> None:
    app = build().boot()
    cls = import_object(SERVICES[name][0])

    assert app.bound(name)
    assert app.make(name) is app.make(cls)  # type: ignore[call-overload]  # any class of them


def test_the_catalog_names_providers_only() -> None:
    named = {*EAGER, *(provider for _, provider in (*SERVICES.values(), *COMMANDS.values()))}

    assert named
    assert all(
        isinstance(cls, type) and issubclass(cls, Provider) for cls in map(import_object, named)
    )


def test_services_work_in_a_register_that_asks_for_them(build: Build) -> None:
    seen: list[object] = []

    class Early(Provider):
        def register(self) -> None:
            seen.append(self.app.make("cache"))

    app = build(lambda builder: builder.with_providers([Early])).boot()

    assert seen == [app.make(CacheManager)]


def test_a_service_asked_for_by_a_hundred_threads_is_built_once(build: Build) -> None:
    app = build().boot()
    barrier = threading.Barrier(100)
    made: list[object] = []

    def ask() -> None:
        barrier.wait()
        made.append(app.make("cache"))

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 100
    assert len({id(each) for each in made}) == 1


# What an application binds in their place stays.


class OtherCache(CacheManager):
    """What an application has instead."""


def other_cache(config: Config, events: Dispatcher) -> CacheManager:
    return OtherCache("array", {}, events=events)


class OtherCacheProvider(Provider):
    def register(self) -> None:
        self.app.singleton(CacheManager, other_cache)


@pytest.mark.parametrize("key", ["cache", CacheManager])
def test_a_service_bound_by_the_application_wins_by_name_and_class(
    build: Build, key: str | type
) -> None:
    app = build(lambda builder: builder.with_providers([OtherCacheProvider])).boot()

    made: object = app.make(key)

    assert isinstance(made, OtherCache)
    assert made is app.make("cache") is app.make(CacheManager)


def test_an_instance_bound_by_the_application_wins(build: Build) -> None:
    app = build().boot()
    events = Dispatcher(app)
    app.instance(Dispatcher, events)

    assert app.make("events") is events


def test_a_name_taken_by_the_application_stays_when_its_provider_is_loaded(build: Build) -> None:
    class Named(Provider):
        provides: ClassVar[Mapping[str, type]] = {"cache": Ledger}

        def register(self) -> None:
            self.app.singleton(Ledger)
            self.app.instance("log", 5)

    app = build(lambda builder: builder.with_providers([Named])).boot()
    app.make(CacheManager)

    assert isinstance(app.make("cache"), Ledger)
    assert app.make("log") == 5


def test_a_provider_of_the_framework_that_is_registered_by_hand_binds_again(build: Build) -> None:
    from securely.cache.provider import CacheProvider

    app = build(lambda builder: builder.with_providers([OtherCacheProvider, CacheProvider])).boot()

    assert type(app.make("cache")) is CacheManager


# Those of an application.


def test_a_provider_gives_its_services_their_names(build: Build) -> None:
    app = build(lambda builder: builder.with_providers([LedgerProvider])).boot()

    assert app.make("ledger") is app.make(Ledger)


def test_a_provider_registered_twice_is_registered_once(build: Build) -> None:
    calls: list[str] = []

    class Counted(Provider):
        def register(self) -> None:
            calls.append("register")

        def boot(self) -> None:
            calls.append("boot")

    app = build(lambda builder: builder.with_providers([Counted, Counted])).boot()
    app.register(Counted)

    assert calls == ["register", "boot"]
    assert app.providers.add(Counted) is app.providers.loaded[0]


def test_all_register_before_any_boots_and_late_ones_boot_at_once(build: Build) -> None:
    calls: list[str] = []

    def told(name: str) -> type[Provider]:
        class Told(Provider):
            def register(self) -> None:
                calls.append(f"register {name}")

            def boot(self) -> None:
                calls.append(f"boot {name}")

        return Told

    app = build(lambda builder: builder.with_providers([told("a"), told("b")])).boot()
    app.register(told("c"))

    assert calls == [
        "register a", "register b", "boot a", "boot b", "register c", "boot c"
    ]  # fmt: skip


def test_a_provider_that_another_registers_in_its_boot_boots_once(build: Build) -> None:
    calls: list[str] = []

    class Late(Provider):
        def boot(self) -> None:
            calls.append("late")

    class First(Provider):
        def boot(self) -> None:
            assert isinstance(self.app, Application)
            self.app.register(Late)
            calls.append("first")

    build(lambda builder: builder.with_providers([First])).boot()

    assert calls == ["late", "first"]


def test_what_the_attributes_of_a_provider_bind_is_bound(build: Build) -> None:
    class Plain:
        pass

    class Attributes(Provider):
        bindings: ClassVar[Mapping[object, object]] = {Plain: Plain}
        singletons: ClassVar[Mapping[object, object]] = {Ledger: Ledger}

    app = build(lambda builder: builder.with_providers([Attributes])).boot()

    assert app.make(Ledger) is app.make(Ledger)
    assert app.bound(Plain)
    assert app.make(Plain) is not app.make(Plain)


def test_boot_is_injected(build: Build) -> None:
    seen: list[object] = []

    class Needy(Provider):
        def boot(self, ledger: Ledger, config: Config) -> None:
            seen.extend([ledger, config])

    app = build(lambda builder: builder.with_providers([LedgerProvider, Needy])).boot()

    assert seen == [app.make(Ledger), app.make(Config)]


# One that fails.


@pytest.mark.parametrize("phase", ["register", "boot"])
def test_a_provider_that_raises_is_named_with_phase_file_and_line(
    build: Build, write: Write, base: Path, phase: str
) -> None:
    sys.path.insert(0, str(base))
    file = write(
        "failing/provider.py",
        "from securely.container import Provider\n\n\n"
        "class Failing(Provider):\n"
        f"    def {phase}(self) -> None:\n"
        "        raise OSError('the wire is cut')\n",
    )
    app = build(lambda builder: builder.with_providers(["failing.provider:Failing"]))

    with pytest.raises(ProviderFailed) as caught:
        app.boot()

    message = str(caught.value)
    assert caught.value.phase == phase
    assert "failing.provider:Failing" in message
    assert "OSError: the wire is cut" in message
    assert f"{file}, line 6" in message


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("import no_such_module\n", ["no_such_module", "line 1"]),
        ("x = 1\nraise OSError('the wire is cut')\n", ["the wire is cut", "line 2"]),
        ("x = 1\ny = (\n", ["broken/provider.py", "line 2"]),
        ("class Broken: ...\n", ["not a subclass of Provider"]),
        ("class Brokem: ...\n", ["Broken", "Brokem"]),
    ],
)
def test_a_provider_that_cannot_be_imported_is_named_with_the_reason(
    build: Build, write: Write, base: Path, content: str, texts: list[str]
) -> None:
    sys.path.insert(0, str(base))
    write("broken/provider.py", content)
    app = build(lambda builder: builder.with_providers(["broken.provider:Broken"]))

    with pytest.raises(ProviderFailed) as caught:
        app.boot()

    assert caught.value.phase == "import"
    for text in ["broken.provider:Broken", *texts]:
        assert text in str(caught.value)


def test_an_error_of_securely_is_not_wrapped(build: Build) -> None:
    class Strict(Provider):
        def boot(self) -> None:
            raise ConfigurationError("shop.rate must be a number")

    with pytest.raises(ConfigurationError, match=r"shop\.rate"):
        build(lambda builder: builder.with_providers([Strict])).boot()


def test_an_async_boot_is_refused(build: Build) -> None:
    class Slow(Provider):
        async def boot(self) -> None: ...  # type: ignore[override]  # what is tested

    with pytest.raises(ProviderFailed, match="async"):
        build(lambda builder: builder.with_providers([Slow])).boot()


def test_a_provider_that_failed_to_register_fails_again_when_asked_again(build: Build) -> None:
    tries: list[int] = []

    class Unlucky(Provider):
        def register(self) -> None:
            tries.append(1)
            raise OSError("not now")

    app = build().boot()
    for _ in range(2):
        with pytest.raises(ProviderFailed):
            app.register(Unlucky)

    assert len(tries) == 2
    assert loaded(app) == []


# The file that lists them.


def test_the_file_is_read_before_those_of_the_builder(build: Build, write: Write) -> None:
    write(
        "bootstrap/providers.py",
        "from securely.container import Provider\n\n\n"
        "class Listed(Provider):\n    pass\n\n\n"
        "providers = [Listed]\n",
    )

    app = build(lambda builder: builder.with_providers([LedgerProvider])).boot()

    assert loaded(app) == ["Listed", "LedgerProvider"]


def test_a_file_that_is_not_there_lists_nothing(base: Path) -> None:
    assert read_provider_file(base / "bootstrap/providers.py") == []


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("", ["providers", "list"]),
        ("providers = 'app:One'\n", ["list"]),
        ("providers = [5]\n", ["5"]),
        ("providers = [int]\n", ["int"]),
        ("x = 1\nproviders = [\n", ["line 2"]),
        ("x = 1\nproviders = [Unknown]\n", ["NameError", "Unknown", "line 2"]),
    ],
)
def test_a_file_that_lists_something_else_is_named_with_the_reason(
    write: Write, content: str, texts: list[str]
) -> None:
    file = write("bootstrap/providers.py", content)

    with pytest.raises(BadProviders) as caught:
        read_provider_file(file)

    for text in [str(file), *texts]:
        assert text in str(caught.value)


def test_a_repository_is_injected_without_the_manager_being_named(build: Build) -> None:
    app = build().boot()

    with app.active():
        assert isinstance(app.make(CacheManager).store("array"), Repository)
