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
        # The level is high: an application that sends each line there is soon not read.
        "slack": {
            "driver": "slack",
            "url": env.str("LOG_SLACK_WEBHOOK_URL", ""),
            "level": env("LOG_SLACK_LEVEL", "critical"),
        },
        "syslog": {"driver": "syslog", "level": env("LOG_LEVEL", "debug")},
        "stderr": {"driver": "stderr", "level": env("LOG_LEVEL", "debug")},
        "array": {"driver": "array"},
        "null": {"driver": "null"},
    },
    # Names of your own whose values nobody may read, such as "iban", in fields and in text. Of
    # passwords, tokens, keys and their like it is known already.
    "mask": {"fields": env.list("LOG_MASK_FIELDS", [])},
    # Where Python's warnings of deprecations go, by the name of a channel. None: nowhere.
    "deprecations": {
        "channel": env("LOG_DEPRECATIONS_CHANNEL"),
        "trace": env.bool("LOG_DEPRECATIONS_TRACE", False),
    },
}
