"""The text of a file of secrets: read and checked entry by entry, and written.

    # Secrets of Securely, form 1. Change them with: artisan settings:set NAME --secret
    MAIL_PASSWORD=<payload>
    STRIPE_KEY=<payload>
    =<payload of the index>

Each payload is Laravel's, AES-256-CBC with HMAC, under a key that is derived for the environment
and the name: in another's place it cannot be read. The index names all entries in their order,
each with a digest of its payload, so what was deleted, swapped, renamed, added or cut is known by
name. It tells, too, since when each has its value, and until when that holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from securely.encryption import DecryptFailed, Encrypter

__all__ = ["Dates", "check", "dates", "entries", "value_purpose", "written"]

_HEAD: Final = (
    "# Secrets of Securely, form 1. Change them with: artisan settings:set NAME --secret\n"
)
_FORM: Final = 1
_DIGEST_DIGITS: Final = 32  # hexadecimal: 128 bits, enough where nobody chooses both texts


@dataclass(frozen=True, slots=True)
class Dates:
    """Since when a secret has its value, and until when that holds.

    Attributes:
        changed: When it got its value, in UTC.
        expires: The last day on which the value holds; None if it does not end.
    """

    changed: datetime
    expires: date | None = None


def value_purpose(environment: str, name: str) -> str:
    """Return for what purpose the key of one secret is derived.

    Example:
        >>> value_purpose("production", "MAIL_PASSWORD")
        'settings:value:production:MAIL_PASSWORD'
    """
    return f"settings:value:{environment}:{name}"


def entries(text: str) -> tuple[dict[str, str], str]:
    """Return the payloads by name, and the index; empty where that is missing.

    Example:
        >>> entries("# a comment\\nA=x\\n=y\\n")
        ({'A': 'x'}, 'y')
    """
    found: dict[str, str] = {}
    index = ""
    for line in text.splitlines():
        name, equals, payload = line.partition("=")
        if line.startswith("#") or not equals:
            continue
        if name:
            found[name.strip()] = payload.strip()
        else:
            index = payload.strip()
    return found, index


def written(
    payloads: Mapping[str, str],
    known: Mapping[str, Dates],
    encrypter: Encrypter,
    environment: str,
) -> str:
    """Return the text of a file that holds *payloads*.

    Args:
        payloads: The secrets, encrypted, by their names.
        known: Their dates, as far as they are known.
        encrypter: Encrypts the index.
        environment: Whose secrets they are.
    """
    index = {
        "form": _FORM,
        "environment": environment,
        "entries": [[name, _digest(payload)] for name, payload in payloads.items()],
        "dates": {
            name: [
                each.changed.isoformat(timespec="seconds"),
                each.expires.isoformat() if each.expires else None,
            ]
            for name, each in known.items()
            if name in payloads
        },
    }
    sealed = encrypter.for_purpose(_index_purpose(environment)).encrypt_string(json.dumps(index))
    lines = "".join(f"{name}={payload}\n" for name, payload in payloads.items())
    return f"{_HEAD}{lines}={sealed}\n"


def dates(text: str, encrypter: Encrypter, environment: str) -> dict[str, Dates]:
    """Return the dates of the secrets, as far as they are known; the text is one that was checked.

    Raises:
        DecryptFailed: The index cannot be read.
    """
    index = _index(entries(text)[1], encrypter, environment)
    return {
        name: Dates(datetime.fromisoformat(changed), date.fromisoformat(day) if day else None)
        for name, (changed, day) in index.get("dates", {}).items()
    }


def check(text: str, encrypter: Encrypter, environment: str) -> list[str]:
    """Return what is wrong with the text of a file, each entry by its name; empty if nothing is."""
    found, sealed = entries(text)
    if not sealed:
        return ["The index at its end is missing: the file was cut."]
    try:
        index = _index(sealed, encrypter, environment)
    except (DecryptFailed, ValueError):
        reason = "the key is another one, the file is of another environment, or its last line"
        return [f"Its index cannot be read: {reason} was changed."]
    if index.get("form") != _FORM:
        return [f"It has the form {index.get('form')}, and this version reads {_FORM} only."]
    listed = [(str(one), str(two)) for one, two in cast("list[Any]", index["entries"])]
    return _differences(
        listed, found, lambda name: _is_readable(name, found, encrypter, environment)
    )


def _differences(
    listed: list[tuple[str, str]], found: Mapping[str, str], readable: Callable[[str], bool]
) -> list[str]:
    digests = {name: _digest(payload) for name, payload in found.items()}
    expected = dict(listed)
    owner = {digest: name for name, digest in listed}
    problems: list[str] = []
    for name, digest in listed:
        now = digests.get(name)
        if now == digest:
            continue
        moved = [other for other, each in digests.items() if each == digest]
        if now is None:
            problems.append(
                f"{name} was renamed: its value stands at {moved[0]}."
                if moved
                else f"{name} was deleted."
            )
        elif now in owner:
            problems.append(f"{name} was swapped: it holds the value of {owner[now]}.")
        else:
            problems.append(
                f"{name} was replaced by an entry of another version of the file."
                if readable(name)
                else f"{name} was changed or cut: it cannot be read."
            )
    problems += [f"{name} was added." for name in found if name not in expected]
    if not problems and [*found] != [*expected]:
        problems.append("The entries are in another order.")
    return problems


def _is_readable(
    name: str, found: Mapping[str, str], encrypter: Encrypter, environment: str
) -> bool:
    try:
        encrypter.for_purpose(value_purpose(environment, name)).decrypt_bytes(found[name])
    except DecryptFailed:
        return False
    return True


def _index(sealed: str, encrypter: Encrypter, environment: str) -> dict[str, Any]:
    purpose = encrypter.for_purpose(_index_purpose(environment))
    return cast("dict[str, Any]", json.loads(purpose.decrypt_string(sealed)))


def _index_purpose(environment: str) -> str:
    return f"settings:index:{environment}"


def _digest(payload: str) -> str:
    return hashlib.sha256(payload.encode()).hexdigest()[:_DIGEST_DIGITS]
