from __future__ import annotations

import struct
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from securely.context import Context
from securely.encryption import Encrypter, KeyRing
from securely.queue.bus.trail import Trail
from securely.queue.exceptions import (
    InvalidPayload,
    NotQueueable,
    PayloadTooLarge,
    UnknownJob,
)
from securely.queue.job import Extras, Job
from securely.queue.payload import Codec
from securely.support import clock, entropy
from securely.support.clock import FrozenClock


def there_and_back(codec, job):
    return codec.decode(codec.envelope(job, "default").payload)


def test_plain_job_comes_back_without_its_constructor(codec, jobs, journal):
    job = jobs.Plain(7)
    journal.clear()

    frame = there_and_back(codec, job)

    assert type(frame.job) is jobs.Plain
    assert frame.job is not job
    assert frame.job.number == 7
    assert journal == []


def test_dataclass_with_rich_values_comes_back_as_it_was(codec, jobs, journal):
    job = jobs.Rich(
        at=datetime(2026, 3, 15, 12, 0, 0, 123, tzinfo=UTC),
        price=jobs.Money(Decimal("19.90"), "EUR"),
        colours=[jobs.Colour.RED, jobs.Colour.BLUE],
        address=jobs.Address(street="Elm", number=4),
        prices={"net": jobs.Money(Decimal("16.72"), "EUR")},
    )
    journal.clear()

    back = there_and_back(codec, job).job

    assert back == job
    assert journal == []


def test_frozen_slotted_dataclass_comes_back(codec, jobs):
    job = jobs.Frozen(3, "text")

    back = there_and_back(codec, job).job

    assert back == job
    assert not hasattr(back, "__dict__")


def test_slots_with_private_names_come_back(codec, jobs):
    back = there_and_back(codec, jobs.Slotted(4)).job

    assert (back.number, back.private()) == (4, 8)


def test_field_that_was_added_since_gets_its_default(codec, jobs):
    envelope = codec.envelope(jobs.Frozen(3), "default")
    body = envelope.payload
    shortened = resign(codec, body.replace(b',"text":"default"', b""))

    assert codec.decode(shortened).job == jobs.Frozen(3, "default")


def test_field_that_was_added_since_without_a_default_is_named(codec, jobs):
    envelope = codec.envelope(jobs.Frozen(3), "default")
    shortened = resign(codec, envelope.payload.replace(b'"number":3,', b""))

    with pytest.raises(InvalidPayload, match='"number"'):
        codec.decode(shortened)


def test_attribute_that_is_gone_from_a_slotted_class_is_named(codec, jobs):
    envelope = codec.envelope(jobs.Frozen(3), "default")
    changed = resign(codec, envelope.payload.replace(b'"number":3', b'"number":3,"old":1'))

    with pytest.raises(InvalidPayload, match='"old"'):
        codec.decode(changed)


def resign(codec, payload):
    """Sign *payload* again, whose body was changed in length."""
    _, size, _ = struct.unpack_from(">BII", payload)
    version = payload[0]
    rest = payload[9:-32]
    signed = struct.pack(">BII", version, size, len(rest) - size) + rest
    return signed + codec._signer.sign(signed)


@pytest.mark.parametrize("position", [0, 3, 20, -40, -1])
def test_payload_when_a_byte_was_changed_is_refused(codec, jobs, position):
    payload = bytearray(codec.envelope(jobs.Plain(7), "default").payload)
    payload[position] ^= 1

    with pytest.raises(InvalidPayload, match="signature does not match"):
        codec.decode(bytes(payload))


@pytest.mark.parametrize("payload", [b"", b"x", b"x" * 31, b"x" * 32, b"\x01" * 500])
def test_payload_that_was_never_ours_is_refused(codec, payload):
    with pytest.raises(InvalidPayload, match="signature does not match"):
        codec.decode(payload)


def test_payload_signed_for_another_purpose_is_refused(codec, keys, jobs):
    other = Codec(keys.purpose("cache"))

    with pytest.raises(InvalidPayload):
        codec.decode(other.envelope(jobs.Plain(7), "default").payload)


def test_payload_signed_with_a_previous_key_is_read(codec, jobs):
    payload = codec.envelope(jobs.Plain(7), "default").payload
    rotated = Codec(KeyRing(b"n" * 32, (b"k" * 32,)).purpose("queue"))

    assert rotated.decode(payload).job.number == 7


