"""Encrypted: a value that is kept, shown and sent encrypted, and read by asking for it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    NoReturn,
    TypeVar,
    cast,
    get_args,
    get_origin,
)

from securely.container import current
from securely.encryption.encrypter import Encrypter
from securely.encryption.exceptions import DecryptFailed

__all__ = ["Encrypted"]

T = TypeVar("T")

# What errors show in place of the input, which may be the secret itself.
_HIDDEN: Final = "…"


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Encrypted(Generic[T]):
    """A value that is encrypted by the application that runs, for fields of models and of jobs.

    A model is given a payload, as it is stored, or a value that is said to be plain:
    ``Encrypted("secret")``. Plain text by itself is refused, so that no payload that somebody sends
    in place of text is ever decrypted for them unasked. What is dumped is the payload.

    Text is encrypted as it is, as Laravel's cast ``encrypted`` does; all else as JSON, as its
    ``encrypted:array`` does, so the value is plain data, a date, a decimal or the like.

    Args:
        value: The plain value.

    Attributes:
        payload: The value, encrypted.
        is_text: Whether it is text as it is, not JSON.

    Example:
        >>> from pydantic import BaseModel
        >>> class User(BaseModel):
        ...     name: str
        ...     token: Encrypted[str]
        >>> from securely.container import Container
        >>> app = Container()
        >>> _ = app.instance(Encrypter, Encrypter(Encrypter.generate_key()))
        >>> with app.active():
        ...     user = User(name="Ann", token=Encrypted("secret"))
        ...     same = User.model_validate(user.model_dump())
        ...     same.token.value
        'secret'
        >>> user
        User(name='Ann', token=Encrypted(…))
    """

    payload: str
    is_text: bool

    def __init__(self, value: T) -> None:
        self._set(value, is_text=isinstance(value, str))

    @property
    def value(self) -> T:
        """The plain value; it is decrypted each time, and kept nowhere.

        Raises:
            DecryptFailed: The key is gone, or the payload was changed.
        """
        encrypter = _encrypter()
        if self.is_text:
            return cast("T", encrypter.decrypt_string(self.payload))
        return cast("T", encrypter.decrypt(self.payload))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Encrypted):
            return NotImplemented
        theirs = cast("Encrypted[object]", other)
        if self.payload == theirs.payload and self.is_text == theirs.is_text:
            return True
        mine: object = self.value
        value = theirs.value
        if isinstance(mine, str) and isinstance(value, str):
            # Neither shows by the time it takes how much of it is right.
            return hmac.compare_digest(_bytes(mine), _bytes(value))
        return mine == value

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"Encrypted({_HIDDEN})"

    def __class_getitem__(cls, inner: Any) -> Any:
        # To pydantic a generic dataclass is a dataclass, whatever it says of itself; what an
        # annotation says comes first. To checkers it is generic all the same.
        return Annotated[cls, _Holds(inner)]

    @classmethod
    def of_payload(cls, payload: str, *, is_text: bool = True) -> Encrypted[Any]:
        """Return what is encrypted in *payload*; nothing is decrypted yet.

        Args:
            payload: What an encrypter of this application, or Laravel, has made.
            is_text: Whether it holds text as it is, not JSON.
        """
        made: Encrypted[Any] = cls.__new__(cls)
        object.__setattr__(made, "payload", payload)
        object.__setattr__(made, "is_text", is_text)
        return made

    def _set(self, value: object, *, is_text: bool) -> None:
        encrypter = _encrypter()
        payload = (
            encrypter.encrypt_string(cast("str", value)) if is_text else encrypter.encrypt(value)
        )
        object.__setattr__(self, "payload", payload)
        object.__setattr__(self, "is_text", is_text)


class _Holds:
    """Tells pydantic how to check what a field is given, and how to dump it.

    Args:
        inner: What the plain value is.
    """

    def __init__(self, inner: Any) -> None:
        self.inner: Any = inner

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        is_text = _plain_type(self.inner) is str

        def checked(given: object, check: Any) -> Encrypted[Any]:
            return _checked(given, check, is_text=is_text)

        return core_schema.no_info_wrap_validator_function(
            checked,
            handler.generate_schema(self.inner),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _payload_of, return_schema=core_schema.str_schema()
            ),
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Mapping[str, object]:
        return {"type": "string", "contentEncoding": "base64", "format": "encrypted"}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Holds) and bool(self.inner == other.inner)

    def __hash__(self) -> int:
        return hash((_Holds, self.inner))


def _plain_type(inner: Any) -> Any:
    """Return *inner* without what an annotation adds to it: ``Annotated[str, Field(…)]`` is str."""
    return get_args(inner)[0] if get_origin(inner) is Annotated else inner


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _encrypter() -> Encrypter:
    return current().make(Encrypter)


def _payload_of(field: Encrypted[Any]) -> str:
    return field.payload


def _checked(given: Any, check: Any, *, is_text: bool) -> Encrypted[Any]:
    """Return what a field is given, if it holds what the field says.

    Args:
        given: A payload, or an Encrypted.
        check: Checks the plain value.
        is_text: Whether the field holds text as it is.
    """
    from pydantic import ValidationError

    if isinstance(given, str):
        field: Encrypted[Any] = Encrypted.of_payload(given, is_text=is_text)
    elif isinstance(given, Encrypted):
        field = cast("Encrypted[Any]", cast("object", given))
    else:
        _refuse("a payload is wanted, or Encrypted(value) for a plain one")
    try:
        plain: object = field.value
    except DecryptFailed:
        _refuse("this is no payload of the application; give Encrypted(value) for a plain one")
    try:
        value: object = check(plain)
    except ValidationError as error:
        problems = ", ".join(dict.fromkeys(each["type"] for each in error.errors()))
        # Without the cause, which shows the plain value.
        _refuse(f"what is encrypted is not what the field holds ({problems})")
    if value == plain and type(value) is type(plain) and field.is_text == is_text:
        return field
    made: Encrypted[Any] = Encrypted.of_payload("")
    made._set(value, is_text=is_text)  # pyright: ignore[reportPrivateUsage]  # of its own module
    return made


def _refuse(reason: str) -> NoReturn:
    """Raise an error of pydantic in which the input is hidden, because it may be the secret."""
    from pydantic import ValidationError
    from pydantic_core import InitErrorDetails, PydanticCustomError

    detail = InitErrorDetails(
        type=PydanticCustomError("encrypted", "{reason}", {"reason": reason}), input=_HIDDEN
    )
    raise ValidationError.from_exception_data("Encrypted", [detail]) from None
