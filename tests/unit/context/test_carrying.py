"""The way of a context to a job or a process, and what is refused."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from securely.context import Context, ContextTooLarge, ContextUnreadable, ValueNotCarried
from securely.context.carrying import VARIABLE
from securely.encryption import Encrypter
from securely.support.missing import MISSING


class Told:
    """Who is told of what could not be read."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def report(self, error: BaseException, /, **context: object) -> None:
        self.errors.append(error)


@pytest.fixture
def told() -> Told:
    return Told()


def made(told: Told | None = None, key: bytes = b"k" * 32, bytes_max: int = 10_000) -> Context:
    encrypter = Encrypter(key)
    return Context(encrypter.for_purpose, lambda: told, bytes_max=bytes_max)


def test_nothing_is_carried_where_there_is_nothing() -> None:
    assert made().dehydrate() is None


def test_a_unit_carries_its_trace_and_the_next_has_it() -> None:
    here, there = made(), made()
    with here.unit():
        carried = here.dehydrate()
        trace = here.trace_id

    assert carried == {"trace": trace}
    with there.unit(carried):
        assert there.trace_id == trace
        assert there.is_empty


def test_values_come_back_as_they_were() -> None:
    here, there = made(), made()
    values = {"due": date(2026, 5, 1), "sum": Decimal("1.10"), "many": [1, (2,)], "none": None}
    here.add(values).add_hidden(token=b"\x00\xff", **values)

    there.hydrate(json.loads(json.dumps(here.dehydrate())))

    assert there.all() == values
    assert there.all_hidden() == {"token": b"\x00\xff", **values}


def test_hidden_values_are_not_readable_on_their_way() -> None:
    context = made().add(order=7).add_hidden(card="s3cret-value")

    carried = context.dehydrate()

    assert carried is not None
    assert "s3cret-value" not in json.dumps(carried)
    assert "card" not in json.dumps(carried)


def test_hydrating_takes_the_place_of_what_there_was() -> None:
    context = made().add(a=1).add_hidden(b=2)

    assert context.hydrate(None).is_empty


def test_hidden_values_of_another_key_are_reported_and_left_out(told: Told) -> None:
    carried = made(key=b"o" * 32).add(order=7).add_hidden(card="s3cret-value").dehydrate()

    context = made(told).hydrate(carried)

    assert context.all() == {"order": 7}
    assert context.all_hidden() == {}
    [error] = told.errors
    assert isinstance(error, ContextUnreadable)
    assert "APP_PREVIOUS_KEYS" in str(error)


@pytest.mark.parametrize("data", ["[1]", "no json", '{"$class": ["os:system", {}]}', "7", ""])
def test_visible_values_that_are_not_ours_are_reported_and_left_out(told: Told, data: str) -> None:
    context = made(told).hydrate({"data": data})

    assert context.is_empty
    assert [type(error) for error in told.errors] == [ContextUnreadable]


BROKEN = '{"order":7,"card":{"$gone":"s3cret-value"}}'


def test_a_value_that_cannot_be_read_is_reported_and_left_out_alone(told: Told) -> None:
    context = made(told).hydrate({"data": BROKEN})

    assert context.all() == {"order": 7}
    [error] = told.errors
    assert isinstance(error, ContextUnreadable)
    assert str(error).startswith('The value "card" of a context cannot be read, and will be left')
    assert "s3cret-value" not in str(error)


def test_who_handles_values_that_cannot_be_read_gives_what_takes_their_place(told: Told) -> None:
    asked: list[tuple[str, str, str, bool]] = []

    def replace(error: ValueError, key: str, value: str, is_hidden: bool) -> object:
        asked.append((type(error).__name__, key, value, is_hidden))
        return MISSING if is_hidden else "none"

    context = made(told).handle_unserialize_exceptions_using(replace)
    hidden = Encrypter(b"k" * 32).for_purpose("context").encrypt_bytes(BROKEN.encode())
    context.hydrate({"data": BROKEN, "hidden": hidden})

    assert context.all() == {"order": 7, "card": "none"}
    assert context.all_hidden() == {"order": 7}
    written = '{"$gone":"s3cret-value"}'
    assert asked == [
        ("Undecodable", "card", written, False),
        ("Undecodable", "card", written, True),
    ]
    assert told.errors == []


