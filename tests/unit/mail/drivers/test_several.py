"""Failover and round robin: who is asked, who is left alone, and what is said when all fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from securely.exceptions import ConfigurationError
from securely.mail import (
    InvalidMessage,
    Message,
    RecipientsRefused,
    Sent,
    Transport,
    TransportError,
    TransportExhausted,
)
from securely.mail.drivers.failover import FailoverTransport
from securely.mail.drivers.roundrobin import RoundrobinTransport
from securely.support import entropy


class Double:
    """A transport that does as it is told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked = 0
        self.raises: Exception | None = None
        self.raw: list[bytes] = []

    def send(self, message: Message) -> Sent:
        self.asked += 1
        if self.raises is not None:
            raise self.raises
        self.raw.append(message.as_bytes())
        return Sent(message.message_id, self.name, {}, "250 ok")

    def close(self) -> None:
        raise AssertionError("the members are closed by the manager")


def outage(name: str, **more: Any) -> TransportError:
    return TransportError(name, "mx.example.com:25: gone", **({"is_retryable": True} | more))


@pytest.fixture
def doubles() -> dict[str, Double]:
    return {name: Double(name) for name in ("one", "two", "three")}


@pytest.fixture
def failover(doubles: dict[str, Double]) -> FailoverTransport:
    return FailoverTransport("both", ["one", "two"], doubles.__getitem__)


@pytest.fixture
def turns(doubles: dict[str, Double]) -> RoundrobinTransport:
    return RoundrobinTransport("turns", list(doubles), doubles.__getitem__)


@pytest.fixture
def message() -> Message:
    return Message(
        sender="ann@example.com", to=["bob@example.com"], subject="Greetings", text="Hello"
    )


def test_failover_when_the_first_works_then_the_second_is_not_asked(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message
) -> None:
    sent = failover.send(message)

    assert sent.transport == "one"
    assert doubles["two"].asked == 0


def test_failover_when_the_first_fails_then_it_is_left_alone_for_a_minute(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message, clock: Any
) -> None:
    one, two = doubles["one"], doubles["two"]
    one.raises = outage("one")
    assert failover.send(message).transport == "two"

    one.raises = None
    clock(59)
    assert failover.send(message).transport == "two"
    assert one.asked == 1

    clock(1)
    assert failover.send(message).transport == "one"
    assert (one.asked, two.asked) == (2, 2)


def test_failover_when_it_fails_again_then_another_minute(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message, clock: Any
) -> None:
    doubles["one"].raises = outage("one")
    failover.send(message)
    clock(60)
    failover.send(message)
    clock(59)
    failover.send(message)

    assert doubles["one"].asked == 2


def test_failover_when_it_takes_over_then_the_message_is_the_same_and_built_anew(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message
) -> None:
    one = doubles["one"]
    one.raises = outage("one", is_unknown=True)

    sent = failover.send(message)

    assert sent.message_id == message.message_id
    assert message.message_id.encode() in doubles["two"].raw[0]


def test_failover_when_all_fail_then_each_cause_is_listed(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message
) -> None:
    doubles["one"].raises = outage("one", code=421, reply="4.3.2 too busy")
    doubles["two"].raises = TransportError("two", "other:25: bad login", is_retryable=False)

    with pytest.raises(TransportExhausted) as caught:
        failover.send(message)

    error = caught.value
    assert list(error.causes) == ["one", "two"]
    assert error.transport == "both"
    assert error.is_retryable is True
    for words in ("both", "one", "mx.example.com:25: gone", "too busy", "two", "bad login"):
        assert words in str(error)


def test_failover_when_no_cause_passes_then_neither_does_the_whole(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message
) -> None:
    for name in ("one", "two"):
        doubles[name].raises = outage(name, is_retryable=False)

    with pytest.raises(TransportExhausted) as caught:
        failover.send(message)

    assert caught.value.is_retryable is False


def test_failover_when_all_others_fail_too_then_the_one_left_alone_is_asked(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message
) -> None:
    one, two = doubles["one"], doubles["two"]
    one.raises = outage("one")
    failover.send(message)
    one.raises, two.raises = None, outage("two")

    assert failover.send(message).transport == "one"
    assert failover.send(message).transport == "one"
    assert two.asked == 2


def test_failover_when_a_message_is_refused_then_the_next_is_asked_and_nobody_left_alone(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message
) -> None:
    """The server works: one bad address must not take it from all other mail."""
    one = doubles["one"]
    one.raises = RecipientsRefused("one", {"bob@example.com": "550 no"})
    assert failover.send(message).transport == "two"

    one.raises = None
    assert failover.send(message).transport == "one"


