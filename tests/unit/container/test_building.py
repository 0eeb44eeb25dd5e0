"""What is built, from what, and what is said when it cannot be."""

from __future__ import annotations

import asyncio
import functools
import inspect
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    Protocol,
    TypeVar,
    runtime_checkable,
)

import pytest

from securely.container import (
    AsyncBinding,
    CircularDependency,
    Container,
    Inject,
    InvalidBinding,
    Lazy,
    NotBound,
    Parameters,
)
from securely.container.signature import Parameter
from securely.support.missing import MISSING

T = TypeVar("T")


class Clock(Protocol):
    pass


class Wall:
    pass


class Plain:
    pass


class Report(ABC):
    @abstractmethod
    def text(self) -> str: ...


class Daily(Report):
    def text(self) -> str:
        return "daily"


class Weekly(Report):
    def text(self) -> str:
        return "weekly"


class Repository(Generic[T]):
    pass


class Shade(Enum):
    DARK = 1


@dataclass
class Data:
    plain: Plain
    size: int = 4


class Point(NamedTuple):
    plain: Plain
    x: int = 1


class Made:
    def __new__(cls, plain: Plain) -> Made:
        made = super().__new__(cls)
        made.plain = plain
        return made

    plain: Plain


class Keywords:
    def __init__(self, a: Plain, /, b: int = 2, *, c: Plain, d: str = "d", **more: Any) -> None:
        self.all = (a, b, c, d, more)


class Both:
    def __init__(self, first: Plain, second: int = 2, *rest: Report, third: Plain) -> None:
        self.all = (first, second, rest, third)


class TakesLists:
    def __init__(
        self, reports: list[Report], more: Sequence[Report], pair: tuple[Report, ...]
    ) -> None:
        self.reports, self.more, self.pair = reports, more, pair


class TakesNumbers:
    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers


class TakesLater:
    def __init__(self, lazy: Lazy[Plain], factory: Callable[[], Plain]) -> None:
        self.lazy, self.factory = lazy, factory


class Chicken:
    def __init__(self, egg: Egg) -> None:
        self.egg = egg


class Egg:
    def __init__(self, chicken: Lazy[Chicken]) -> None:
        self.chicken = chicken


class TakesGeneric:
    def __init__(self, users: Repository[int]) -> None:
        self.users = users


class TakesApp:
    def __init__(self, app: Container) -> None:
        self.app = app


class Unknown:
    def __init__(self, thing: NotImported) -> None:  # type: ignore[name-defined]  # noqa: F821  # the point
        self.thing = thing


class UnknownWithDefault:
    def __init__(self, thing: NotImported | None = None) -> None:  # type: ignore[name-defined]  # noqa: F821  # the point
        self.thing = thing


class Answer(Inject[int]):
    def __init__(self, answer: int = 42) -> None:
        self.answer = answer
        self.seen: list[int] = []

    def resolve(self, app: Any, parameter: Parameter) -> int:
        return self.answer

    def after(self, value: int, app: Any) -> None:
        self.seen.append(value)


class Nothing(Inject[Any]):
    def resolve(self, app: Any, parameter: Parameter) -> Any:
        return MISSING


class Stamp:
    def __init__(self, text: str) -> None:
        self.text = text


TRACED = Answer(7)


class Marked:
    def __init__(
        self,
        a: Annotated[int, TRACED],
        b: Annotated[int, Answer],
        c: Annotated[Plain, Nothing()],
        d: Annotated[int, Nothing()] = 5,
        e: Annotated[int, "just a note"] = 6,
    ) -> None:
        self.all = (a, b, c, d, e)


class Stamped:
    def __init__(self, text: Annotated[str, Stamp("x")]) -> None:
        self.text = text


@pytest.fixture
def app() -> Container:
    return Container()


def test_make_when_asked_again_runs_flat_code_with_the_same_result(app: Container) -> None:
    for _ in range(4):
        made = app.make(Keywords, more=1)
        again = app.make(Keywords)
        assert isinstance(made.all[0], Plain)
        assert made.all[4] == {"more": 1}
        assert isinstance(again.all[2], Plain)
        assert again.all[1::2] == (2, "d")


def test_make_when_positional_and_spread_parameters_mix_keeps_their_places(app: Container) -> None:
    app.register(Report, Daily)
    for _ in range(3):
        first, second, rest, third = app.make(Both).all
        assert isinstance(first, Plain)
        assert second == 2
        assert [type(each) for each in rest] == [Daily]
        assert isinstance(third, Plain)


