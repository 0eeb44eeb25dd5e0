"""Addresses and ids: of networks, of the web, colors, UUIDs and ULIDs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from unicodedata import category

from securely.strings import Str

__all__ = [
    "is_hex_color",
    "is_ip",
    "is_mac",
    "is_ulid",
    "is_url",
    "is_uuid",
    "url_host",
]

_IP_LETTERS_MAX: Final = 45  # eight groups, the last two of them written as IPv4
_MAC: Final = re.compile(
    r"[\da-f]{2}(?:-[\da-f]{2}){5}|[\da-f]{2}(?::[\da-f]{2}){5}|[\da-f]{4}(?:\.[\da-f]{4}){2}",
    re.ASCII | re.IGNORECASE,
)
# PHP's `$` stands before a last newline as well, and Python's does.
_HEX_COLOR: Final = re.compile(
    r"#(?:(?:[\da-f]{3}){1,2}|(?:[\da-f]{4}){1,2})$", re.ASCII | re.IGNORECASE
)
_UUID_ORNAMENTS: Final = re.compile(r"urn:|uuid:|[{}-]")
_UUID_DIGITS: Final = re.compile(r"[\da-f]{32}", re.ASCII)
_UUID_DIGITS_COUNT: Final = 32
# What is longer has ornaments without end; nobody writes it.
_UUID_LETTERS_MAX: Final = 256
_WHOLE: Final = re.compile(r"[ \t\n\r\v\f]*([+-]?\d+)", re.ASCII)

_LETTER: Final = r"[^\W_]"  # of any script, or a digit
_ESCAPED: Final = r"%[0-9A-Fa-f]{2}"
_PART: Final = rf"(?:{_LETTER}|[-._~!$&'()*+,;=:@]|{_ESCAPED})"
_USER: Final = rf"(?:{_LETTER}|[-._]|{_ESCAPED})++"
_URL: Final = re.compile(
    rf"([^:/?#]++)://(?:(?:{_USER}:)?{_USER}@)?(\[[^\]]*\]|[^\[/?#:@\n]++)(?::[0-9]++)?"
    rf"(?:/{_PART}*+)*+(?:\?(?:{_PART}|[\[\]/?])*+)?+(?:#(?:{_PART}|[/?])*+)?+$"
)
_TOP_PUNYCODE: Final = re.compile(r"xn--[a-z0-9-]+", re.ASCII | re.IGNORECASE)
_ONE_LABEL: Final = re.compile(r"[a-z0-9_-]+", re.ASCII | re.IGNORECASE)

# The schemes of IANA's registry, provisional and historical ones too, that Laravel takes.
_SCHEME_NAMES: Final = """
    aaa aaas about acap acct acd acr adiumxtra adt afp afs aim amss android appdata apt ark
    attachment aw barion beshare bitcoin bitcoincash blob bolo browserext calculator callto cap
    cast casts chrome chrome-extension cid coap coap+tcp coap+ws coaps coaps+tcp coaps+ws
    com-eventbrite-attendee content conti crid cvs dab data dav diaspora dict did dis
    dlna-playcontainer dlna-playsingle dns dntp dpp drm drop dtn dvb ed2k elsi example facetime
    fax feed feedready file filesystem finger first-run-pen-experience fish fm ftp fuchsia-pkg
    geo gg git gizmoproject go gopher graph gtalk h323 ham hcap hcp http https hxxp hxxps
    hydrazone iax icap icon im imap info iotdisco ipn ipp ipps irc irc6 ircs iris iris.beep
    iris.lwz iris.xpc iris.xpcs isostore itms jabber jar jms keyparc lastfm ldap ldaps
    leaptofrogans lorawan lvlt magnet mailserver mailto maps market message mid mms modem
    mongodb moz ms-access ms-browser-extension ms-calculator ms-drive-to ms-enrollment ms-excel
    ms-eyecontrolspeech ms-gamebarservices ms-gamingoverlay ms-getoffice ms-help ms-infopath
    ms-inputapp ms-lockscreencomponent-config ms-media-stream-id ms-mixedrealitycapture
    ms-mobileplans ms-officeapp ms-people ms-powerpoint ms-project ms-publisher
    ms-restoretabcompanion ms-screenclip ms-screensketch ms-search ms-search-repair
    ms-secondary-screen-controller ms-secondary-screen-setup ms-settings
    ms-settings-airplanemode ms-settings-bluetooth ms-settings-camera ms-settings-cellular
    ms-settings-cloudstorage ms-settings-connectabledevices ms-settings-displays-topology
    ms-settings-emailandaccounts ms-settings-language ms-settings-location ms-settings-lock
    ms-settings-nfctransactions ms-settings-notifications ms-settings-power ms-settings-privacy
    ms-settings-proximity ms-settings-screenrotation ms-settings-wifi ms-settings-workplace
    ms-spd ms-sttoverlay ms-transit-to ms-useractivityset ms-virtualtouchpad ms-visio ms-walk-to
    ms-whiteboard ms-whiteboard-cmd ms-word msnim msrp msrps mss mtqp mumble mupdate mvn news
    nfs ni nih nntp notes ocf oid onenote onenote-cmd opaquelocktoken openpgp4fpr pack palm
    paparazzi payto pkcs11 platform pop pres prospero proxy psyc pttp pwid qb query redis rediss
    reload res resource rmi rsync rtmfp rtmp rtsp rtsps rtspu s3 secondlife service session sftp
    sgn shttp sieve simpleledger sip sips skype smb sms smtp snews snmp soap.beep soap.beeps
    soldat spiffe spotify ssh steam stun stuns submit svn tag teamspeak tel teliaeid telnet tftp
    tg things thismessage tip tn3270 tool ts3server turn turns tv udp unreal urn ut2004 v-event
    vemmi ventrilo videotex view-source vnc wais webcal wpid ws wss wtai wyciwyg xcon
    xcon-userid xfire xmlrpc.beep xmlrpc.beeps xmpp xri ymsgr z39.50 z39.50r z39.50s
