"""Job <-> bytes: versioned, signed, only known classes.

A frame is one byte of version, four of the header's length, the header (JSON), the job's
attributes (tagged JSON of `support.serializer`) and 32 bytes of signature over all before it. The
signature is checked before a single byte is read: what others wrote into a store is never parsed.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, cast

import msgspec

from securely.queue.contracts import Envelope
from securely.queue.delivery.blueprint import Blueprint
from securely.queue.exceptions import (
    InvalidPayload,
    NotQueueable,
    PayloadTooLarge,
    UnknownJob,
)
from securely.queue.job import Job, option
from securely.support import clock, entropy
from securely.support.backoff import Backoff, BackoffLike
from securely.support.durations import Duration, seconds, seconds_until
from securely.support.importing import ImportFailed, import_object
from securely.support.serializer import Undecodable, Unserializable

__all__ = ["Codec", "Frame", "Header", "Signs"]

_VERSION: Final = 1
_PREFIX: Final = struct.Struct(">BI")
_MAC_BYTES: Final = 32  # of HMAC-SHA256
_BYTES_MAX: Final = 1024 * 1024  # as QueueOptions.payload_bytes_max has it


class Signs(Protocol):
    """What signs frames; `KeyRing.purpose("queue")` gives one."""

    def sign(self, data: bytes) -> bytes:
        """Return the 32-byte signature of *data*."""
        ...

    def verify(self, data: bytes, mac: bytes) -> bool:
        """Return whether *mac* is the signature of *data* under a current or previous key."""
        ...


class Header(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=False):
    """What is known of a job without its class; options as they were at its dispatch.

    Attributes:
        uuid: Its id for its whole life.
        job: Its class as "package.module:Name".
        name: What people call it.
        created_at: When it was dispatched, in seconds since 1970.
        backoff: As :meth:`Backoff.pack` wrote it.
        retry_until: Wall time from which on a failure is final.
        tags: Words by which it is found in lists.
        context: What travels with it from where it was dispatched.
    """

    uuid: str
    job: str
    name: str
    created_at: float
    tries: int | None = None
    backoff: list[Any] | None = None
    timeout: float | None = None
    fail_on_timeout: bool = False
    max_exceptions: int | None = None
    retry_until: float | None = None
    max_lost: int | None = None
    tags: list[str] = []
    context: dict[str, Any] | None = None


class Frame(msgspec.Struct, frozen=True):
    """A decoded payload."""

    header: Header
    job: Job
    blueprint: Blueprint


class Codec:
    """Writes jobs as signed frames, and reads back only what it has signed.

    Args:
        signer: Signs, under a key of the queue's own.
        bytes_max: The largest payload, in bytes.
    """

    def __init__(self, signer: Signs, bytes_max: int = _BYTES_MAX) -> None:
        self._signer = signer
        self._bytes_max = bytes_max
        self._blueprints: dict[type[Job], Blueprint] = {}
        self._classes: dict[str, type[Job]] = {}
        self._header_encoder = msgspec.json.Encoder()
        self._header_decoder = msgspec.json.Decoder(Header)

    def envelope(
        self,
        job: Job,
        queue: str,
        *,
        delay: float = 0.0,
        priority: int | None = None,
        context: Mapping[str, object] | None = None,
    ) -> Envelope:
        """Return *job* as it is handed to a store.

        Raises:
            NotQueueable: A worker could not import its class, or a value has no written form;
                the message names the attribute.
            PayloadTooLarge: It is over the limit; the message names the largest attribute.
        """
        blueprint = self.blueprint(type(job))
        attributes = blueprint.attributes(job)
        header = self._header(job, blueprint)
        if context:
            header.context = dict(context)
        try:
            body = blueprint.serializer.encode(attributes)
        except Unserializable as error:
            raise NotQueueable(f"{blueprint.name}.{error.path}", str(error)) from error
        head = self._header_encoder.encode(header)
        signed = _PREFIX.pack(_VERSION, len(head)) + head + body
        if len(signed) + _MAC_BYTES > self._bytes_max:
            raise self._too_large(blueprint, attributes, len(signed) + _MAC_BYTES)
        return Envelope(
            header.uuid,
            header.name,
            queue,
            signed + self._signer.sign(signed),
            delay,
            header.timeout,
            3 if header.max_lost is None else header.max_lost,
            job.priority if priority is None else priority,
        )

    def decode(self, payload: bytes) -> Frame:
        """Return the job of *payload*, restored without calling its `__init__`.

        Raises:
            InvalidPayload: It was not signed with our keys, or its job has changed its shape.
            UnknownJob: Its class does not exist any more, or is no job.
        """
        header, body = self._open(payload)
        cls = self._classes.get(header.job) or self._find(header.job)
        blueprint = self.blueprint(cls)
        try:
            attributes = blueprint.serializer.decode(body)
        except Undecodable as error:
            raise InvalidPayload(f"{header.name}: {error}") from error
        return Frame(header, blueprint.restore(cast("dict[str, object]", attributes)), blueprint)

    def header(self, payload: bytes) -> Header:
        """Return the header of *payload*; its class need not exist.

        Raises:
            InvalidPayload: It was not signed with our keys.
        """
        return self._open(payload)[0]

    def refreshed(self, payload: bytes) -> bytes:
        """Return *payload* as for a job that starts over now: a deadline counts from now again.

        What is not ours is returned as it is: the worker will refuse it.
        """
        try:
            header, body = self._open(payload)
        except InvalidPayload:
            return payload
        now = clock.timestamp()
        if header.retry_until is not None:
            header.retry_until += now - header.created_at
        header.created_at = now
        head = self._header_encoder.encode(header)
        signed = _PREFIX.pack(_VERSION, len(head)) + head + body
        return signed + self._signer.sign(signed)

    def blueprint(self, cls: type[Job]) -> Blueprint:
        """Return what is known of *cls*, looked at once.

        Raises:
            NotQueueable: A worker could not import it.
        """
        found = self._blueprints.get(cls)
        if found is None:
            _check_importable(cls)
            found = self._blueprints[cls] = Blueprint(cls)
        return found

    def _header(self, job: Job, blueprint: Blueprint) -> Header:
        name = job.display_name() if blueprint.names_itself else blueprint.name
        now = clock.timestamp()
        header = Header(_uuid7(now), blueprint.path, name, now)
        for key in blueprint.options_of(job):
            value = option(job, key)
            if value is not None:
                try:
                    setattr(header, key, _OPTIONS[key](value))
                except (TypeError, ValueError) as error:
                    reason = f"its option has the value {value!r}. {error}"
                    raise NotQueueable(f"{blueprint.name}.{key}", reason) from error
        if blueprint.has_tags:
            header.tags = [str(tag) for tag in job.tags()]
        return header

    def _open(self, payload: bytes) -> tuple[Header, bytes]:
        signed = payload[:-_MAC_BYTES]
        if not self._signer.verify(signed, payload[-_MAC_BYTES:]):
            raise InvalidPayload("its signature does not match")
        version, size = _PREFIX.unpack_from(signed)
        if version != _VERSION:
            raise InvalidPayload(f"its version is {version}, this code reads {_VERSION}")
        start = _PREFIX.size
        try:
            header = self._header_decoder.decode(signed[start : start + size])
        except msgspec.MsgspecError as error:
            raise InvalidPayload(f"its header can not be read ({error})") from error
        return header, signed[start + size :]

    def _find(self, path: str) -> type[Job]:
        try:
            found = import_object(path)
        except ImportFailed as error:
            raise UnknownJob(path, error.reason) from error
        if not isinstance(found, type) or not issubclass(found, Job):
            raise UnknownJob(path, "it is no subclass of Job")
        self._classes[path] = found
        return found

    def _too_large(
        self, blueprint: Blueprint, attributes: Mapping[str, object], size: int
    ) -> PayloadTooLarge:
        sizes = {
            name: len(blueprint.serializer.encode(value)) for name, value in attributes.items()
        }
        largest = max(sizes, key=sizes.__getitem__, default=None)
        return PayloadTooLarge(blueprint.name, size, self._bytes_max, largest)


def _uuid7(now: float) -> str:
    """Return a UUID of version 7 as text; a third of the price of making an object first.

    Source: RFC 9562, section 5.7. Below the millisecond, all but two bits are random.
    """
    digits = f"{int(now * 1000):012x}{entropy.token_hex(9)}"
    return f"{digits[:8]}-{digits[8:12]}-7{digits[12:15]}-8{digits[15:18]}-{digits[18:]}"


def _check_importable(cls: type[Job]) -> None:
    """Refuse what a worker, another process, could not import by its name."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    if "<" in cls.__qualname__:
        reason = (
            "it is defined inside a function. A worker imports a job's class by its name; "
            "move it to the top of a module."
        )
        raise NotQueueable(name, reason)
    found: object = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    if cls.__module__ == "__main__" or found is not cls:
        reason = (
            f'a worker can not import it from "{cls.__module__}". '
            "Move it to a module of the application."
        )
        raise NotQueueable(name, reason)


def _moment(value: datetime | Duration) -> float:
    return clock.timestamp() + seconds_until(value)


_OPTIONS: Final[dict[str, Callable[[Any], object]]] = {
    "tries": int,
    "backoff": lambda value: Backoff.of(cast("BackoffLike", value)).pack(),
    "timeout": seconds,
    "fail_on_timeout": bool,
    "max_exceptions": int,
    "retry_until": _moment,
    "max_lost": int,
}
