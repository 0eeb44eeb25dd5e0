"""Lifetimes: scopes, what is closed at their end, and who waits for whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

import pytest

from securely.container import (
    AsyncBinding,
    CircularDependency,
    Container,
    LoopBlocked,
    NotBound,
    ScopeEnded,
    scope,
)
from securely.container.scope import Build, _leading


class Service:
    pass


class User:
    def __init__(self, service: Service) -> None:
        self.service = service


class Later:
    pass


class NeedsLater:
    def __init__(self, later: Later, service: Service) -> None:
        self.later, self.service = later, service


async def make_later() -> Later:
    await asyncio.sleep(0)  # noqa: TID251  # a turn for others
    return Later()


@pytest.fixture
def app() -> Container:
    return Container()


def opening(log: list[str], name: str) -> Callable[[], Iterator[str]]:
    def opened() -> Iterator[str]:
        log.append(f"open {name}")
        yield name
        log.append(f"close {name}")

    return opened


def race(count: int, work: Callable[[], object]) -> list[object]:
    barrier = threading.Barrier(count)
    results: list[object] = []

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:  # the test looks at it
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    return results


def test_scope_gives_one_object_each(app: Container) -> None:
    app.scoped(Service)
    outside = app.make(Service)

    with app.scope():
        first = app.make(Service)
        assert app.make(User).service is first
        with app.scope():
            assert app.make(Service) is not first
        assert app.make(Service) is first

    assert app.make(Service) is outside
    assert first is not outside


def test_scope_of_one_application_is_none_of_another(app: Container) -> None:
    other = Container()
    other.scoped(Service)
    outside = other.make(Service)

    with app.scope(), app.child().scope():
        assert other.make(Service) is outside


def test_scope_of_tasks_is_their_own(app: Container) -> None:
    app.scoped(Service)

    async def task() -> Service:
        async with app.ascope():
            service = app.make(Service)
            await asyncio.sleep(0)  # noqa: TID251  # a turn for others
            assert app.make(Service) is service
            return service

    async def main() -> list[Service]:
        return await asyncio.gather(*(task() for _ in range(5)))

    assert len({id(each) for each in asyncio.run(main())}) == 5


def test_scope_closes_in_reverse_order(app: Container) -> None:
    log: list[str] = []
    app.scoped("a", opening(log, "a"))
    app.scoped("b", opening(log, "b"))
    app.bind("c", contextmanager(opening(log, "c")))

    with app.scope():
        assert (app.make("a"), app.make("b"), app.make("c"), app.make("a")) == ("a", "b", "c", "a")
        app.forget_scoped_instances()
        assert app.make("a") == "a"

    assert log == [
        *("open a", "open b", "open c", "close c", "close b", "close a"),
        *("open a", "close a"),
    ]


def test_close_finishes_singletons_last(app: Container) -> None:
    log: list[str] = []
    app.singleton("one", opening(log, "one"))
    app.scoped("loose", opening(log, "loose"))
    app.make("loose")
    app.make("one")
    with app.scope():
        app.make("one")

    app.close()
    app.close()

    assert log == ["open loose", "open one", "close loose", "close one"]


def test_scope_tells_factories_what_ended_it(app: Container) -> None:
    log: list[str] = []

    def transaction() -> Iterator[str]:
        try:
            yield "open"
        except ValueError as error:
            log.append(f"rolled back: {error}")
            raise

    app.scoped("tx", transaction)

    def work() -> None:
        with app.scope():
            app.make("tx")
            raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        work()
    assert log == ["rolled back: wrong"]


def test_scope_when_closing_fails_closes_the_rest_and_says_all(app: Container) -> None:
    log: list[str] = []

    def bad() -> Iterator[int]:
        yield 1
        raise OSError("disk")

    app.scoped("good", opening(log, "good"))
    app.scoped("bad", bad)
    app.bind("worse", bad)

    def work() -> None:
        with app.scope():
            for key in ("good", "bad", "worse"):
                app.make(key)

    with pytest.raises(ExceptionGroup, match="Closing a scope failed") as caught:
        work()

    assert [str(each) for each in caught.value.exceptions] == ["disk", "disk"]
    assert log == ["open good", "close good"]


def test_singleton_when_its_factory_fails_is_built_at_the_next(app: Container) -> None:
    tries: list[int] = []

    def flaky() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return "there"

    app.singleton("x", flaky)

    with pytest.raises(OSError, match="not yet"):
        app.make("x")
    assert app.make("x") == "there"
    assert app.make("x") == "there"
    assert len(tries) == 2


def test_singleton_when_a_hundred_threads_race_is_built_once(app: Container) -> None:
    built: list[int] = []
    gate = threading.Event()

    def slow() -> Service:
        built.append(1)
        gate.wait(0.05)
        return Service()

    app.singleton(Service, slow)
    app.singleton(User)

    results = race(100, lambda: app.make(User).service)

    assert len(built) == 1
    assert len({id(each) for each in results}) == 1


def test_singleton_when_it_fails_in_a_race_lets_the_next_try(app: Container) -> None:
    tries: list[int] = []
    gate = threading.Event()

    def flaky() -> str:
        tries.append(1)
        gate.wait(0.02)
        if len(tries) == 1:
            raise OSError("not yet")
        return "there"

    app.singleton("x", flaky)

    results = race(8, lambda: app.make("x"))

    assert len(tries) == 2
    assert sorted(str(each) for each in results) == ["not yet", *["there"] * 7]


def test_two_singletons_that_need_each_other_from_two_threads_do_not_deadlock(
    app: Container,
) -> None:
    barrier, met = threading.Barrier(2), set[str]()

    def make(other: str) -> Callable[[], object]:
        def factory() -> object:
            if other not in met:  # the one who is not told tries again
                met.add(other)
                barrier.wait(30)
            return app.make(other)

        return factory

    app.singleton("a", make("b"))
    app.singleton("b", make("a"))
    keys = iter(["a", "b"])

    results = race(2, lambda: app.make(next(keys)))

    assert any(isinstance(each, CircularDependency) for each in results)
    app.singleton("a", lambda: 1)
    assert app.make("a") == 1


def test_singletons_are_built_at_the_same_time(app: Container) -> None:
    barrier = threading.Barrier(2)
    app.singleton("a", lambda: barrier.wait(30))
    app.singleton("b", lambda: barrier.wait(30))
    keys = iter(["a", "b"])

    results = race(2, lambda: app.make(next(keys)))

    assert sorted(str(each) for each in results) == ["0", "1"]


def test_singleton_factory_may_wait_for_a_thread_that_builds_another(app: Container) -> None:
    app.singleton("inner", Service)

    def outer() -> object:
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.append(app.make("inner")))
        thread.start()
        thread.join(30)
        return found[0]

    app.singleton("outer", outer)

    assert app.make("outer") is app.make("inner")


def test_scoped_when_threads_share_a_scope_is_built_once(app: Container) -> None:
    built: list[int] = []
    app.scoped("x", lambda: built.append(1) or Service())

    async def main() -> set[int]:
        async with app.ascope():
            made = await asyncio.gather(*(asyncio.to_thread(app.make, "x") for _ in range(8)))
        return {id(each) for each in made}

    assert len(asyncio.run(main())) == 1
    assert len(built) == 1


def test_provider_that_loads_in_two_threads_is_loaded_once() -> None:
    gate = threading.Event()

    class Loading(Container):
        loads = 0

        def load_missing(self, key: object) -> bool:
            if key != "x":
                return False
            type(self).loads += 1
            gate.wait(0.05)
            self.bound("y")
            self.bind("x", lambda: 1)
            return True

    app = Loading()

    assert race(10, lambda: app.make("x")) == [1] * 10
    assert Loading.loads == 1


def test_provider_that_boots_what_waits_for_it_does_not_deadlock() -> None:
    started, loading = threading.Event(), threading.Event()

    class Loading(Container):
        def load_missing(self, key: object) -> bool:
            if key != "late":
                return False
            loading.set()
            started.wait(30)
            self.instance("late", self.make("shared"))
            return True

    app = Loading()

    def shared() -> object:
        started.set()
        loading.wait(30)
        return app.bound("other")

    app.singleton("shared", shared)
    keys = iter(["late", "shared"])

    assert race(2, lambda: app.make(next(keys))) == [False, False]


async def amake_all(app: Container, key: str, count: int) -> list[object]:
    return await asyncio.gather(*(app.amake(key) for _ in range(count)))


def test_async_factory_is_refused_by_make_and_awaited_by_amake(app: Container) -> None:
    app.bind(Later, make_later)

    with pytest.raises(AsyncBinding, match=r"Later is built by an async factory.*amake\(Later\)"):
        app.make(Later)
    with pytest.raises(AsyncBinding, match=r"amake\(NeedsLater\)"):
        app.make(NeedsLater)
    with pytest.raises(AsyncBinding):
        app.make(NeedsLater, service=Service())
    made = asyncio.run(app.amake(NeedsLater))
    assert isinstance(made.later, Later)
    assert isinstance(made.service, Service)
    service = Service()
    assert asyncio.run(app.amake(NeedsLater, service=service)).service is service


def test_async_singleton_is_built_once_and_then_found_by_make(app: Container) -> None:
    built: list[int] = []

    async def slow() -> Later:
        built.append(1)
        await asyncio.sleep(0)  # noqa: TID251  # a turn for others
        return Later()

    app.singleton("later", slow)

    made = asyncio.run(amake_all(app, "later", 10))

    assert len(built) == 1
    assert {id(each) for each in made} == {id(app.make("later"))}
    assert asyncio.run(app.amake("later")) is app.make("later")
    assert asyncio.run(app.amake("later")) is app.make("later")


def test_async_singleton_when_it_fails_lets_the_next_try(app: Container) -> None:
    tries: list[int] = []

    async def flaky() -> str:
        tries.append(1)
        await asyncio.sleep(0)  # noqa: TID251  # a turn for others
        if len(tries) == 1:
            raise OSError("not yet")
        return "there"

    app.singleton("x", flaky)

    async def main() -> list[object]:
        return await asyncio.gather(*(app.amake("x") for _ in range(3)), return_exceptions=True)

    assert [str(each) for each in asyncio.run(main())] == ["not yet", "there", "there"]


def test_async_cycle_is_found(app: Container) -> None:
    async def first() -> object:
        await asyncio.sleep(0)  # noqa: TID251  # a turn for others
        return await app.amake("b")

    async def second() -> object:
        await asyncio.sleep(0)  # noqa: TID251  # a turn for others
        return await app.amake("a")

    async def again(a: object) -> object:
        return a

    app.singleton("a", first)
    app.singleton("b", second)
    app.bind("t", lambda: again(app.amake("t")))

    async def main() -> list[object]:
        return await asyncio.gather(app.amake("a"), app.amake("b"), return_exceptions=True)

    assert any(isinstance(each, CircularDependency) for each in asyncio.run(main()))

    async def itself() -> object:
        return await app.amake("self")

    app.bind("self", itself)
    with pytest.raises(CircularDependency, match='"self" → "self"'):
        asyncio.run(app.amake("self"))


def test_async_singleton_raced_by_two_loops_is_built_once(app: Container) -> None:
    built: list[int] = []
    gate = threading.Event()

    async def slow() -> Later:
        built.append(1)
        await asyncio.to_thread(gate.wait, 0.05)
        return Later()

    app.singleton("later", slow)

    results = race(5, lambda: asyncio.run(app.amake("later")))

    assert len(built) == 1
    assert len({id(each) for each in results}) == 1


def test_async_resources_close_with_the_scope(app: Container) -> None:
    log: list[str] = []

    async def generator() -> AsyncIterator[str]:
        yield "g"
        log.append("g")

    @asynccontextmanager
    async def manager(service: Service) -> AsyncIterator[str]:
        yield "m"
        log.append("m")

    app.scoped("g", generator)
    app.bind("m", manager)
    app.bind("s", opening(log, "s"))
    app.bind("both", lambda g, m: (g, m))
    app.when("both").needs_param("g").give("unused")

    async def main() -> None:
        async with app.ascope():
            assert await app.amake("g") == "g"
            assert await app.amake("g") == "g"
            assert await app.amake("m") == "m"
            assert await app.amake("s") == "s"

    asyncio.run(main())

    assert log == ["open s", "close s", "m", "g"]


def test_async_resource_in_a_sync_scope_says_what_to_use(app: Container) -> None:
    async def generator() -> AsyncIterator[str]:
        yield "g"

    app.scoped("g", generator)

    async def main() -> None:
        with app.scope():
            await app.amake("g")

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(main())
    assert "ascope" in str(caught.value.exceptions[0])


def test_async_scope_when_closing_fails_says_all(app: Container) -> None:
    async def bad() -> AsyncIterator[int]:
        yield 1
        raise OSError("disk")

    app.scoped("bad", bad)

    async def main() -> None:
        async with app.ascope():
            await app.amake("bad")

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(main())
    assert str(caught.value.exceptions[0]) == "disk"

    async def failing() -> None:
        async with app.ascope():
            raise ValueError("body")

    with pytest.raises(ValueError, match="body"):
        asyncio.run(failing())


def test_aclose_and_aforget_finish_async_resources(app: Container) -> None:
    log: list[str] = []

    async def opened() -> AsyncIterator[str]:
        yield "x"
        log.append("closed")

    app.singleton("one", opened)
    app.scoped("loose", opened)

    async def main() -> None:
        await app.amake("one")
        await app.amake("loose")
        await app.aforget_scoped_instances()
        assert log == ["closed"]
        await app.aclose()

    asyncio.run(main())

    assert log == ["closed", "closed"]


def test_async_wait_when_the_loop_has_gone_harms_nobody(app: Container) -> None:
    release = threading.Event()
    entered = threading.Event()

    async def slow() -> int:
        entered.set()
        await asyncio.to_thread(release.wait, 30)
        return 1

    app.singleton("x", slow)
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(app.amake("x"))))
    thread.start()
    entered.wait(30)

    async def impatient() -> None:
        await asyncio.wait_for(app.amake("x"), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(impatient())
    release.set()
    thread.join(30)

    assert results == [1]


def test_async_hooks_and_extenders_apply(app: Container) -> None:
    log: list[str] = []
    app.bind(Later, make_later)
    app.singleton("kept", make_later)
    app.before_resolving(Later, lambda: log.append("before"))
    app.resolving(Later, lambda: log.append("resolving"))
    app.extend("kept", lambda made: [made])

    async def main() -> None:
        await app.amake(Later)
        assert isinstance(await app.amake("kept"), list)
        assert isinstance(await app.amake("kept", x=1), list)

    asyncio.run(main())

    assert log[:2] == ["before", "resolving"]


def test_acall_takes_either_colour(app: Container) -> None:
    app.bind(Later, make_later)

    async def handle(later: Later, x: int) -> tuple[Later, int]:
        return later, x

    def plain(later: Later) -> Later:
        return later

    class Invoked:
        async def __call__(self, service: Service) -> Service:
            return service

    async def main() -> None:
        assert (await app.acall(handle, x=1))[1] == 1
        assert isinstance(await app.acall(plain), Later)
        assert isinstance(await app.acall(Invoked), Service)
        assert isinstance(await app.acall(User), User)
        app.bind_method(Invoked.__call__, lambda invoked, app: "instead")
        assert await app.acall(Invoked()) == "instead"

    asyncio.run(main())
    with pytest.raises(AsyncBinding, match="plain"):
        app.call(plain)


def test_acall_when_a_parameter_is_missing_says_so(app: Container) -> None:
    async def handle(x: int) -> int:
        return x

    with pytest.raises(NotBound, match=r'"x: int" of .*handle'):
        asyncio.run(app.acall(handle))


def test_hook_of_a_singleton_when_threads_race_runs_once(app: Container) -> None:
    seen: list[object] = []
    gate = threading.Event()

    def slow() -> Service:
        gate.wait(0.05)
        return Service()

    app.singleton(Service, slow)
    app.resolving(Service, seen.append)

    race(8, lambda: app.make(Service))

    assert len(seen) == 1


def test_waits_that_meet_again_are_followed_once() -> None:
    first, left, right, last = (Build(object(), label) for label in "abcd")
    first.needs, left.needs, right.needs = [left, right], [last], [last]

    assert _leading(first, ()) is None
    assert _leading(first, (last,)) is last


def test_what_a_forked_child_has_built_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real forks are in the tests of support.forking; here the process is taken for a child."""
    cell, released = scope.Cell(), list[str]()

    def make() -> str:
        # As if another thread were at this one, and the process forked.
        assert cell.build is not None
        cell.build.done.append(lambda: released.append("a waiter of the parent"))
        monkeypatch.setattr(scope, "_pid", -1)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(scope.once, cell, "value", lambda: "the child's").result() == (
                "the child's"
            )
        return "the parent's"

    assert scope.once(cell, "value", make) == "the parent's"
    assert cell.value == "the child's"
    assert cell.build is None
    assert released == []


