"""Rules of being there: required, present, missing, prohibited, exclude, and their conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from securely.support.missing import MISSING
from securely.validation.plan.paths import find, holds
from securely.validation.rules.loose import equal, is_filled
from securely.validation.rules.spec import Args, Check, Place, Quick, Ref, Spec, always, no_need

__all__ = ["SPECS", "is_accepted", "is_declined"]

_YES: Final = frozenset({"yes", "on", "1", "true"})
_NO: Final = frozenset({"no", "off", "0", "false"})


def is_accepted(value: object) -> bool:
    """Tell whether *value* says yes: yes, on, 1, true."""
    if isinstance(value, str):
        return value in _YES
    return value is True or (value.__class__ is int and value == 1)


def is_declined(value: object) -> bool:
    """Tell whether *value* says no: no, off, 0, false."""
    if isinstance(value, str):
        return value in _NO
    return value is False or (value.__class__ is int and value == 0)


def _filled(value: object, at: Place) -> bool:
    del at
    return is_filled(value)


def _not_filled(value: object, at: Place) -> bool:
    del at
    return not is_filled(value)


def _present(value: object, at: Place) -> bool:
    del value
    return holds(at.data, at.path)


def _missing(value: object, at: Place) -> bool:
    del value
    return not holds(at.data, at.path)


def _never(value: object, at: Place) -> bool:
    del value, at
    return False


def _yes(value: object, at: Place) -> bool:
    del at
    return is_accepted(value)


def _no(value: object, at: Place) -> bool:
    del at
    return is_declined(value)


def _filled_if_present(value: object, at: Place) -> bool:
    return is_filled(value) or not holds(at.data, at.path)


def _rule(check: Check) -> Callable[[Args], Check]:
    """Compile a rule without parameters."""

    def build(args: Args) -> Check:
        del args
        return check

    return build


class _Condition:
    """That another field has one of some values, compared as PHP does."""

    __slots__ = ("flags", "nothing", "other", "values")

    def __init__(self, args: Args) -> None:
        self.other = args.ref()
        values = args.parameters[1:]
        self.values: tuple[Any, ...] = values
        self.nothing = any(
            value is None or (isinstance(value, str) and value.lower() == "null")
            for value in values
        )
        self.flags = {_FLAGS.get(value, value) for value in values if value in _FLAGS}

    def holds(self, at: Place) -> bool:
        """Tell whether the other field has one of the values."""
        return self.among(find(at.data, self.other.at(at.keys)), at)

    def among(self, found: object, at: Place) -> bool:
        """Tell whether what was *found* in the other field is one of the values."""
        if found is MISSING or found is None:
            return self.nothing
        if isinstance(found, bool):
            return found in self.flags
        if found in self.values if isinstance(found, str) else False:
            return True
        if self.flags and self._is_boolean(at):
            return any(equal(found, _FLAGS.get(value, value)) for value in self.values)
        return any(equal(found, value) for value in self.values)

    def _is_boolean(self, at: Place) -> bool:
        facts = at.facts_of(self.other.at(at.keys))
        return facts is not None and "boolean" in facts.literals


_FLAGS: Final[dict[Any, bool]] = {"true": True, "false": False, True: True, False: False}


def _when(check: Check, *, wanted: bool = True, known: bool = False) -> Callable[[Args], Check]:
    """Compile a rule that asks *check* where another field has, or has not, one of some values.

    Args:
        check: What is asked then.
        wanted: Whether the other field has to have one of the values, or none of them.
        known: Whether an absent other field asks nothing.
    """

    def build(args: Args) -> Check:
        condition = _Condition(args)

        def conditional(value: object, at: Place) -> object:
            found = find(at.data, condition.other.at(at.keys))
            if known and found is MISSING:
                return True
            return check(value, at) if condition.among(found, at) is wanted else True

        return conditional

    return build


def _when_said(check: Check, says: Callable[[object], bool]) -> Callable[[Args], Check]:
    """Compile a rule that asks *check* where another field is accepted, or declined."""

    def build(args: Args) -> Check:
        other = args.ref()

        def conditional(value: object, at: Place) -> object:
            found = find(at.data, other.at(at.keys))
            return check(value, at) if says(found) else True

        return conditional

    return build


def _with(
    check: Check, ask: Callable[[Place, Sequence[Ref]], bool], *, wanted: bool = True
) -> Callable[[Args], Check]:
    """Compile a rule that asks *check* where *ask* finds other fields to be as *wanted*."""

    def build(args: Args) -> Check:
        others = args.refs()

        def conditional(value: object, at: Place) -> object:
            return check(value, at) if ask(at, others) is wanted else True

        return conditional

    return build


def _some_filled(at: Place, others: Sequence[Ref]) -> bool:
    return any(_is_filled_at(at, other) for other in others)


def _all_filled(at: Place, others: Sequence[Ref]) -> bool:
    return all(_is_filled_at(at, other) for other in others)


def _some_there(at: Place, others: Sequence[Ref]) -> bool:
    return any(holds(at.data, other.at(at.keys)) for other in others)


def _all_there(at: Place, others: Sequence[Ref]) -> bool:
    return all(holds(at.data, other.at(at.keys)) for other in others)


def _is_filled_at(at: Place, other: Ref) -> bool:
    found = find(at.data, other.at(at.keys))
    return found is not MISSING and is_filled(found)


def _prohibits(args: Args) -> Check:
    others = args.refs()

    def check(value: object, at: Place) -> bool:
        return not is_filled(value) or not _some_filled(at, others)

    return check


def _need(name: str, build: Callable[[Args], Check], least: int = 0, most: int | None = 0) -> Spec:
    """Return a rule that is asked of absent and blank values too."""
    asked_of_text = name.startswith(("accepted", "declined", "missing"))
    quick = _QUICK.get(name) if asked_of_text else no_need
    pure = build in _PURE
    return Spec(
        name, build, least, most, implicit=True, dependent=least > 0, quick=quick, pure=pure
    )


def _quick_yes(args: Args) -> Quick:
    del args
    return lambda value, data: value in _YES


def _quick_no(args: Args) -> Quick:
    del args
    return lambda value, data: value in _NO


_QUICK: Final = {"accepted": _quick_yes, "declined": _quick_no}
_REQUIRED: Final = _rule(_filled)
_ACCEPTED: Final = _rule(_yes)
_DECLINED: Final = _rule(_no)
_PURE: Final = (_REQUIRED, _ACCEPTED, _DECLINED)


def _exclude(name: str, build: Callable[[Args], Check], least: int = 0) -> Spec:
    return Spec(name, build, least, None if least else 0, excludes=True, dependent=least > 0)


def _prohibit(
    name: str, build: Callable[[Args], Check], least: int = 0, most: int | None = None
) -> Spec:
    return Spec(name, build, least, most if least else 0, dependent=True)


SPECS: Final = (
    Spec("bail", always, most=0, quick=no_need, pure=True),
    Spec("nullable", always, most=0, quick=no_need, pure=True),
    Spec("sometimes", always, most=0, quick=no_need, pure=True),
    _need("accepted", _ACCEPTED),
    _need("accepted_if", _when(_yes), 2, None),
    _need("declined", _DECLINED),
    _need("declined_if", _when(_no), 2, None),
    _need("filled", _rule(_filled_if_present)),
    _need("missing", _rule(_missing)),
    _need("missing_if", _when(_missing), 2, None),
    _need("missing_unless", _when(_missing, wanted=False), 2, None),
    _need("missing_with", _with(_missing, _some_there), 1, None),
    _need("missing_with_all", _with(_missing, _all_there), 1, None),
    _need("present", _rule(_present)),
    _need("present_if", _when(_present), 2, None),
    _need("present_unless", _when(_present, wanted=False), 2, None),
    _need("present_with", _with(_present, _some_there), 1, None),
    _need("present_with_all", _with(_present, _all_there), 1, None),
    _need("required", _REQUIRED),
    _need("required_if", _when(_filled, known=True), 2, None),
    _need("required_if_accepted", _when_said(_filled, is_accepted), 1, 1),
    _need("required_if_declined", _when_said(_filled, is_declined), 1, 1),
    _need("required_unless", _when(_filled, wanted=False), 2, None),
    _need("required_with", _with(_filled, _some_filled), 1, None),
    _need("required_with_all", _with(_filled, _all_filled), 1, None),
    _need("required_without", _with(_filled, _all_filled, wanted=False), 1, None),
    _need("required_without_all", _with(_filled, _some_filled, wanted=False), 1, None),
    _prohibit("prohibited", _rule(_not_filled)),
    _prohibit("prohibited_if", _when(_not_filled), 2),
    _prohibit("prohibited_if_accepted", _when_said(_not_filled, is_accepted), 1, 1),
    _prohibit("prohibited_if_declined", _when_said(_not_filled, is_declined), 1, 1),
    _prohibit("prohibited_unless", _when(_not_filled, wanted=False), 2),
    _prohibit("prohibits", _prohibits, 1),
    _exclude("exclude", _rule(_never)),
    _exclude("exclude_if", _when(_never, known=True), 2),
    _exclude("exclude_unless", _when(_never, wanted=False), 2),
    _exclude("exclude_with", _with(_never, _some_there), 1),
    _exclude("exclude_without", _with(_never, _all_filled, wanted=False), 1),
)
