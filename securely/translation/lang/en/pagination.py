"""What the links between pages say in English; the texts are those of Laravel."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "previous": "&laquo; Previous",
    "next": "Next &raquo;",
}