class Cargo:
    """It remembers in which scope it was made."""

    def __init__(self, owner: str, ledger: Ledger) -> None:
        self.owner, self.ledger = owner, ledger


class Ledger:
    def __init__(self) -> None:
        self.names: list[str] = []


def test_two_hundred_tasks_never_see_each_others_objects(app: Container) -> None:
    app.scoped(Ledger)
    app.scoped("closed", list)
    closed: list[str] = []

    async def cargo(ledger: Ledger) -> AsyncIterator[Cargo]:
        made = Cargo("", ledger)
        yield made
        closed.append(made.owner)

    app.scoped(Cargo, cargo)

    async def task(name: str) -> int:
        async with app.ascope():
            made = await app.amake(Cargo)
            made.owner = name
            for turn in range(5):
                await asyncio.sleep(0)  # noqa: TID251  # a turn for others
                again, ledger = await app.amake(Cargo), app.make(Ledger)
                assert again is made
                assert again.ledger is ledger
                assert again.owner == name
                ledger.names.append(f"{name}.{turn}")
            assert ledger.names == [f"{name}.{turn}" for turn in range(5)]
            return id(made)

    async def main() -> list[int]:
        return await asyncio.gather(*(task(str(number)) for number in range(200)))

    asyncio.run(main())

    assert sorted(closed, key=int) == [str(number) for number in range(200)]