def test_payload_of_a_later_version_says_so(codec, jobs):
    payload = codec.envelope(jobs.Plain(7), "default").payload

    with pytest.raises(InvalidPayload, match="version is 9, this code reads up to 2"):
        codec.decode(resign(codec, b"\x09" + payload[1:]))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b":Plain", b":Plane", "Plane"),
        (b"sample_jobs:", b"sample_jebs:", "sample_jebs"),
        (b":Plain", b":Money", "no subclass of Job"),
        (b":Plain", b":Outer", "no subclass of Job"),
    ],
)
def test_class_that_is_gone_or_no_job_is_named_and_not_run(codec, jobs, old, new, reason):
    payload = codec.envelope(jobs.Plain(7), "default").payload
    assert old in payload

    with pytest.raises(UnknownJob, match=reason) as caught:
        codec.decode(resign(codec, payload.replace(old, new)))

    assert "Its payload is kept" in str(caught.value)


def test_header_of_a_class_that_is_gone_can_be_read(codec, jobs):
    payload = codec.envelope(jobs.Plain(7), "default").payload
    gone = resign(codec, payload.replace(b":Plain", b":Plane"))

    assert codec.header(gone).job == "sample_jobs:Plane"


def test_header_tells_options_as_they_were_at_dispatch(codec, jobs):
    with clock.using(FrozenClock(at=1_800_000_000.0)):
        envelope = codec.envelope(jobs.Options(), "default")

    header = codec.header(envelope.payload)
    assert (header.tries, header.backoff) == (5, [[1.0, 5.0], 0.0, 366 * 86_400.0, "none"])
    assert (header.timeout, header.fail_on_timeout, header.max_exceptions) == (120.0, True, 2)
    assert header.retry_until == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    assert (header.max_lost, header.tags, header.name) == (1, ["tag:1"], "options, shown")
    assert header.created_at == 1_800_000_000.0
    assert (envelope.timeout, envelope.max_lost, envelope.priority) == (120.0, 1, 4)
    assert (envelope.name, envelope.uuid) == ("options, shown", header.uuid)


def test_header_of_a_job_without_options_leaves_them_to_the_worker(codec, jobs):
    envelope = codec.envelope(jobs.Plain(7), "mail", delay=9.0, priority=2)

    header = codec.header(envelope.payload)
    assert (header.tries, header.backoff, header.timeout, header.retry_until) == (None,) * 4
    assert (header.name, header.job) == ("sample_jobs.Plain", "sample_jobs:Plain")
    assert (envelope.timeout, envelope.max_lost) == (None, 3)
    assert (envelope.queue, envelope.delay, envelope.priority) == ("mail", 9.0, 2)


def test_options_written_as_methods_are_asked_at_dispatch(codec, jobs):
    with clock.using(FrozenClock(at=1_000.0)):
        header = codec.header(codec.envelope(jobs.Methods(4), "default").payload)

    assert header.tries == 4
    assert header.backoff == [[], 2.0, 60.0, "none"]
    assert header.retry_until == 1_600.0


def test_option_set_on_an_instance_counts_for_it_alone(codec, jobs):
    assert codec.header(codec.envelope(jobs.OwnTries(9), "default").payload).tries == 9
    assert jobs.OwnTries.tries is None


def test_uuids_are_of_version_seven_and_sort_by_time(codec, jobs):
    from uuid import UUID

    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        uuids = []
        for _ in range(20):
            uuids.append(codec.envelope(jobs.Plain(1), "default").uuid)
            frozen.travel(0.002)

    parsed = [UUID(uuid) for uuid in uuids]
    assert {(uuid.version, uuid.variant) for uuid in parsed} == {(7, "specified in RFC 4122")}
    assert uuids == sorted(set(uuids))
    assert uuids[0] == str(parsed[0])


def test_value_without_a_written_form_is_named_with_its_attribute(codec, jobs):
    with pytest.raises(NotQueueable, match=r"sample_jobs\.Loose\.callback") as caught:
        codec.envelope(jobs.Loose(number=1, callback=lambda: None), "default")

    assert "function" in str(caught.value)


def test_class_that_no_annotation_names_is_refused(codec, jobs):
    with pytest.raises(NotQueueable, match="Stranger"):
        codec.envelope(jobs.Loose(who=jobs.Stranger()), "default")


