"""Options: a frozen model that forbids unknown keys; errors name the dotted key."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    Self,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
)

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from securely.exceptions import ConfigurationError
from securely.support.durations import seconds
from securely.support.masking import looks_secret, mask_urls
from securely.support.suggest import did_you_mean

__all__ = ["InvalidOptions", "Options", "Seconds", "kind_by", "one_of"]

# What pydantic calls otherwise than whoever writes a file.
_KINDS: Final = {
    "dict_type": "dict",
    "list_type": "list",
    "model_attributes_type": "dict",
    "model_type": "dict",
    "tuple_type": "list",
}
_SHOWN_LETTERS_MAX = 80  # letters: enough to recognise a value, and an error stays one line

Seconds: TypeAlias = Annotated[float, BeforeValidator(seconds)]
"""A setting in seconds that may be written as a number, as text ("10m") or as a timedelta."""


class InvalidOptions(ConfigurationError):
    """A part of the configuration is wrong; all that is wrong with it, one problem per line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[InvalidOptions], tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


class Options(BaseModel):
    """A component's part of the configuration: typed, checked once, then read only.

    Mark a field whose value must never be shown with
    ``Field(json_schema_extra={"secret": True})``, or give it the type ``SecretStr``.

    Example:
        >>> class PoolOptions(Options):
        ...     size: int = 4
        >>> PoolOptions.parse({"size": "8"}, key="pool").size
        8
        >>> PoolOptions.parse({"sise": 8}, key="pool")
        Traceback (most recent call last):
        ...
        securely.support.options.InvalidOptions: pool.sise is not a known setting. Known: size. \
Did you mean "size"?
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=True,
        arbitrary_types_allowed=True,
    )
    reload_class: ClassVar[str] = "reload"
    """How a change of a section reaches a process that runs: "live", "reload", "restart"."""

    @classmethod
    def parse(cls, data: object, key: str) -> Self:
        """Check *data*, which stands at *key* of the configuration, and return it as options.

        Raises:
            InvalidOptions: Settings are missing, unknown, of the wrong type or out of range.
        """
        if isinstance(data, cls):
            return data
        if not isinstance(data, Mapping):
            raise InvalidOptions([f"{key} must be a mapping, not {type(data).__name__}."])
        mapping = cast("Mapping[str, object]", data)
        try:
            return cls.model_validate(dict(mapping))
        except ValidationError as error:
            problems = [
                _Problem(cls, mapping, key, cast("dict[str, Any]", detail)).sentence()
                for detail in error.errors(include_url=False)
            ]
            # A union reports once per branch; the reader has one setting to repair.
            raise InvalidOptions(list(dict.fromkeys(problems))) from None


def kind_by(
    key: str, known: Callable[[], Container[str]], other: str = "custom"
) -> Callable[[Any], str]:
    """Return what tells by *key* which of several classes of options some data are for.

    Args:
        key: Where the data say it: "driver".
        known: Gives the words that have a class of their own.
        other: What all else is called.

    Example:
        >>> kind = kind_by("driver", lambda: {"array", "disk"})
        >>> kind({"driver": "disk"}), kind({"driver": "punched-cards"})
        ('disk', 'custom')
    """

    def kind(data: Any) -> str:
        if isinstance(data, Mapping):
            said = cast("Mapping[str, object]", data).get(key)
        else:
            said = getattr(data, key, None)
        return said if isinstance(said, str) and said in known() else other

    return kind


def one_of(named: str, among: Iterable[str], what: str) -> str:
    """Return *named*, one of those that are defined.

    Args:
        named: A name in the configuration.
        among: All names there are.
        what: What such a thing is called: "store".

    Raises:
        ValueError: There is none of that name; a near one is in the message.
    """
    names = [*among]
    if named in names:
        return named
    near = did_you_mean(named, names)
    hint = f'; did you mean "{near}"?' if near else ""
    raise ValueError(f"no such {what} is defined, only {', '.join(names)}{hint}")


class _Problem:
    """One error of pydantic, told in the words of the configuration."""

    def __init__(
        self, model: type[BaseModel], data: object, key: str, detail: dict[str, Any]
    ) -> None:
        self.kind: str = detail["type"]
        self.text: str = detail["msg"]
        self.context: dict[str, Any] = detail.get("ctx", {})
        self.value: object = detail["input"]
        location: tuple[str | int, ...] = detail["loc"]
        segments, self.siblings, fields = _walk(model, data, location)
        self.key = ".".join([key, *map(str, segments)])
        self.last = str(segments[-1]) if segments else key
        # What lies within a secret, an item of a list of keys, is one too.
        self.secret = any(looks_secret(str(segment)) for segment in segments) or any(
            map(_is_secret, fields)
        )

    def sentence(self) -> str:
        """Return the whole sentence: key, value, what is allowed, what was perhaps meant."""
        if self.kind == "missing":
            return f"{self.key} is missing, and has no default.{self._misspelt()}"
        if self.kind == "extra_forbidden":
            known = ", ".join(self.siblings) or "none"
            return (
                f"{self.key} is not a known setting. Known: {known}."
                f"{_nearest(self.last, self.siblings)}"
            )
        if self.kind.startswith("union_tag_"):
            return self._union_tag()
        if self.kind in {"literal_error", "enum"} and isinstance(self.value, str):
            return self._choice(self.key, self.value, _unquoted(self.context["expected"]))
        if self.kind in {"value_error", "assertion_error"}:
            return self._refused()
        return f"{self.key}{self._shown()} {self._wanted()}."

    def _misspelt(self) -> str:
        """Return what stands beside a missing key that may be meant to be it."""
        if not isinstance(self.value, Mapping):
            return ""
        given = [str(key) for key in cast("Mapping[object, object]", self.value)]
        near = did_you_mean(self.last, [key for key in given if key not in self.siblings])
        return f' There is "{near}": did you mean "{self.last}"?' if near else ""

    def _union_tag(self) -> str:
        key = f"{self.key}.{self.context['discriminator'].strip(chr(39))}"
        if self.kind == "union_tag_not_found":
            return f"{key} is missing."
        tag, expected = str(self.context["tag"]), _unquoted(self.context["expected_tags"])
        return self._choice(key, tag, expected)

    def _choice(self, key: str, value: str, allowed: list[str]) -> str:
        shown = "" if self.secret else f' is "{mask_urls(value)}" but'
        return f"{key}{shown} must be one of: {', '.join(allowed)}.{_nearest(value, allowed)}"

    def _refused(self) -> str:
        """Join the key with the words of a validator, which may quote the value it refuses."""
        if self.secret:
            return f"{self.key} is not valid."
        reason = mask_urls(str(self.context.get("error", self.text)).rstrip("."))
        end = "" if reason.endswith(("?", "!")) else "."
        shown = "" if _holds(self.value) else self._shown().rstrip(":")
        if reason.startswith(("is ", "must ", "has ", "does ", "cannot ", "may ")):
            return f"{self.key}{f'{shown}, which' if shown else ''} {reason}{end}"
        return f"{self.key}{shown}: {reason}{end}"

    def _shown(self) -> str:
        if self.secret or self.value is None:
            return "" if self.secret else " is empty:"
        if isinstance(self.value, (str, int, float, bool)):
            text = mask_urls(repr(self.value))
            if len(text) > _SHOWN_LETTERS_MAX:
                text = f"{text[:_SHOWN_LETTERS_MAX]}…"
            return f" is {text}:"
        kind = type(self.value).__name__
        return f" is {'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}:"

    def _wanted(self) -> str:
        if self.kind in _KINDS:
            return f"it must be a {_KINDS[self.kind]}"
        text = self.text.rstrip(".")
        if text.startswith("Input should be "):
            return f"it must be {text.removeprefix('Input should be ')}"
        if text.startswith("Input should "):
            return f"it should {text.removeprefix('Input should ')}"
        return f"it is refused: {text}"


def _walk(
    model: type[BaseModel], data: object, location: tuple[str | int, ...]
) -> tuple[list[str | int], list[str], list[FieldInfo]]:
    """Follow *location* through models and data at once.

    Pydantic's locations also name the branches of unions, which are no keys of anyone's file:
    a segment that the data does not have is left out, but for the last one of a missing key.

    Returns:
        The keys, the names of the settings beside the last one, and the fields on the way.
    """
    kept: list[str | int] = []
    annotations: list[object] = [model]
    names: list[str] = []
    fields: list[FieldInfo] = []
    for position, segment in enumerate(location):
        if not _holds(data):
            break  # what follows names branches of a union: there are no keys within it
        inside = _inside(data, segment)
        last = position == len(location) - 1
        if not inside and not last:
            annotations = _narrowed(annotations, segment)
            continue
        if not inside and _narrowed(annotations, segment) != annotations:
            continue
        models = list(_models(annotations))
        known = [_settings(each) for each in models]
        names = sorted({name for each in known for name in each})
        field = next((each[str(segment)] for each in known if segment in each), None)
        if field is not None:
            fields.append(field)
        annotations = [field.annotation] if field is not None else list(_items(annotations))
        kept.append(segment)
        if inside:
            data = cast("Any", data)[segment]
    return kept, names, fields


def _settings(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields by their names in files: `from` can be no name of a field."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _holds(data: object) -> bool:
    return isinstance(data, (Mapping, list, tuple))


def _inside(data: object, segment: str | int) -> bool:
    if isinstance(data, Mapping):
        return segment in data
    return (
        isinstance(data, (list, tuple))
        and isinstance(segment, int)
        and 0 <= segment < len(cast("Sequence[object]", data))
    )


def _parts(annotation: object) -> Iterator[object]:
    """Give the branches of a union, without what annotates them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif origin is Union or origin is UnionType:
        for branch in get_args(annotation):
            yield from _parts(branch)
    else:
        yield annotation


