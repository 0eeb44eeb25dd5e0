"""What is said in English of forgotten passwords; the texts are those of Laravel."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "reset": "Your password has been reset.",
    "sent": "We have emailed your password reset link.",
    "throttled": "Please wait before retrying.",
    "token": "This password reset token is invalid.",
    "user": "We can't find a user with that email address.",
}
