"""Posts a change to URLs, signed as Standard Webhooks has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from securely.settings.exceptions import HookFailed
from securely.settings.hooks.plan import Webhook
from securely.support import clock, entropy
from securely.support.masking import mask_urls
from securely.support.webhooks import signature

__all__ = ["label_of", "post"]

# Seconds before the second and the third try.
_PAUSES: Final = (0.2, 0.8)
# From here on a server may answer otherwise to the same request later.
_LATER_FROM: Final = 500
_BAD_FROM: Final = 300
_LATER: Final = frozenset({408, 425, 429})


def label_of(webhook: Webhook) -> str:
    """Return what stands for *webhook* in tables and files: a path may be a secret itself."""
    from urllib.parse import urlsplit

    digest = hashlib.sha256(webhook.url.encode()).hexdigest()[:8]
    return f"{urlsplit(webhook.url).hostname}#{digest}"


def post(webhook: Webhook, data: Mapping[str, object], seconds: float) -> None:
    """Post *data* as JSON; three times at most, within *seconds*.

    Raises:
        HookFailed: Nobody answered in time, or with a status that says no.
    """
    import httpx2  # not before somebody wants it: it takes longer to import than all of settings

    body = json.dumps(data, separators=(",", ":")).encode()
    headers = _headers(webhook, body)
    deadline = clock.monotonic() + seconds
    pauses = iter(_PAUSES)
    while True:
        left = deadline - clock.monotonic()
        try:
            answer = httpx2.post(webhook.url, content=body, headers=headers, timeout=max(0.1, left))
            reason = f"status {answer.status_code}"
            if answer.status_code < _BAD_FROM:
                return
            is_final = answer.status_code < _LATER_FROM and answer.status_code not in _LATER
        except httpx2.HTTPError as error:
            reason, is_final = mask_urls(str(error)) or type(error).__name__, False
        pause = next(pauses, None)
        if is_final or pause is None or clock.monotonic() + pause >= deadline:
            raise HookFailed(label_of(webhook), reason)
        clock.sleep(pause)


def _headers(webhook: Webhook, body: bytes) -> dict[str, str]:
    id_ = f"msg_{entropy.token_hex(16)}"
    timestamp = str(int(clock.timestamp()))
    headers = {
        "content-type": "application/json",
        "user-agent": "securely-settings",
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
    }
    if webhook.secret:
        signed = signature([webhook.secret], id_=id_, timestamp=timestamp, body=body)
        headers["webhook-signature"] = signed
    return headers