@pytest.mark.parametrize("cls", [Data, Point, Made])
def test_make_when_a_class_is_built_in_another_way_fills_its_parameters(
    app: Container, cls: Any
) -> None:
    assert isinstance(app.make(cls).plain, Plain)


def test_make_when_overridden_keeps_the_other_parameters(app: Container) -> None:
    assert app.make(Data, size=9).size == 9
    assert isinstance(app.make(Data, size=9).plain, Plain)
    assert app.make(Data).size == 4


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (Path, "Path"),
        (Decimal, "Decimal"),
        (int, "int"),
        (Shade, "Shade"),
        (dict[str, int], "dict"),
    ],
)
def test_make_when_a_parameter_is_a_value_does_not_make_one_up(
    app: Container, annotation: Any, kind: str
) -> None:
    def wants(value: Any) -> object:
        return value

    wants.__annotations__["value"] = annotation

    with pytest.raises(NotBound, match=kind):
        app.call(wants)


def test_make_when_a_value_is_bound_uses_it(app: Container) -> None:
    app.bind(Path, lambda: Path("here"))

    def wants(value: Path) -> Path:
        return value

    assert app.call(wants) == Path("here")


def test_make_when_a_class_of_the_standard_library_is_named_builds_it(app: Container) -> None:
    app.bind("sink", io.StringIO)

    assert isinstance(app.make("sink"), io.StringIO)
    assert app.make(int) == 0


def test_make_when_a_primitive_may_be_none_gives_none(app: Container) -> None:
    def wants(value: int | None, nothing: None) -> object:
        return (value, nothing)

    assert app.call(wants) == (None, None)


def test_make_when_one_of_a_union_is_bound_gives_that(app: Container) -> None:
    app.bind(Clock, Wall)

    def wants(value: Report | Clock) -> object:
        return value

    assert isinstance(app.call(wants), Wall)


def test_make_when_several_are_wanted_gives_all_registered(app: Container) -> None:
    app.register(Report, Daily)
    app.register(Report, Weekly)

    made = app.make(TakesLists)

    assert [each.text() for each in made.reports] == ["daily", "weekly"]
    assert [each.text() for each in made.more] == ["daily", "weekly"]
    assert isinstance(made.pair, tuple)
    assert len(made.pair) == 2


def test_make_when_several_are_wanted_and_none_is_registered_gives_none(app: Container) -> None:
    made = app.make(TakesLists)

    assert (made.reports, made.more, made.pair) == ([], [], ())


def test_make_when_a_list_of_values_is_wanted_does_not_make_one_up(app: Container) -> None:
    with pytest.raises(NotBound, match="numbers"):
        app.make(TakesNumbers)


def test_make_when_something_is_wanted_later_gives_what_resolves_it(app: Container) -> None:
    made = app.make(TakesLater)

    assert repr(made.lazy) == "<Lazy not resolved>"
    assert made.lazy() is made.lazy()
    assert repr(made.lazy) == "<Lazy Plain>"
    assert made.factory() is not made.factory()


def test_make_when_a_cycle_is_lazy_builds_it(app: Container) -> None:
    app.singleton(Chicken)

    chicken = app.make(Chicken)

    assert chicken.egg.chicken() is chicken


def test_make_when_a_generic_is_bound_prefers_it_to_its_class(app: Container) -> None:
    general, special = Repository[Any](), Repository[int]()
    assert isinstance(app.make(TakesGeneric).users, Repository)

    app.instance(Repository, general)
    assert app.make(TakesGeneric).users is general

    app.instance(Repository[int], special)
    assert app.make(TakesGeneric).users is special


def test_make_when_the_container_is_wanted_gives_it(app: Container) -> None:
    assert app.make(TakesApp).app is app
    assert app.make(Container) is app


def test_make_when_an_annotation_has_no_meaning_says_so(app: Container) -> None:
    with pytest.raises(NotBound, match=r"no meaning at run time.*TYPE_CHECKING"):
        app.make(Unknown)
    assert app.make(UnknownWithDefault).thing is None


def test_make_when_an_annotation_names_a_bound_key_uses_it(app: Container) -> None:
    app.bind("NotImported", lambda: "found")
    app.bind(list[int], lambda: [1])

    assert app.make(Unknown).thing == "found"


def test_make_when_a_key_is_alike_suggests_it(app: Container) -> None:
    app.bind("cache", lambda: 1)

    with pytest.raises(NotBound, match='Did you mean "cache"') as caught:
        app.make("cahce")
    assert caught.value.near == ('"cache"',)