def test_class_inside_a_function_is_refused_with_the_way_out(codec):
    class Local(Job):
        def handle(self) -> None: ...

    with pytest.raises(NotQueueable, match="move it to the top of a module"):
        codec.envelope(Local(), "default")


def test_class_of_the_main_module_is_refused_with_the_way_out(codec):
    kind = type("Script", (Job,), {"handle": lambda self: None, "__module__": "__main__"})

    with pytest.raises(NotQueueable, match='can not import it from "__main__"'):
        codec.envelope(kind(), "default")


def test_class_without_handle_is_refused(codec, jobs):
    with pytest.raises(NotQueueable, match='no method "handle"'):
        codec.envelope(jobs.NoHandle(), "default")


def test_field_with_the_name_of_a_method_is_refused_when_the_class_is_made():
    with pytest.raises(NotQueueable, match='"tags" has the name of a method'):
        type("Tagged", (Job,), {"__annotations__": {"tags": "list[str]"}, "__module__": "m"})


@pytest.mark.parametrize("said", [{}, {"trace": "ä"}])
@pytest.mark.parametrize("number", [7, None, "ü", [1, 2], {"$date": 1}, {"a": 1.5}, ("a",)])
def test_payload_of_a_job_that_says_nothing_is_as_that_of_any_other(keys, jobs, said, number):
    context = Context()
    codec = Codec(keys.purpose("queue"), context=context)
    job = jobs.Plain(number)

    with clock.using(FrozenClock(at=1_800_000_000.25)), entropy.seeded(5), context.scope(data=said):
        brief = codec.envelope(job, "default")
    with clock.using(FrozenClock(at=1_800_000_000.25)), entropy.seeded(5), context.scope(data=said):
        full = codec.envelope(job, "default", extras=Extras())

    assert brief == full
    assert brief.payload == full.payload
    assert codec.decode(brief.payload).job.number == number


@pytest.mark.parametrize(
    "option",
    [
        *("tries", "backoff", "timeout", "max_exceptions", "retry_until", "max_lost"),
        *("fail_on_timeout", "expires_after", "encrypted", "unique", "debounce", "store_result"),
    ],
)
def test_option_of_an_instance_is_never_passed_over(keys, jobs, option):
    codec = Codec(keys.purpose("queue"), encrypter=lambda: Encrypter(b"e" * 32))
    plain, job = jobs.Plain(7), jobs.Plain(7)
    setattr(job, option, 1)

    with clock.using(FrozenClock(at=1_800_000_000.25)), entropy.seeded(5):
        without = codec.envelope(plain, "default")
    with clock.using(FrozenClock(at=1_800_000_000.25)), entropy.seeded(5):
        envelope = codec.envelope(job, "default")

    header, bare = codec.header(envelope.payload), codec.header(without.payload)
    assert (header, envelope._replace(payload=b"")) != (bare, without._replace(payload=b""))


def test_payload_over_the_limit_names_the_largest_attribute(keys, jobs):
    small = Codec(keys.purpose("queue"), bytes_max=2_000)
    small.envelope(jobs.Loose(text="x" * 1_000), "default")

    with pytest.raises(PayloadTooLarge, match='largest attribute is "blob"') as caught:
        small.envelope(jobs.Loose(text="x" * 500, blob="y" * 3_000), "default")

    assert caught.value.limit == 2_000
    assert caught.value.size > 3_500


def test_name_with_half_a_surrogate_pair_is_refused_and_shown(codec, jobs, monkeypatch):
    monkeypatch.setattr(jobs.Loose, "display_name", lambda self: f"Send{chr(0xD800)}")

    with pytest.raises(NotQueueable, match=r"Loose can not be queued: 'Send\\ud800', which is in"):
        codec.envelope(jobs.Loose(), "default")


def test_refreshed_payload_counts_its_deadline_from_now(codec, jobs):
    with clock.using(FrozenClock(at=1_000.0)) as frozen:
        payload = codec.envelope(jobs.Dated(), "default").payload
        assert codec.header(payload).retry_until == 1_030.0
        frozen.travel(5_000)

        header = codec.header(codec.refreshed(payload))

    assert (header.created_at, header.retry_until) == (6_000.0, 6_030.0)
    assert type(codec.decode(codec.refreshed(payload)).job) is jobs.Dated


