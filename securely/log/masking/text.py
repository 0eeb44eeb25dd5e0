"""Secrets within a text: beside a name, in headers, URLs and elements, and by their shape."""

from __future__ import annotations

import re
from typing import Final

from securely.log.masking.names import PASS, Judge
from securely.support.masking import HIDDEN

__all__ = [
    "SHAPE_CHARACTERS_MIN",
    "without_elements",
    "without_logins",
    "without_options",
    "without_pairs",
    "without_shapes",
]

# An element of XML, with or without a prefix and attributes; where its value ends is looked for.
_ELEMENT: Final = re.compile(r"<((?:[\w.-]{1,64}:)?([A-Za-z_][\w.-]{0,63}))(?:\s[^<>]{0,256})?>")
# Characters: longer values of elements are documents.
_ELEMENT_CHARACTERS_MAX: Final = 16_384
# A user and a password of a command line, as curl has them; also as Python writes lists.
_LOGIN: Final = re.compile(
    r"""(?<![\w-])((?:-[uU]|--(?:proxy-)?user)(?:["'],\s?["']|\s{1,4}["']?|=["']?))"""
    r"""([^\s:"']{1,128}):([^\s"']+)"""
)
# A name and its value in text: password=…, --token=…, "token": "…", api_key => '…', ?key=…&
_NAME: Final = re.compile(
    r"""(?<![\w-])-{0,2}(?P<name>[A-Za-z_][\w-]{0,63})\\?["']?\s{0,4}(?:=>|[=:])\s{0,4}\\?"""
)
_VALUE: Final = re.compile(r"""(["'])(?:(?!\1)[^\\]|\\.)*\1?|[^\s,;&"'<>\])}]+""", re.DOTALL)
# An option of a command line, before its value: --token abc, and as Python writes lists.
_OPTION: Final = re.compile(
    r"""(?<![\w-])--(?P<name>[A-Za-z][\w-]{0,63})(?:\\?["'],\s?(?=\\?["'])|\s{1,4})\\?"""
)
# What follows the name of an option in a sentence: "the option --token is unknown".
_PROSE: Final = frozenset(
    {"a", "and", "are", "as", "be", "but", "can", "cannot", "for", "has", "if", "in", "is", "may"}
    | {"must", "needs", "not", "of", "on", "option", "or", "should", "so", "takes", "than", "that"}
    | {"the", "then", "to", "twice", "was", "were", "when", "where", "which", "will", "with"}
    | {"without"}
)
# Headers whose value is more than one word; one that stands in quotes ends with them.
_HEADER: Final = re.compile(
    r"""(?i)(?<![\w])((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s{0,4}[:=]\s{0,4})"""
    r"""(?P<value>"[^"\r\n]*"?|'[^'\r\n]*'?|[^\r\n]+)"""
)
_SCHEME: Final = re.compile(r"\b([Bb]earer|BEARER)\s{1,4}[\w.~+/=-]{6,}")
_BASIC: Final = re.compile(r"\b(Basic|BASIC)\s{1,4}([A-Za-z0-9+/]{6,}={0,2})")
# Parameters of URLs that are secret there, and are not by that name elsewhere.
_QUERY: Final = re.compile(r"""([?&](?:key|sig|signature|code|auth)=)[^&\s"'<>#]+""")
_PEM: Final = re.compile(
    r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY[A-Z ]*)-----.*?(?:-----END \1-----|\Z)", re.DOTALL
)
# Tokens that are known by their shape: of Stripe, GitHub, GitLab, Slack, AWS, Google, SendGrid,
# JSON Web Tokens, and addresses that are secrets (webhooks of Slack and Discord, Telegram's bots).
_SHAPES: Final = re.compile(
    r"\b[srp]k_(?:live|test)_\w{8,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\bxox[abeprs]-[\w-]{8,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?"
    r"|(?<=hooks\.slack\.com/)\S+|(?<=/api/webhooks/)\S+|(?<=api\.telegram\.org/)bot\S+"
)
# What one of these has in any case: looking for all of them costs a thirtieth of the expression.
_MARKS: Final = (
    *("k_live_", "k_test_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
    *("xox", "AKIA", "AIza", "SG.", "eyJ"),
    *("hooks.slack.com/", "/api/webhooks/", "api.telegram.org/bot"),
)
# No token that is known by its shape is shorter, nor `Bearer` with one.
SHAPE_CHARACTERS_MIN: Final = 13
# Values that say whether there is a secret, and not which.
_TELLING: Final = frozenset({"None", "none", "null", "True", "true", "False", "false"})


def without_pairs(text: str, judge: Judge) -> str:
    """Hide values that stand in *text* beside a name that says so."""
    lower = text.lower()
    if "authorization" in lower or "cookie" in lower:
        text = _HEADER.sub(_without_header, text)
    if "-u" in lower and ":" in text:
        text = without_logins(text)
    if "?" in text or "&" in text:
        text = _QUERY.sub(rf"\1{HIDDEN}", text)
    parts: list[str] = []
    done = 0
    for match in _NAME.finditer(text):
        if match.start() < done or not judge(match["name"]) or _is_prose(match):
            continue
        value = _VALUE.match(text, match.end())
        if value is None or value[0] in _TELLING or value[0] == HIDDEN:
            continue
        quote = value[1] or ""
        parts += [text[done : match.end()], quote, HIDDEN, quote]
        done = value.end()
    return "".join([*parts, text[done:]]) if parts else text


def _is_prose(match: re.Match[str]) -> bool:
    """Tell whether a name is a word of a sentence: "the second pass: no errors"."""
    if match["name"].lower() != PASS:
        return False
    behind = match[0][match.end("name") - match.start() :]
    return behind.strip() == ":"


def without_options(text: str, judge: Judge) -> str:
    """Hide what follows an option of a command line in *text* whose name says so."""
    parts: list[str] = []
    done = 0
    for match in _OPTION.finditer(text):
        if match.start() < done or not judge(match["name"]):
            continue
        value = _VALUE.match(text, match.end())
        if value is None or _is_no_value(value[0]):
            continue
        quote = value[1] or ""
        parts += [text[done : match.end()], quote, HIDDEN, quote]
        done = value.end()
    return "".join([*parts, text[done:]]) if parts else text


def _is_no_value(said: str) -> bool:
    """Tell whether what stands behind an option is another one, a word of a sentence, or hidden."""
    bare = said.strip("\"'")
    return bare.startswith(("-", HIDDEN)) or bare in _TELLING or said.rstrip(".:").lower() in _PROSE


def without_logins(text: str) -> str:
    """Hide the passwords of users in *text*, as `-u ann:…` has them."""
    return _LOGIN.sub(_without_login, text)


def _without_login(match: re.Match[str]) -> str:
    user, password = match[2], match[3]
    # The user and group of a process: 1000:1000, www-data:www-data.
    if user == password or (user.isdigit() and password.isdigit()):
        return match[0]
    return f"{match[1]}{user}:{HIDDEN}"


def without_elements(text: str, judge: Judge) -> str:
    """Hide what stands in elements of XML whose name says so."""
    parts: list[str] = []
    done = 0
    for match in _ELEMENT.finditer(text):
        begin = match.end()
        if match.start() < done or not judge(match[2]):
            continue
        end = text.find(f"</{match[1]}", begin, begin + _ELEMENT_CHARACTERS_MAX)
        if end <= begin or text[begin:end] in _TELLING:
            continue
        parts += [text[done:begin], HIDDEN]
        done = end
    return "".join([*parts, text[done:]]) if parts else text


def without_shapes(text: str) -> str:
    """Hide what looks like a token or a key wherever it stands."""
    if "earer" in text or "EARER" in text:
        text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    if "asic " in text or "ASIC " in text:
        text = _BASIC.sub(_without_basic, text)
    if "-----BEGIN" in text:
        text = _PEM.sub(HIDDEN, text)
    # Where none of them stands, no expression need walk through the text.
    for mark in _MARKS:
        if mark in text:
            return _SHAPES.sub(HIDDEN, text)
    return text


def _without_header(match: re.Match[str]) -> str:
    value = match["value"]
    quote = value[0] if value[0] in "\"'" else ""
    if not quote and value.strip() in _TELLING:
        return match[0]
    return f"{match[1]}{match[2]}{quote}{HIDDEN}{quote}"


def _without_basic(match: re.Match[str]) -> str:
    """Hide what stands behind `Basic`, if it is a user and a password and not prose."""
    from base64 import b64decode

    try:
        known = b":" in b64decode(match[2] + "=" * (-len(match[2]) % 4))
    except ValueError:
        known = False
    return f"{match[1]} {HIDDEN}" if known else match[0]
