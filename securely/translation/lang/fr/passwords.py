"""Ce qui est dit en français des mots de passe oubliés."""

from collections.abc import Mapping
from typing import Any

lines: Mapping[str, Any] = {
    "reset": "Votre mot de passe a été réinitialisé.",
    "sent": "Nous vous avons envoyé un lien pour réinitialiser votre mot de passe.",
    "throttled": "Veuillez patienter avant de réessayer.",
    "token": "Ce lien de réinitialisation n'est pas valable.",
    "user": "Nous ne trouvons personne avec cette adresse e-mail.",
}