def test_refreshed_payload_that_is_not_ours_stays_as_it_is(codec):
    assert codec.refreshed(b"not ours at all, whoever wrote it here") == (
        b"not ours at all, whoever wrote it here"
    )


def test_frame_has_the_layout_that_is_written_down(codec, jobs):
    payload = codec.envelope(jobs.Plain(7), "default").payload

    version, size, length = struct.unpack_from(">BII", payload)

    assert version == 2
    assert payload[9 : 9 + size].startswith(b'{"uuid":"')
    assert payload[9 + size : 9 + size + length] == b'{"number":7}'
    assert len(payload) == 9 + size + length + 32


def test_frame_of_the_first_version_is_still_read(codec, keys, jobs):
    payload = codec.envelope(jobs.Plain(7), "default").payload
    _, size, _ = struct.unpack_from(">BII", payload)
    old = struct.pack(">BI", 1, size) + payload[9:-32]

    frame = codec.decode(old + keys.purpose("queue").sign(old))

    assert frame.job.number == 7
    assert frame.header.uuid == codec.header(payload).uuid
    assert frame.trail.is_empty


def test_class_that_has_moved_is_found_by_its_alias(keys, jobs):
    moved = f"{jobs.__name__}_before:Plain"
    writer = Codec(keys.purpose("queue"))
    payload = writer.envelope(jobs.Plain(7), "default").payload
    path = f"{jobs.__name__}:Plain"
    _, size, length = struct.unpack_from(">BII", payload)
    longer = size + len(moved) - len(path)
    renamed = payload[9:-32].replace(path.encode(), moved.encode())
    signed = struct.pack(">BII", 2, longer, length) + renamed
    old = signed + keys.purpose("queue").sign(signed)

    with pytest.raises(UnknownJob, match="_before"):
        writer.decode(old)
    assert Codec(keys.purpose("queue"), aliases={moved: path}).decode(old).job.number == 7


def test_encrypted_job_shows_its_name_and_not_its_attributes(keys, jobs):
    encrypter = Encrypter(b"e" * 32)
    codec = Codec(keys.purpose("queue"), encrypter=lambda: encrypter)

    payload = codec.envelope(jobs.Secret("4111-1111"), "default").payload

    assert b"4111" not in payload
    assert codec.header(payload).name.endswith("Secret")
    assert codec.decode(payload).job.card == "4111-1111"


def test_encrypted_job_after_a_change_of_keys_is_refused_and_not_looped(keys, jobs):
    codec = Codec(keys.purpose("queue"), encrypter=lambda: Encrypter(b"e" * 32))
    other = Codec(keys.purpose("queue"), encrypter=lambda: Encrypter(b"f" * 32))
    payload = codec.envelope(jobs.Secret("4111"), "default").payload

    with pytest.raises(InvalidPayload, match="decrypted"):
        other.decode(payload)


def test_unique_job_has_a_key_of_its_class_and_id(codec, jobs):
    envelope = codec.envelope(jobs.OnlyOne(7), "default")

    assert envelope.unique == f"unique:{jobs.__name__}:OnlyOne:7"
    assert (envelope.unique_for, envelope.max_wait) == (60.0, None)
    assert not codec.header(envelope.payload).until_processing


def test_job_that_is_unique_until_processing_says_so_in_its_header(codec, jobs):
    envelope = codec.envelope(jobs.UntilBegun(), "default")

    assert envelope.unique == f"unique:{jobs.__name__}:UntilBegun:"
    assert codec.header(envelope.payload).until_processing


def test_debounced_job_waits_and_tells_how_long_at_most(codec, jobs):
    envelope = codec.envelope(jobs.Settled(3), "default")

    assert envelope.unique == f"debounce:{jobs.__name__}:Settled:3"
    assert (envelope.delay, envelope.max_wait) == (30.0, 120.0)


def test_debounced_job_that_is_not_to_wait_does_not(codec, jobs):
    assert codec.envelope(jobs.Settled(3), "default", delay=0.0).delay == 0.0
    assert codec.envelope(jobs.Settled(3), "default", delay=5.0).delay == 5.0


@pytest.mark.parametrize(("name", "method"), [("OnlyOne", "unique_id"), ("Settled", "debounce_id")])
def test_job_whose_class_gives_it_a_key_is_called_by_no_other(codec, jobs, name, method):
    with pytest.raises(NotQueueable, match=f'"mine" as well.*`{method}` return it'):
        codec.envelope(getattr(jobs, name)(7), "default", extras=Extras(id="mine"))


