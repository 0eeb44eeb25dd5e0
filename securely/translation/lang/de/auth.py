"""Was auf Deutsch gesagt wird, wenn sich jemand anmeldet."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "failed": "Diese Zugangsdaten sind uns nicht bekannt.",
    "password": "Das Passwort ist falsch.",
    "throttle": "Zu viele Anmeldeversuche. Bitte versuchen Sie es in :seconds Sekunden erneut.",
}