"""
_SCHEMES: Final = frozenset(_SCHEME_NAMES.split())


def is_ip(text: str, version: int | None = None) -> bool:
    """Tell whether *text* is an IP address, of *version* 4 or 6 if one is given.

    Neither a zone ("fe80::1%eth0") nor a network ("10.0.0.0/8"), nor octets with a zero before
    them, of which nobody knows whether they are octal.

    Source: PHP 8.2, FILTER_VALIDATE_IP.

    Example:
        >>> is_ip("127.0.0.1"), is_ip("::ffff:127.0.0.1", 6), is_ip("::1", 4), is_ip("127.0.0.01")
        (True, True, False, False)
    """
    if len(text) > _IP_LETTERS_MAX or not text.isascii() or "%" in text:
        return False
    found = 6 if ":" in text else 4
    if version not in {None, found}:
        return False
    try:
        IPv6Address(text) if found == 6 else IPv4Address(text)  # noqa: PLR2004 -- the version of IP
    except AddressValueError:
        return False
    return True


def is_mac(text: str) -> bool:
    """Tell whether *text* is a MAC address: of six bytes between `:` or `-`, or three of two.

    Source: PHP 8.2, FILTER_VALIDATE_MAC.

    Example:
        >>> is_mac("00:1A:2b:3c:4d:5e"), is_mac("001a.2b3c.4d5e"), is_mac("00:1A-2b:3c:4d:5e")
        (True, True, False)
    """
    return _MAC.fullmatch(text) is not None


def is_hex_color(text: str) -> bool:
    """Tell whether *text* is `#` and 3, 4, 6 or 8 hexadecimal digits; one newline may follow.

    Source: Laravel 13, ValidatesAttributes::validateHexColor.

    Example:
        >>> is_hex_color("#ffe"), is_hex_color("#FFEE00cc"), is_hex_color("#ffe0f")
        (True, True, False)
    """
    return _HEX_COLOR.match(text) is not None


def is_uuid(text: str, version: int | str | None = None) -> bool:
    """Tell whether *text* is a UUID, of *version* if one is given.

    With a version braces, `urn:uuid:` and missing hyphens are taken as well, as Laravel does.

    Args:
        text: What may be one.
        version: 1 to 8; 0 or "nil" for the one of zeros, "max" for the one of ones. Other text
            counts as the number that it begins with, or else 0.

    Source: Laravel 13, Str::isUuid and ValidatesAttributes::validateUuid.

    Example:
        >>> is_uuid("a0a2a2d2-0b87-4a18-83f2-2529882be2de", 4), is_uuid("a0a2a2d2")
        (True, False)
        >>> is_uuid("00000000-0000-0000-0000-000000000000", "nil")
        True
    """
    if version is None:
        return Str.is_uuid(text)
    if len(text) > _UUID_LETTERS_MAX:
        return False
    digits = _UUID_ORNAMENTS.sub("", text.lower())
    if _UUID_DIGITS.fullmatch(digits) is None:
        return False
    if version == "max":
        return digits == "f" * _UUID_DIGITS_COUNT
    wanted = _whole(version)
    if wanted == 0:
        return digits == "0" * _UUID_DIGITS_COUNT
    # The variant of RFC 9562 has its version; others, nil and max have none.
    return digits[12] == str(wanted) and wanted in range(1, 9) and digits[16] in "89ab"


def is_ulid(text: str) -> bool:
    """Tell whether *text* is a ULID.

    Example:
        >>> is_ulid("01gd6r360bp37zj17nxb55yv40")
        True
    """
    return Str.is_ulid(text)


def is_url(text: str, schemes: Iterable[str] = ()) -> bool:
    """Tell whether *text* is a URL with a host, of one of *schemes*, or of any that is known.

    One newline may follow. Whether the host exists is another question: see `hosts`.

    Args:
        text: What may be one.
        schemes: Those that are taken, in either case; without any, those of IANA.

    Source: Laravel 13, Str::isUrl.

    Example:
        >>> is_url("https://laravel.com/docs?a=1#b"), is_url("laravel.com"), is_url("foo://bar.baz")
        (True, False, False)
        >>> is_url("ftp://example.com", ["http", "https"])
        False
    """
    found = _URL.match(text)
    if found is None:
        return False
    scheme, host = found.groups()
    allowed = {each.lower() for each in schemes} or _SCHEMES
    return scheme.lower() in allowed and _is_host(host)


def url_host(text: str) -> str | None:
    """Return the host of the URL *text*, or None where it has none.

    Source: PHP, parse_url with PHP_URL_HOST.

    Example:
        >>> url_host("https://laravel.com:8080/docs"), url_host("laravel.com")
        ('laravel.com', None)
    """
    from urllib.parse import urlsplit

    try:
        return urlsplit(text).hostname or None
    except ValueError:
        return None


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return is_ip(host[1:-1], 6)
    if _ONE_LABEL.fullmatch(host.removesuffix(".")):
        return True
    *labels, top = host.removesuffix(".").split(".")
    if not labels or not all(labels) or not top:
        return False
    return _has_only("".join(labels), "LNSM", "-_") and (
        _TOP_PUNYCODE.fullmatch(top) is not None or _has_only(top, "LNM", "")
    )


def _has_only(text: str, kinds: str, others: str) -> bool:
    return all(letter in others or category(letter)[0] in kinds for letter in set(text))


def _whole(version: int | str) -> int:
    """Return the number that *version* begins with, as PHP casts text; 0 where there is none."""
    if isinstance(version, int):
        return version
    found = _WHOLE.match(version[:20])
    return int(found[1]) if found else 0