@pytest.mark.parametrize("error", [InvalidMessage("subject", "it is odd"), LookupError("gone")])
def test_failover_when_the_message_is_at_fault_then_nobody_else_is_asked(
    failover: FailoverTransport, doubles: dict[str, Double], message: Message, error: Exception
) -> None:
    doubles["one"].raises = error

    with pytest.raises(type(error)):
        failover.send(message)

    assert doubles["two"].asked == 0


def test_failover_when_a_member_is_named_that_is_not_there_then_its_error_is_raised(
    message: Message, doubles: dict[str, Double]
) -> None:
    failover = FailoverTransport("both", ["gone", "one"], doubles.__getitem__)

    with pytest.raises(KeyError):
        failover.send(message)


def test_failover_when_it_leads_back_to_itself_then_it_is_told(message: Message) -> None:
    members: dict[str, Transport] = {}
    members["a"] = FailoverTransport("a", ["b"], members.__getitem__)
    members["b"] = FailoverTransport("b", ["a"], members.__getitem__)

    with pytest.raises(ConfigurationError, match="a -> b -> a"):
        members["a"].send(message)


def test_failover_when_within_another_then_both_serve(
    message: Message, doubles: dict[str, Double]
) -> None:
    doubles["one"].raises = outage("one")
    inner = FailoverTransport("inner", ["one"], doubles.__getitem__)
    members: dict[str, Transport] = {"inner": inner, "two": doubles["two"]}
    outer = FailoverTransport("outer", ["inner", "two"], members.__getitem__)

    assert outer.send(message).transport == "two"
    assert outer.send(message).transport == "two"
    assert doubles["one"].asked == 1


def test_failover_when_all_within_refuse_a_message_then_it_is_not_left_alone(
    message: Message, doubles: dict[str, Double]
) -> None:
    inner = FailoverTransport("inner", ["one"], doubles.__getitem__)
    members: dict[str, Transport] = {"inner": inner, "two": doubles["two"]}
    outer = FailoverTransport("outer", ["inner", "two"], members.__getitem__)
    doubles["one"].raises = outage("one", is_refusal=True)
    assert outer.send(message).transport == "two"

    doubles["one"].raises = None
    assert outer.send(message).transport == "one"


def test_several_when_closed_then_members_stay_open(failover: FailoverTransport) -> None:
    failover.close()


def test_turns_when_all_work_then_each_has_its_share(
    turns: RoundrobinTransport, message: Message
) -> None:
    names = [turns.send(message).transport for _ in range(6)]

    assert sorted(names) == ["one", "one", "three", "three", "two", "two"]
    assert names[:3] == names[3:]


def test_turns_when_processes_begin_then_not_all_with_the_first(
    doubles: dict[str, Double], message: Message
) -> None:
    first: set[str] = set()
    for seed in range(20):
        with entropy.seeded(seed):
            begun = RoundrobinTransport("turns", list(doubles), doubles.__getitem__)
            first.add(begun.send(message).transport)

    assert first == {"one", "two", "three"}


def test_turns_when_one_fails_then_the_others_share_its_part(
    turns: RoundrobinTransport, doubles: dict[str, Double], message: Message, clock: Any
) -> None:
    doubles["two"].raises = outage("two")
    names = [turns.send(message).transport for _ in range(6)]
    doubles["two"].raises = None

    assert set(names) == {"one", "three"}
    assert doubles["two"].asked == 1
    clock(60)
    assert "two" in {turns.send(message).transport for _ in range(3)}


def test_turns_when_all_fail_then_each_was_asked_once(
    turns: RoundrobinTransport, doubles: dict[str, Double], message: Message
) -> None:
    for name, double in doubles.items():
        double.raises = outage(name)

    with pytest.raises(TransportExhausted) as caught:
        turns.send(message)

    assert sorted(caught.value.causes) == ["one", "three", "two"]


@pytest.mark.parametrize("kind", [FailoverTransport, RoundrobinTransport])
def test_build_when_options_are_given_then_they_are_used(
    kind: type[FailoverTransport], doubles: dict[str, Double], message: Message, clock: Any
) -> None:
    class Given:
        mailers = ("one",)
        retry_seconds = 5.0

    class Materials:
        transport: Callable[[str], Transport] = staticmethod(doubles.__getitem__)

    built = kind.build("both", Given(), Materials())  # type: ignore[arg-type]

    assert built.name == "both"
    assert built.send(message).transport == "one"
