"""Files of lines: Python, YAML and JSON; what is wrong with one is told with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from securely.exceptions import SecurelyError
from securely.support.importing import run_file
from securely.translation.exceptions import LinesBroken

__all__ = ["SUFFIXES", "read_group", "read_json_lines"]

SUFFIXES: Final = (".py", ".yaml", ".yml", ".json")
"""What files of lines end in."""

# Far beyond any real file. YAML can say in a few bytes what would fill all memory.
_LINES_MAX: Final = 100_000
_DEPTH_MAX: Final = 32


def read_group(path: Path) -> dict[str, Any]:
    """Return the lines that *path* holds; a ``.py`` file is run, as one of ``config/`` is.

    Raises:
        LinesBroken: It is malformed, fails, or holds something else than lines.
    """
    if path.suffix == ".py":
        content = _run(path)
    elif path.suffix == ".json":
        content = _json(path)
    else:
        content = _yaml(path)
    return _checked(path, content)


def read_json_lines(path: Path) -> dict[str, str]:
    """Return the lines that are their own keys; those that are null are left out.

    Raises:
        LinesBroken: It is malformed, or a line is no text.
    """
    lines = _checked(path, _json(path))
    for key, line in lines.items():
        if line is not None and not isinstance(line, str):
            raise LinesBroken(
                path, None, f"The line {key[:80]!r} is no text, but {type(line).__name__}."
            )
    return {key: line for key, line in lines.items() if line is not None}


def _run(path: Path) -> object:
    try:
        namespace = run_file(path, f"lang.{path.stem}")
    except SyntaxError as error:
        raise LinesBroken(path, error.lineno, f"Syntax error: {error.msg}.") from None
    except Exception as error:
        reason = (
            str(error) if isinstance(error, SecurelyError) else f"{type(error).__name__}: {error}"
        )
        raise LinesBroken(path, _line_of(error, path), reason) from error
    if "lines" not in namespace:
        raise LinesBroken(path, None, "It defines no `lines`. Write: lines = {...}")
    return namespace["lines"]


def _json(path: Path) -> object:
    import json  # where a JSON file is there, and nowhere else

    text = _text(path)
    try:
        return cast("object", json.loads(text))
    except json.JSONDecodeError as error:
        raise LinesBroken(path, error.lineno, f"Not JSON: {error.msg}.") from None
    except (RecursionError, ValueError) as error:  # nested, or digits without end
        raise LinesBroken(path, None, f"Not JSON that can be read: {error}.") from None


def _yaml(path: Path) -> object:
    import yaml  # as above

    text = _text(path)
    try:
        return cast("object", yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise LinesBroken(path, line, f"Not YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise LinesBroken(path, None, f"Not YAML that can be read: {error}.") from None


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LinesBroken(path, None, f"It can not be read: {error.strerror}.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LinesBroken(path, line, "It is not UTF-8. Save it as UTF-8.") from None


def _checked(path: Path, content: object) -> dict[str, Any]:
    if content is None and path.suffix in (".yaml", ".yml"):  # an empty file, or comments alone
        return {}
    if not isinstance(content, Mapping):
        raise LinesBroken(
            path, None, f"It holds {type(content).__name__}, where lines by name are wanted."
        )
    left = [_LINES_MAX]
    return cast("dict[str, Any]", _walked(path, cast("object", content), left, 0))


def _walked(path: Path, content: object, left: list[int], depth: int) -> object:
    """Return *content* as dicts and lists of our own; *left* counts how many lines there may be."""
    left[0] -= 1
    if left[0] < 0 or depth > _DEPTH_MAX:
        raise LinesBroken(
            path,
            None,
            f"It holds more than {_LINES_MAX} lines, or nests deeper than {_DEPTH_MAX}. Split it, "
            "and look for aliases of YAML that hold each other.",
        )
    if isinstance(content, Mapping):
        lines = cast("Mapping[object, object]", content)
        found: dict[str, object] = {}
        for key, line in lines.items():
            if not isinstance(key, str):
                raise LinesBroken(path, None, f"The key {key!r} is no text. Put it in quotes.")
            found[key] = _walked(path, line, left, depth + 1)
        return found
    if isinstance(content, (list, tuple)):
        each = cast("list[object]", content)
        return [_walked(path, line, left, depth + 1) for line in each]
    return content


def _line_of(error: BaseException, path: Path) -> int | None:
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == str(path):
            return frame.tb_lineno
        frame = frame.tb_next
    return None