def test_marker_wins_over_the_type_and_nothing_falls_through(app: Container) -> None:
    TRACED.seen.clear()
    for _ in range(3):
        a, b, c, d, e = app.make(Marked).all
        assert (a, b, d, e) == (7, 42, 5, 6)
        assert isinstance(c, Plain)
    assert TRACED.seen == [7, 7, 7]
    assert app.make(Marked, a=1).all[0] == 1


def test_marker_when_it_does_not_say_how_fails(app: Container) -> None:
    def wants(x: Annotated[int, Inject()]) -> int:
        return x

    with pytest.raises(NotBound, match=r"Cannot resolve Inject: .*x: Annotated\[int, Inject\]"):
        app.call(wants)
    app.bind("x", wants)
    [problem] = app.check()
    assert "no method `resolve`" in str(problem)
    assert problem.parameter == "x"


def test_when_has_resolves_a_marker_of_somebody_else(app: Container) -> None:
    app.when_has(Stamp, lambda stamp, container: f"{stamp.text}{isinstance(container, Container)}")

    assert app.make(Stamped).text == "xTrue"
    assert app.child().make(Stamped).text == "xTrue"


def test_factory_gets_its_parameters_by_type_name_and_container(app: Container) -> None:
    def make_report(plain: Plain, size: int = 1, *, params: Parameters) -> object:
        return (plain, size, params)

    app.bind("report", make_report)

    plain, size, params = app.make("report", size=3, other=4)
    assert isinstance(plain, Plain)
    assert size == 3
    assert params == {"size": 3, "other": 4}
    app.bind("app", lambda container: container)
    assert app.make("app") is app


def test_factory_when_it_is_a_partial_or_an_object_is_called(app: Container) -> None:
    class Maker:
        def __call__(self, plain: Plain) -> tuple[str, Plain]:
            return ("made", plain)

    def two(plain: Plain, n: int) -> tuple[int, Plain]:
        return (n, plain)

    app.bind("object", Maker())
    app.bind("partial", functools.partial(two, n=2))
    app.bind("builtin", functools.partial(int, "7"))

    assert app.make("object")[0] == "made"
    assert app.make("partial")[0] == 2
    assert app.make("builtin") == 7


def test_bind_when_only_a_function_is_given_reads_its_return_annotation(app: Container) -> None:
    @app.singleton
    def report() -> Daily | Weekly:
        return Daily()

    @app.bind
    def opened() -> Iterator[Plain]:
        yield Plain()

    assert app.make(Daily) is app.make(Daily)
    assert app.is_shared(Weekly)
    assert isinstance(app.make(Plain), Plain)
    assert callable(report)
    assert callable(opened)

    def untyped():  # type: ignore[no-untyped-def]  # the point
        return 1

    with pytest.raises(InvalidBinding, match=r"untyped.*return annotation"):
        app.bind(untyped)


def test_bind_if_leaves_what_is_bound(app: Container) -> None:
    for bind in (app.bind_if, app.singleton_if, app.scoped_if):
        app.bind("x", lambda: 1)
        bind("x", lambda: 2)
        assert app.make("x") == 1
        app.flush()
        bind("x", lambda: 2)
        assert app.make("x") == 2


def test_items_bind_functions_as_factories_and_the_rest_as_values(app: Container) -> None:
    app["n"] = lambda: [1]
    app["c"] = Plain

    assert app["n"] is not app["n"]
    assert app["c"] is Plain
    del app["n"]
    assert "n" not in app
    assert not app.resolved("n")


def test_bind_when_rebound_drops_plans_that_used_it(app: Container) -> None:
    app.bind(Clock, Wall)

    def wants(clock: Clock) -> object:
        return clock

    app.bind("user", wants)
    for _ in range(3):
        assert isinstance(app.make("user"), Wall)

    app.bind(Clock, Plain)

    assert isinstance(app.make("user"), Plain)


def test_cycle_of_factories_is_found_and_the_container_stays_usable(app: Container) -> None:
    app.bind("a", lambda app: app.make("b"))
    app.singleton("b", lambda app: app.make("c"))
    app.bind("c", lambda app: app.make("a"))

    for key, path in {"a": "abca", "b": "bcab"}.items():
        with pytest.raises(CircularDependency) as caught:
            app.make(key)
        assert caught.value.path == tuple(f'"{each}"' for each in path)
    app.bind("c", lambda: 3)
    assert app.make("a") == 3


