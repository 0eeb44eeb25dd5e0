"""Answers: settings that were shown once, and whether they still hold; asked before all else.

A text of lines whose fields are separated by tabs, because reading JSON imports ``re``:

    securely-answers  1  <version of Securely>
    P  <what :func:`installed` says>                        the packages they were made with
    S  <path>  <time of change in ns, or ->  <size, or ->   what they depend on
    V  <variable>  <its value in the process, or nothing>   what they depend on, too
    K  <key>  <value as it is shown>

No secret is in it, and nothing that depends on a secret of the process.
"""

import os

from securely.support.manifest import Source, installed

__all__ = ["answer", "answers_path", "keep"]

_HEAD = "securely-answers\t1\t"
_END = "E"


def answers_path(storage: str) -> str:
    """Return where the answers lie of an application that writes into *storage*.

    Example:
        >>> answers_path("storage")
        'storage/settings/answers'
    """
    return os.path.join(storage, "settings", "answers")  # noqa: PTH118  # pathlib is too slow


def answer(path: str, key: str, version: str) -> str | None:
    """Return the value of *key* as it is shown; ``None`` where that has to be worked out.

    Args:
        path: As of :func:`answers_path`.
        key: A dotted key or the name of a variable.
        version: Of Securely; what another one has kept does not count.
    """
    try:
        with open(path, encoding="utf-8", newline="\n") as file:  # noqa: PTH123  # as above
            lines = file.read().split("\n")
    except (OSError, ValueError):
        return None
    if lines[0] != _HEAD + version or lines[-2:] != [_END, ""]:
        return None
    wanted = f"K\t{key}\t"
    found: str | None = None
    for line in lines[1:-2]:
        if line.startswith(wanted):
            found = line[len(wanted) :]
        elif not line.startswith("K\t") and not _holds(line.split("\t")):
            return None
    return None if found is None else _opened(found)


def keep(
    path: str,
    version: str,
    sources: list[str],
    variables: dict[str, str | None],
    values: dict[str, str],
) -> bool:
    """Write the answers aside and put them in place; say whether that could be done.

    Args:
        path: As of :func:`answers_path`; its folder must be there.
        version: Of Securely.
        sources: Files and folders that the answers depend on.
        variables: Those they depend on, with their values in the process; None for unset ones.
        values: The answers by their keys.
    """
    lines = [_HEAD + version, f"P\t{_closed(installed())}"]
    lines += [f"S\t{_closed(each)}\t{Source(each).state}" for each in sources]
    for name, value in variables.items():
        lines.append(f"V\t{name}" if value is None else f"V\t{name}\t{_closed(value)}")
    lines += [f"K\t{key}\t{_closed(value)}" for key, value in values.items()]
    aside = f"{path}.{os.getpid()}"
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123  # as above
            file.write("\n".join([*lines, _END, ""]))
        os.replace(aside, path)  # noqa: PTH105  # as above
    except OSError:
        return False
    return True


def _holds(fields: list[str]) -> bool:
    """Tell whether a file or a variable is as it was."""
    if fields[0] == "S":
        return Source(_opened(fields[1])).state == "\t".join(fields[2:])
    if fields[0] == "P":
        return _opened(fields[1]) == installed()
    value = os.environ.get(fields[1])
    return value is None if len(fields) == 2 else value == _opened(fields[2])  # noqa: PLR2004


def _closed(text: str) -> str:
    for plain, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, written)
    return text


def _opened(text: str) -> str:
    if "\\" not in text:
        return text
    parts = text.split("\\\\")
    plain = [p.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r") for p in parts]
    return "\\".join(plain)
