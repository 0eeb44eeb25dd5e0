"""Holds unique and exists: what they ask, how often, and what they make of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from securely.validation import InvalidRule, Rule, ValidationFactory
from securely.validation.answers.memory import MemoryVerifier
from securely.validation.exceptions import NothingAnswers, RulesError

ROWS = (
    {"id": 1, "email": "ann@x.org", "team": "red", "deleted_at": None},
    {"id": 2, "email": "bob@x.org", "team": "blue", "deleted_at": "2026-01-01"},
)


class Asked(MemoryVerifier):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__({"users": ROWS})
        self.questions: list[tuple[str, str, list[Any], Any]] = []

    def present(self, collection: str, column: str, values: Sequence[Any], query: Any, /) -> Any:
        self.questions.append((collection, column, [*values], query))
        return super().present(collection, column, values, query)


class AskedLater:
    """Answers when it is awaited."""

    def __init__(self) -> None:
        self.asked = Asked()

    async def present(
        self, collection: str, column: str, values: Sequence[Any], query: Any, /
    ) -> Any:
        return self.asked.present(collection, column, values, query)


@pytest.fixture
def verifier(factory: ValidationFactory) -> Asked:
    verifier = Asked()
    factory.answer_with("presence", verifier)
    return verifier


@pytest.mark.parametrize(
    ("rule", "value", "passes"),
    [
        ("unique:users", "ann@x.org", False),
        ("unique:users", "eve@x.org", True),
        ("unique:users,email,1", "ann@x.org", True),
        ("unique:users,email,ann@x.org,email", "ann@x.org", True),
        ("unique:users,email,NULL,id,team,blue", "ann@x.org", True),
        ("unique:users,email,NULL,id,team,!blue", "ann@x.org", False),
        ("unique:users,email,NULL,id,deleted_at,NULL", "bob@x.org", True),
        ("unique:users,email,NULL,id,deleted_at,NOT_NULL", "bob@x.org", False),
        ("unique:users,email,[me]", "ann@x.org", True),
        ("unique:users,email,[nobody]", "ann@x.org", False),
        ("unique:users", ["ann@x.org"], False),
        ("exists:users", "ann@x.org", True),
        ("exists:users", "eve@x.org", False),
        ("exists:users,id", "2", True),
        ("exists:users,email,team,red", "bob@x.org", False),
        ("exists:users,email", ["ann@x.org", "bob@x.org", "ann@x.org"], True),
        ("exists:users,email", ["ann@x.org", "eve@x.org"], False),
        ("exists:users,email", [["ann@x.org"]], False),
        ("exists:users,email", [], True),
        (Rule.unique("users").ignore(1), "ann@x.org", True),
        (Rule.unique("users").ignore(None), "ann@x.org", False),
        (Rule.unique("users").ignore("[me]"), "ann@x.org", False),
        (Rule.unique("users", "email").without_trashed(), "bob@x.org", True),
        (Rule.unique("users", "email").only_trashed(), "bob@x.org", False),
        (Rule.unique("users", "email").where("team", ["red", "green"]), "bob@x.org", True),
        (Rule.exists("users", "email").where_not("team", "red"), "ann@x.org", False),
        (Rule.exists("users", "email").where_not_in("team", ["red"]), "bob@x.org", True),
        (Rule.exists("users", "email").where("deleted_at", None), "bob@x.org", False),
    ],
)
def test_stored_when_asked_then_conditions_and_ignored_rows_count(
    factory: ValidationFactory, verifier: Asked, rule: object, value: Any, passes: bool
) -> None:
    validator = factory.make({"email": value, "me": 1}, {"email": rule})

    assert validator.passes() is passes


@pytest.mark.usefixtures("verifier")
def test_stored_when_broken_then_says_so(factory: ValidationFactory) -> None:
    data = {"email": "ann@x.org", "boss": "eve@x.org"}
    validator = factory.make(data, {"email": "unique:users", "boss": "exists:users,email"})

    assert validator.errors().all() == [
        "The email has already been taken.",
        "The selected boss is invalid.",
    ]
    assert validator.failed()["email"] == {"Unique": ["users"]}


def test_stored_when_a_field_has_stars_then_one_question_is_for_all_of_them(
    factory: ValidationFactory, verifier: Asked
) -> None:
    emails = ["ann@x.org", "eve@x.org", "", None, "eve@x.org", 7, "bob@x.org"]
    data = {"users": [{"email": email} for email in emails]}

    validator = factory.make(data, {"users.*.email": "nullable|string|unique:users"})

    assert [*validator.failed()] == ["users.0.email", "users.5.email", "users.6.email"]
    assert validator.failed()["users.5.email"] == {"String": []}
    ((collection, column, values, _),) = verifier.questions
    assert (collection, column) == ("users", "email")
    assert values == ["ann@x.org", "eve@x.org", "bob@x.org"]


def test_stored_when_lists_are_in_lists_then_one_question_is_for_all_items(
    factory: ValidationFactory, verifier: Asked
) -> None:
    data = {"teams": [{"ids": [1, 2]}, {"ids": [2, 3]}]}

    validator = factory.make(data, {"teams.*.ids": "array|exists:users,id"})

    assert [*validator.failed()] == ["teams.1.ids"]
    assert [question[2] for question in verifier.questions] == [[1, 2, 3]]


def test_stored_when_rules_are_unrolled_then_it_is_one_question_still(
    factory: ValidationFactory, verifier: Asked
) -> None:
    data = {"users": [{"email": "ann@x.org"}, {"email": "eve@x.org"}]}
    validator = factory.make(data, {"users.*.email": "unique:users"})
    validator.sometimes("users.*.email", "min:3", lambda data, item: True)

    assert [*validator.failed()] == ["users.0.email"]
    assert len(verifier.questions) == 1


def test_stored_when_the_ignored_row_differs_by_place_then_each_is_asked_for(
    factory: ValidationFactory, verifier: Asked
) -> None:
    data = {"users": [{"id": 1, "email": "ann@x.org"}, {"id": 1, "email": "bob@x.org"}]}

    validator = factory.make(data, {"users.*.email": "unique:users,email,[users.*.id]"})

    assert [*validator.failed()] == ["users.1.email"]
    assert len(verifier.questions) == 2


def test_stored_when_the_field_broke_a_rule_already_then_nobody_is_asked(
    factory: ValidationFactory, verifier: Asked
) -> None:
    validator = factory.make({"id": "x"}, {"id": "integer|exists:users"})

    assert validator.failed() == {"id": {"Integer": []}}
    assert verifier.questions == []


def test_stored_when_validated_again_then_is_asked_again(
    factory: ValidationFactory, verifier: Asked
) -> None:
    rules = {"email": "unique:users"}
    assert factory.make({"email": "eve@x.org"}, rules).passes()

    verifier.add("users", {"id": 3, "email": "eve@x.org"})

    assert factory.make({"email": "eve@x.org"}, rules).fails()


def test_stored_when_the_verifier_is_async_then_one_question_is_awaited(
    factory: ValidationFactory,
) -> None:
    verifier = AskedLater()
    factory.answer_with("presence", verifier)
    data = {"users": [{"email": "ann@x.org"}, {"email": "eve@x.org"}, {"email": "bob@x.org"}]}
    validator = factory.make(data, {"users.*.email": "string|unique:users"})

    assert not asyncio.run(validator.apasses())
    assert [*validator.failed()] == ["users.0.email", "users.2.email"]
    assert len(verifier.asked.questions) == 1
    with pytest.raises(TypeError, match=r"AskedLater\.present\(\) is async"):
        factory.make(data, {"users.*.email": "unique:users"}).passes()


def test_stored_when_nobody_was_bound_then_says_whom_to_bind(factory: ValidationFactory) -> None:
    with pytest.raises(NothingAnswers, match="PresenceVerifier"):
        factory.make({"email": "x"}, {"email": "unique:users"}).passes()


@pytest.mark.usefixtures("verifier")
def test_stored_when_the_rule_is_wrong_then_says_so(factory: ValidationFactory) -> None:
    with pytest.raises(InvalidRule, match="without a value"):
        factory.make({"email": "x"}, {"email": "exists:users,email,team"}).passes()
    with pytest.raises(InvalidRule, match="needs a column"):
        factory.make({"ids": ["x"]}, {"ids.*": "exists:users"}).passes()
    with pytest.raises(RulesError, match='Did you mean "users"'):
        factory.make({"email": "x"}, {"email": "exists:user"}).passes()
    with pytest.raises(RulesError, match="one id"):
        Rule.unique("users").ignore([1])


class _Keeper:
    def is_current_password(self, password: str, guard: str | None) -> bool:
        return (password, guard) in {("open", None), ("sesame", "admin")}


def test_current_password_when_nobody_knows_then_says_who_is_asked(
    factory: ValidationFactory,
) -> None:
    with pytest.raises(NothingAnswers, match="PasswordKeeper"):
        factory.make({"p": "x"}, {"p": "current_password"}).passes()


def test_current_password_when_asked_then_by_the_guard_that_is_named(
    factory: ValidationFactory,
) -> None:
    factory.answer_with("password", _Keeper())

    assert factory.make({"p": "open"}, {"p": "current_password"}).passes()
    assert factory.make({"p": "sesame"}, {"p": "current_password:admin"}).passes()
    assert factory.make({"p": "open"}, {"p": "current_password:admin"}).errors().all() == [
        "The password is incorrect."
    ]
    assert factory.make({"p": ["open"]}, {"p": "current_password"}).fails()
