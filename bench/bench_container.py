"""The container beside its peers, in one interleaved run: nanoseconds, and times plain Python.

    python bench/bench_container.py [--check]

Compares Securely with punq, dishka, wireup and dependency-injector (those that are installed) and
with plain Python, for a singleton, a transient object, transient trees of three and five classes,
a call with an injected argument, and binding. Each round runs every case once, in a rotated order;
ratios are taken round by round, then their median. With --check it exits 1 when a goal is missed:
a singleton at most 5 times a dict look-up and 0.3 us; the tree of five at most 2 times plain
construction, no slower than dishka and wireup, and 100 times as fast as punq; that of three at
most 3 us.
"""

from __future__ import annotations

import argparse
import gc
import sys
import timeit
from collections.abc import Callable
from statistics import median
from typing import Any

from securely.container import Container

ROUNDS = 15
TARGET_SECONDS = 0.02
SINGLETON_NS = 300
THREE_NS = 3000


class A:
    pass


class B:
    pass


class C:
    def __init__(self, a: A) -> None:
        self.a = a


class D:
    def __init__(self, b: B) -> None:
        self.b = b


class E:
    def __init__(self, c: C, d: D) -> None:
        self.c = c
        self.d = d


class F:
    def __init__(self, c: C) -> None:
        self.c = c


class S:
    pass


TREE = (A, B, C, D, E, F)
Case = tuple[str, dict[str, Any]]
Cases = dict[str, dict[str, Case]]


def handle(e: E) -> E:
    """Take what is injected."""
    return e


def plain() -> dict[str, Case]:
    names = {each.__name__: each for each in (*TREE, S)}
    names |= {"d": {S: S()}, "handle": handle, "table": {}}
    return {
        "singleton": ("d[S]", names),
        "transient": ("A()", names),
        "three": ("F(C(A()))", names),
        "tree": ("E(C(A()), D(B()))", names),
        "bind": ("table[A] = [A]", names),
        "call": ("handle(E(C(A()), D(B())))", names),
    }


def securely() -> dict[str, Case]:
    app = Container()
    app.singleton(S)
    for _ in range(4):  # the second time writes the code
        for key in (A, E, F, S):
            app.make(key)
        app.call(handle)
    names = {"app": app, "A": A, "E": E, "F": F, "S": S, "handle": handle, "other": Container()}
    return {
        "singleton": ("app.make(S)", names),
        "transient": ("app.make(A)", names),
        "three": ("app.make(F)", names),
        "tree": ("app.make(E)", names),
        "bind": ("other.bind(A)", names),
        "call": ("app.call(handle)", names),
    }


def punq() -> dict[str, Case]:
    import punq

    container = punq.Container()
    for key in TREE:
        container.register(key)
    container.register(S, scope=punq.Scope.singleton)
    container.resolve(S)
    names = {"c": container, "A": A, "E": E, "F": F, "S": S}
    return {
        "singleton": ("c.resolve(S)", names),
        "transient": ("c.resolve(A)", names),
        "three": ("c.resolve(F)", names),
        "tree": ("c.resolve(E)", names),
    }


def dishka() -> dict[str, Case]:
    from dishka import Provider, Scope, make_container

    provider = Provider(scope=Scope.APP)
    for key in TREE:
        provider.provide(key, cache=False)
    provider.provide(S)
    container = make_container(provider)
    names = {"c": container, "A": A, "E": E, "F": F, "S": S}
    return {
        "singleton": ("c.get(S)", names),
        "transient": ("c.get(A)", names),
        "three": ("c.get(F)", names),
        "tree": ("c.get(E)", names),
    }


def wireup() -> dict[str, Case]:
    import wireup

    items = [wireup.injectable(key, lifetime="transient") for key in TREE]
    items.append(wireup.injectable(S, lifetime="singleton"))
    container = wireup.create_sync_container(injectables=items)
    scope = container.enter_scope()
    scoped = scope.__enter__()  # wireup makes transient objects in a scope only
    names = {"c": scoped, "root": container, "keep": scope, "A": A, "E": E, "F": F, "S": S}
    return {
        "singleton": ("root.get(S)", names),
        "transient": ("c.get(A)", names),
        "three": ("c.get(F)", names),
        "tree": ("c.get(E)", names),
    }


