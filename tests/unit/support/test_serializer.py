"""The serializer: what comes back is what went in, and nothing else can be made of data."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path, PurePosixPath, PureWindowsPath
from uuid import UUID
from zoneinfo import ZoneInfo

import pydantic
import pytest

from securely.support.serializer import Serializer, Undecodable, Unserializable


class _Colour(Enum):
    RED = "red"


class _Level(IntEnum):
    LOW = 1


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    price: Decimal
    tags: tuple[str, ...] = ()


@dataclass
class _Watchful:
    value: int
    extra: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        raise AssertionError("restoring must not run code of the class")


class _Model(pydantic.BaseModel):
    id: int
    at: date | None = None


_ROME = ZoneInfo("Europe/Rome")

_VALUES = [
    None,
    True,
    0,
    -(2**63),
    2**63,
    -(10**40),
    1.5,
    -0.0,
    math.inf,
    -math.inf,
    "",
    "é\u2028\x00",
    "half \udce9 pair",
    b"\x00\xff",
    [],
    {},
    [1, [2, {"a": None}]],
    (1, ("x", [b"y"])),
    {1, 2},
    frozenset({"a"}),
    {1: "a", None: "b", (1, 2): "c", "s": 1},
    {"$bytes": "not a tag"},
    {"$x": {"$y": 1}},
    {"$a": 1, "b": 2},
    {"\udce9": 1},
    datetime(2026, 1, 31, 12, 30, 15, 123, tzinfo=UTC),
    datetime(2026, 1, 31),  # naive ones come back naive
    datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=2))),
    date(2026, 1, 31),
    time(1, 2, 3),
    timedelta(days=-1, seconds=5, microseconds=7),
    Decimal("1.10"),
    UUID(int=5),
    Path("a/b"),
    PurePosixPath("/x"),
    PureWindowsPath("C:/x"),
    [{"when": date(2026, 1, 1)}, {"deep": {"er": (1,)}}],
]


@pytest.mark.parametrize("value", _VALUES, ids=repr)
def test_decode_when_encoded_before_then_gives_the_same_value_and_type(value: object) -> None:
    serializer = Serializer()

    again = serializer.decode(serializer.encode(value))

    assert again == value
    assert type(again) is type(value)
    assert repr(again) == repr(value)


def test_decode_when_it_was_not_a_number_then_is_none_again() -> None:
    again = Serializer().decode(Serializer().encode(math.nan))

    assert isinstance(again, float)
    assert math.isnan(again)


@pytest.mark.parametrize("fold", [0, 1])
def test_decode_when_the_hour_comes_twice_then_keeps_which_one(fold: int) -> None:
    moment = datetime(2026, 10, 25, 2, 30, tzinfo=_ROME, fold=fold)

    again = Serializer().decode(Serializer().encode(moment))

    assert isinstance(again, datetime)
    assert (again, again.fold, again.tzinfo) == (moment, fold, _ROME)


def test_encode_when_the_value_is_plain_then_is_ordinary_json() -> None:
    assert Serializer().encode({"a": [1, "x", None, 1.5]}) == b'{"a":[1,"x",null,1.5]}'


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_encode_when_a_number_does_not_fit_in_64_bits_then_no_reader_can_lose_it(
    number: int,
) -> None:
    written = b'{"$int":"%b"}' % hex(number).encode()

    assert Serializer().encode(number) == written
    assert Serializer().encode([number]) == b"[%b]" % written
    assert Serializer().encode({"a": number, "b": 1}) == b'{"a":%b,"b":1}' % written


def test_classes_when_allowed_then_round_trip_without_running_their_code() -> None:
    serializer = Serializer(classes=[_Line, _Colour, _Level, _Model, _Watchful])
    watchful = object.__new__(_Watchful)
    watchful.value, watchful.extra = 1, [2]
    value = [_Line("x", Decimal(1), ("t",)), _Colour.RED, _Level.LOW, _Model(id=1), watchful]

    again = serializer.decode(serializer.encode(value))

    assert again == value
    assert isinstance(again, list)
    assert [type(item) for item in again] == [type(item) for item in value]


def test_classes_when_resolved_by_name_then_are_allowed() -> None:
    name = f"{_Line.__module__}.{_Line.__qualname__}"
    serializer = Serializer(resolve=lambda asked: _Line if asked == name else None)
    line = _Line("x", Decimal("1.0"))

    assert serializer.decode(serializer.encode(line)) == line


@pytest.mark.parametrize("value", [_Line("x", Decimal(1)), _Colour.RED, _Model(id=1)])
def test_encode_when_the_class_is_not_allowed_then_refuses(value: object) -> None:
    with pytest.raises(Unserializable, match="not allowed here"):
        Serializer().encode(value)


def test_decode_when_the_class_is_not_allowed_then_refuses() -> None:
    data = Serializer(classes=[_Line]).encode(_Line("x", Decimal(1)))

    with pytest.raises(Undecodable, match="not allowed here"):
        Serializer().decode(data)


def test_class_when_it_is_not_allowed_and_there_is_a_setting_then_that_is_named() -> None:
    serializer = Serializer(setting="shop.classes")
    data = Serializer(classes=[_Line]).encode(_Line("x", Decimal(1)))

    with pytest.raises(Unserializable, match=r'add ".*\._Line" to shop\.classes'):
        serializer.encode(_Line("x", Decimal(1)))
    with pytest.raises(Undecodable, match=r"not allowed here, by shop\.classes"):
        serializer.decode(data)


def test_decode_when_a_field_was_added_since_then_takes_its_default() -> None:
    name = f"{_Line.__module__}.{_Line.__qualname__}"
    data = f'{{"$object":["{name}",{{"name":"x","price":1}}]}}'.encode()

    assert Serializer(classes=[_Line]).decode(data) == _Line("x", 1)  # type: ignore[arg-type]  # data as it was written


@pytest.mark.parametrize("state", ['{"name":"x"}', '{"name":"x","price":1,"gone":2}', "[1]"])
def test_decode_when_the_state_does_not_fit_the_class_then_refuses(state: str) -> None:
    name = f"{_Line.__module__}.{_Line.__qualname__}"

    with pytest.raises(Undecodable):
        Serializer(classes=[_Line]).decode(f'{{"$object":["{name}",{state}]}}'.encode())


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), ""),
        ({"order": {"lines": [1, object()]}}, "order.lines[1]"),
        ([{1: object()}], "[0][1]"),
        ((OrderedDict(),), "[0]"),
        ({"f": lambda: None}, "f"),
    ],
)
def test_encode_when_something_has_no_written_form_then_the_error_says_where(
    value: object, path: str
) -> None:
    with pytest.raises(Unserializable) as caught:
        Serializer().encode(value)

    assert caught.value.path == path
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_encode_when_a_value_holds_itself_then_refuses() -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(Unserializable, match="too deeply"):
        Serializer().encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b'{"$nope":1}',
        b'{"$bytes":"***"}',
        b'{"$bytes":5}',
        b'{"$date":"yesterday"}',
        b'{"$datetime":["2026-01-01T00:00:00","No/Where",0]}',
        b'{"$tuple":"abc"}',
        b'{"$dict":[[1]]}',
        b'{"$dict":[[[1],2]]}',
        b'{"$path":["Bad","x"]}',
        b'{"$enum":["os.system","x"]}',
        b'{"$object":["os.system",{}]}',
        b'{"$object":[1,2,3]}',
        b'{"$decimal":"x"}',
        b'{"$int":"zz"}',
        b'{"$timedelta":[1,2,3,4,5,6,7,8,9]}',
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda data: repr(data[:30]),
)
def test_decode_when_the_data_is_malformed_then_raises_undecodable_only(data: bytes) -> None:
    with pytest.raises(Undecodable) as caught:
        Serializer().decode(data)

    assert str(copy.copy(caught.value)) == str(caught.value)