def test_threads_with_scopes_of_their_own_never_see_each_others_objects(app: Container) -> None:
    app.scoped(Service)
    start, seen = threading.Barrier(20), set[Service]()

    def run() -> None:
        start.wait(30)
        with app.scope():
            service = app.make(Service)
            assert app.make(Service) is service
            seen.add(service)

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(seen) == 20


def test_close_tells_all_that_failed_of_scoped_and_kept(app: Container) -> None:
    def failing(name: str) -> Callable[[], Iterator[str]]:
        def factory() -> Iterator[str]:
            yield name
            raise ValueError(name)

        return factory

    app.singleton("kept", failing("kept"))
    app.scoped("loose", failing("loose"))
    app.make("kept")
    app.make("loose")

    with pytest.raises(ExceptionGroup) as caught:
        app.close()

    assert [str(each) for each in caught.value.exceptions] == ["loose", "kept"]


def test_scope_of_a_cancelled_task_closes_everything(app: Container) -> None:
    log: list[str] = []

    async def slow() -> AsyncIterator[str]:
        yield "slow"
        is_closing.set()
        await asyncio.Event().wait()

    app.scoped("first", opening(log, "first"))
    app.scoped("slow", slow)
    is_closing = asyncio.Event()

    async def main() -> None:
        async def task() -> None:
            async with app.ascope():
                app.make("first")
                await app.amake("slow")

        running = asyncio.ensure_future(task())
        await is_closing.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())

    assert log[-1] == "close first"


