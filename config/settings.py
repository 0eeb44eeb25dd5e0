"""What happens when settings are changed."""

from securely.config import env

config: dict[str, object] = {
    "hooks": {
        # Programs that get a change as JSON before it is written; one that fails refuses it.
        "before": [],
        # Programs that get it afterwards: ["bin/purge-cdn"].
        "after": [],
        # Programs that fail when something is wrong; the change is taken back then.
        "health": [],
        # URLs that it is posted to: {"url": env("SETTINGS_WEBHOOK"), "secret": env(…)}.
        "webhooks": [],
        # Secrets whose values these get, and not only their names.
        "reveal": [],
        # Seconds that a process, a program or a server may take to answer.
        "timeout": env.float("SETTINGS_HOOK_TIMEOUT", 8.0),
        # Seconds that processes and health are watched after a change.
        "verify_for": env.float("SETTINGS_VERIFY_FOR", 5.0),
    },
}
