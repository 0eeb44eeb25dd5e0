"""Rules of what is stored: unique and exists, asked once for all places; current_password."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from securely.support.missing import MISSING
from securely.support.steps import Steps, arun, call, run
from securely.validation.answers.asking import asked
from securely.validation.exceptions import NothingAnswers
from securely.validation.plan.paths import find
from securely.validation.rules.loose import text
from securely.validation.rules.spec import Args, Check, Place, Ref, Spec

__all__ = ["SPECS", "Conditions", "Where"]

Where: TypeAlias = tuple[str, str, Any]
"""A column, an operator (=, !=, in, not in, null, not null), and a value."""

_REFERENCE: Final = re.compile(r"\[(.*)\]")
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})").fullmatch


@dataclass(frozen=True, slots=True)
class Conditions:
    """What else is asked of stored rows.

    Args:
        wheres: Conditions that all have to hold.
        ignored: A column and a value: rows that have it are left out.
    """

    wheres: tuple[Where, ...] = ()
    ignored: tuple[str, Any] | None = None

    def __bool__(self) -> bool:
        return bool(self.wheres) or self.ignored is not None


class _Question:
    """What one rule asks, of all its places at once.

    Args:
        args: The rule: a collection, a column, and conditions, as an object or as text.
        takes_ignored: Whether text has a row to be left out between the column and the conditions.
    """

    def __init__(self, args: Args, *, takes_ignored: bool) -> None:
        self._verifier = args.services.get("presence")
        if self._verifier is None:
            raise NothingAnswers(
                args.name,
                "what is stored, and nobody was bound to know: give a PresenceVerifier, such as "
                'SqliteVerifier, to Validator.answer_with("presence", …).',
            )
        self._collection = args.text(0)
        self._column = _column(args)
        self._ignored: Ref | None = None
        last = args.parameters[-1]
        if isinstance(last, Conditions):
            self._conditions = last
        else:
            self._conditions = self._read(args, takes_ignored=takes_ignored)

    def _read(self, args: Args, *, takes_ignored: bool) -> Conditions:
        """Read conditions that are written as text."""
        ignored: tuple[str, Any] | None = None
        id_ = args.text(2) if takes_ignored else ""
        column = args.text(3) or "id"
        reference = _REFERENCE.search(id_)
        if reference is not None:
            self._ignored = Ref(reference[1])
            ignored = (column, None)
        elif id_ and id_.lower() != "null":
            ignored = (column, _integer(id_))
        written = args.texts()[4 if takes_ignored else 2 :]
        if len(written) % 2:
            between = ",NULL,id" * takes_ignored
            args.fault(
                f'has the condition "{written[-1]}" without a value: write '
                f"{args.name}:{self._collection},{self._column}{between},column,value."
            )
        return Conditions(tuple(map(_where, written[::2], written[1::2])), ignored)

    def stored(
        self, check: Check, own: Iterable[Any], at: Place, gather: Callable[[Any], Iterable[Any]]
    ) -> Steps[frozenset[str]]:
        """Return which values are stored, as text: those of this place, and of all its peers.

        Args:
            check: The rule's check.
            own: The values of this place.
            at: This place.
            gather: Makes values to ask for out of what stands in a place.
        """
        alone = self._ignored is not None and self._ignored.stars > 0
        key = (check, tuple(at.keys)) if alone else check
        answer = cast("_Answer | None", at.memory.get(key))
        if answer is None:
            answer = at.memory[key] = _Answer()
        wanted = {text(value): value for value in own}
        if answer.known is None and not alone:
            for value in at.peers(check):
                wanted.update((text(each), each) for each in gather(value))
        conditions = self._for(at)

        def ask() -> Steps[Sequence[Any]]:
            values = [*wanted.values()]
            if not values:
                return ()
            present: Sequence[Any] = yield from asked(
                self._verifier, "present", self._collection, self._column, values, conditions
            )
            return present

        return (yield from call(answer.now, answer.soon, frozenset(wanted), ask))

    def _for(self, at: Place) -> Conditions:
        """Return the conditions, with what the data says of the row that is left out."""
        if self._ignored is None or self._conditions.ignored is None:
            return self._conditions
        value = find(at.data, self._ignored.at(at.keys))
        if value is MISSING or not _is_single(value) or text(value).lower() in ("", "null"):
            return Conditions(self._conditions.wheres)
        value = _integer(value) if isinstance(value, str) else value
        return Conditions(self._conditions.wheres, (self._conditions.ignored[0], value))


class _Answer:
    """What was stored when it was asked; who asks meanwhile waits for it."""

    def __init__(self) -> None:
        self.known: frozenset[str] | None = None
        self._asked: frozenset[str] = frozenset()
        self._lock: Any = None

    def now(
        self, wanted: frozenset[str], ask: Callable[[], Steps[Sequence[Any]]]
    ) -> frozenset[str]:
        """Return what is stored of *wanted*; ask only for what was not asked for before."""
        if self.known is None or not wanted <= self._asked:
            self._keep(wanted, run(ask()))
        return cast("frozenset[str]", self.known)

    async def soon(
        self, wanted: frozenset[str], ask: Callable[[], Steps[Sequence[Any]]]
    ) -> frozenset[str]:
        """Async twin of :meth:`now`."""
        if self._lock is None:
            import asyncio  # a sync program need not have it

            self._lock = asyncio.Lock()
        async with self._lock:
            if self.known is None or not wanted <= self._asked:
                self._keep(wanted, await arun(ask()))
        return cast("frozenset[str]", self.known)

    def _keep(self, wanted: frozenset[str], present: Sequence[Any]) -> None:
        self._asked |= wanted
        self.known = (self.known or frozenset()) | frozenset(map(text, present))


def _unique(args: Args) -> Check:
    question = _Question(args, takes_ignored=True)

    def check(value: object, at: Place) -> object:
        if at.has_errors():
            return True
        if not _is_single(value):
            return False  # no column holds a list: nothing that could be asked for
        return arun(judge(value, at)) if at.awaits else run(judge(value, at))

    def judge(value: object, at: Place) -> Steps[bool]:
        stored = yield from question.stored(check, [value], at, _singles)
        return text(value) not in stored

    return check


def _exists(args: Args) -> Check:
    question = _Question(args, takes_ignored=False)

    def check(value: object, at: Place) -> object:
        if at.has_errors():
            return True
        values = _items(value)
        if not all(map(_is_single, values)):
            return False
        return arun(judge(values, at)) if at.awaits else run(judge(values, at))

    def judge(values: Sequence[object], at: Place) -> Steps[bool]:
        stored = yield from question.stored(check, values, at, _single_items)
        return all(text(value) in stored for value in values)

    return check


def _column(args: Args) -> str:
    column = args.text(1)
    if column and column != "NULL":
        return column
    last = args.facts.path[-1]
    if last == "*" or last.isdecimal():
        args.fault(f"needs a column, as in {args.name}:{args.text(0)},id: the field has no name.")
    return last


def _where(column: str, value: str) -> Where:
    if value == "NULL":
        return (column, "null", None)
    if value == "NOT_NULL":
        return (column, "not null", None)
    if value.startswith("!"):
        return (column, "!=", value[1:])
    return (column, "=", value)


def _integer(value: str) -> int | str:
    return int(value) if _INTEGER(value) else value


def _is_single(value: object) -> bool:
    return isinstance(value, (str, int, float)) or not isinstance(
        value, (list, tuple, Mapping, set, frozenset, bytes, type(None))
    )


def _items(value: object) -> Sequence[object]:
    """Return what has to exist of *value*: each of a list, or itself."""
    if isinstance(value, Mapping):
        return [*cast("Mapping[object, object]", value).values()]
    return cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else [value]


def _singles(value: object) -> Iterable[object]:
    return (value,) if _is_single(value) else ()


def _single_items(value: object) -> Iterable[object]:
    return filter(_is_single, _items(value))


def _current_password(args: Args) -> Check:
    """Compile the rule that a value is the password of whoever is logged in."""
    keeper = args.services.get("password")
    if keeper is None:
        raise NothingAnswers(
            args.name,
            "whose password it is, and nobody was bound to know: give a "
            'PasswordKeeper to Validator.answer_with("password", …).',
        )
    guard = args.text(0) or None

    def judge(value: object) -> Steps[bool]:
        if not isinstance(value, str):
            return False
        return bool((yield from asked(keeper, "is_current_password", value, guard)))

    def check(value: object, at: Place) -> object:
        return arun(judge(value)) if at.awaits else run(judge(value))

    return check


SPECS: Final = (
    Spec("current_password", _current_password, most=1, waits=True),
    Spec("exists", _exists, 1, waits=True),
    Spec("unique", _unique, 1, waits=True),
)
