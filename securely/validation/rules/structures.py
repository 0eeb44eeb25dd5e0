"""Rules of lists and dicts, and of fields among each other: array, distinct, in_array, same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from decimal import Decimal
from math import isnan
from typing import Final, cast

from securely.support.missing import MISSING
from securely.validation.plan.paths import (
    Container,
    Path,
    expand,
    find,
    glob,
    is_container,
    join,
    leaves,
)
from securely.validation.rules.loose import equal, is_numeric, number, text
from securely.validation.rules.spec import SLOW, Args, Check, Place, Quick, Slow, Spec

__all__ = ["SPECS", "identical"]

_CONTAINERS: Final = (list, tuple, dict)


def identical(one: object, other: object) -> bool:
    """Tell whether PHP's `===` holds: 1 is neither 1.0 nor True."""
    try:
        return type(one) is type(other) and one == other
    except RecursionError:  # data that holds itself
        return False


class _Pool:
    """Values among which others are looked for, by PHP's `==`, in the time of one look."""

    __slots__ = ("_counts", "_known", "_odd")

    def __init__(self, values: Iterator[object]) -> None:
        self._counts: Counter[Hashable] = Counter()
        self._odd: dict[Hashable, tuple[object, int]] = {}
        self._known: dict[Hashable, int] = {}
        for value in values:
            key = _key(value)
            if key is None:
                sort = _sort(value)
                sort = ("one", len(self._odd)) if sort is None else sort
                self._odd[sort] = (value, self._odd.get(sort, (value, 0))[1] + 1)
            else:
                self._counts[key] += 1

    def count(self, value: object) -> int:
        """Return how many of the values are equal to *value*, by PHP's `==`."""
        key, sort = _key(value), _sort(value)
        if key is not None:
            return self._counts[key] + self._count_odd(value)
        known = None if sort is None else self._known.get(sort)
        if known is None:
            pairs = cast("Iterable[tuple[tuple[str, object], int]]", self._counts.items())
            known = sum(count for (_, found), count in pairs if equal(found, value))
            known += self._count_odd(value)
            if sort is not None:
                self._known[sort] = known
        return known

    def _count_odd(self, value: object) -> int:
        return sum(count for each, count in self._odd.values() if equal(each, value))


def _sort(value: object) -> Hashable | None:
    """Return what values have in common that are equal to the same others; None for most.

    Those that data may have any number of: null, booleans, NaN, and empty lists and dicts.
    """
    if value is None or isinstance(value, bool):
        return (type(value), value)
    if isinstance(value, float):
        return "nan" if isnan(value) else None
    return value.__class__ if is_container(value) and not len(value) else None


def _key(value: object) -> Hashable | None:
    """Return what equal numbers and texts have in common; None for what is equal to many."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if not is_numeric(value):
        return ("text", value)
    found = number(value)
    if isinstance(found, float):
        found = Decimal(repr(found))
    return None if isinstance(found, Decimal) and found.is_nan() else ("number", found)


def _array(args: Args) -> Check:
    allowed = frozenset(args.texts())
    if not args.parameters:
        return lambda value, at: isinstance(value, _CONTAINERS)

    def check(value: object, at: Place) -> bool:
        del at
        return is_container(value) and allowed.issuperset(_keys(value))

    return check


def _list(args: Args) -> Check:
    del args
    return lambda value, at: isinstance(value, (list, tuple))


def _keys(value: Container) -> Iterator[str]:
    return map(str, value if isinstance(value, Mapping) else range(len(value)))


def _with_keys(
    ask: Callable[[frozenset[str], set[str]], bool],
) -> Callable[[Args], Check]:
    def build(args: Args) -> Check:
        if not args.parameters:
            args.fault(f"needs keys, as in {args.name}:a,b.")
        wanted = frozenset(args.texts())

        def check(value: object, at: Place) -> bool:
            del at
            return is_container(value) and ask(wanted, set(_keys(value)))

        return check

    return build


def _contains(*, wanted: bool) -> Callable[[Args], Check]:
    def build(args: Args) -> Check:
        if not args.parameters:
            args.fault(f"needs values, as in {args.name}:a,b.")
        sought = args.parameters

        def check(value: object, at: Place) -> bool:
            del at
            if not is_container(value):
                return False
            pool = _Pool(iter(value.values() if isinstance(value, Mapping) else value))
            return all((pool.count(each) > 0) is wanted for each in sought)

        return check

    return build


def _distinct(args: Args) -> Check:
    odd = set(args.texts()) - {"strict", "ignore_case"}
    if odd:
        args.fault(f'takes "strict" or "ignore_case", not "{odd.pop()}".')
    path = args.facts.path
    strict, folds = "strict" in args.parameters, "ignore_case" in args.parameters
    if "*" not in path:
        return lambda value, at: True

    def check(value: object, at: Place) -> bool:
        known = at.memory.get(check)
        if known is None:
            values = [each for _, each in expand(at.data, path) if _is_leaf(each)]
            known = at.memory[check] = _Copies(values, strict=strict, folds=folds)
        return cast("_Copies", known).count(value) <= _is_leaf(value)

    return check


class _Copies:
    """How often values stand in a list: by type, by letters without case, or by PHP's `==`."""

    def __init__(self, values: list[object], *, strict: bool, folds: bool) -> None:
        self._strict, self._folds = strict, folds
        if folds:
            self._folded = Counter(_folded(value) for value in values)
        if strict:
            self._typed = Counter((type(each), each) for each in values if _hashable(each))
        self._pool = _Pool(iter(values))

    def count(self, value: object) -> int:
        if self._folds and isinstance(value, str):
            return self._folded[_folded(value)]
        if self._strict and _hashable(value):
            return self._typed[(type(value), value)]
        return self._pool.count(value)


