"""punq's verbs and Laravel's share one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import punq
import pytest

from securely.container import (
    AsyncBinding,
    CircularDependency,
    Container,
    Give,
    InvalidBinding,
    NotBound,
)


class Filter:
    pass


class End(Filter):
    pass


class Link(Filter):
    def __init__(self, successor: Filter) -> None:
        self.successor = successor


class Part:
    pass


class Left:
    def __init__(self, part: Part) -> None:
        self.part = part


class Right:
    def __init__(self, part: Part, size: int = 3) -> None:
        self.part, self.size = part, size


class Whole:
    def __init__(self, left: Left, right: Right) -> None:
        self.left, self.right = left, right


class Selfish:
    def __init__(self, me: Selfish) -> None:
        self.me = me


@pytest.fixture
def app() -> Container:
    return Container()


def test_container_is_punqs(app: Container) -> None:
    assert isinstance(app, punq.Container)
    assert app.resolve(punq.Container) is app
    assert app.resolve(Container) is app


def test_nothing_is_kept_in_punqs_singletons(app: Container) -> None:
    app.singleton(Part)
    app.register(End, scope=punq.Scope.singleton)
    app.make(Part)
    app.resolve(Part)
    app.resolve(End)

    assert app._singletons == {}


def test_make_sees_what_register_registered(app: Container) -> None:
    app.register(Filter, End)
    app.register(Part, scope=punq.Scope.singleton)
    app.register("size", instance=3)
    app.register(Right, size=9)

    assert isinstance(app.make(Filter), End)
    assert app.make(Part) is app.resolve(Part)
    assert app.make("size") == 3
    assert app.make(Right).size == 9
    assert app.make(Right, size=1).size == 1


def test_make_wires_a_chain_of_registrations(app: Container) -> None:
    app.register(Filter, End)
    app.register(Filter, Link)
    app.register(Filter, Link)

    for find in (app.make, app.resolve):
        chain = find(Filter)
        assert isinstance(chain.successor.successor, End)


def test_resolve_sees_what_bind_bound(app: Container) -> None:
    app.bind(Filter, End)
    app.singleton(Part)
    app.bind("size", lambda: 3)
    app.alias(Part, "part")
    app.instance("x", 1)
    app.scoped(Left)

    assert isinstance(app.resolve(Filter), End)
    assert app.resolve(Part) is app.make("part")
    assert app.resolve("part") is app.make(Part)
    assert app.resolve("size") == 3
    assert app.resolve("x") == 1
    with app.scope():
        left = app.resolve(Left)
        assert app.make(Left) is left
    assert app.resolve(Left) is not left


def test_resolve_shares_transient_objects_within_one_graph(app: Container) -> None:
    for part in (app.bind, app.register):
        app.flush()
        part(Part)
        app.bind(Left)
        app.bind(Right)
        app.bind(Whole)

        whole, other = app.resolve(Whole), app.make(Whole)

        assert whole.left.part is whole.right.part
        assert other.left.part is not other.right.part


def test_resolve_passes_values_to_all_that_want_them(app: Container) -> None:
    app.bind(Right)
    app.bind(Left)
    app.bind(Whole)
    app.bind(Part)

    assert app.resolve(Whole, size=8).right.size == 8
    assert app.resolve(Right, size=8).size == 8


def test_resolve_of_a_binding_builds_what_nobody_registered(app: Container) -> None:
    app.bind(Left)
    app.bind("right", lambda app, part=None: (app, part))

    assert isinstance(app.resolve(Left).part, Part)
    assert app.resolve("right") == (app, None)


def test_resolve_follows_a_binding_to_another_key(app: Container) -> None:
    app.bind("a", "b")
    app.bind("b", Part)
    app.singleton(Filter, End)
    app.singleton(End)

    assert isinstance(app.resolve("a"), Part)
    assert app.resolve(Filter) is app.make(End)


def test_resolve_extends_and_tells(app: Container) -> None:
    seen: list[object] = []
    app.register(Part)
    app.extend(Part, lambda made: [made])
    app.resolving(Part, seen.append)

    made = app.resolve(Part)

    assert isinstance(made, list)
    assert seen == [made]
    assert app.resolved(Part)


def test_resolve_of_a_generator_begins_it(app: Container) -> None:
    ended: list[int] = []

    def opened() -> Iterator[str]:
        yield "open"
        ended.append(1)

    app.bind("x", opened)
    with app.scope():
        assert app.resolve("x") == "open"
        assert app.resolve_all("x") == ["open"]  # type: ignore[arg-type,comparison-overlap]  # punq allows any key
    assert ended == [1, 1]


def test_resolve_of_an_async_factory_is_refused(app: Container) -> None:
    async def later() -> int:
        return 1

    app.bind("x", later)

    with pytest.raises(AsyncBinding, match="amake"):
        app.resolve("x")


def test_bind_replaces_what_register_appended_and_register_appends_to_bind(
    app: Container,
) -> None:
    app.register(Filter, End)
    app.register(Filter, Filter)
    app.bind(Filter, End)
    assert [type(each) for each in app.resolve_all(Filter)] == [End]

    app.register(Filter, Filter)

    assert [type(each) for each in app.resolve_all(Filter)] == [End, Filter]
    assert type(app.make(Filter)) is Filter


def test_resolve_all_gives_the_one_object_of_a_singleton(app: Container) -> None:
    app.register(Filter, End, scope=punq.Scope.singleton)

    assert app.resolve_all(Filter)[0] is app.resolve_all(Filter)[0]


def test_resolve_of_a_cycle_ends(app: Container) -> None:
    app.register(Selfish)
    with pytest.raises(NotBound, match="it needs itself"):
        app.resolve(Selfish)
    app.flush()
    app.register(Selfish, cache=False)
    with pytest.raises(CircularDependency, match="Selfish → Selfish"):
        app.resolve(Selfish)


def test_resolve_when_not_registered_is_punqs_error(app: Container) -> None:
    with pytest.raises(punq.MissingDependencyError):
        app.resolve(Part)
    with pytest.raises(punq.InvalidRegistrationError):
        app.register("x")
    with pytest.raises(InvalidBinding, match="callable factory"):
        app.register(Part, 3)


def test_auto_register_builds_classes() -> None:
    app = Container(auto_register=True)

    assert isinstance(app.resolve(Whole).left.part, Part)
    assert isinstance(app.child().resolve(Left), Left)


def test_child_sees_its_parent_and_keeps_its_own(app: Container) -> None:
    app.singleton(Part)
    app.bind(Left)
    app.alias(Part, "part")
    app.tag([Part], "t")
    child = app.child()
    child.tag([Left], "t")

    assert child.make("part") is app.make(Part)
    assert child.make(Left).part is app.make(Part)
    assert child.make(Container) is child
    assert len(child.tagged("t")) == 2
    assert len(app.tagged("t")) == 1

    own = Part()
    child.instance(Part, own)
    assert child.make(Left).part is own
    assert app.make(Left).part is not own
    assert child.resolve_all(Part) == [own]
    assert child.make(Part) is own


def test_child_notices_what_its_parent_rebinds(app: Container) -> None:
    child = app.child()
    app.bind("x", lambda: 1)
    for _ in range(3):
        assert child.make("x") == 1

    app.bind("x", lambda: 2)

    assert child.make("x") == 2


def test_child_builds_shared_objects_where_they_were_bound(app: Container) -> None:
    app.singleton(Left)
    child = app.child()
    child.instance(Part, Part())

    assert child.make(Left) is app.make(Left)
    assert child.make(Left).part is not child.make(Part)


def test_child_is_given_what_the_parent_says_of_a_consumer(app: Container) -> None:
    part = Part()
    app.when(Left).needs(Part).give(part)

    assert app.child().make(Left).part is part


def test_child_alias_is_hidden_by_its_own_binding(app: Container) -> None:
    app.bind("a", lambda: 1)
    app.alias("a", "b")
    child = app.child()
    child.bind("b", lambda: 2)

    assert child.make("b") == 2
    assert not child.is_alias("b")
    assert app.make("b") == 1


def test_resolve_fills_registered_lists_and_defaults(app: Container) -> None:
    class All:
        def __init__(self, filters: list[Filter], n: int = 1, *rest: int, **more: int) -> None:
            self.filters, self.n = filters, n

    app.register(Filter, End)
    app.register(All)
    made = app.resolve(All)
    assert [type(each) for each in made.filters] == [End]
    assert made.n == 1
    assert app.instantiate(All, n=4).n == 4
    app.bind("all", All)
    assert [type(each) for each in app.resolve("all").filters] == [End]


def test_resolve_gives_a_bound_consumer_what_is_its_own(app: Container) -> None:
    own = Part()
    app.bind(Part)
    app.bind(Left)
    app.when(Left).needs(Part).give(own)

    assert app.resolve(Left).part is own


def test_resolve_of_an_instance_in_a_list(app: Container) -> None:
    app.register("x", instance=1)
    app.register("x", lambda: 2)

    assert app.resolve_all("x") == [1, 2]  # type: ignore[arg-type,comparison-overlap]  # punq allows any key


class Lost:
    def __init__(self, thing: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821  # the point
        self.thing = thing


def test_register_of_an_unknown_forward_reference_is_punqs_error(app: Container) -> None:
    with pytest.raises(punq.InvalidForwardReferenceError, match="Nowhere"):
        app.register(Lost)

    app.register("Nowhere", instance=5)
    app.register(Lost)
    assert app.resolve(Lost).thing == 5
    assert app.resolve(Lost, thing=6).thing == 6


def test_resolve_uses_the_values_of_a_registration(app: Container) -> None:
    app.register(Part)
    app.register(Right, size=7)

    assert app.resolve(Right).size == 7
    assert app.resolve(Right, size=8).size == 8


def test_resolve_leaves_markers_to_laravels_rules(app: Container) -> None:
    def marked(part: Annotated[Part, Give(Part)]) -> Part:
        return part

    app.bind("x", marked)

    assert isinstance(app.resolve("x"), Part)


class Settings:
    pass


class Reader:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


class Shop:
    def __init__(self, settings: Settings, reader: Reader) -> None:
        self.settings = settings
        self.reader = reader


def test_resolve_when_several_need_one_instance_then_all_get_it() -> None:
    container = Container()
    settings = container.instance(Settings, Settings())
    container.singleton(Reader)
    container.bind(Shop)

    shop = container.resolve(Shop)

    assert shop.settings is shop.reader.settings is settings
