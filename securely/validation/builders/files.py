"""File, ImageFile and Dimensions: the rules of files, of pictures, and of their sides."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import ClassVar, Self

from securely.validation.builders.written import Several, WrittenRules, as_text, flattened
from securely.validation.exceptions import RulesError
from securely.validation.rules.kinds import BY_EXTENSION

__all__ = ["Dimensions", "File", "ImageFile"]


class _Types:
    """Takes files whose content is of some types: "pdf", "image/png" or "image/*".

    Of the class it begins a rule, as in Laravel; of a rule it adds to that. Extensions and MIME
    types may be mixed; where they are, each extension stands for its types.
    """

    def __get__(self, rule: File | None, owner: type[File]) -> Callable[..., File]:
        return (owner() if rule is None else rule).of_types


class File(WrittenRules):
    """The rules of a file; `Rule.file()` makes it too.

    Sizes are kilobytes, or text with a unit: "512kb", "2mb".

    Example:
        >>> File.types(["pdf", "docx"]).max("2mb").as_rules()
        ['file', ['mimes', 'pdf', 'docx'], ['max', '2mb']]

    Source: Laravel 13, Validation\\Rules\\File.
    """

    _defaults: ClassVar[list[Callable[[], object] | File]] = []

    def __init__(self) -> None:
        super().__init__("file")
        self._others: list[object] = []

    types: ClassVar[_Types] = _Types()

    @staticmethod
    def defaults(make: Callable[[], object] | File | None) -> None:
        """Let *make*, a function or a rule, be what :meth:`default` returns; None for none."""
        File._defaults[:] = [] if make is None else [make]

    @staticmethod
    def default() -> File:
        """Return the rule that :meth:`defaults` was given, or a new one."""
        made: object = None
        for kept in File._defaults:
            made = copy.deepcopy(kept) if isinstance(kept, File) else kept()
        return made if isinstance(made, File) else File()

    @staticmethod
    def image(allow_svg: bool = False) -> ImageFile:
        """Return the rules of a picture; an SVG can hold scripts, so it has to be allowed."""
        return ImageFile(allow_svg)

    def of_types(self, *types: Several) -> Self:
        """Take files whose content is of one of *types*; `types` of a rule that is begun."""
        wanted = [as_text(each) for each in flattened(types)]
        mimes = [each for each in wanted if "/" in each]
        if not mimes:
            return self._add("mimes", *wanted)
        for each in wanted:
            if "/" not in each:
                mimes += self._mimes_of(each)
        return self._add("mimetypes", *dict.fromkeys(mimes))

    def extensions(self, *extensions: Several) -> Self:
        """Take names that end in one of *extensions*; it says nothing of what is in the file."""
        return self._add("extensions", *(as_text(each).lower() for each in flattened(extensions)))

    def size(self, size: float | str) -> Self:
        """Take files of this size alone."""
        return self._add("size", size)

    def between(self, min_size: float | str, max_size: float | str) -> Self:
        """Take files from *min_size* to *max_size*."""
        return self._add("between", min_size, max_size)

    def min(self, size: float | str) -> Self:
        """Take files of this size at least."""
        return self._add("min", size)

    def max(self, size: float | str) -> Self:
        """Take files of this size at most."""
        return self._add("max", size)

    def encoding(self, encoding: str) -> Self:
        """Take files whose whole content is text in *encoding*, such as UTF-8."""
        return self._add("encoding", encoding)

    def rules(self, *rules: Several) -> Self:
        """Add *rules* to those of a file."""
        self._others.extend(flattened(rules))
        return self

    def as_rules(self) -> list[object]:
        """Return the rules it stands for, as a list of rules has them."""
        return [*super().as_rules(), *self._others]

    @staticmethod
    def _mimes_of(extension: str) -> list[str]:
        found = sorted(kind.mime for kind in BY_EXTENSION.get(extension.lower(), ()))
        if not found:
            raise RulesError(f'Nothing is known of files of the type "{extension:.60}".')
        return ["php", *found] if extension == "php" else found


class ImageFile(File):
    """The rules of a picture; made by `File.image()` and `Rule.image_file()`.

    Args:
        allow_svg: Whether it may be an SVG, which can hold scripts.

    Example:
        >>> ImageFile().dimensions(Dimensions().max_width(1000)).as_rules()
        ['file', 'image', ['dimensions', 'max_width=1000']]

    Source: Laravel 13, Validation\\Rules\\ImageFile.
    """

    def __init__(self, allow_svg: bool = False) -> None:
        super().__init__()
        self._add("image", *(["allow_svg"] if allow_svg else []))

    def dimensions(self, dimensions: Dimensions) -> Self:
        """Take pictures whose sides keep *dimensions*."""
        for name, *limits in dimensions.limits():
            self._add(name, *limits)
        return self


class Dimensions:
    """Limits of a picture's sides in pixels; `Rule.dimensions()` makes it too.

    Args:
        limits: Limits to begin with: `{"min_width": 100, "ratio": "3/2"}`.

    Example:
        >>> Dimensions({"min_width": 100}).ratio("3/2").as_rules()
        [['dimensions', 'min_width=100', 'ratio=3/2']]

    Source: Laravel 13, Validation\\Rules\\Dimensions.
    """

    def __init__(self, limits: Mapping[str, float | str] | None = None) -> None:
        self._limits: dict[str, float | str] = dict(limits or {})

    def width(self, value: int) -> Self:
        """Take pictures that are *value* wide."""
        return self._limit("width", value)

    def height(self, value: int) -> Self:
        """Take pictures that are *value* high."""
        return self._limit("height", value)

    def min_width(self, value: int) -> Self:
        """Take pictures that are *value* wide at least."""
        return self._limit("min_width", value)

    def min_height(self, value: int) -> Self:
        """Take pictures that are *value* high at least."""
        return self._limit("min_height", value)

    def max_width(self, value: int) -> Self:
        """Take pictures that are *value* wide at most."""
        return self._limit("max_width", value)

    def max_height(self, value: int) -> Self:
        """Take pictures that are *value* high at most."""
        return self._limit("max_height", value)

    def ratio(self, value: float | str) -> Self:
        """Take pictures whose width is *value* times their height: 1.5, or "3/2"."""
        return self._limit("ratio", value)

    def min_ratio(self, value: float | str) -> Self:
        """Take pictures whose width is *value* times their height at least."""
        return self._limit("min_ratio", value)

    def max_ratio(self, value: float | str) -> Self:
        """Take pictures whose width is *value* times their height at most."""
        return self._limit("max_ratio", value)

    def ratio_between(self, min_ratio: float | str, max_ratio: float | str) -> Self:
        """Take pictures whose width is from *min_ratio* to *max_ratio* times their height."""
        return self.min_ratio(min_ratio).max_ratio(max_ratio)

    def limits(self) -> list[tuple[str, ...]]:
        """Return the rule as its name and its parameters."""
        return [("dimensions", *(f"{key}={as_text(each)}" for key, each in self._limits.items()))]

    def as_rules(self) -> list[object]:
        """Return the rule it stands for, as a list of rules has it."""
        return [[*rule] for rule in self.limits()]

    def _limit(self, key: str, value: float | str) -> Self:
        self._limits[key] = value
        return self
