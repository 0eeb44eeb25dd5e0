"""What is said in English to people who sign in; the texts are those of Laravel."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "failed": "These credentials do not match our records.",
    "password": "The provided password is incorrect.",
    "throttle": "Too many login attempts. Please try again in :seconds seconds.",
}