def _models(annotations: list[object]) -> Iterator[type[BaseModel]]:
    for annotation in annotations:
        for part in _parts(annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield part


def _items(annotations: list[object]) -> Iterator[object]:
    """Give what the values of mappings and the items of sequences are."""
    for annotation in annotations:
        for part in _parts(annotation):
            arguments: tuple[object, ...] = get_args(part)
            # list[T] and tuple[T, ...] hold T, dict[K, V] holds V.
            yield from [each for each in arguments if each is not ...][-1:]


def _narrowed(annotations: list[object], tag: str | int) -> list[object]:
    """Keep the models that *tag* selects, where it selects any."""
    chosen: list[object] = [
        each
        for each in _models(annotations)
        if any(tag in _literals(field.annotation) for field in each.model_fields.values())
    ]
    return chosen or annotations


def _literals(annotation: object) -> tuple[object, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _is_secret(field: FieldInfo) -> bool:
    extra = cast("object", field.json_schema_extra)
    if isinstance(extra, dict) and cast("dict[str, object]", extra).get("secret") is True:
        return True
    return any(part is SecretStr or part is SecretBytes for part in _parts(field.annotation))


def _unquoted(listed: str) -> list[str]:
    """Turn pydantic's ``'a', 'b' or 'c'`` into its words."""
    return [word.strip().strip("'") for word in listed.replace(" or ", ", ").split(", ")]


def _nearest(word: str, choices: Sequence[str]) -> str:
    near = did_you_mean(word, choices)
    return f' Did you mean "{near}"?' if near else ""