class Slow:
    """Takes as long as the test says to be made."""

    began = threading.Event()
    may_end = threading.Event()

    def __init__(self) -> None:
        type(self).began.set()
        type(self).may_end.wait()


class NeedsSlow:
    def __init__(self, slow: Slow) -> None:
        self.slow = slow


@pytest.fixture
def slow(app: Container) -> Iterator[threading.Thread]:
    """A thread that is at making `Slow`, until `may_end` is set."""
    Slow.began.clear()
    Slow.may_end.clear()
    app.singleton(Slow)
    app.singleton(NeedsSlow)
    thread = threading.Thread(target=app.make, args=(Slow,))
    thread.start()
    Slow.began.wait()
    yield thread
    Slow.may_end.set()
    thread.join()


@pytest.mark.usefixtures("slow")
def test_make_when_a_task_of_the_same_loop_is_at_it_says_so(app: Container) -> None:
    async def main() -> NeedsSlow:
        task = asyncio.create_task(app.amake(NeedsSlow))
        await asyncio.sleep(0)  # noqa: TID251  # the task begins, and waits for the thread
        with pytest.raises(LoopBlocked, match=r"use `await app\.amake\(NeedsSlow\)`"):
            app.make(NeedsSlow)
        Slow.may_end.set()
        return await task

    made = asyncio.run(main())

    assert made is app.make(NeedsSlow)