def _folded(value: object) -> str:
    return value.casefold() if isinstance(value, str) else text(value)


def _hashable(value: object) -> bool:
    return not isinstance(value, (*_CONTAINERS, set))


def _is_leaf(value: object) -> bool:
    """Tell whether *value* is one value: what holds others is looked through, not at."""
    return value is not MISSING and not (isinstance(value, _CONTAINERS) and value)


def _in_array(args: Args) -> Check:
    other = args.text(0)
    path = args.ref().path
    prefix = path[: path.index("*")] if "*" in path else path
    fits = glob(other).fullmatch

    def check(value: object, at: Place) -> bool:
        pool = at.memory.get(check)
        if pool is None:
            found = leaves(find(at.data, prefix), prefix)
            pool = at.memory[check] = _Pool(each for path, each in found if fits(join(path)))
        return cast("_Pool", pool).count(value) > 0

    return check


def _same(args: Args) -> Check:
    other = args.ref()

    def check(value: object, at: Place) -> bool:
        found = find(at.data, other.at(at.keys))
        return identical(value, None if found is MISSING else found)

    return check


def _different(args: Args) -> Check:
    others = args.refs()

    def check(value: object, at: Place) -> bool:
        found = (find(at.data, other.at(at.keys)) for other in others)
        return not any(each is not MISSING and identical(value, each) for each in found)

    return check


def _confirmed(args: Args) -> Check:
    other = args.ref() if args.text(0) else None

    def check(value: object, at: Place) -> bool:
        path: Path = (
            (*at.path[:-1], at.path[-1] + "_confirmation") if other is None else other.at(at.keys)
        )
        found = find(at.data, path)
        return identical(value, None if found is MISSING else found)

    return check


def _quick_same(args: Args) -> Quick | Slow:
    return _equals(args.ref().path)


def _quick_confirmed(args: Args) -> Quick | Slow:
    path = args.facts.path
    return _equals(args.ref().path if args.text(0) else (*path[:-1], f"{path[-1]}_confirmation"))


def _equals(path: Path) -> Quick | Slow:
    if "*" in path:
        return SLOW
    if len(path) == 1:
        name = path[0]
        return lambda value, data: data.get(name) == value
    return lambda value, data: find(data, path) == value


def _quick_never(args: Args) -> Quick:
    del args
    return lambda value, data: False


SPECS: Final = (
    Spec("array", _array, quick=_quick_never, pure=True),
    Spec("array_keys", _array, 1),
    Spec("list", _list, most=0, quick=_quick_never, pure=True),
    Spec("required_array_keys", _with_keys(lambda wanted, there: wanted <= there)),
    Spec("in_array_keys", _with_keys(lambda wanted, there: not wanted.isdisjoint(there))),
    Spec("contains", _contains(wanted=True)),
    Spec("doesnt_contain", _contains(wanted=False)),
    Spec("distinct", _distinct),
    Spec("in_array", _in_array, 1, 1),
    Spec("same", _same, 1, 1, dependent=True, quick=_quick_same),
    Spec("different", _different, 1, dependent=True),
    Spec("confirmed", _confirmed, 0, 1, dependent=True, quick=_quick_confirmed),
)
