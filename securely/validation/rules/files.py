"""Rules of files: file, image, mimes, mimetypes, extensions, dimensions, uploaded.

The type is told by content. What the name says is for the rule `extensions` alone, which says
nothing of what is in the file: ask for `mimes` with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from securely.support.suggest import did_you_mean
from securely.validation.contracts import File
from securely.validation.rules.kinds import BY_EXTENSION, KINDS, Kind
from securely.validation.rules.pictures import picture_size
from securely.validation.rules.sniffing import kind_of_file
from securely.validation.rules.spec import Args, Check, Place, Spec
from securely.validation.rules.uploads import as_file, extension_of

__all__ = ["SPECS"]

# The extensions that web servers hand to PHP, as Laravel has them.
_PHP: Final = frozenset({"php", "php3", "php4", "php5", "php7", "php8", "phtml", "phar"})
_IMAGES: Final = ("jpg", "jpeg", "png", "gif", "bmp", "webp", "avif", "heic", "heif")
_SIDES: Final = ("width", "height", "min_width", "min_height", "max_width", "max_height")
_RATIOS: Final = ("ratio", "min_ratio", "max_ratio")
_PIXELS: Final = re.compile(r"[0-9]{1,10}").fullmatch
_RATIO: Final = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,32})?)(?:/([0-9]{1,9}(?:\.[0-9]{1,32})?))?"
).fullmatch

Fits: TypeAlias = Callable[[int, int], bool]


def _arrived(value: object) -> File | None:
    found = as_file(value)
    return found if found is not None and found.is_valid else None


def _is_file(value: object, at: Place) -> bool:
    del at
    return _arrived(value) is not None


def _kind(value: object, at: Place) -> tuple[File, Kind] | None:
    """Return a file and its type; a validation looks into each file once."""
    key = (_kind, id(value))
    known: tuple[object, tuple[File, Kind] | None] | None = at.memory.get(key)
    if known is not None and known[0] is value:
        return known[1]
    file = _arrived(value)
    found = None if file is None else (file, kind_of_file(file))
    at.memory[key] = (value, found)  # with the value: nothing else gets its id meanwhile
    return found


def _is_hidden_php(file: File, allowed: frozenset[str]) -> bool:
    """Tell whether the name of a file makes a program of it, where that was not asked for.

    What systems cut off a name counts as cut off: from a NUL on, dots and blanks at its end.
    """
    if "php" in allowed:
        return False
    name = file.filename.partition("\0")[0].partition("::$")[0].rstrip(" .\t\r\n\v\f")
    return not _PHP.isdisjoint({extension_of(name), extension_of(file.filename).strip()})


def _file(args: Args) -> Check:
    del args
    return _is_file


def _of_kinds(extensions: frozenset[str]) -> Check:
    kinds = frozenset[Kind]().union(*(BY_EXTENSION.get(each, ()) for each in extensions))

    def check(value: object, at: Place) -> bool:
        found = _kind(value, at)
        return found is not None and found[1] in kinds and not _is_hidden_php(found[0], extensions)

    return check


def _image(args: Args) -> Check:
    options = args.texts()
    if options not in ((), ("allow_svg",)):
        args.fault('takes "allow_svg" and nothing else: a picture may be an SVG then.')
    return _of_kinds(frozenset(_IMAGES + (("svg",) if options else ())))


def _mimes(args: Args) -> Check:
    extensions = frozenset(each.strip().lower() for each in args.texts())
    for each in sorted(extensions):
        if each in BY_EXTENSION or each in _PHP:
            continue
        if "/" in each:
            args.fault(f'names types by extension, as "pdf"; "{each:.60}" is for mimetypes.')
        near = did_you_mean(each, BY_EXTENSION)
        hint = f' Did you mean "{near}"?' if near else ""
        args.fault(
            f'knows no content of the type "{each:.60}".{hint} '
            "The rule extensions takes any, but goes by the name alone."
        )
    if not extensions.isdisjoint({"jpg", "jpeg"}):
        extensions |= {"jpg", "jpeg"}
    return _of_kinds(extensions)


def _mimetypes(args: Args) -> Check:
    wanted = frozenset(each.strip().lower() for each in args.texts())
    for each in sorted(wanted - {"php"}):
        if "/" not in each:
            args.fault(f'names types as "image/png" or "image/*"; "{each:.60}" is for mimes.')
    families = tuple(each[:-1] for each in wanted if each.endswith("/*"))

    def fits(kind: Kind) -> bool:
        return not wanted.isdisjoint(kind.mimes) or kind.mime.startswith(families)

    kinds = frozenset(kind for kind in KINDS if fits(kind))

    def check(value: object, at: Place) -> bool:
        found = _kind(value, at)
        return found is not None and found[1] in kinds and not _is_hidden_php(found[0], wanted)

    return check


def _extensions(args: Args) -> Check:
    wanted = frozenset(each.strip().lower() for each in args.texts())
    for each in wanted:
        if each.startswith(".") or "/" in each:
            args.fault(f'names extensions as "pdf", without a dot, not "{each:.60}".')

    def check(value: object, at: Place) -> bool:
        del at
        file = _arrived(value)
        if file is None or _is_hidden_php(file, wanted):
            return False
        return extension_of(file.filename) in wanted

    return check


def _dimensions(args: Args) -> Check:
    """Compile limits of a picture's sides; an SVG has none, and keeps them.

    Source: Laravel 13, Validation\\Concerns\\ValidatesAttributes::validateDimensions.
    """
    checks = [_limit(args, *each.partition("=")[::2]) for each in args.texts()]

    def check(value: object, at: Place) -> bool:
        found = _kind(value, at)
        if found is None:
            return False
        file, kind = found
        if kind.mime == "image/svg+xml":
            return True
        size = picture_size(file, kind.mime)
        return size is not None and all(fits(*size) for fits in checks)

    return check


def _limit(args: Args, key: str, written: str) -> Fits:
    key, written = key.strip(), written.strip()
    if key in _SIDES:
        if _PIXELS(written) is None:
            args.fault(f'wants {key} in whole pixels, not "{written:.60}".')
        return _side(key, int(written))
    if key not in _RATIOS:
        near = did_you_mean(key, _SIDES + _RATIOS)
        hint = f'Did you mean "{near}"?' if near else f"It knows {', '.join(_SIDES + _RATIOS)}."
        args.fault(f'knows no "{key:.60}". {hint}')
    return _proportion(key, _ratio(args, key, written))


def _side(key: str, limit: int) -> Fits:
    index = 0 if key.endswith("width") else 1

    def fits(width: int, height: int) -> bool:
        side = (width, height)[index]
        if key.startswith("min_"):
            return side >= limit
        return side <= limit if key.startswith("max_") else side == limit

    return fits


def _ratio(args: Args, key: str, written: str) -> float:
    found = _RATIO(written)
    if found is None or not float(found[1]) or not float(found[2] or 1):
        args.fault(f'wants {key} as 3/2 or 1.5, width by height, not "{written:.60}".')
    return float(found[1]) / float(found[2] or 1)


def _proportion(key: str, wanted: float) -> Fits:
    """Compare proportions, as near as whole pixels come to them."""

    def fits(width: int, height: int) -> bool:
        near = 1 / (max((width + height) / 2, height) + 1)
        ratio = width / height
        if key == "min_ratio":
            return wanted - ratio <= near
        return ratio - wanted <= near if key == "max_ratio" else abs(wanted - ratio) <= near

    return fits


SPECS: Final = (
    Spec("file", _file, most=0),
    Spec("uploaded", _file, most=0, implicit=True),
    Spec("image", _image, most=1),
    Spec("mimes", _mimes, 1),
    Spec("mimetypes", _mimetypes, 1),
    Spec("extensions", _extensions, 1),
    Spec("dimensions", _dimensions, 1),
)
