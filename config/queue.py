"""Queue connections."""

from securely.config import env

config = {
    # Where jobs go when no connection is named. Supported: those below.
    "default": env.str("QUEUE_CONNECTION", "sqlite"),
    "connections": {
        # At once, in the caller.
        "sync": {"driver": "sync"},
        # One SQLite file, shared by the processes of this machine.
        "sqlite": {
            "driver": "sqlite",
            "path": "storage/framework/queue",
            "queue": env("QUEUE_NAME", "default"),
        },
        "null": {"driver": "null"},
    },
}