def test_job_that_is_unique_and_debounced_is_refused_at_its_definition():
    with pytest.raises(NotQueueable, match="Choose one"):
        type("Both", (Job,), {"unique": True, "debounce": 5, "handle": lambda self: None})


def test_job_that_refers_to_an_entity_has_it_for_a_tag_unless_it_has_its_own(codec, keys, jobs):
    def tags(job, codec=codec):
        return codec.header(codec.envelope(job, "default").payload).tags

    class Tagged(jobs.ShipOrder):
        def tags(self):
            return ["mine"]

    Tagged.__qualname__, Tagged.__module__ = "Tagged", jobs.__name__
    jobs.Tagged = Tagged
    hidden = jobs.ShipOrder(jobs.Order(6))
    hidden.encrypted = True
    encrypter = Encrypter(b"e" * 32)

    assert tags(jobs.ShipOrder(jobs.Order(5))) == ["Order:5"]
    assert tags(jobs.ShipOrder(None)) == []
    assert tags(Tagged(jobs.Order(5))) == ["mine"]
    assert tags(hidden, Codec(keys.purpose("queue"), encrypter=lambda: encrypter)) == []
    del jobs.Tagged


def test_entity_travels_as_its_reference_and_is_loaded_when_asked(codec, jobs):
    payload = codec.envelope(jobs.ShipOrder(jobs.Order(5)), "default").payload

    frame = codec.decode(payload)

    assert frame.job.order == 5
    frame.blueprint.load(frame.job)
    assert frame.job.order == jobs.Order(5)


def test_chain_travels_behind_its_first_job(codec, jobs):
    with clock.using(FrozenClock(at=1_000.0)) as frozen:
        links = tuple(
            codec.link(jobs.Dated(), "sqlite", "mail", delay=5.0, extras=Extras(batch=batch))
            for batch in ("b-1", "b-1", None)
        )
        first = codec.envelope(
            jobs.Plain(1), "default", extras=Extras(trail=Trail(links, ("m:f",)), batch="b-1")
        )
        frozen.travel(50)
        second = codec.promote(codec.trail(first.payload))

    assert (first.batch, first.links) == ("b-1", 2)
    assert (second.queue, second.delay, second.batch, second.links) == ("mail", 5.0, "b-1", 1)
    header = codec.header(second.payload)
    assert (header.created_at, header.retry_until) == (1_050.0, 1_080.0)
    assert codec.trail(second.payload) == Trail(links[1:], ("m:f",))


def test_context_travels_in_the_header(codec, jobs):
    extras = Extras(context={"tenant": 4})
    envelope = codec.envelope(jobs.Plain(7), "default", extras=extras)

    assert codec.header(envelope.payload).context == {"tenant": 4}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("tries", "many"),
        ("tries", -1),
        ("backoff", [-1]),
        ("timeout", "soon"),
        ("timeout", -5),
        ("max_lost", 0),
        ("max_exceptions", 0),
        ("retry_until", "one day"),
    ],
)
def test_option_that_is_none_is_named_at_dispatch(codec, jobs, monkeypatch, option, value):
    monkeypatch.setattr(jobs.Plain, option, value)

    with pytest.raises(NotQueueable, match=rf"sample_jobs\.Plain\.{option}"):
        codec.envelope(jobs.Plain(1), "default")


def test_what_writers_say_of_a_job_travels_with_it(codec, jobs):
    codec.create_using(lambda job: {"tenant": job.number})
    codec.create_using(lambda job: {"locale": "de"})

    payload = codec.envelope(jobs.Plain(7), "default").payload

    assert codec.header(payload).context == {"tenant": 7, "locale": "de"}


def test_context_without_a_written_form_is_named(codec, jobs):
    codec.create_using(lambda job: {"tenant": object()})

    with pytest.raises(NotQueueable, match=r"Plain\.context"):
        codec.envelope(jobs.Plain(7), "default")


@pytest.mark.parametrize("option", ["debounce", "debounce_max_wait"])
def test_debounce_that_is_negative_is_named(codec, jobs, monkeypatch, option):
    monkeypatch.setattr(jobs.Settled, option, -1)

    with pytest.raises(NotQueueable, match="Settled"):
        codec.envelope(jobs.Settled(3), "default")
