"""Was die Verweise zwischen Seiten auf Deutsch sagen."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "previous": "&laquo; Zurück",
    "next": "Weiter &raquo;",
}
