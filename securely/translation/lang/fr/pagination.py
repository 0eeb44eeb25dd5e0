"""Ce que les liens entre les pages disent en français."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "previous": "&laquo; Précédent",
    "next": "Suivant &raquo;",
}
