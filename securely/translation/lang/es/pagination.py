"""Lo que dicen en español los enlaces entre páginas."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "previous": "&laquo; Anterior",
    "next": "Siguiente &raquo;",
}
