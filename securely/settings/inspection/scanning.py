"""Looks for secrets that stand in plain text where they can be read; none is ever shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Finding", "files_of", "kept_by_git", "scan"]

# Shorter values are words that stand anywhere.
_VALUE_LETTERS_MIN: Final = 8
# A source is smaller; what is larger is data, and takes long to look at.
_FILE_BYTES_MAX: Final = 2**20
_LEFT_OUT: Final = frozenset(
    {".git", ".venv", "node_modules", "storage", "__pycache__", "vendor", "dist", "build"}
)
_KINDS: Final[Mapping[str, re.Pattern[str]]] = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "an access key of AWS": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(r"\b(?:ghp|gho|ghs|ghu|github_pat)_[0-9A-Za-z_]{30,}\b"),
    "a key of Stripe": re.compile(r"\b[sr]k_live_[0-9A-Za-z]{20,}\b"),
    "a token of Slack": re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{20,}\b"),
    "an application's key": re.compile(r"\bAPP_KEY\s*=\s*[\"']?base64:[0-9A-Za-z+/]{20,}={0,2}"),
    "a key of secrets": re.compile(r"\bSECURELY_ENV_KEY\s*=\s*[\"']?base64:[0-9A-Za-z+/]{40,}="),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where a secret stands.

    Attributes:
        file: The file.
        line: The line, counted from 1.
        what: The variable whose value it is, or of which kind it is.
    """

    file: Path
    line: int
    what: str


def scan(files: Iterable[Path], secrets: Mapping[str, str]) -> Iterator[Finding]:
    """Give the places where a secret of ours stands, or what looks like one of a known kind.

    Args:
        files: Where to look.
        secrets: Ours, by the names of their variables; those of fewer than 8 letters are words.
    """
    wanted = {name: value for name, value in secrets.items() if len(value) >= _VALUE_LETTERS_MIN}
    for file in files:
        try:
            if file.stat().st_size > _FILE_BYTES_MAX:
                continue
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # no text
        for name, value in wanted.items():
            at = text.find(value)
            if at >= 0:
                yield Finding(file, text.count("\n", 0, at) + 1, f"the value of {name}")
        for what, pattern in _KINDS.items():
            for match in pattern.finditer(text):
                yield Finding(file, text.count("\n", 0, match.start()) + 1, what)


def files_of(base: Path) -> Iterator[Path]:
    """Give the files that git keeps, or would; where there is no git, all but what it never does.

    ``.env`` files and keys of the secrets count only where git keeps them.
    """
    listed = kept_by_git(base)
    if listed is not None:
        yield from (base / each for each in listed)
        return
    for path in sorted(base.rglob("*")):
        parts = path.relative_to(base).parts
        is_private = path.name.startswith(".env") or path.suffix == ".key"
        if path.is_file() and not is_private and not _LEFT_OUT.intersection(parts):
            yield path


def kept_by_git(base: Path) -> list[str] | None:
    """Return the files below *base* that git keeps, or would; None where there is no git."""
    import subprocess  # only who looks at sources starts a program

    try:
        done = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607  # as the user's path has it
            cwd=base,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return [each for each in done.stdout.decode("utf-8", "surrogateescape").split("\0") if each]
