"""Was auf Deutsch zu vergessenen Passwörtern gesagt wird."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "reset": "Ihr Passwort wurde zurückgesetzt.",
    "sent": "Wir haben Ihnen einen Link zum Zurücksetzen des Passworts geschickt.",
    "throttled": "Bitte warten Sie, bevor Sie es erneut versuchen.",
    "token": "Dieser Link zum Zurücksetzen des Passworts ist ungültig.",
    "user": "Wir finden niemanden mit dieser E-Mail-Adresse.",
}
