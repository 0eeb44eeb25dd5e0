"""The written form of a context: plain data for a payload, text for an environment variable.

Visible values are tagged JSON; the payload of a job is signed, so nobody changes them. Hidden ones
are encrypted, because whoever may look at a queue is not meant to see them. In the environment all
is encrypted: what a process was started with can be read by others, and set by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, cast

from securely.context.contracts import Encrypts
from securely.context.exceptions import ContextTooLarge, ContextUnreadable, ValueNotCarried
from securely.context.state import State, Trace
from securely.support.missing import MISSING

__all__ = ["BYTES_MAX", "VARIABLE", "Carrier", "Failed", "Lost"]

Failed: TypeAlias = Callable[[ContextUnreadable], object]
"""Told of what cannot be read as a whole, which is left out."""
Lost: TypeAlias = Callable[[ValueError, str, str, bool], object]
"""Given why a value cannot be read, its name, its written form, and whether it is hidden; returns
what takes its place, or MISSING to leave it out."""

VARIABLE: Final = "__SECURELY_CONTEXT"
"""The variable by which a child process is given the context."""

# Encrypted, it has to fit into one variable: Linux allows 128 KiB for each.
BYTES_MAX: Final = 65_536
# Keys are derived for each, so that what was written for a payload is not taken from a variable.
_PAYLOAD: Final = "context"
_PROCESS: Final = "context:process"


class Carrier:
    """Writes contexts and reads them.

    Args:
        encrypter: Returns what encrypts for a purpose; asked for when it is needed.
        bytes_max: How large a context may be when it is written.
    """

    def __init__(
        self, encrypter: Callable[[str], Encrypts] | None = None, bytes_max: int = BYTES_MAX
    ) -> None:
        self._encrypter = encrypter
        self._bytes_max = bytes_max

    def pack(self, state: State) -> dict[str, str] | None:
        """Return *state* as plain data for a payload; None where there is nothing to carry.

        Raises:
            ContextTooLarge: It is over the limit.
            EncryptionError: There are hidden values, and no key to encrypt them with.
            ValueNotCarried: A value has no written form.
        """
        trace, data, hidden = state.trace, state.data, state.hidden
        if not (data or hidden):
            return None if trace is None else {"trace": trace.id}
        packed = {} if trace is None else {"trace": trace.id}
        seen = _encoded(data)
        unseen = _encoded(hidden)
        self._check(state, len(seen) + len(unseen))
        if data:
            packed["data"] = seen.decode()
        if hidden:
            packed["hidden"] = self._for(_PAYLOAD).encrypt_bytes(unseen)
        return packed

    def unpack(
        self,
        packed: Mapping[str, object] | None,
        failed: Failed,
        lost: Lost,
        id_: str | None = None,
    ) -> State:
        """Return what :meth:`pack` was given, with a trace of its own where it has none.

        Args:
            packed: What has travelled.
            failed: Told of what cannot be read, which is left out.
            lost: Asked about single values that cannot be read.
            id_: The id of that trace; a random one when None.
        """
        if not packed:
            return State(trace=Trace(id_))
        data = packed.get("data")
        hidden = packed.get("hidden")
        trace = Trace(packed.get("trace", id_))
        if data is None and hidden is None:
            return State(trace=trace)
        from securely.encryption.exceptions import EncryptionError  # not at a start

        visible: Mapping[str, object] = {}
        unseen: Mapping[str, object] = {}
        try:
            visible = _decoded(str(data).encode(), lost, False) if data is not None else {}
        except ValueError as error:
            failed(ContextUnreadable("the visible values of a context", str(error)))
        try:
            if hidden is not None:
                unseen = _decoded(self._for(_PAYLOAD).decrypt_bytes(str(hidden)), lost, True)
        except (EncryptionError, ValueError) as error:
            failed(ContextUnreadable("the hidden values of a context", str(error)))
        return State(visible, unseen, trace)

    def seal(self, state: State) -> str:
        """Return *state* as text for the environment of a process; "" where nothing is to be said.

        Raises:
            ContextTooLarge: It is over the limit.
            EncryptionError: There is no key.
            ValueNotCarried: A value has no written form.
        """
        if state.trace is None and not state.data and not state.hidden:
            return ""
        trace = None if state.trace is None else state.trace.id
        data, hidden = dict(state.data), dict(state.hidden)
        for values in (data, hidden):
            _encoded(values)  # to name the value that has no written form
        whole = _encoded({"trace": trace, "data": data, "hidden": hidden})
        self._check(state, len(whole))
        return self._for(_PROCESS).encrypt_bytes(whole)

    def unseal(self, text: str, failed: Failed, lost: Lost) -> State | None:
        """Return what :meth:`seal` was given; None, and *failed* is told, where it is not ours."""
        from securely.encryption.exceptions import EncryptionError  # not at a start

        try:
            whole = _parts(self._for(_PROCESS).decrypt_bytes(text))
            data = _decoded(whole["data"], lost, False)
            hidden = _decoded(whole["hidden"], lost, True)
            trace = _plain(whole["trace"])
        except (EncryptionError, ValueError, KeyError) as error:
            failed(ContextUnreadable(f"the values of {VARIABLE}", str(error)))
            return None
        return State(data, hidden, Trace(trace))

    def _for(self, purpose: str) -> Encrypts:
        if self._encrypter is None:
            from securely.encryption.exceptions import EncryptionError  # not at a start

            raise EncryptionError("Nothing encrypts the context: give it an encrypter.")
        return self._encrypter(purpose)

    def _check(self, state: State, size: int) -> None:
        if size > self._bytes_max:
            every = {**state.data, **state.hidden}
            largest = max(every, key=lambda name: len(_encoded({name: every[name]})))
            raise ContextTooLarge(size, self._bytes_max, largest)


def _encoded(values: Mapping[str, object]) -> bytes:
    """Write *values*; what cannot be written is named.

    Raises:
        ValueNotCarried: A value has no written form.
    """
    if not values:
        return b""
    from securely.support.serializer import Serializer, Unserializable  # msgspec: not at a start

    try:
        return Serializer().encode(dict(values))
    except Unserializable as error:
        raise ValueNotCarried(error.path, str(error)) from error


def _decoded(data: bytes, lost: Lost, is_hidden: bool) -> Mapping[str, object]:
    """Read values, one by one where they cannot be read together.

    Raises:
        ValueError: They were not written here.
    """
    try:
        return _mapping(_plain(data))
    except ValueError:
        parts = _parts(data)
    values: dict[str, object] = {}
    for key, part in parts.items():
        try:
            values[key] = _plain(part)
        except ValueError as error:
            found = lost(error, key, part.decode(), is_hidden)
            if found is not MISSING:
                values[key] = found
    return values


def _plain(data: bytes) -> object:
    from securely.support.serializer import Serializer  # msgspec: not at a start

    return Serializer().decode(data)


def _parts(data: bytes) -> dict[str, bytes]:
    """Return the values of a mapping as they are written.

    Raises:
        ValueError: It is no mapping.
    """
    from securely.support.serializer import Serializer  # msgspec: not at a start

    return Serializer().decode_items(data)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("it is no mapping of names to values")  # noqa: TRY004  # as what is no JSON
    return {str(name): each for name, each in cast("dict[object, object]", value).items()}
