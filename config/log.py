"""Log channels."""

from securely.config import env

config = {
    # Where messages go when no channel is named. Supported: those below.
    "default": env.str("LOG_CHANNEL", "stack"),
    "channels": {
        "stack": {"driver": "stack", "channels": env.list("LOG_STACK", ["single"])},
        # The lowest level that is written: debug, info, notice, warning, error, critical …
        "single": {
            "driver": "single",
            "path": "storage/logs/app.log",
            "level": env("LOG_LEVEL", "debug"),
        },
        "daily": {
            "driver": "daily",
            "path": "storage/logs/app.log",
            "level": env("LOG_LEVEL", "debug"),
            "days": env.int("LOG_DAILY_DAYS", 14),
        },
        "stderr": {"driver": "stderr", "level": env("LOG_LEVEL", "debug")},
        "array": {"driver": "array"},
        "null": {"driver": "null"},
    },
}
