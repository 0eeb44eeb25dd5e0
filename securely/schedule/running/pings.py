"""UrlPinger: asks for a URL, to tell a monitor that a task has run."""

from __future__ import annotations

from typing import Final

from securely.schedule.exceptions import PingFailed
from securely.support.masking import mask_urls

__all__ = ["UrlPinger"]

# What may be asked for: a file of this machine is no monitor.
_SCHEMES: Final = ("http://", "https://")

# From here on, a status says that it went wrong. (Redirections are followed.)
_BAD: Final = 400


class UrlPinger:
    """Sends GET requests with the standard library.

    Args:
        timeout_seconds: How long it may take to connect, and to answer.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds

    def ping(self, url: str) -> None:
        """Send a GET request to *url*.

        Raises:
            PingFailed: It is no URL of the web, nothing answered in time, or with a status of 400
                or more.
        """
        if not url.lower().startswith(_SCHEMES):
            raise PingFailed(_shown(url), "only http:// and https:// can be asked for")
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        try:
            asked, credentials = _request(url)
            # The scheme is checked; where it is redirected to a file, urllib refuses.
            request = Request(asked, headers={"User-Agent": "securely-schedule"})  # noqa: S310
            if credentials:  # for this host alone, wherever it redirects to
                request.add_unredirected_header("Authorization", credentials)
            with urlopen(request, timeout=self._timeout_seconds) as answer:  # noqa: S310
                status = answer.status
        except HTTPError as error:
            error.close()
            status = error.code
        except (HTTPException, OSError, ValueError) as error:
            raise PingFailed(_shown(url), _said(error)) from error
        if status >= _BAD:
            raise PingFailed(_shown(url), f"it answered with status {status}")


def _request(url: str) -> tuple[str, str]:
    """Return what to ask for, and the header for a name and a password in *url*; "" for none.

    Raises:
        ValueError: It is no URL.
    """
    from base64 import b64encode
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    credentials, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    encoded = b64encode(unquote(credentials).encode()).decode()
    return parts._replace(netloc=host).geturl(), f"Basic {encoded}"


def _said(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(reason) or type(error).__name__


def _shown(url: str) -> str:
    return mask_urls(url)
