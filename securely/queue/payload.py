"""Job <-> bytes: versioned, signed, only known classes.

A frame is one byte of version, four each of the header's and the body's length, the header
(JSON), the body (the job's attributes, in tagged JSON of `support.serializer`), what follows in its
chain (`trail.py`) and 32 bytes of signature over all before it. The signature is checked before a
single byte is read: what others wrote into a store is never parsed. Version 1 had no chain, and no
length of the body; it is still read.

It is long because one class writes and reads the format, and writes most jobs by a shorter way that
must come to the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol, cast

import msgspec

from securely.context import Context
from securely.encryption.exceptions import EncryptionError
from securely.queue.bus.trail import Link, Trail
from securely.queue.contracts import Envelope
from securely.queue.delivery.blueprint import Blueprint
from securely.queue.delivery.refusals import carried, check_importable, priority_of, queue_name
from securely.queue.delivery.through import pack
from securely.queue.delivery.written import (
    FIELDS,
    HEAD,
    OPTIONS,
    Header,
    largest_of,
    start_over,
    words,
)
from securely.queue.exceptions import (
    InvalidPayload,
    NotQueueable,
    PayloadTooLarge,
    UnknownJob,
)
from securely.queue.job import Extras, Job, option
from securely.support import clock, entropy
from securely.support.importing import ImportFailed, import_object
from securely.support.serializer import Undecodable, Unserializable

__all__ = ["Codec", "Encrypts", "Frame", "Header", "Signs"]

_VERSION: Final = 2
_PREFIX: Final = struct.Struct(">BII")
_FIRST: Final = 1  # what the first version wrote before its header
_FIRST_PREFIX: Final = struct.Struct(">BI")
_MAC_BYTES: Final = 32  # of HMAC-SHA256
_QUEUES_MAX: Final = 4096  # names that have been looked at; those of one for each customer, too
_LOST_MAX: Final = 3  # workers that may die under a job that says nothing of it
_BYTES_MAX: Final = 1024 * 1024  # as QueueOptions.payload_bytes_max has it


class Signs(Protocol):
    """What signs frames; `KeyRing.purpose("queue")` gives one."""

    def sign(self, data: bytes) -> bytes:
        """Return the 32-byte signature of *data*."""
        ...

    def verify(self, data: bytes, mac: bytes) -> bool:
        """Return whether *mac* is the signature of *data* under a current or previous key."""
        ...


class Encrypts(Protocol):
    """What encrypts the attributes of jobs that want it; `Encrypter.for_purpose` gives one."""

    def encrypt_bytes(self, value: bytes) -> str:
        """Return *value* encrypted, as text."""
        ...

    def decrypt_bytes(self, payload: str) -> bytes:
        """Return what was encrypted."""
        ...


class Frame(msgspec.Struct, frozen=True):
    """A decoded payload."""

    header: Header
    job: Job
    blueprint: Blueprint
    trail: Trail


class _Parts(NamedTuple):
    """A job on its way into a frame."""

    blueprint: Blueprint
    attributes: Mapping[str, object]
    header: Header
    body: bytes


_NO_EXTRAS: Final = Extras()
# Jobs of ours that have moved.
_MOVED: Final = {
    "securely.queue.listeners:CallListener": "securely.queue.bus.listeners:CallListener"
}
_NOTHING: Final = Trail()
# A named tuple's own constructor is a function in Python, and takes twice as long.
_ordinary: Final = cast(
    "Callable[[type[Envelope], tuple[object, ...]], Envelope]",
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType]  # of tuples of anything
)
_BARE: Final = len(HEAD) + 36  # bytes of a header up to the end of its uuid
_REST: Final = Envelope("", "", "", b"")[4:]
_PACK: Final = msgspec.msgpack.Encoder().encode
_RESULT: Final = msgspec.msgpack.Decoder(tuple[str, str, bytes]).decode
_UNPACK: Final = msgspec.msgpack.Decoder(Trail).decode


class Codec:
    """Writes jobs as signed frames, and reads back only what it has signed.

    Args:
        signer: Signs, under a key of the queue's own.
        bytes_max: The largest payload, in bytes.
        encrypter: Gives what encrypts jobs that want it; asked for when the first one comes.
        aliases: Where classes and functions have moved: the path "package.module:Name" that older
            payloads name, and the path of today.
        context: What travels with every job; None for nothing.
    """

    def __init__(
        self,
        signer: Signs,
        bytes_max: int = _BYTES_MAX,
        *,
        encrypter: Callable[[], Encrypts] | None = None,
        aliases: Mapping[str, str] | None = None,
        context: Context | None = None,
    ) -> None:
        self._signer = signer
        self._sign = signer.sign
        self._context = context
        self._bytes_max = bytes_max
        self._encrypter = encrypter
        self._aliases = {**_MOVED, **(aliases or {})}
        self._writers: list[Callable[[Job], Mapping[str, object]]] = []
        self._blueprints: dict[type[Job], Blueprint] = {}
        self._classes: dict[str, type[Job]] = {}
        self._queues: set[str] = set()
        self._encode = msgspec.json.Encoder().encode
        self._header_decoder = msgspec.json.Decoder(Header)

    def envelope(
        self,
        job: Job,
        queue: str,
        *,
        delay: float | None = None,
        priority: int | None = None,
        extras: Extras = _NO_EXTRAS,
    ) -> Envelope:
        """Return *job* as it is handed to a store.

        Args:
            job: The job.
            queue: The queue it waits in.
            delay: Seconds until it may be claimed; None where nobody said so, which lets one that
                is debounced wait as its class says.
            priority: Higher goes first; None for the job's own.
            extras: What it holds beyond that.

        Raises:
            NotQueueable: A worker could not import its class, or a value has no written form;
                the message names the attribute.
            PayloadTooLarge: It is over the limit; the message names the largest attribute,
                or the largest link of its chain.
        """
        if extras is _NO_EXTRAS and not self._writers:
            blueprint = self._blueprints.get(type(job)) or self.blueprint(type(job))
            attributes = blueprint.brief(job)
            if attributes is not None:
                rank = job.priority if priority is None else priority
                brief = self._brief(blueprint, attributes, queue, delay or 0.0, rank)
                if brief is not None:
                    return brief
        parts = self._parts(job, extras)
        head = self._written(parts)
        payload = self._sealed(head, parts.body, extras.trail)
        if len(payload) > self._bytes_max and not parts.blueprint.is_ours:
            raise self._too_large(parts, len(payload), extras.trail)
        header = parts.header
        envelope = Envelope(
            header.uuid,
            header.name,
            self._queue(queue, parts.blueprint),
            payload,
            delay or 0.0,
            header.timeout,
            _LOST_MAX if header.max_lost is None else header.max_lost,
            priority_of(job.priority if priority is None else priority, parts.blueprint.name),
        )
        if extras is _NO_EXTRAS and not _is_exclusive(job):
            return envelope
        special = self._special(envelope, job, parts.blueprint, extras)
        return special if delay is None else special._replace(delay=delay)

    def create_using(self, writer: Callable[[Job], Mapping[str, object]]) -> None:
        """Let what *writer* returns for a job travel with it, as its context; plain JSON data."""
        self._writers.append(writer)

    def link(
        self,
        job: Job,
        connection: str,
        queue: str,
        *,
        delay: float = 0.0,
        priority: int | None = None,
        extras: Extras = _NO_EXTRAS,
    ) -> Link:
        """Return *job* as a link of a chain, to be made an envelope by :meth:`promote`.

        Raises:
            NotQueueable: As for :meth:`envelope`.
        """
        parts = self._parts(job, extras)
        return Link(
            connection,
            self._queue(queue, parts.blueprint),
            self._written(parts),
            parts.body,
            delay,
            priority_of(job.priority if priority is None else priority, parts.blueprint.name),
            extras.group,
            extras.batch,
        )

    def promote(self, trail: Trail) -> Envelope:
        """Return the first link of *trail*, with the others behind it; its time begins now."""
        link, rest = trail.links[0], trail.led_by(trail.links[1:])
        batch, links = trail.stake()
        header = self._header_decoder.decode(link.header)
        start_over(header)
        return Envelope(
            header.uuid,
            header.name,
            link.queue,
            self._sealed(self._encode(header), link.body, rest),
            link.delay,
            header.timeout,
            _LOST_MAX if header.max_lost is None else header.max_lost,
            link.priority,
            group=link.group,
            batch=batch,
            links=links,
        )

    def decode(self, payload: bytes) -> Frame:
        """Return the job of *payload*, restored without calling its `__init__`.

        Raises:
            InvalidPayload: It was not signed with our keys, or its job has changed its shape.
            UnknownJob: Its class does not exist any more, or is no job.
        """
        header, body, trail = self._open(payload)
        cls = self._classes.get(header.job) or self._find(header.job)
        blueprint = self.blueprint(cls)
        try:
            if header.encrypted:
                body = self._decrypted(body)
            attributes = blueprint.serializer.decode(body)
        except Undecodable as error:
            raise InvalidPayload(f"{header.name}: {error}") from error
        job = blueprint.restore(cast("dict[str, object]", attributes))
        for name in cls.__queue_paths__:
            self._rename(job, name)
        return Frame(header, job, blueprint, trail)

    def raw(self, payload: bytes, queue: str) -> Envelope:
        """Return *payload*, which a codec of this application has written, to be handed over anew.

        Its job keeps its uuid. Keys, groups and batches are not in a payload, and not looked at.

        Raises:
            InvalidPayload: It is too large, or not a frame that was signed with our keys.
            UnknownJob: Its class does not exist any more, or is no job.
        """
        if not isinstance(payload, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers err
            raise InvalidPayload(f"it is no bytes, but of type {type(payload).__name__}")
        if len(payload) > self._bytes_max:
            reason = f"it has {len(payload)} bytes, and payload_bytes_max is {self._bytes_max}"
            raise InvalidPayload(reason)
        header = self.header(payload)
        if header.job not in self._classes:
            self._find(header.job)
        return Envelope(
            header.uuid,
            header.name,
            queue,
            payload,
            timeout=header.timeout,
            max_lost=_LOST_MAX if header.max_lost is None else header.max_lost,
        )

    def pack_result(self, uuid: str, blueprint: Blueprint, value: object) -> bytes:
        """Return what a job has returned, as it is kept: signed, and for this job alone.

        Raises:
            NotQueueable: It has no written form, or is over the limit of payloads.
        """
        try:
            data = blueprint.results.encode(value)
        except Unserializable as error:
            raise NotQueueable(f"{blueprint.name}.handle", str(error)) from error
        signed = _PACK((uuid, blueprint.path, data))
        size = len(signed) + _MAC_BYTES
        if size > self._bytes_max:
            reason = (
                f"what it returned has {size} bytes, {self._bytes_max} are allowed "
                "(queue.payload_bytes_max). Store large data elsewhere and return its key."
            )
            raise NotQueueable(f"{blueprint.name}.handle", reason)
        return signed + self._signer.sign(b"result" + signed)

    def unpack_result(self, uuid: str, packed: bytes) -> object:
        """Return what :meth:`pack_result` was given.

        Raises:
            InvalidPayload: It was not signed with our keys, or is of another job.
            UnknownJob: The class of the job is gone.
        """
        signed, mac = packed[:-_MAC_BYTES], packed[-_MAC_BYTES:]
        if not self._signer.verify(b"result" + signed, mac):
            raise InvalidPayload("the signature of its result does not match")
        owner, path, data = _RESULT(signed)
        if owner != uuid:
            raise InvalidPayload("its result is that of another job")
        try:
            return self.blueprint(self._classes.get(path) or self._find(path)).results.decode(data)
        except Undecodable as error:
            raise InvalidPayload(f"its result: {error}") from error

    def renamed(self, path: str) -> str:
        """Return where what older payloads call *path* is found today."""
        return self._aliases.get(path, path)

    def header(self, payload: bytes) -> Header:
        """Return the header of *payload*; its class need not exist.

        Raises:
            InvalidPayload: It was not signed with our keys.
        """
        return self._open(payload)[0]

    def attributes(self, payload: bytes) -> str | None:
        """Return the job's attributes as they are written, in tagged JSON; None where encrypted.

        Raises:
            InvalidPayload: It was not signed with our keys.
        """
        header, body, _ = self._open(payload)
        return None if header.encrypted else body.decode()

    def trail(self, payload: bytes) -> Trail:
        """Return what follows the job of *payload* in its chain; its class need not exist.

        Raises:
            InvalidPayload: It was not signed with our keys.
        """
        return self._open(payload)[2]

    def refreshed(self, payload: bytes) -> bytes:
        """Return *payload* as for a job that starts over now: a deadline counts from now again.

        What is not ours is returned as it is: the worker will refuse it.
        """
        try:
            header, body, trail = self._open(payload)
        except InvalidPayload:
            return payload
        start_over(header)
        return self._sealed(self._encode(header), body, trail)

    def blueprint(self, cls: type[Job]) -> Blueprint:
        """Return what is known of *cls*, looked at once.

        Raises:
            NotQueueable: A worker could not import it.
        """
        found = self._blueprints.get(cls)
        if found is None:
            check_importable(cls)
            found = self._blueprints[cls] = Blueprint(cls)
        return found

    def _brief(
        self,
        blueprint: Blueprint,
        attributes: Mapping[str, object],
        queue: str,
        delay: float,
        priority: int,
    ) -> Envelope | None:
        """Return the envelope of a job that is brief; None where the long way has to say why not.

        The two must write the same bytes.
        """
        name = blueprint.name
        now = clock.timestamp()
        uuid = entropy.uuid7_text(now)
        said = None if self._context is None else carried(self._context, name)
        try:
            middle, time = blueprint.middle, self._encode(now)
            end = b"}" if said is None else b',"carried":' + self._encode(said) + b"}"
            body = blueprint.serializer.encode(attributes)
        except (TypeError, ValueError):
            return None
        size = _BARE + len(middle) + len(time) + len(end)
        prefix = _PREFIX.pack(_VERSION, size, len(body))
        signed = b"".join((prefix, HEAD, uuid.encode(), middle, time, end, body))
        if len(signed) + _MAC_BYTES > self._bytes_max:
            return None
        if queue not in self._queues:
            self._queue(queue, blueprint)
        payload = signed + self._sign(signed)
        if not delay and type(priority) is int and not priority:
            return _ordinary(Envelope, (uuid, name, queue, payload) + _REST)  # noqa: RUF005  # faster
        rank = priority_of(priority, name)
        return Envelope(uuid, name, queue, payload, delay, None, _LOST_MAX, rank)

    def _parts(self, job: Job, extras: Extras) -> _Parts:
        blueprint = self.blueprint(type(job))
        attributes = blueprint.attributes(job)
        header = self._header(job, blueprint, extras)
        if blueprint.entities and not blueprint.has_tags and not header.encrypted:
            header.tags = blueprint.default_tags(attributes)
        try:
            body = blueprint.serializer.encode(attributes)
        except Unserializable as error:
            raise NotQueueable(f"{blueprint.name}.{error.path}", str(error)) from error
        if header.encrypted:
            body = self._cipher().encrypt_bytes(body).encode()
        return _Parts(blueprint, attributes, header, body)

    def _queue(self, name: str, blueprint: Blueprint) -> str:
        """Return *name*, looked at once."""
        if name in self._queues:
            return name
        queue_name(name, blueprint.name)
        if len(self._queues) >= _QUEUES_MAX:
            self._queues.clear()
        self._queues.add(name)
        return name

    def _special(
        self, envelope: Envelope, job: Job, blueprint: Blueprint, extras: Extras
    ) -> Envelope:
        """Return *envelope* with what makes a store look twice."""
        links = 0 if extras.trail is None else extras.trail.members(extras.batch)
        special = envelope._replace(batch=extras.batch, group=extras.group, links=links)
        # Who holds the key of a job knows nothing of what was to follow this one.
        leads = extras.trail is not None and bool(extras.trail.links)
        if extras.is_unique and _is_exclusive(job) and not leads:
            if extras.id is not None:
                kind = "unique" if job.unique else "debounce"
                raise NotQueueable(
                    blueprint.name,
                    f'it holds the key that its class gives it by "{kind}", and can not be called '
                    f'"{extras.id}" as well. Leave out `.id(…)`, or let `{kind}_id` return it.',
                )
            claim = blueprint.exclusion(job)
            return special._replace(
                unique=claim.key,
                unique_for=claim.seconds,
                max_wait=claim.max_wait,
                delay=claim.delay,
            )
        if extras.is_unique and extras.id is not None:
            return special._replace(unique=f"id:{extras.id}")
        return special

    def _sealed(self, head: bytes, body: bytes, trail: Trail | None) -> bytes:
        signed = _PREFIX.pack(_VERSION, len(head), len(body)) + head + body
        if trail is not None and not trail.is_empty:
            signed += _PACK(trail)
        return signed + self._signer.sign(signed)

    def _written(self, parts: _Parts) -> bytes:
        try:
            return self._encode(parts.header)
        except UnicodeEncodeError as error:
            reason = (
                f"{error.object!a}, which is in its name, a tag or its context, can not be written "
                "down: it holds half a surrogate pair."
            )
            raise NotQueueable(parts.blueprint.name, reason) from error
        except (TypeError, ValueError) as error:  # of a context; all else was looked at
            raise NotQueueable(f"{parts.blueprint.name}.context", str(error)) from error

    def _cipher(self) -> Encrypts:
        if self._encrypter is None:
            raise InvalidPayload("the job is encrypted, and there is nothing to encrypt it with")
        return self._encrypter()

    def _decrypted(self, body: bytes) -> bytes:
        try:
            return self._cipher().decrypt_bytes(body.decode())
        except (EncryptionError, ValueError) as error:
            raise InvalidPayload(f"its attributes can not be decrypted ({error})") from error

    def _header(self, job: Job, blueprint: Blueprint, extras: Extras) -> Header:
        name = str(option(job, "display_name")) if blueprint.names_itself else blueprint.name
        now = clock.timestamp()
        header = Header(extras.uuid or entropy.uuid7_text(now), blueprint.path, name, now)
        if extras is not _NO_EXTRAS:
            header.batch = extras.batch
            header.context = dict(extras.context) if extras.context else None
            header.through = pack(extras.through)
        header.carried = carried(self._context, name)
        for writer in () if blueprint.is_ours else self._writers:
            header.context = {**(header.context or {}), **writer(job)}
        for key in blueprint.options_of(job):
            value = option(job, key)
            if value is not None:
                try:
                    setattr(header, FIELDS.get(key, key), OPTIONS[key](value))
                except (TypeError, ValueError) as error:
                    reason = f"its option has the value {value!r}. {error}"
                    raise NotQueueable(f"{blueprint.name}.{key}", reason) from error
        if blueprint.has_tags:
            header.tags = words(blueprint.name, option(job, "tags"))
        header.until_processing = job.unique == "until_processing"
        header.result_seconds = blueprint.result_seconds(job) if job.store_result else None
        return header

    def _open(self, payload: bytes) -> tuple[Header, bytes, Trail]:
        signed = payload[:-_MAC_BYTES]
        if not self._signer.verify(signed, payload[-_MAC_BYTES:]):
            raise InvalidPayload("its signature does not match")
        if signed[0] == _VERSION:
            _, size, length = _PREFIX.unpack_from(signed)
            start = _PREFIX.size + size
            end = start + length
        elif signed[0] == _FIRST:
            _, size = _FIRST_PREFIX.unpack_from(signed)
            start, end = _FIRST_PREFIX.size + size, len(signed)
        else:
            raise InvalidPayload(f"its version is {signed[0]}, this code reads up to {_VERSION}")
        try:
            header = self._header_decoder.decode(signed[start - size : start])
            trail = _UNPACK(signed[end:]) if end < len(signed) else _NOTHING
        except msgspec.MsgspecError as error:
            raise InvalidPayload(f"its header can not be read ({error})") from error
        return header, signed[start:end], trail

    def _find(self, path: str) -> type[Job]:
        try:
            found = import_object(self.renamed(path))
        except ImportFailed as error:
            raise UnknownJob(path, error.reason) from error
        if not isinstance(found, type) or not issubclass(found, Job):
            raise UnknownJob(path, "it is no subclass of Job")
        self._classes[path] = found
        return found

    def _rename(self, job: Job, name: str) -> None:
        """Let *name* of *job*, a path or several, say where that is found today."""
        said: object = getattr(job, name, None)
        if isinstance(said, str):
            setattr(job, name, self.renamed(said))
        elif isinstance(said, list):
            setattr(job, name, [self.renamed(each) for each in cast("list[str]", said)])

    def _too_large(self, parts: _Parts, size: int, trail: Trail | None) -> PayloadTooLarge:
        name, limit = parts.blueprint.name, self._bytes_max
        links = () if trail is None else trail.links
        heaviest = max(links, key=lambda link: len(link.body), default=None)
        if heaviest is not None and len(heaviest.body) >= len(parts.body):
            header = self._header_decoder.decode(heaviest.header)
            largest = None if header.encrypted else largest_of(heaviest.body)
            return PayloadTooLarge(name, size, limit, largest, header.name)
        # What is encrypted tells nothing any more.
        largest = largest_of(parts.blueprint.serializer.encode(parts.attributes))
        return PayloadTooLarge(name, size, limit, largest)


def _is_exclusive(job: Job) -> bool:
    """Return whether *job* is unique or debounced: its class says so, or it does itself."""
    return bool(job.unique) or job.debounce is not None
