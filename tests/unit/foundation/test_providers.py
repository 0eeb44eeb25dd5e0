"""Providers: which are loaded, when, and what is said of one that fails."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field

from securely import Application
from securely.cache import CacheManager, Repository
from securely.config import Config
from securely.console import Artisan, BufferedOutput
from securely.container import Deferrable, Provider
from securely.events import Dispatcher
from securely.exceptions import ConfigurationError
from securely.facades import Cache
from securely.foundation import (
    BadProviders,
    MissingRequirement,
    ProviderFailed,
    RequirementLoop,
    ResolvedDuringRegister,
    default_providers,
)
from securely.foundation.catalog import COMMANDS, EAGER, SERVICES
from securely.foundation.providers import read_provider_file
from securely.support.importing import import_object
from securely.support.options import Options

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


# What they require.


def told(calls: list[str], name: str, **attributes: object) -> type[Provider]:
    """Make a provider that notes when it registers and boots."""

    def register(self: Provider) -> None:
        calls.append(f"register {name}")

    def boot(self: Provider) -> None:
        calls.append(f"boot {name}")

    return type(name, (Provider,), {"register": register, "boot": boot, **attributes})


def test_what_is_required_registers_and_boots_first(build: Build) -> None:
    calls: list[str] = []
    last = told(calls, "Last")
    middle = told(calls, "Middle", requires=[last])
    first = told(calls, "First", requires=(middle,))

    app = build(lambda builder: builder.with_providers([first, middle, last])).boot()

    assert calls == [
        "register Last", "register Middle", "register First",
        "boot Last", "boot Middle", "boot First",
    ]  # fmt: skip
    assert loaded(app) == ["Last", "Middle", "First"]


def test_the_order_of_those_that_require_nothing_is_that_of_the_list(build: Build) -> None:
    calls: list[str] = []
    classes = [told(calls, name) for name in ("A", "B", "C", "D")]
    classes[1].requires = [classes[3]]

    app = build(lambda builder: builder.with_providers(classes)).boot()

    assert loaded(app) == ["A", "D", "B", "C"]


def test_a_provider_of_the_framework_can_be_required(build: Build) -> None:
    class Shop(Provider):
        requires = ("securely.cache.provider:CacheProvider",)

    app = build(lambda builder: builder.with_providers([Shop])).boot()

    assert loaded(app) == ["CacheProvider", "Shop"]


def test_a_subclass_fulfils_a_requirement(build: Build) -> None:
    class Ours(LedgerProvider):
        pass

    class Shop(Provider):
        requires = (LedgerProvider,)

    app = build(lambda builder: builder.with_providers([Shop, Ours])).boot()

    assert loaded(app) == ["Ours", "Shop"]


def test_a_requirement_that_nobody_lists_is_named_with_near_misses(build: Build) -> None:
    class Shop(Provider):
        requires = ("securely.cache.provider:CachProvider",)

    with pytest.raises(MissingRequirement) as caught:
        build(lambda builder: builder.with_providers([Shop])).boot()

    assert caught.value.requirement == "securely.cache.provider:CachProvider"
    assert "Shop requires securely.cache.provider:CachProvider" in str(caught.value)
    assert 'Did you mean "securely.cache.provider:CacheProvider"?' in str(caught.value)


def test_a_loop_of_requirements_is_shown_as_a_path(build: Build) -> None:
    calls: list[str] = []
    one, two, three = (told(calls, name) for name in ("One", "Two", "Three"))
    one.requires, two.requires, three.requires = [two], [three], [one]

    with pytest.raises(RequirementLoop) as caught:
        build(lambda builder: builder.with_providers([one, two, three])).boot()

    names = [path.rpartition(":")[2] for path in caught.value.path]
    assert names == ["One", "Two", "Three", "One"]
    assert " -> " in str(caught.value)
    assert calls == []


def test_those_that_wait_and_require_each_other_are_a_loop_too(build: Build) -> None:
    class One(Provider, Deferrable):
        provides: ClassVar[Mapping[str, type]] = {"one": Ledger}

    class Two(Provider, Deferrable):
        provides: ClassVar[Mapping[str, type]] = {"two": CacheManager}
        requires = (One,)

    One.requires = (Two,)
    app = build(lambda builder: builder.with_providers([One, Two])).boot()

    with pytest.raises(RequirementLoop, match=r"One.*Two.*One"):
        app.make("one")


# What is resolved while they register.


def hears(events: Dispatcher) -> Dispatcher:
    return events


class Hasty(Provider):
    def register(self) -> None:
        self.app.make(CacheManager)


@pytest.mark.parametrize("variables", [{"APP_ENV": "local"}, {"APP_ENV": "testing"}])
def test_what_register_resolves_is_refused_with_its_name_the_provider_and_the_remedy(
    build: Build, variables: dict[str, str]
) -> None:
    app = build(lambda builder: builder.with_providers([Hasty]), **variables)

    with pytest.raises(ResolvedDuringRegister) as caught:
        app.boot()

    assert "CacheManager" in caught.value.key
    assert caught.value.provider.endswith("Hasty")
    for text in ("CacheManager", "Hasty", "boot()"):
        assert text in str(caught.value)


def test_what_register_resolves_is_refused_in_debug_mode(build: Build) -> None:
    app = build(
        lambda builder: builder.with_providers([Hasty]), APP_ENV="staging", APP_DEBUG="true"
    )

    with pytest.raises(ResolvedDuringRegister):
        app.boot()


@pytest.mark.parametrize(
    "ask",
    [
        lambda app: app.make("cache"),
        lambda app: app["cache"],
        lambda app: app.call(hears),
        lambda app: app.make(Ledger, lines=7),
        lambda app: app.wrap(hears)(),
        lambda app: asyncio.run(app.amake("cache")),
        lambda app: Cache.get("key"),
    ],
    ids=["by name", "by index", "injected", "with overrides", "wrapped", "async", "facade"],
)
def test_however_register_asks_it_is_refused(
    build: Build, ask: Callable[[Application], object]
) -> None:
    class Asking(Provider):
        def register(self) -> None:
            assert isinstance(self.app, Application)
            ask(self.app)

    app = build(lambda builder: builder.with_providers([Asking]), APP_ENV="testing")

    with app.active(), pytest.raises(ResolvedDuringRegister):
        app.boot()


def test_a_register_may_read_the_configuration_bind_and_ask_what_is_bound(build: Build) -> None:
    seen: list[object] = []

    class Careful(Provider):
        def register(self) -> None:
            seen.append(self.app.make(Config).get("app.env"))
            seen.append(self.app.bound("cache"))
            self.app.singleton(Ledger)
            self.app.extend(CacheManager, lambda cache, _: cache)

    build(lambda builder: builder.with_providers([Careful]), APP_ENV="testing").boot()

    assert seen == ["testing", True]


def test_what_is_resolved_after_the_boot_is_nobodys_fault(build: Build) -> None:
    app = build(APP_ENV="testing").boot()

    app.register(Hasty)

    assert "Hasty" in loaded(app)


def test_in_production_what_register_resolves_is_not_refused(build: Build) -> None:
    app = build(lambda builder: builder.with_providers([Hasty])).boot()

    assert app.make("cache") is app.make(CacheManager)


# Those that wait.


class LateProvider(Provider, Deferrable):
    """Notes that it has registered, in the application it is in."""

    provides: ClassVar[Mapping[str, type]] = {"ledger": Ledger}
    singletons: ClassVar[Mapping[object, object]] = {Ledger: Ledger}
    when = ("books.opened",)


@pytest.mark.parametrize("key", ["ledger", Ledger])
def test_a_deferrable_provider_waits_until_its_service_is_asked_for(
    build: Build, key: str | type
) -> None:
    app = build(lambda builder: builder.with_providers([LateProvider])).boot()
    before = loaded(app)

    made: object = app.make(key)

    assert before == []
    assert made is app.make("ledger") is app.make(Ledger)
    assert loaded(app) == ["LateProvider"]


def test_a_deferrable_provider_is_bound_before_those_listed_ahead_of_it_register(
    build: Build,
) -> None:
    seen: list[object] = []

    class Early(Provider):
        def register(self) -> None:
            seen.append(self.app.bound("ledger"))

    build(lambda builder: builder.with_providers([Early, LateProvider]), APP_ENV="testing").boot()

    assert seen == [True]


def test_a_deferrable_provider_is_loaded_by_an_event(build: Build) -> None:
    app = build(lambda builder: builder.with_providers([LateProvider])).boot()

    app.make(Dispatcher).dispatch("books.closed")
    before = app.provider_is_loaded(LateProvider)
    app.make(Dispatcher).dispatch("books.opened")

    assert not before
    assert app.provider_is_loaded(LateProvider)


class Hearing(Provider, Deferrable):
    """Listens to the event that loads it."""

    provides: ClassVar[Mapping[str, type]] = {"ledger": Ledger}
    singletons: ClassVar[Mapping[object, object]] = {Ledger: Ledger}
    when = ("books.opened", "books.read")

    def boot(self, events: Dispatcher) -> None:
        events.listen("books.opened", lambda: "heard")


def test_once_an_event_has_loaded_a_provider_only_what_that_listens_to_answers(
    build: Build,
) -> None:
    events = build(lambda builder: builder.with_providers([Hearing])).boot().make(Dispatcher)

    first = events.dispatch("books.opened")

    assert first == [None]  # as in Laravel, it does not hear what loads it
    assert events.dispatch("books.opened") == ["heard"]
    assert len(events.listeners("books.opened")) == 1
    assert not events.has_listeners("books.read")


@pytest.mark.parametrize("how", ["by its service", "by hand"])
def test_once_a_provider_is_loaded_otherwise_its_events_load_nothing(
    build: Build, how: str
) -> None:
    app = build(lambda builder: builder.with_providers([Hearing])).boot()
    events = app.make(Dispatcher)
    before = events.has_listeners("books.read")

    if how == "by hand":
        app.register(Hearing)
    else:
        app.make("ledger")

    assert before
    assert events.dispatch("books.opened") == ["heard"]
    assert not events.has_listeners("books.read")


def test_a_dispatcher_that_is_made_after_a_provider_was_loaded_has_nothing_to_load(
    build: Build,
) -> None:
    app = build(lambda builder: builder.with_providers([LateProvider])).boot()
    app.make("ledger")

    assert not app.make(Dispatcher).has_listeners("books.opened")


def test_a_provider_that_fails_when_its_event_happens_is_tried_again_at_the_next(
    build: Build,
) -> None:
    tries: list[int] = []

    class Unlucky(Provider, Deferrable):
        when = ("books.opened",)

        def register(self) -> None:
            tries.append(1)
            if len(tries) == 1:
                raise ValueError("not yet")

    events = build(lambda builder: builder.with_providers([Unlucky])).boot().make(Dispatcher)

    with pytest.raises(ProviderFailed, match="not yet"):
        events.dispatch("books.opened")
    again = events.dispatch("books.opened")

    assert again == [None]
    assert len(tries) == 2
    assert not events.has_listeners("books.opened")


def test_one_that_has_no_services_is_loaded_by_its_event_alone(build: Build) -> None:
    class Opened:
        pass

    class Listening(Provider, Deferrable):
        when = (Opened,)

    app = build(lambda builder: builder.with_providers([Listening])).boot()
    before = app.provider_is_loaded(Listening)

    app.make(Dispatcher).dispatch(Opened())

    assert not before
    assert app.provider_is_loaded(Listening)


def test_all_that_wait_can_be_loaded(build: Build) -> None:
    app = build(lambda builder: builder.with_providers([LateProvider])).boot()

    app.providers.load_deferred()

    assert {"LateProvider", "CacheProvider", "QueueProvider"} <= set(loaded(app))
    assert dict(app.providers.deferred) == {}


# Callbacks around the boot, and the async one.


def test_callbacks_of_a_provider_run_around_its_boot_and_may_add_others(build: Build) -> None:
    calls: list[str] = []

    class Called(Provider):
        def register(self) -> None:
            self.booting(self.first)
            self.booted(lambda: calls.append("booted"))

        def first(self, config: Config) -> None:
            calls.append(f"booting {config.get('app.env')}")
            self.booting(lambda: calls.append("added"))

        def boot(self) -> None:
            calls.append("boot")

    build(lambda builder: builder.with_providers([Called])).boot()

    assert calls == ["booting production", "added", "boot", "booted"]


def test_aboot_is_awaited_once_after_boot_and_injected(build: Build) -> None:
    calls: list[object] = []

    class Warm(Provider):
        def boot(self) -> None:
            calls.append("boot")

        async def aboot(self, config: Config) -> None:
            calls.append(config.get("app.env"))

    app = build(lambda builder: builder.with_providers([Warm]))

    asyncio.run(app.aboot())
    asyncio.run(app.aboot())

    assert app.is_booted
    assert calls == ["boot", "production"]


def test_an_aboot_that_raises_is_named(build: Build) -> None:
    class Cold(Provider):
        async def aboot(self) -> None:
            raise OSError("no pool")

    app = build(lambda builder: builder.with_providers([Cold]))

    with pytest.raises(ProviderFailed, match=r"Cold failed to aboot: OSError: no pool"):
        asyncio.run(app.aboot())


def test_a_provider_may_be_registered_anew_by_force(build: Build) -> None:
    calls: list[str] = []
    counted = told(calls, "Counted")
    app = build(lambda builder: builder.with_providers([counted])).boot()
    first = app.provider(counted)

    app.register(counted, force=True)

    assert calls == ["register Counted", "boot Counted"] * 2
    assert app.provider(counted) is not first
    assert loaded(app) == ["Counted"]


# Attributes.


def test_singletons_and_scoped_may_be_lists_and_scoped_lives_for_a_scope(build: Build) -> None:
    class Plain:
        pass

    class Attributes(Provider):
        singletons = (Ledger,)
        scoped = (Plain,)

    app = build(lambda builder: builder.with_providers([Attributes])).boot()

    with app.scope():
        first = app.make(Plain)
        assert app.make(Plain) is first
    with app.scope():
        assert app.make(Plain) is not first
    assert app.make(Ledger) is app.make(Ledger)


# Queries.


def test_a_provider_is_found_by_class_subclass_and_path(build: Build) -> None:
    class Ours(LedgerProvider):
        pass

    app = build(lambda builder: builder.with_providers([Ours, LedgerProvider])).boot()
    app.make("cache")

    assert type(app.provider(LedgerProvider)) is Ours
    assert len(app.providers.of(LedgerProvider)) == 2
    assert app.provider(Hasty) is None
    assert app.provider_is_loaded("securely.cache.provider:CacheProvider")
    assert not app.provider_is_loaded("securely.queue.provider:QueueProvider")


def test_rows_say_whose_each_is_its_state_and_how_long_it_took(build: Build) -> None:
    app = build(lambda builder: builder.with_providers([LedgerProvider, LateProvider])).boot()

    rows = {row.provider.rpartition(":")[2]: row for row in app.providers.rows()}

    ledger, late, cache = rows["LedgerProvider"], rows["LateProvider"], rows["CacheProvider"]
    assert (ledger.origin, ledger.state, ledger.deferred) == ("application", "booted", False)
    assert ledger.register_ms is not None
    assert ledger.boot_ms is not None
    assert 0 <= ledger.register_ms < 1000
    assert (late.state, late.deferred, late.services) == ("waiting", True, ("ledger",))
    assert (cache.origin, cache.state, cache.boot_ms) == ("framework", "waiting", None)


# Those of the framework, chosen.


def test_default_providers_are_merged_replaced_and_left_out() -> None:
    cache = "securely.cache.provider:CacheProvider"
    events = "securely.events.provider:EventProvider"

    every = default_providers()
    ours = every.merge([LedgerProvider]).replace({cache: "app.cache:Ours"}).except_([events])

    assert {cache, events} <= set(every.to_list())
    assert "app.cache:Ours" in ours.to_list()
    assert not {cache, events} & set(ours.to_list())
    assert ours.to_list()[-1].endswith(":LedgerProvider")
    assert every.to_list() == default_providers().to_list()


def test_providers_in_the_configuration_replace_those_of_the_framework(
    build: Build, write: Write, base: Path
) -> None:
    sys.path.insert(0, str(base))
    write(
        "shop_cache.py",
        "from securely.cache.provider import CacheProvider\n\n\n"
        "class ShopCache(CacheProvider):\n    pass\n",
    )
    write(
        "config/app.py",
        "from securely.foundation import default_providers\n\n"
        "config = {'providers': default_providers()\n"
        "    .replace({'securely.cache.provider:CacheProvider': 'shop_cache:ShopCache'})\n"
        "    .except_(['securely.queue.provider:QueueProvider']).to_list()}\n",
    )

    app = build(lambda builder: builder.with_providers([LedgerProvider])).boot()

    assert loaded(app) == ["ShopCache", "LedgerProvider"]
    assert isinstance(app.make("cache"), CacheManager)
    assert not app.bound("queue")
    assert app.bound("events")


def test_a_provider_that_is_listed_and_not_there_is_named_with_file_and_line(
    build: Build, write: Write
) -> None:
    file = write("bootstrap/providers.py", 'providers = [\n    # ours\n    "no_such:Thing",\n]\n')

    with pytest.raises(ProviderFailed) as caught:
        build().boot()

    assert "no_such:Thing" in str(caught.value)
    assert f"{file}, line 3" in str(caught.value)


# Their commands.


COUNT = """
from securely.console import Command