def dependency_injector() -> dict[str, Case]:
    from dependency_injector import containers, providers

    class Graph(containers.DeclarativeContainer):
        a = providers.Factory(A)
        b = providers.Factory(B)
        c = providers.Factory(C, a=a)
        d = providers.Factory(D, b=b)
        e = providers.Factory(E, c=c, d=d)
        f = providers.Factory(F, c=c)
        s = providers.Singleton(S)

    names = {"c": Graph()}
    return {
        "singleton": ("c.s()", names),
        "transient": ("c.a()", names),
        "three": ("c.f()", names),
        "tree": ("c.e()", names),
    }


PEERS: dict[str, Callable[[], dict[str, Case]]] = {
    "plain Python": plain,
    "securely": securely,
    "punq": punq,
    "dishka": dishka,
    "wireup": wireup,
    "dependency-injector": dependency_injector,
}


def calibrated(case: Case) -> tuple[timeit.Timer, int]:
    """Return a timer, and how often it runs in one sample."""
    timer = timeit.Timer(case[0], globals=case[1])
    number, seconds = timer.autorange(None)
    return timer, max(1, int(number * TARGET_SECONDS / seconds))


def measure(cases: dict[str, Case]) -> dict[str, list[float]]:
    """Return samples in nanoseconds for each peer, taken in turn."""
    timers = {name: calibrated(case) for name, case in cases.items()}
    samples: dict[str, list[float]] = {name: [] for name in timers}
    names = list(timers)
    for turn in range(ROUNDS):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            timer, number = timers[name]
            gc.collect()
            samples[name].append(timer.timeit(number) / number * 1e9)
    return samples


def ratio(samples: dict[str, list[float]], name: str, to: str) -> float:
    """Return how many times as long *name* takes as *to*."""
    return median(a / b for a, b in zip(samples[name], samples[to], strict=True))


def goals(results: dict[str, dict[str, list[float]]]) -> list[str]:
    """Return what was missed."""
    missed = []
    single, tree = results["singleton"], results["tree"]
    if ratio(single, "securely", "plain Python") > 5:
        missed.append("a singleton costs more than 5 look-ups in a dict")
    if ratio(tree, "securely", "plain Python") > 2:
        missed.append("a tree costs more than 2 times its construction")
    missed += [
        f"a tree costs more than with {peer}"
        for peer in ("dishka", "wireup")
        if peer in tree and ratio(tree, "securely", peer) > 1
    ]
    if median(single["securely"]) > SINGLETON_NS:
        missed.append("a singleton costs more than 0.3 us")
    if median(results["three"]["securely"]) > THREE_NS:
        missed.append("a tree of three costs more than 3 us")
    if "punq" in tree and ratio(tree, "punq", "securely") < 100:
        missed.append("a tree is not 100 times as fast as with punq")
    return missed


def main() -> int:
    """Measure, print, and judge if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when a goal is missed")
    check = parser.parse_args().check
    groups: Cases = {
        name: {} for name in ("singleton", "transient", "three", "tree", "call", "bind")
    }
    for name, peer in PEERS.items():
        try:
            cases = peer()
        except ImportError:
            print(f"{name} is not installed, so it is left out.")
            continue
        for group, case in cases.items():
            groups[group][name] = case
    results = {group: measure(cases) for group, cases in groups.items()}
    for group, samples in results.items():
        print(f"\n{group:<22}{'ns':>10}{'x plain':>10}{'spread %':>10}")
        for name, values in samples.items():
            middle = median(values)
            spread = 100 * (max(values) - min(values)) / middle
            times = ratio(samples, name, "plain Python")
            print(f"{name:<22}{middle:>10.0f}{times:>10.2f}{spread:>10.0f}")
    missed = goals(results)
    print("\n" + ("\n".join(f"missed: {each}" for each in missed) or "Every goal is met."))
    return 1 if check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
