"""Lo que se dice en español de las contraseñas olvidadas."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "reset": "Su contraseña se ha restablecido.",
    "sent": "Le hemos enviado un enlace para restablecer su contraseña.",
    "throttled": "Espere un momento antes de volver a intentarlo.",
    "token": "Este enlace para restablecer la contraseña no es válido.",
    "user": "No encontramos a nadie con esa dirección de correo.",
}
