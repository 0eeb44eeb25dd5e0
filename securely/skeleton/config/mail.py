"""Mailers, and what every message is given."""

from securely.config import env

config = {
    # Which mailer is used when none is named. Supported: those below. The log sends nothing.
    "default": env.str("MAIL_MAILER", "log"),
    # Whom messages are from that do not say.
    "from": {
        "address": env.str("MAIL_FROM_ADDRESS", "hello@example.com"),
        "name": env.str("MAIL_FROM_NAME", env.str("APP_NAME", "")),
    },
    # Who gets every message instead of those it names: for machines that write to nobody else.
    # "to": "developer@example.com",
    "mailers": {
        "smtp": {
            "transport": "smtp",
            "host": env.str("MAIL_HOST", "127.0.0.1"),
            "port": env.int("MAIL_PORT", 587),
            # opportunistic, required, implicit (port 465), none
            "encryption": env.str("MAIL_ENCRYPTION", "opportunistic"),
            "username": env.str("MAIL_USERNAME", ""),
            "password": env.str("MAIL_PASSWORD", ""),
        },
        "sendmail": {"transport": "sendmail", "command": "/usr/sbin/sendmail -bs"},
        "log": {"transport": "log", "channel": env.str("MAIL_LOG_CHANNEL", "") or None},
        # Each message as a file, which mail programs open.
        "file": {"transport": "file", "path": "storage/mail"},
        "array": {"transport": "array"},
        "null": {"transport": "null"},
        # The first one that takes the message; and several in turn.
        "failover": {"transport": "failover", "mailers": ["smtp", "log"]},
        # "roundrobin": {"transport": "roundrobin", "mailers": ["smtp", "other"]},
    },
}