class Count(Command):
    signature = "shop:count"

    def handle(self) -> None:
        self.line("seven")
"""


def test_commands_of_the_builder_and_of_providers_are_known_without_being_imported(
    build: Build, write: Write, base: Path
) -> None:
    write("shop_count.py", COUNT)
    write("shop_sum.py", COUNT.replace("count", "sum").replace("Count", "Sum"))
    write(
        "shop_provider.py",
        "from securely.container import Deferrable, Provider\n\n\n"
        "class ShopProvider(Provider, Deferrable):\n"
        "    provides = {'shop': list}\n"
        "    commands = {'shop:sum': 'shop_sum:Sum'}\n",
    )
    write("bootstrap/providers.py", "providers = ['shop_provider:ShopProvider']\n")
    write("bootstrap/app.py", "app = configure().with_commands(['shop_count:Count']).create()\n")
    sys.path.insert(0, str(base))
    app = build(lambda builder: builder.with_commands(["shop_count:Count"])).boot()

    artisan = app.make(Artisan)
    known = artisan.has("shop:count") and artisan.has("shop:sum")

    assert known
    assert not {"shop_count", "shop_sum"} & set(sys.modules)
    assert artisan.call("shop:count") == artisan.call("shop:sum") == 0
    assert "ShopProvider" not in loaded(app)


def test_commands_that_cannot_be_read_are_those_of_the_provider_once_it_has_loaded(
    build: Build, write: Write, base: Path
) -> None:
    sys.path.insert(0, str(base))
    write("shop_count.py", COUNT)

    class Early(Provider):
        commands: ClassVar[Mapping[str, type | str]] = {"shop:count": "shop_count:Count"}

    class Late(Provider):
        commands: ClassVar[Mapping[str, type | str]] = {"shop:late": "shop_count:Count"}

    app = build(lambda builder: builder.with_providers([Early])).boot()
    artisan = app.make(Artisan)
    app.register(Late)

    assert artisan.call("shop:count") == 0
    assert artisan.has("shop:late")


def test_a_command_that_clashes_is_a_warning_and_the_others_work(build: Build) -> None:
    class Greedy(Provider):
        commands: ClassVar[Mapping[str, type | str]] = {
            "about": "shop_count:Count",
            "shop:more": "securely_shop:More",
        }

    artisan = build(lambda builder: builder.with_providers([Greedy])).boot().make(Artisan)

    assert artisan.has("shop:more")
    assert any("about" in warning for warning in artisan.warnings)
    assert artisan.call("about --only=environment") == 0


def test_a_deferrable_provider_that_waits_for_nothing_is_refused(build: Build) -> None:
    class Idle(Provider, Deferrable):
        pass

    with pytest.raises(ProviderFailed, match=r"Idle.*waits for nothing"):
        build(lambda builder: builder.with_providers([Idle])).boot()


def test_a_provider_in_a_class_is_found_by_its_path(build: Build, write: Write, base: Path) -> None:
    sys.path.insert(0, str(base))
    write(
        "nested_shop.py",
        "from securely.container import Deferrable, Provider\n\n\n"
        "class Shop:\n"
        "    class Own(Provider, Deferrable):\n"
        "        provides = {'basket': dict}\n"
        "        singletons = [dict]\n",
    )
    write(
        "bootstrap/providers.py", "providers = ['nested_shop:Shop.Own', 'nested_shop:Shop.Own']\n"
    )
    build().boot()
    del sys.modules["nested_shop"]

    app = build().boot()

    assert "nested_shop" not in sys.modules
    assert [row.services for row in app.providers.rows() if "Own" in row.provider] == [("basket",)]
    assert app.make("basket") == {}


def test_a_provider_that_fails_when_it_is_forced_leaves_the_one_before(build: Build) -> None:
    class Moody(Provider):
        fails: ClassVar[bool] = False

        def register(self) -> None:
            if self.fails:
                raise OSError("not again")

    app = build(lambda builder: builder.with_providers([Moody])).boot()
    first = app.provider(Moody)
    Moody.fails = True

    with pytest.raises(ProviderFailed, match="not again"):
        app.register(Moody, force=True)

    assert app.provider(Moody) is first


class ShopOptions(Options):
    """The section of a package."""

    rate: int = Field(19, description="What is added.")


def test_config_check_lets_providers_check_their_sections(build: Build) -> None:
    class Shop(Provider, Deferrable):
        provides: ClassVar[Mapping[str, type]] = {"ledger": Ledger}
        options: ClassVar[Mapping[str, type | str]] = {"shop": ShopOptions}

        def register(self) -> None:
            self.merge_config({"rate": 7}, "shop")

    app = build(lambda builder: builder.with_providers([Shop])).boot()
    output = BufferedOutput()

    before = app.make(Artisan).call("config:check", output=output)
    app.make(Config).set("shop.rate", "much")
    after = app.make(Artisan).call("config:check", output=output)

    assert (before, after) == (0, 1)
    assert "shop.rate" in output.all_text


def test_a_provider_that_is_listed_by_where_it_is_exported_is_one_provider(
    build: Build, write: Write, base: Path
) -> None:
    sys.path.insert(0, str(base))
    write("exporting/__init__.py", "from exporting.inner import Late\n")
    write(
        "exporting/inner.py",
        "from securely.container import Deferrable, Provider\n\n\n"
        "class Late(Provider, Deferrable):\n"
        "    provides = {'basket': dict}\n"
        "    singletons = [dict]\n",
    )
    app = build(lambda builder: builder.with_providers(["exporting:Late"])).boot()

    app.make("basket")

    rows = [row for row in app.providers.rows() if "Late" in row.provider]
    assert [(row.provider, row.state, row.deferred) for row in rows] == [
        ("exporting.inner:Late", "booted", True)
    ]
    assert "exporting" not in str(app.providers.deferred)