def test_factory_when_it_calls_itself_with_other_values_may_end(app: Container) -> None:
    app.bind("n", lambda app, p: [] if p.get("n", 3) == 0 else [app.make("n", n=p.get("n", 3) - 1)])

    assert app.make("n", n=2) == [[[]]]


def test_path_of_an_error_in_a_factory_starts_at_the_factory(app: Container) -> None:
    app.singleton("outer", lambda app: app.make("inner"))

    with pytest.raises(NotBound) as caught:
        app.make("outer")
    assert caught.value.path == ('"outer"', '"inner"')


def test_currently_resolving_names_what_is_being_built(app: Container) -> None:
    seen: list[str | None] = []
    app.bind("x", lambda: seen.append(app.currently_resolving()))

    app.make("x")

    assert seen == ['"x"']
    assert app.currently_resolving() is None


def test_alias_of_an_unbound_class_builds_the_class(app: Container) -> None:
    app.alias(Plain, "plain")

    assert app.bound("plain")
    assert isinstance(app.make("plain"), Plain)


def test_load_missing_is_asked_for_types_and_names() -> None:
    class Loading(Container):
        asked: ClassVar[list[object]] = []

        def load_missing(self, key: object) -> bool:
            self.asked.append(key)
            if key in {Clock, "clock"} and Clock not in self.registrations.entries:
                self.singleton(Clock, Wall)
                self.alias(Clock, "clock")
                return True
            return False

    app = Loading()

    def wants(clock: Clock | None = None) -> object:
        return clock

    assert isinstance(app.call(wants), Wall)
    assert app.asked[0] is Clock
    assert app.asked.count(Clock) == 1
    other = Loading()
    assert other.bound("clock")
    assert other.make("clock") is other.make(Clock)
    assert not other.bound("nothing")
    assert not Container().load_missing("nothing")
    assert isinstance(Loading().child().make(Clock), Wall)
    assert isinstance(Loading().make(Plain), Plain)


def test_forget_instances_keeps_bindings_and_the_container(app: Container) -> None:
    app.singleton(Plain)
    app.instance("x", 1)
    before = app.make(Plain)

    app.forget_instances()

    assert app.make(Plain) is not before
    assert not app.bound("x")
    assert app.make(Container) is app


def test_bindings_tell_where_they_were_made(app: Container) -> None:
    app.bind(Plain)

    binding = app.bindings()[Plain]

    assert binding.place.partition(":")[0] == __file__
    assert repr(binding).startswith("<Binding Plain transient at ")


@runtime_checkable
class Named(Protocol):
    name: str


def test_make_when_a_hook_is_for_a_protocol_with_attributes_asks_the_object(
    app: Container,
) -> None:
    seen: list[object] = []
    app.resolving(Named, seen.append)
    app.resolving(Clock, seen.append)
    app.before_resolving(Named, seen.append)

    app.make(Plain)

    assert seen == []


def test_make_when_a_keyword_only_default_follows_is_passed_by_name(app: Container) -> None:
    def wants(a: int = 1, b: Plain | None = None, *, c: Plain) -> object:
        return (a, b, c)

    app.bind("made", wants)
    for _ in range(3):
        a, b, c = app.make("made")
        assert (a, b) == (1, None)
        assert isinstance(c, Plain)


def test_markers_in_flat_code_are_asked_each_time(app: Container) -> None:
    app.bind("x", lambda app, params: (app, params))
    for _ in range(3):
        assert app.make("x") == (app, {})


def test_call_runs_flat_code_from_the_second_time_on(app: Container) -> None:
    class Handler:
        def handle(self, plain: Plain, *more: Plain, n: int = 2) -> object:
            return (self, plain, more, n)

        @classmethod
        def made(cls, plain: Plain) -> object:
            return (cls, plain)

    first, second = Handler(), Handler()
    for handler in (first, second, first, second):
        found, plain, more, n = app.call(handler.handle)
        assert found is handler
        assert isinstance(plain, Plain)
        assert (more, n) == ((), 2)
        assert app.call(Handler.made)[0] is Handler


def test_call_notices_what_is_bound_between(app: Container) -> None:
    def wants(clock: Clock) -> object:
        return clock

    app.bind(Clock, Wall)
    for _ in range(3):
        assert isinstance(app.call(wants), Wall)
    app.bind(Clock, Plain)
    assert isinstance(app.call(wants), Plain)


def test_call_of_a_class_without_call_makes_it(app: Container) -> None:
    assert isinstance(app.call(Data), Data)
    assert app.call(Data, size=8).size == 8
    plain = Plain()
    assert app.call(Data, plain, 9) == Data(plain, 9)
    assert app.call(Data, overrides={"size": 5}).size == 5


