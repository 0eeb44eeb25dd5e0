"""Lo que se dice en español a quien inicia sesión."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "failed": "No conocemos estas credenciales.",
    "password": "La contraseña no es correcta.",
    "throttle": "Demasiados intentos de acceso. Vuelva a intentarlo dentro de :seconds segundos.",
}
