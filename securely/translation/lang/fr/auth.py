"""Ce qui est dit en français à qui s'identifie."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "failed": "Nous ne connaissons pas ces identifiants.",
    "password": "Ce mot de passe est incorrect.",
    "throttle": "Trop de tentatives de connexion. Veuillez réessayer dans :seconds secondes.",
}