def test_call_of_what_can_not_be_referred_to_weakly_works(app: Container) -> None:
    class Slotted:
        __slots__ = ()

        def __call__(self, plain: Plain) -> Plain:
            return plain

    for _ in range(3):
        assert isinstance(app.call(Slotted()), Plain)


def test_contextual_values_may_be_callable_objects_and_lists(app: Container) -> None:
    class Callback:
        def __call__(self) -> None: ...

    callback = Callback()

    def wants(a: Clock, *rest: Report, b: int) -> object:
        return (a, rest, b)

    app.when(wants).needs(Clock).give(callback)
    app.when(wants).needs(Report).give([Daily, lambda: "made", callback])
    app.when(wants).needs_param("b").give_config("b", 7)

    class Config:
        def has(self, key: str) -> bool:
            return False

    app.instance("config", Config())
    a, rest, b = app.call(wants)
    assert a is callback
    assert isinstance(rest[0], Daily)
    assert rest[1:] == ("made", callback)
    assert b == 7
    app.when(wants).needs(Report).give(Weekly)
    assert isinstance(app.call(wants)[1][0], Weekly)
    app.when(wants).needs_param("b").give_config("b")
    with pytest.raises(LookupError, match='no setting "b"'):
        app.call(wants)


def test_tags_know_their_size(app: Container) -> None:
    app.tag([Plain], "t")

    assert repr(app.tagged("t")) == "<1 tagged objects>"


def test_unhashable_annotations_are_no_keys(app: Container) -> None:
    def wants(a: Annotated[int, {}] = 1, b: Any = 2) -> object:
        return (a, b)

    wants.__annotations__["b"] = Unhashable()

    assert app.call(wants) == (1, 2)


class Unhashable:
    __hash__ = None  # type: ignore[assignment]  # the point

    def __eq__(self, other: object) -> bool:
        return self is other


def test_provider_that_changes_the_bindings_while_a_plan_is_made_is_seen() -> None:
    class Restless(Container):
        rounds = 0

        def load_missing(self, key: object) -> bool:
            type(self).rounds += 1
            self.instance("round", self.rounds)
            return False

    app = Restless()

    assert isinstance(app.make(Plain), Plain)
    assert app.make("round") == Restless.rounds


def test_alias_loop_that_was_made_in_two_containers_is_found(app: Container) -> None:
    child = app.child()
    app.alias("a", "b")
    child.alias("b", "a")

    with pytest.raises(ValueError, match="leads back to itself"):
        child.make("a")


def test_call_when_an_override_fits_nothing_ignores_it(app: Container) -> None:
    def wants(plain: Plain) -> Plain:
        return plain

    assert isinstance(app.call(wants, overrides={Clock: Wall()}), Plain)


def test_make_when_a_fixed_tuple_is_wanted_takes_it_as_a_value(app: Container) -> None:
    def wants(pair: tuple[Plain, int]) -> object:
        return pair

    with pytest.raises(NotBound, match="pair"):
        app.call(wants)


def test_make_when_a_class_says_its_parameters_in_a_signature_reads_them(app: Container) -> None:
    class Base:
        pass

    class Model:
        """As a pydantic model: its constructor takes anything, its signature says what."""

        __signature__ = inspect.Signature(
            [
                inspect.Parameter("base", inspect.Parameter.KEYWORD_ONLY, annotation=Base),
                inspect.Parameter("size", inspect.Parameter.KEYWORD_ONLY, default=2),
            ]
        )

        def __init__(self, **data: object) -> None:
            self.data = data

    made = app.make(Model, size=3)

    assert isinstance(made.data["base"], Base)
    assert made.data["size"] == 3
    assert set(app.make(Model).data) == {"base"}


def test_binding_to_an_object_when_it_holds_a_secret_then_the_message_does_not_show_it() -> None:
    with pytest.raises(InvalidBinding) as caught:
        Container().bind("mail", {"password": "hunter2"})

    assert "an object of type dict" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_given_list_when_one_of_it_is_async_is_awaited_and_refused_in_sync_code() -> None:
    class Wants:
        def __init__(self, texts: Sequence[str]) -> None:
            self.texts = texts

    async def fetched() -> str:
        return "fetched"

    app = Container()
    app.when(Wants).needs(Sequence[str]).give([fetched, lambda: "made"])

    with pytest.raises(AsyncBinding, match=r"amake\(Wants\)"):
        app.make(Wants)
    assert asyncio.run(app.amake(Wants)).texts == ["fetched", "made"]