class Twin:
    """Is built by a task in one way, and by a thread in another."""

    @classmethod
    def __build__(cls) -> Twin:
        return cls()

    @classmethod
    async def __abuild__(cls) -> Twin:
        await asyncio.sleep(0)  # noqa: TID251  # the loop turns to what halts it
        return cls()


def test_thread_that_waits_for_a_loop_that_waits_for_it_is_told(app: Container) -> None:
    has_begun = threading.Event()
    failures: list[Exception] = []

    def make_service() -> Service:
        has_begun.set()
        while not scope._halted:  # the loop stands still for this very object
            pass
        try:
            app.make(Twin)
        except CircularDependency as error:
            failures.append(error)
        return Service()

    async def main() -> None:
        task = asyncio.create_task(app.amake(Twin))
        await asyncio.sleep(0)  # noqa: TID251  # it begins
        thread = threading.Thread(target=app.make, args=(Service,))
        thread.start()
        has_begun.wait()
        app.make(Service)
        thread.join()
        await task

    app.singleton(Twin)
    app.singleton(Service, make_service)

    asyncio.run(main())

    assert [str(each).partition(":")[0] for each in failures] == ["Circular dependency"]
    assert not scope._halted


def test_resource_when_its_scope_has_ended_is_refused_before_it_opens(app: Container) -> None:
    log: list[str] = []
    app.scoped("kept", opening(log, "kept"))

    async def outlive(has_ended: asyncio.Event) -> None:
        await has_ended.wait()
        with pytest.raises(ScopeEnded, match=r"\"kept\" is finished at the end of its scope"):
            app.make("kept")
        with app.scope():
            assert app.make("kept") == "kept"

    async def main() -> None:
        has_ended = asyncio.Event()
        async with app.ascope():
            task = asyncio.create_task(outlive(has_ended))
            await asyncio.sleep(0)  # noqa: TID251  # it begins, in this scope
        has_ended.set()
        await task

    asyncio.run(main())

    assert log == ["open kept", "close kept"]


def test_async_resource_when_its_scope_ends_meanwhile_is_finished(app: Container) -> None:
    log: list[str] = []

    async def opened() -> AsyncIterator[str]:
        log.append("open")
        await asyncio.sleep(0)  # noqa: TID251  # the scope ends
        try:
            yield "kept"
        finally:
            log.append("close")

    app.scoped("kept", opened)

    async def main() -> None:
        async with app.ascope():
            task = asyncio.create_task(app.amake("kept"))
            await asyncio.sleep(0)  # noqa: TID251  # it begins
        with pytest.raises(ScopeEnded):
            await task

    asyncio.run(main())

    assert log == ["open", "close"]
