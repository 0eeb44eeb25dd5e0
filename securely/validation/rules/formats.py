"""Rules of text with a form: addresses of mail, network and web, ids, JSON, encodings, zones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, cast

from securely.validation.plan.paths import is_container, leaves
from securely.validation.rules.addresses import (
    is_hex_color,
    is_ip,
    is_mac,
    is_ulid,
    is_url,
    is_uuid,
    url_host,
)
from securely.validation.rules.contents import encoding_named, has_encoding, is_base64, is_json
from securely.validation.rules.emails import is_email, mail_domain
from securely.validation.rules.hosts import Resolver, SystemResolver, has_address, has_mail_host
from securely.validation.rules.loose import text
from securely.validation.rules.spec import Args, Check, Place, Quick, Spec
from securely.validation.rules.uploads import as_file
from securely.validation.rules.zones import group_problem, is_timezone

__all__ = ["SPECS"]

# Addresses and links as most people write them: what these match keeps every form of the rules.
_PLAIN_EMAIL: Final = re.compile(
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24}"
).fullmatch
_PLAIN_URL: Final = re.compile(
    r"https?://(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}(?:/[A-Za-z0-9._~-]+)*/?"
).fullmatch
# A local part may have no more letters: what is shorter as a whole keeps all limits of lengths.
_PLAIN_LETTERS_MAX: Final = 64
_UUID_VERSIONS: Final = frozenset({*"012345678", "nil", "max"})
_EMAIL_KINDS: Final = frozenset({"rfc", "strict", "dns", "spoof", "filter", "filter_unicode"})


def _form(fits: Callable[[str], bool]) -> Callable[[Args], Check]:
    """Compile a rule that asks text for its form."""

    def build(args: Args) -> Check:
        del args
        return lambda value, at: isinstance(value, str) and fits(value)

    return build


def _email(args: Args) -> Check:
    kinds = tuple(dict.fromkeys(args.texts()))
    odd = [kind for kind in kinds if kind not in _EMAIL_KINDS]
    if odd:
        args.fault(f'takes rfc, strict, dns, spoof, filter and filter_unicode, not "{odd[0]}".')
    resolver = _resolver(args) if "dns" in kinds else None

    def check(value: object, at: Place) -> bool:
        del at
        if not isinstance(value, str) or not is_email(value, kinds):
            return False
        return resolver is None or has_mail_host(mail_domain(value), resolver)

    return check


def _quick_email(args: Args) -> Quick:
    check = _email(args)
    if not {"rfc", "filter"}.issuperset(args.texts()):
        return cast("Quick", check)
    return lambda value, data: (
        (len(value) <= _PLAIN_LETTERS_MAX and _PLAIN_EMAIL(value) is not None) or check(value, data)
    )


def _quick_url(args: Args) -> Quick:
    check = _url(args)
    if not {"http", "https"}.issuperset(args.texts()) or len(args.parameters) == 1:
        return cast("Quick", check)
    return lambda value, data: (
        (len(value) <= _PLAIN_LETTERS_MAX and _PLAIN_URL(value) is not None) or check(value, data)
    )


def _active_url(args: Args) -> Check:
    resolver = _resolver(args)

    def check(value: object, at: Place) -> bool:
        del at
        host = url_host(value) if isinstance(value, str) else None
        return host is not None and host != "" and has_address(host, resolver)

    return check


def _resolver(args: Args) -> Resolver:
    return cast("Resolver", args.services.get("resolver") or SystemResolver())


def _url(args: Args) -> Check:
    schemes = args.texts()
    return lambda value, at: isinstance(value, str) and is_url(value, schemes)


def _uuid(args: Args) -> Check:
    version = args.text(0) if args.parameters else None
    if version is not None and version not in _UUID_VERSIONS:
        args.fault(f'takes a version from 1 to 8, nil or max, not "{version:.60}".')
    return lambda value, at: isinstance(value, str) and is_uuid(value, version)


def _json(args: Args) -> Check:
    del args

    def check(value: object, at: Place) -> bool:
        del at
        return isinstance(value, (str, int, float)) and is_json(text(value))

    return check


def _encoding(args: Args) -> Check:
    name = args.text(0)
    if encoding_named(name) is None:
        args.fault(f'wants the name of an encoding, as UTF-8, not "{name:.60}".')

    def check(value: object, at: Place) -> bool:
        del at
        return _is_encoded(value, name)

    return check


def _is_encoded(value: Any, name: str) -> bool:
    if is_container(value):
        parts = (part for path, each in leaves(value) for part in (*path[-1:], each))
        return all(_is_encoded(part, name) for part in parts if not is_container(part))
    if isinstance(value, (str, bytes)):
        return has_encoding(value, name)
    file = as_file(value)
    if file is None:
        return has_encoding(text(value), name)
    return file.is_valid and has_encoding(file.read_at(0, file.size_bytes), name)


def _timezone(args: Args) -> Check:
    group = args.text(0) or "ALL"
    country = args.text(1) or None
    problem = group_problem(group, country)
    if problem:
        args.fault(f"names a group that {problem}")
    if country is not None and group.upper() != "PER_COUNTRY":
        args.fault(f'takes a country for the group per_country alone, not for "{group:.60}".')
    return lambda value, at: isinstance(value, str) and is_timezone(value, group, country)


def _plain(name: str, build: Callable[[Args], Check], least: int = 0, most: int | None = 0) -> Spec:
    """Return a rule whose check looks at the value alone, and is asked of text as of all else."""
    return Spec(name, build, least, most, quick=build, pure=True)


SPECS: Final = (
    Spec("email", _email, quick=_quick_email, pure=True),
    Spec("active_url", _active_url, most=0),
    Spec("url", _url, quick=_quick_url, pure=True),
    _plain("ip", _form(is_ip)),
    _plain("ipv4", _form(lambda value: is_ip(value, 4))),
    _plain("ipv6", _form(lambda value: is_ip(value, 6))),
    _plain("mac_address", _form(is_mac)),
    _plain("hex_color", _form(is_hex_color)),
    _plain("uuid", _uuid, most=1),
    _plain("ulid", _form(is_ulid)),
    _plain("json", _json),
    _plain("base64", _form(is_base64)),
    _plain("encoding", _encoding, 1, 1),
    _plain("timezone", _timezone, most=2),
)