def test_who_fails_to_handle_them_is_reported_and_the_value_left_out(told: Told) -> None:
    def replace(*_: object) -> object:
        raise OSError("disk")

    context = made(told).handle_unserialize_exceptions_using(replace).hydrate({"data": BROKEN})

    assert context.all() == {"order": 7}
    assert [str(error) for error in told.errors] == ["disk"]


def test_a_process_leaves_out_the_values_that_it_cannot_read_alone(told: Told) -> None:
    sealed = f'{{"trace":null,"data":{BROKEN},"hidden":{{}}}}'.encode()
    text = Encrypter(b"k" * 32).for_purpose("context:process").encrypt_bytes(sealed)

    context = made(told)

    assert context.inherit({VARIABLE: text})
    assert context.all() == {"order": 7}
    assert len(told.errors) == 1


def test_a_value_without_a_written_form_is_named() -> None:
    with pytest.raises(ValueNotCarried, match=r'"user.account" of the context cannot travel'):
        made().add(user={"account": object()}).dehydrate()


def test_a_context_that_is_too_large_names_its_largest_value() -> None:
    context = made(bytes_max=100).add(small=1).add_hidden(large="x" * 200)

    with pytest.raises(ContextTooLarge, match='those of "large"') as caught:
        context.dehydrate()
    assert caught.value.limit == 100
    with pytest.raises(ContextTooLarge, match='those of "large"'):
        context.environment()


def test_a_dehydrating_callback_changes_the_copy_only() -> None:
    context = made().add(order=7)
    context.dehydrating(lambda copy: copy.add(locale="de").add_hidden(tenant=3).forget("order"))

    carried = context.dehydrate()

    assert context.all() == {"order": 7}
    assert context.all_hidden() == {}
    other = made().hydrate(carried)
    assert other.all() == {"locale": "de"}
    assert other.all_hidden() == {"tenant": 3}


def test_a_dehydrating_callback_is_called_where_there_is_nothing_yet() -> None:
    context = made().dehydrating(lambda copy: copy.add(locale="de"))

    assert made().hydrate(context.dehydrate()).all() == {"locale": "de"}


def test_a_dehydrating_callback_may_use_the_context_itself() -> None:
    context = made().add(a=1)
    context.dehydrating(lambda copy: copy.add(seen=context.get("a")))

    assert made().hydrate(context.dehydrate()).all() == {"a": 1, "seen": 1}


def test_hydrated_callbacks_are_given_the_context() -> None:
    context = made()
    seen: list[dict[str, object]] = []
    context.hydrated(lambda live: seen.append(live.all()))
    context.hydrated(lambda live: live.add(more=1))

    context.hydrate(made().add(order=7).dehydrate())
    context.hydrate(None)

    assert seen == [{"order": 7}, {}]
    assert context.all() == {"more": 1}


# Processes


def test_a_process_inherits_both_halves_and_the_trace() -> None:
    here, there = made(), made()
    with here.unit():
        here.add(order=7).add_hidden(card="s3cret-value")
        variables = here.environment()
        trace = here.trace_id

    assert [*variables] == [VARIABLE]
    assert "order" not in variables[VARIABLE]
    with there.unit():
        assert there.inherit({"PATH": "/bin", **variables})
        assert there.all() == {"order": 7}
        assert there.all_hidden() == {"card": "s3cret-value"}
        assert there.trace_id == trace


def test_a_process_is_told_that_there_is_nothing() -> None:
    """So that it does not take what its parent was given for what its parent has."""
    assert made().environment() == {VARIABLE: ""}
    assert not made().inherit({VARIABLE: ""})
    assert not made().inherit({})


def test_without_a_key_a_process_is_given_nothing() -> None:
    assert Context().add(order=7).environment() == {VARIABLE: ""}


@pytest.mark.parametrize("text", ["x", "eyJpdiI6IiJ9", '{"data": {"admin": true}}'])
def test_a_variable_that_others_have_set_is_reported_and_ignored(told: Told, text: str) -> None:
    context = made(told).add(order=7)

    assert not context.inherit({VARIABLE: text})
    assert context.all() == {"order": 7}
    [error] = told.errors
    assert isinstance(error, ContextUnreadable)


def test_what_was_written_for_a_payload_is_not_taken_from_a_variable(told: Told) -> None:
    carried = made().add_hidden(admin=True).dehydrate()
    assert carried is not None

    assert not made(told).inherit({VARIABLE: carried["hidden"]})
    assert len(told.errors) == 1
